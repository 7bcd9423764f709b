"""Changes the tags of a run from any process, also after its end."""

from __future__ import annotations

import time
from collections.abc import Iterable

from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import append_once, encode
from runsettings.models.settings import Settings
from runsettings.values.origin import Layer


def change_tags(run: StoredRun, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
    """Add and remove tags of a run, which may have ended, or be recorded by another process.

    Args:
        run: The run; its ``tags`` are updated.
        add: Tags to add.
        remove: Tags to remove.

    Raises:
        SettingsError: A tag is empty or too long.
        OSError: The journal cannot be written, such as on a full disk.
    """
    wanted = checked_tags(add)
    record = {"type": "tags", "time": time.time(), "add": wanted, "remove": list(remove)}
    append_once(run.journal, encode(record))
    run.read_on()


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Check tags as the settings of a run are checked.

    Raises:
        SettingsError: A tag is empty or too long.
    """
    return list(Settings.resolve(run_tags=tuple(tags), layers=(Layer.INIT,)).run_tags)
