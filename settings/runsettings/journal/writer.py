"""The writer of a run's journal: a record survives the process once `Journal.append` returned.

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
"""Bytes that are kept in memory while the journal cannot be written."""

_FLAGS: Final = os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)

_LAST_STREAM: Final = 2
"""The number of standard error."""

_open_journals: weakref.WeakSet[Journal] = weakref.WeakSet()


def encode(record: Any, indent: int | None = None) -> bytes:
    """Encode JSON values as text with a newline at the end.

    Args:
        record: The values.
        indent: Spaces for each level, for files that people read. A record has one line.

    Raises:
        TypeError: Something in it is not a JSON value.
    """
    try:
        return to_json(record, indent=indent, inf_nan_mode="constants") + b"\n"
    except PydanticSerializationError:
        # Half a surrogate pair, as in a file name that is not UTF-8; JSON has an escape for it.
        separators = (",", ":") if indent is None else None
        return json.dumps(record, indent=indent, separators=separators).encode() + b"\n"


class Journal:
    """An open journal that this process has locked. It needs a lock around its calls.

    Args:
        path: The file, which exists.
        fd: Its descriptor, opened for append and locked.
        pending: Bytes to write before the first record.
    """

    def __init__(self, path: Path, fd: int, pending: bytes = b"") -> None:
        self.path = path
        self.fd = fd
        self.trouble: Callable[[OSError], None] | None = None
        """Called once when the journal can no longer be written."""
        self.relief: Callable[[int], None] | None = None
        """Called with the number of kept lines once they are written."""
        self.lost = 0
        """Records that were neither written nor kept."""
        self._pending: deque[bytes] = deque([pending] if pending else [])
        self._pending_bytes = 0
        self._kept = 0
        self._troubled = False
        _open_journals.add(self)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new journal and lock it.

        Raises:
            FileExistsError: There is one already.
            OSError: It cannot be made.
        """
        fd = _above_streams(os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o666))
        claim(fd)
        return cls(path, fd)

    @classmethod
    def resume(cls, path: Path) -> Self | None:
        """Open an existing journal and lock it; ``None`` if a live process holds the lock.

        An unfinished last line is ended first, so that only that line is torn.

        Raises:
            OSError: It cannot be opened for writing.
        """
        fd = _above_streams(os.open(path, _FLAGS))
        if not claim(fd):
            os.close(fd)
            return None
        return cls(path, fd, b"" if _ends_complete(path) else b"\n")

    def append(self, line: bytes) -> None:
        """Write one line that `encode` made. If the disk is full, the line is kept."""
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
        """Try to write the lines that are kept in memory; returns whether all were written."""
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
        """The number of records that are in memory only."""
        return sum(line != b"\n" for line in self._pending)

    @property
    def is_deleted(self) -> bool:
        """Whether the file was deleted, so that records are lost."""
        return os.fstat(self.fd).st_nlink == 0

    def close(self) -> None:
        """Close the file, which releases the lock."""
        if self.fd >= 0:
            fd, self.fd = self.fd, -1
            os.close(fd)
        _open_journals.discard(self)

    def _cut_short(self, written: int) -> None:
        """Prepare to write the first pending line again, of which a part was written."""
        line = self._pending[0]
        if written == len(line) - 1:
            # The record is complete but for its newline: it must not be written twice.
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
    """The same open file under a number above those of the standard streams.

    If a program closed its streams, a new file gets one of their numbers, and code that prints
    to standard error would print into the journal.
    """
    low = []
    while fd <= _LAST_STREAM:
        low.append(fd)
        fd = os.dup(fd)
    for one in low:
        os.close(one)
    return fd


def _ends_complete(path: Path) -> bool:
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _close_in_child() -> None:
    """Close the journals in a forked child, which would keep the locks of its parent."""
    for journal in list(_open_journals):
        journal.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
