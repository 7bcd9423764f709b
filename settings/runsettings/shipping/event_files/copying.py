"""Copies the event files of a killed run into the run. `Run.finish` does it for other runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runsettings.documents.atomic_write import write_file
from runsettings.documents.temporary_files import mode_of_copy
from runsettings.journal.replay import StoredRun
from runsettings.shipping.saved_files import saved_path


def base_of_copy(path: str, followed: Mapping[str, Any]) -> str:
    """The directory to which the name of the copy of an event file is relative.

    Args:
        path: The path of the file.
        followed: The value of `following.METADATA` in the run's metadata.

    Returns:
        The script's working directory, if the file is below it; otherwise the parent of the
        directory that is followed.
    """
    base = followed.get("base")
    if isinstance(base, str) and is_below(path, base):
        return base
    tops: Iterator[str] = (top for top in followed["directories"] if is_below(path, top))
    return os.path.dirname(next(tops))  # noqa: PTH120 - a text, like the others


def copy_event_file(
    run: StoredRun, path: str, followed: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Copy an event file into the run, unless the run has it.

    Args:
        run: The run.
        path: The path of the file.
        followed: The value of `following.METADATA` in the run's metadata.

    Returns:
        The record of the copy; ``None`` if the run has it.

    Raises:
        OSError: The file cannot be copied.
    """
    name = Path(os.path.relpath(path, base_of_copy(path, followed))).as_posix()
    with open(path, "rb") as content:  # noqa: PTH123 - a text, not a path
        status = os.fstat(content.fileno())
        if run.files.get(name) == status.st_size:
            return None
        target = saved_path(run.journal, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, content, mode=mode_of_copy(status), follow_links=False)
    # With a later time, the run would seem to have lasted until now.
    return {"type": "file", "time": run.last, "path": name, "size": target.stat().st_size}


def is_below(directory: str, top: str) -> bool:
    """Whether a path is ``top`` or below it.

    Args:
        directory: The path to check.
        top: The path of the upper directory.
    """
    return directory == top or directory.startswith(top.rstrip(os.sep) + os.sep)
