"""Who owns a run: the live process that holds the lock on its journal.

The lock is ``flock`` on the journal's own open file. The kernel lets go of it when the process
dies, however it dies, so a crash is seen at once and a reused process id means nothing. A
forked child inherits the open file and with it the lock; `Journal` closes it there.
"""

from __future__ import annotations

import contextlib
import os
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
"""Seconds to wait for another process that is between looking and taking."""

_PROBE_SLACK: Final = 0.2
"""Seconds for which a lock may be taken by somebody who only looks."""


def claim(fd: int, *, patience: float = _PROBE_SLACK) -> bool:
    """Take the lock on an open file for this process; False if another process owns it.

    A reader that looks whether a run is alive holds the lock for some microseconds, which
    must not look like an owner, so a taken lock is tried again for ``patience`` seconds.
    """
    if sys.platform == "win32":
        return True
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.005)
        except OSError:
            # A file system without locks: better a run without protection than none.
            return True
        else:
            return True


def is_owned(path: Path | str) -> bool:
    """Whether a live process owns the journal at ``path``."""
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
def turnstile(directory: Path) -> Iterator[None]:
    """Let one process at a time look for a run and take it, in one ``wandb`` directory.

    Raises:
        RunError: Another process stood in it for half a minute.
        OSError: The lock's file can be neither made nor read.
    """
    path = directory / ".lock"
    close = getattr(os, "O_CLOEXEC", 0)
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | close, 0o666)
    except PermissionError:
        # Another user's, in a directory that is shared; reading is enough to lock it.
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
