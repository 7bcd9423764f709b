"""Changes the name, the notes and the tags of a run from any process, also after its end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import append_once, encode
from runsettings.models.settings import Settings
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError, SettingsError
from runsettings.values.origin import Layer


class Edit(NamedTuple):
    """A change of a run; what is left out stays as it is."""

    add: Sequence[str] = ()
    """Tags to add."""
    remove: Sequence[str] = ()
    """Tags to remove."""
    name: str | None = None
    notes: str | None = None
    """The notes; an empty text removes them."""

    def records(self) -> list[dict[str, Any]]:
        """The records of the change, as in a journal, with the current time."""
        found: list[dict[str, Any]] = []
        if self.add or self.remove:
            found.append({"type": "tags", "add": list(self.add), "remove": list(self.remove)})
        names: dict[str, Any] = {} if self.name is None else {"name": self.name}
        if self.notes is not None:
            names["notes"] = self.notes or None
        if names:
            found.append({"type": "run", **names})
        now = time.time()
        return [{**record, "time": now} for record in found]


def edit_run(run: StoredRun, edit: Edit) -> None:
    """Change a run, which may have ended, or be recorded by another process.

    Args:
        run: The run; its members are updated.
        edit: The change.

    Raises:
        SettingsError: A tag or the name does not keep the rules of its setting.
        RunError: The name is empty.
        OSError: The journal cannot be written, such as on a full disk.
    """
    lines = [encode(record) for record in checked(edit).records()]
    if lines:
        append_once(run.journal, b"".join(lines))
        run.read_on()


def checked(edit: Edit) -> Edit:
    """Check a change as the settings of a run are checked.

    Args:
        edit: The change.

    Raises:
        SettingsError: A tag or the name does not keep the rules of its setting.
        RunError: The name is empty.
    """
    if edit.name is not None and not edit.name.strip():
        raise RunError.of(Rule.BAD_QUERY, "the name of a run must not be empty")
    try:
        settings = Settings.resolve(
            run_tags=tuple(edit.add),
            run_name=edit.name,
            run_notes=edit.notes or None,
            layers=(Layer.INIT,),
        )
    except SettingsError as error:
        # No line of a program has them.
        found = [replace(each, origin=None) for each in error.diagnostics]
        raise SettingsError(found, "the change of the run") from None
    notes = None if edit.notes is None else settings.run_notes or ""
    return edit._replace(add=list(settings.run_tags), name=settings.run_name, notes=notes)
