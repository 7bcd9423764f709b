"""Changes to runs from outside: tags after the end, and taking a run away."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

from runsettings.models.settings import Settings
from runsettings.runs.directory import places
from runsettings.runs.journal import encode
from runsettings.runs.stored import StoredRun, load
from runsettings.values.diagnostic import Rule, RunError
from runsettings.values.origin import Layer


def change_tags(run: StoredRun, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
    """Add and remove tags of a run, whether it is over or being recorded by another process.

    Args:
        run: The run; its own tags are brought up to date as well.
        add: Tags to put on.
        remove: Tags to take off.

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


def remove(run: StoredRun) -> list[Path]:
    """Delete a run, and the earlier ones of its id and project that it overwrote.

    Args:
        run: The run.

    Returns:
        The directories that were deleted.

    Raises:
        RunError: A live process is writing the run.
        OSError: It cannot be deleted.
    """
    same = []
    for place in places(run.directory.parent, run.id):
        other = load(place.journal)
        if other.project == run.project:
            same.append(other)
    for other in same:
        if other.state == "running":
            raise RunError.of(
                Rule.RUN_OWNED,
                f"run '{run.id}' is being written by process {other.pid} on {other.host}",
                hint="wait for it, or stop it",
            )
    for other in same:
        shutil.rmtree(other.directory)
    return [other.directory for other in same]
