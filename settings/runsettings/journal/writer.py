"""The writer of a run's journal: what `Journal.append` returned from survives the process.

One record is one line, and one line is one ``write`` to a file opened for append: the kernel
has it before the call returns, and several processes may append without tearing each other's
lines. A line that could not be written is kept in memory and written before the next one.
"""

from __future__ import annotations

import json
import os
import time
import weakref
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from pydantic_core import PydanticSerializationError, to_json

from runsettings.journal.lock import claim

PENDING_BYTES: Final = 64 * 1024 * 1024
"""How much is kept in memory while the journal cannot be written."""

_FLAGS: Final = os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)

_LAST_STREAM: Final = 2
"""The number of standard error."""

_open_journals: weakref.WeakSet[Journal] = weakref.WeakSet()


def encode(record: Any) -> bytes:
    """A record of JSON values as one line, newline included.

    Raises:
        TypeError: Something in it is no JSON value.
    """
    try:
        return to_json(record, inf_nan_mode="constants") + b"\n"
    except PydanticSerializationError:
        # Half a surrogate pair, as in a file name that is no UTF-8; JSON has an escape for it.
        return json.dumps(record, separators=(",", ":")).encode() + b"\n"


class Journal:
    """An open journal that this process owns. Callers see to it that one thread writes.

    Args:
        path: The file, which exists.
        fd: Its descriptor, opened for append and locked.
        pending: What to write before the first record.
    """

    def __init__(self, path: Path, fd: int, pending: bytes = b"") -> None:
        self.path = path
        self.fd = fd
        self.trouble: Callable[[OSError], None] | None = None
        """Called once each time that lines begin to be kept in memory."""
        self.relief: Callable[[int], None] | None = None
        """Called once when they were written after all, with their number."""
        self.lost = 0
        """Records that found no room in memory either."""
        self._pending: deque[bytes] = deque([pending] if pending else [])
        self._pending_bytes = 0
        self._kept = 0
        self._troubled = False
        _open_journals.add(self)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make and own a new journal.

        Raises:
            FileExistsError: There is one already.
            OSError: It cannot be made.
        """
        fd = _above_streams(os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666))
        claim(fd)
        return cls(path, fd)

    @classmethod
    def resume(cls, path: Path) -> Self | None:
        """Own an existing journal, or ``None`` if a live process does.

        A last line that its writer could not finish is ended first, so that it alone is torn.

        Raises:
            OSError: It cannot be opened for writing.
        """
        fd = _above_streams(os.open(path, _FLAGS))
        if not claim(fd):
            os.close(fd)
            return None
        return cls(path, fd, b"" if _ends_whole(path) else b"\n")

    def append(self, line: bytes) -> None:
        """Write one line that `encode` made. A full disk is no error: the line is kept."""
        if self._pending:
            self._keep(line)
            self.flush()
            return
        try:
            written = os.write(self.fd, line)
        except OSError as error:
            self._keep(line)
            self._report(error)
            return
        if written != len(line):
            self._keep(line)
            self._cut_short(written)
            self.flush()

    def flush(self) -> bool:
        """Try to write what is kept in memory; whether nothing is left there."""
        while self._pending:
            line = self._pending[0]
            try:
                written = os.write(self.fd, line)
            except OSError as error:
                self._report(error)
                return False
            if written == len(line):
                self._pending.popleft()
                self._pending_bytes -= len(line)
            else:
                self._cut_short(written)
        if self.lost:
            count, self.lost = self.lost, 0
            self.append(encode({"type": "lost", "time": time.time(), "records": count}))
        if self._troubled and not self._pending:
            kept, self._kept, self._troubled = self._kept, 0, False
            if self.relief is not None:
                self.relief(kept)
        return not self._pending

    @property
    def pending(self) -> int:
        """How many records are in memory alone."""
        return sum(line != b"\n" for line in self._pending)

    @property
    def is_deleted(self) -> bool:
        """Whether somebody deleted the file, so that what is written goes nowhere."""
        return os.fstat(self.fd).st_nlink == 0

    def close(self) -> None:
        """Let go of the file, and so of the run."""
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            os.close(fd)
        _open_journals.discard(self)

    def _cut_short(self, written: int) -> None:
        """The first pending line was written in part: mend that before it is written again."""
        line = self._pending[0]
        if written == len(line) - 1:
            # The record is whole, only its newline is missing: it must not stand there twice.
            self._pending_bytes -= written
            self._pending[0] = b"\n"
        elif written:
            self._pending_bytes += 1
            self._pending.appendleft(b"\n")

    def _keep(self, line: bytes) -> None:
        if self._pending_bytes + len(line) > PENDING_BYTES:
            self.lost += 1
            return
        self._pending.append(line)
        self._pending_bytes += len(line)
        self._kept += 1

    def _report(self, error: OSError) -> None:
        if self._troubled:
            return
        self._troubled = True
        if self.trouble is not None:
            self.trouble(error)


def _above_streams(fd: int) -> int:
    """The same open file under a number that no standard stream has.

    A program that closed its streams has their numbers to give away, and whoever prints to
    standard error, without asking whether there is one, would print into the journal.
    """
    low = []
    while fd <= _LAST_STREAM:
        low.append(fd)
        fd = os.dup(fd)
    for one in low:
        os.close(one)
    return fd


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _let_go_in_child() -> None:
    """A forked child must not keep its parent's runs alive."""
    for journal in list(_open_journals):
        journal.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
