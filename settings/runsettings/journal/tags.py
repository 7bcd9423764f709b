"""Changing the tags of a run from another process, also after its end."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import encode
from runsettings.models.settings import Settings
from runsettings.values.origin import Layer


def change_tags(run: StoredRun, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
    """Add and remove tags of a run, which may be over or recorded by another process.

    Args:
        run: The run; its ``tags`` are brought up to date.
        add: Tags to add.
        remove: Tags to remove.

    Raises:
        SettingsError: A tag is empty or too long.
        OSError: The journal cannot be written.
    """
    wanted = Settings.resolve(run_tags=tuple(add), layers=(Layer.INIT,)).run_tags
    record = {"type": "tags", "time": time.time(), "add": list(wanted), "remove": list(remove)}
    fd = os.open(run.journal, os.O_RDWR | os.O_APPEND | getattr(os, "O_CLOEXEC", 0))
    try:
        size = os.fstat(fd).st_size
        torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
        os.write(fd, (b"\n" if torn else b"") + encode(record))
    finally:
        os.close(fd)
    run.read_on()
