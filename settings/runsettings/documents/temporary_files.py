"""Temporary files, which replace another file when they are complete.

A writer that is killed leaves its temporary file; the next process that writes in the directory
removes it. A lock on the file tells whether its writer still lives.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import sys
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import fcntl

TEMPORARY: Final = re.compile(r"\.runsettings-[0-9a-f]{16}\.tmp")
"""Names of temporary files, which are not complete."""

_ATTEMPTS: Final = 20
"""How often a file is created, because another process removed it."""

_cleaned: set[Path] = set()
"""The directories in which this process has looked for temporary files of killed writers."""


def create_temporary(directory: Path, mode: int) -> tuple[Path, int]:
    """Create a temporary file and lock it.

    Args:
        directory: The directory, which must exist.
        mode: The mode of the file.

    Returns:
        The path of the file, and an open descriptor, whose closing gives up the lock.

    Raises:
        OSError: It cannot be created. The error names the directory.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    for _ in range(_ATTEMPTS):
        # The name does not contain the target's name, which may be as long as names can be.
        path = directory / f".runsettings-{secrets.token_hex(8)}.tmp"
        try:
            descriptor = os.open(path, flags, mode)
        except OSError as error:
            error.filename = os.fspath(directory)  # nobody knows the name of the temporary file
            raise
        try:
            # Another process may have removed the file before it was locked.
            if _lock(descriptor) and os.fstat(descriptor).st_nlink:
                return path, descriptor
        except OSError:  # a file system without locks, where nobody removes the file
            return path, descriptor
        os.close(descriptor)
        path.unlink(missing_ok=True)
    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))


def mode_of_copy(status: os.stat_result) -> int | None:
    """The mode of a copy: no user may read it who may not read the file.

    Args:
        status: The status of the file.

    Returns:
        The mode; ``None`` for a file that all users may read, whose copy gets the usual mode.
    """
    return None if status.st_mode & stat.S_IROTH else status.st_mode & 0o666 | 0o600


def remove_abandoned(directory: Path) -> None:
    """Remove the temporary files of killed writers, once for each directory and process."""
    if sys.platform == "win32" or directory in _cleaned:
        return
    _cleaned.add(directory)
    found = []
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        found = [entry.path for entry in entries if TEMPORARY.fullmatch(entry.name)]
    for path in found:
        with contextlib.suppress(OSError):  # another user's, or removed just now
            descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW)
            try:
                if stat.S_ISREG(os.fstat(descriptor).st_mode) and _lock(descriptor):
                    os.unlink(path)  # noqa: PTH108 - a path of `scandir`
            finally:
                os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Lock a temporary file, unless another process has locked it.

    Raises:
        OSError: The file system has no locks.
    """
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
