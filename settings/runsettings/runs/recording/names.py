"""What a run is called, and how that changes while it is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runsettings.journal.recorder import Recorder
from runsettings.models.settings import Settings
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError


@dataclass(slots=True)
class Identity:
    """What a run is called."""

    id: str
    name: str
    project: str
    entity: str | None
    group: str | None
    job_type: str | None
    notes: str | None
    tags: tuple[str, ...]
    anonymous: bool


class Described:
    """The names of a run; those that may be set are recorded when they are.

    Args:
        identity: What the run is called.
        settings: The settings that it was started with.
        recorder: Writes its journal.
    """

    def __init__(self, identity: Identity, settings: Settings, recorder: Recorder) -> None:
        self._identity = identity
        self._settings = settings
        self._recorder = recorder

    @property
    def id(self) -> str:
        """The id, unique in the project."""
        return self._identity.id

    @property
    def project(self) -> str:
        """The project."""
        return self._identity.project

    @property
    def entity(self) -> str | None:
        """The user or team, if one is known."""
        return self._identity.entity

    @property
    def group(self) -> str | None:
        """The group that the run belongs to."""
        return self._identity.group

    @property
    def job_type(self) -> str | None:
        """The kind of run within its group."""
        return self._identity.job_type

    @property
    def name(self) -> str:
        """The display name; may be set."""
        return self._identity.name

    @name.setter
    def name(self, name: str) -> None:
        if not name:
            raise RunError.of(Rule.BAD_VALUE, f"must not be empty; got {name!r}", path=("name",))
        if self._require_open("name"):
            self._rename("name", self._checked("run_name", name))

    @property
    def notes(self) -> str | None:
        """The description; may be set."""
        return self._identity.notes

    @notes.setter
    def notes(self, notes: str | None) -> None:
        if self._require_open("notes"):
            self._rename("notes", self._checked("run_notes", notes))

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags; may be set to other ones: ``run.tags += ("best",)``."""
        return self._identity.tags

    @tags.setter
    def tags(self, tags: Iterable[str]) -> None:
        if not self._require_open("tags"):
            return
        before = self._identity.tags
        after = self._checked("run_tags", (tags,) if isinstance(tags, str) else tags)
        self._recorder.write(
            {
                "type": "tags",
                "add": [tag for tag in after if tag not in before],
                "remove": [tag for tag in before if tag not in after],
            }
        )
        self._identity.tags = after

    @property
    def settings(self) -> Settings:
        """The settings that the run was started with."""
        return self._settings

    def _require_open(self, what: str) -> bool:
        """Whether ``what`` may be written by this process; a finished run is an error."""
        raise NotImplementedError

    def _checked(self, field: str, value: Any) -> Any:
        """A value by the rules of the setting that it would have been at the start.

        Raises:
            SettingsError: It breaks them.
        """
        return getattr(self._settings.replace(**{field: value}), field)

    def _rename(self, name: str, value: str | None) -> None:
        self._recorder.write({"type": "run", name: value})
        setattr(self._identity, name, value)
