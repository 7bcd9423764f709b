"""The names of a run (project, group, tags, …), its place, and when a process may change it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from runsettings.journal.recorder import Recorder
from runsettings.journal.replay import StoredRun
from runsettings.layers.call_site import find_caller
from runsettings.models import resolving
from runsettings.models.settings import Settings
from runsettings.runs.client_names import ClientNames, missing_attribute
from runsettings.secrets import live
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.origin import Layer
from runsettings.values.tree import Tree


def with_id(settings: Settings, run_id: str) -> Settings:
    """The settings with the id that `init` made."""
    tree = Tree(Layer.INIT, "init(), which made the id", {"run_id": run_id})
    return resolving.with_source(settings, tree, find_caller("run.settings"))


class RunNames(ClientNames):
    """The base of `Run`: its names and its place. What may be set is recorded when it is set.

    Args:
        stored: The state of the run.
        settings: The settings that it was started with.
        recorder: Writes its journal.
    """

    def __init__(self, stored: StoredRun, settings: Settings, recorder: Recorder) -> None:
        self._stored = stored
        self._settings = settings
        self._recorder = recorder
        self._open = True
        self._foreign = False
        self._warned_of: set[str] = set()
        self._url: str | None = None

    disabled = False
    """Whether nothing is recorded."""

    @property
    def id(self) -> str:
        """The id, unique in the project."""
        return self._stored.id

    @property
    def project(self) -> str:
        """The project."""
        return self._stored.project

    @property
    def entity(self) -> str | None:
        """The user or team, if one is known."""
        return self._stored.entity

    @property
    def group(self) -> str | None:
        """The group that the run belongs to."""
        return self._stored.group

    @property
    def job_type(self) -> str | None:
        """The kind of run within its group."""
        return self._stored.job_type

    @property
    def name(self) -> str:
        """The display name; may be set."""
        return self._stored.name

    @name.setter
    def name(self, name: str) -> None:
        if not name:
            raise RunError.of(Rule.BAD_VALUE, f"must not be empty; got {name!r}", path=("name",))
        self._set("name", "run_name", name)

    @property
    def notes(self) -> str | None:
        """The description; may be set."""
        return self._stored.notes

    @notes.setter
    def notes(self, notes: str | None) -> None:
        self._set("notes", "run_notes", notes)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags; may be set to others, as in ``run.tags += ("best",)``."""
        return tuple(self._stored.tags)

    @tags.setter
    def tags(self, tags: Iterable[str]) -> None:
        self._set_tags((tags,) if isinstance(tags, str) else tags)

    @property
    def mode(self) -> str:
        """How records are shipped; ``"offline"`` keeps them on this machine."""
        return self._stored.mode

    @property
    def start_time(self) -> float:
        """When this process started the run, in seconds since 1970."""
        return self._stored.started

    @property
    def url(self) -> str | None:
        """Its page in W&B, or the command that shows it in a store.

        ``None`` for a run that is only on this machine, or whose entity in W&B is not known here.
        """
        return self._url

    @property
    def path(self) -> Path:
        """The run's own directory, with its journal."""
        return self.journal_path.parent

    @property
    def journal_path(self) -> Path:
        """The path of the run's journal, which `runsettings.load_run` reads."""
        return self._recorder.journal.path

    @property
    def settings(self) -> Settings:
        """The settings that the run was started with; they have the id, also if it was made."""
        if self._settings.run_id is None:
            self._settings = with_id(self._settings, self.id)
        return self._settings

    def __repr__(self) -> str:
        return f"<Run {live.mask().text(self.name)} ({self.id})>"

    def __getattr__(self, name: str) -> NoReturn:
        raise missing_attribute("a run", name, dir(type(self)))

    def _require_open(self, what: str) -> bool:
        """Whether this process may change ``what``; a finished run is an error.

        A forked child must not write the run of its parent. That is a warning and not an
        error, because the code that logs is often not the code that forked.

        Raises:
            RunError: The run is finished; or this is a forked child, and ``strict`` is on.
        """
        if self._open:
            return True
        if not self._foreign:
            raise RunError.of(
                Rule.RUN_INACTIVE,
                f"run '{self.id}' is finished; {what} has no effect any more",
                hint="call init() to start another",
            )
        text = f"{what} was ignored: the run belongs to the parent process"
        if self._settings.strict:
            raise RunError.of(Rule.RUN_INACTIVE, text, hint="call init() in the child")
        self._warn_once("fork", f"{text}; call init() in the child")
        return False

    def _warn_once(self, about: str, text: str) -> None:
        if about not in self._warned_of:
            self._warned_of.add(about)
            self._recorder.notices.warn(f"{text} (said once)")

    def _set(self, name: str, field: str, value: Any) -> None:
        """Set a name, by the rules of the setting that it has at the start.

        Raises:
            SettingsError: The value breaks them.
            RunError: The run is finished.
        """
        if not self._require_open(name):
            return
        new = getattr(resolving.replace(self._settings, **{field: value}), field)
        with self._recorder.lock:
            # Another thread may have finished the run in the meantime.
            if self._require_open(name):
                self._recorder.write({"type": "run", name: new})

    def _set_tags(self, tags: Any) -> None:
        """Record the difference to the earlier tags. Only those that are new are checked."""
        if not self._require_open("tags"):
            return
        if not isinstance(tags, Iterable):
            resolving.replace(self._settings, run_tags=tags)  # raises
            return
        wanted = tuple(tags)
        known = set(self._stored.tags)
        new = [tag for tag in wanted if not isinstance(tag, str) or tag not in known]
        checked = resolving.replace(self._settings, run_tags=new).run_tags
        with self._recorder.lock:
            if not self._require_open("tags"):
                return
            before, kept = set(self._stored.tags), {*wanted, *checked}
            add = [tag for tag in checked if tag not in before]
            # Another thread may have removed one that was not checked.
            add += [tag for tag in wanted if tag in known and tag not in before]
            remove = [tag for tag in self._stored.tags if tag not in kept]
            self._recorder.write({"type": "tags", "add": add, "remove": remove})
