"""Locks: the process that records a run holds the lock on its journal.

The lock is ``flock`` on the journal's open file. The kernel releases it when the process ends in
any way, so a crash is noticed at once, and no process ids are compared. A forked child inherits
the open file with the lock; `Journal` closes the file there.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

if sys.platform != "win32":
    import fcntl

_PATIENCE: Final = 30.0
"""Seconds to wait for another process that holds the lock of a directory."""

_OWNER_PATIENCE: Final = 0.2
"""Seconds to wait for another process that holds the lock exclusively, as an owner does."""

_RETRY: Final = 0.005
"""Seconds at most between two attempts to take a lock."""


def claim(fd: int, *, patience: float = _OWNER_PATIENCE) -> bool:
    """Take the lock on an open file for this process.

    A reader that tests the lock shares it for some microseconds. Readers are not owners: while
    only they hold the lock, it is tried again for half a minute, however many there are.

    Args:
        fd: The descriptor of the open file.
        patience: Seconds to wait while another process owns the lock.

    Returns:
        Whether this process has the lock. Without support for locks, the result is true.
    """
    if sys.platform == "win32":
        return True
    start = time.monotonic()
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            limit = _PATIENCE if _is_shared(fd) else patience
            if time.monotonic() - start >= limit:
                return False
            # Two that claim at once would meet again and again in equal steps.
            time.sleep(random.uniform(0, _RETRY))  # noqa: S311
        except OSError:
            # A file system without locks: the run is recorded without protection.
            return True
        else:
            return True


def _is_shared(fd: int) -> bool:
    """Whether nobody holds the lock on an open file exclusively at this moment."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(fd, fcntl.LOCK_UN)
    return True


def is_owned(path: Path | str) -> bool:
    """Whether a live process holds the lock on the journal at ``path``."""
    if sys.platform == "win32":
        return False
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(fd)
    return False


@contextlib.contextmanager
def directory_lock(directory: Path) -> Iterator[None]:
    """Hold the lock of a ``wandb`` directory, so that only one process starts a run in it.

    Args:
        directory: The ``wandb`` directory.

    Raises:
        RunError: Another process held the lock for half a minute.
        OSError: The lock file can neither be created nor opened.
    """
    path = directory / ".lock"
    close = getattr(os, "O_CLOEXEC", 0)
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | close, 0o666)
    except PermissionError:
        # A file of another user in a shared directory. It can be locked when open for reading.
        fd = os.open(path, os.O_RDONLY | close)
    try:
        if not claim(fd, patience=_PATIENCE):
            raise RunError.of(
                Rule.RUN_OWNED,
                f"another process has held {path} for {_PATIENCE:.0f} seconds",
                hint=f"find it with: fuser {path}",
            )
        yield
    finally:
        os.close(fd)
