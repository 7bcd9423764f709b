"""Locks: the process that records a run holds the lock on its journal.

The lock is ``flock`` on the journal's open file. The kernel releases it when the process ends in
any way, so a crash is noticed at once, and no process ids are compared. A forked child inherits
the open file with the lock; `Journal` closes the file there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import random
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.rendering import printable

if sys.platform != "win32":
    import fcntl

_PATIENCE: Final = 30.0
"""Seconds to wait for another process that holds the lock of a directory."""

_OWNER_PATIENCE: Final = 0.2
"""Seconds to wait for another process that holds the lock exclusively, as an owner does."""

_READER_PATIENCE: Final = 5.0
"""Seconds to wait for processes that share the lock, as readers do, but only for microseconds."""

_RETRY: Final = 0.005
"""Seconds at most between two attempts to take a lock."""


def claim(fd: int, *, patience: float = _OWNER_PATIENCE) -> bool:
    """Take the lock on an open file for this process.

    A reader that tests the lock shares it for some microseconds. Readers are not owners: while
    only they hold the lock, it is tried again for five seconds, however many there are.

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
            limit = max(patience, _READER_PATIENCE) if _is_shared(fd) else patience
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


def is_owned(path: Path | str, pid: int | None = None) -> bool:
    """Whether a live process holds the lock on the journal at ``path``.

    Whoever may read a file may lock it. So the lock does not count if another process has it and
    the one that should have it has ended, where the kernel tells that.

    Args:
        path: The journal.
        pid: The process on this machine that should hold the lock, if it is known.
    """
    if sys.platform == "win32":
        return False
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        holders = _holders(fd)
        return pid is None or pid in holders or not holders or is_alive(pid)
    except OSError:
        return False
    finally:
        os.close(fd)
    return False


def is_alive(pid: int) -> bool:
    """Whether this machine has a process of a number."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


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
    # As far as the platform has them: a link or a pipe of somebody else is not a lock.
    names = ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK")
    flags = sum(getattr(os, name, 0) for name in names)
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | flags, 0o666)
    except PermissionError:
        # A file of another user in a shared directory. It can be locked when open for reading.
        fd = os.open(path, os.O_RDONLY | flags)
    held = _Held(fd)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
        if not claim(fd, patience=_PATIENCE):
            by = owner(fd) or "another process"
            raise RunError.of(
                Rule.RUN_OWNED,
                f"{by} has held {path} for {_PATIENCE:.0f} seconds",
                hint=f"wait for it or stop it; find it with: fuser {path}",
            )
        yield
    finally:
        held.close()


def owner(file: int | Path | str) -> str | None:
    """The process that holds the lock on a file, with its command, if that can be known.

    Args:
        file: The path of the file, or the descriptor of the open file.
    """
    for pid in _holders(file):
        try:
            command = Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
        except OSError:
            continue  # it has just ended, or is in another container
        return f"process {pid} ({printable(command)})"
    return None


def _holders(file: int | Path | str) -> list[int]:
    """The processes that hold the lock on a file, from the kernel's list; none if not on Linux."""
    try:
        status = os.stat(file)  # noqa: PTH116 - it may be a descriptor
        with open("/proc/locks", encoding="ascii") as locks:  # noqa: PTH123 - not a user's path
            fields = [line.split() for line in locks]
    except OSError:
        return []
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    return [int(f[4]) for f in fields if f[1:3] == ["FLOCK", "ADVISORY"] and f[5] == device]


class _Held:
    """The descriptor of a directory's lock, which a forked child closes."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        _held.add(self)

    def close(self) -> None:
        """Close the file, which releases the lock if no other process has it open."""
        _held.discard(self)
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            os.close(fd)


_held: Final[set[_Held]] = set()


def _close_in_child() -> None:
    """Close the locks in a forked child, which would keep them after the parent's release."""
    for held in list(_held):
        held.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
