"""Writes a run's journal: a record survives the process once `Journal.append` has returned.

One record is one line, and one line is one ``write`` to a file opened for append. So the kernel has
the line before the call returns, and several processes can append without mixing their lines. A
line that could not be written is kept in memory and written before the next one. If any process
wrote only half a line, the next writer ends that line, so that the next record is readable.
"""

from __future__ import annotations

import contextlib
import errno
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
from runsettings.journal.reader import open_regular

PENDING_BYTES: Final = 64 * 1024 * 1024
"""The most bytes kept in memory while the journal cannot be written."""

_FLAGS: Final = os.O_RDWR | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)

_DIRECTORY: Final = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC")
)

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
        # Half of a surrogate pair, as in a file name that is not UTF-8; JSON can escape it.
        separators = (",", ":") if indent is None else None
        return json.dumps(record, indent=indent, separators=separators).encode() + b"\n"


class Journal:
    """An open journal that this process has locked. The caller holds the recorder's lock.

    Args:
        path: The existing file.
        fd: Its descriptor, opened for append and locked.
        torn: Whether the file ends inside a line.
    """

    durable = False
    """Whether lines are synced to the disk."""
    waits = False
    """Whether `append` waits until its line is on the disk, if the journal is durable."""
    unsynced = False
    """Whether the disk refused to sync lines, which a power failure may lose."""

    def __init__(self, path: Path, fd: int, *, torn: bool = False) -> None:
        self.path = path
        self.fd = fd
        self.trouble: Callable[[OSError], None] | None = None
        """Called once when the journal cannot be written any more."""
        self.relief: Callable[[int], None] | None = None
        """Called with the number of kept lines when all of them are written."""
        self.lost = 0
        """The number of records that were neither written nor kept."""
        self.error: OSError | None = None
        """Why the last line could not be written."""
        self.end = os.lseek(fd, 0, os.SEEK_END)
        """The byte after the last line that was written here."""
        self.is_whole = not torn
        """Whether the file has, since it was opened, only lines of this process, each complete."""
        self._torn = torn
        self._pending: deque[bytes] = deque()
        self._pending_bytes = 0
        self._kept = 0
        self._troubled = False
        _open_journals.add(self)

    @classmethod
    def create(cls, path: Path, first: bytes = b"") -> Self:
        """Create a journal that has its first lines, and lock it.

        The file gets its name when it has them, if the file system can do that. So a process that
        is killed meanwhile leaves no file.

        Args:
            path: The new file.
            first: The first lines.

        Raises:
            FileExistsError: The file exists.
            OSError: It cannot be created, or the lines cannot be written.
        """
        if hasattr(os, "O_TMPFILE"):
            with contextlib.suppress(OSError), contextlib.ExitStack() as undo:
                journal = cls._with_lines(path.parent, os.O_TMPFILE, path, first)
                undo.callback(journal.close)
                # With a descriptor of a directory, Python makes the call that follows the link.
                os.link(f"/proc/self/fd/{journal.fd}", path, src_dir_fd=journal.fd)
                undo.pop_all()
                return journal
        return cls._with_lines(path, os.O_CREAT | os.O_EXCL, path, first)

    @classmethod
    def _with_lines(cls, opened: Path, flags: int, path: Path, first: bytes) -> Self:
        fd = _above_streams(os.open(opened, _FLAGS | flags, 0o666))
        claim(fd)
        journal = cls(path, fd)
        if first and not Journal.append(journal, first):
            journal.close()
            raise journal.error or OSError(errno.EIO, os.strerror(errno.EIO), os.fspath(path))
        return journal

    @classmethod
    def resume(cls, path: Path) -> Self | None:
        """Open an existing journal and lock it; ``None`` if a live process holds the lock.

        An unfinished last line is ended first, so that only that line is torn. Neither the file nor
        its directory may be a symbolic link.

        Raises:
            OSError: It cannot be opened for writing, or is not a regular file.
        """
        home = os.open(path.parent, _DIRECTORY) if os.open in os.supports_dir_fd else None
        try:
            fd = open_regular(path.name if home is not None else path, _FLAGS, dir_fd=home)
        finally:
            if home is not None:
                os.close(home)
        fd = _above_streams(fd)
        if not claim(fd):
            os.close(fd)
            return None
        return cls(path, fd, torn=not _ends_complete(fd))

    def append(self, line: bytes) -> bool:
        """Write one line that `encode` made. If the disk is full, the line is kept in memory.

        Returns:
            Whether the line, and every one before it, is in the file.
        """
        if not self._pending:
            try:
                if self._torn:
                    complete = self._write(line)
                else:  # `_write` for the usual case, without a call: it is most of what log() costs
                    written = os.write(self.fd, line)
                    end = self.end + written
                    if written == len(line) and os.lseek(self.fd, 0, os.SEEK_CUR) == end:
                        self.end = end
                        return True
                    complete = self._is_complete(line, b"", written)
                if complete:
                    return True
            except OSError as error:
                self._keep(line)
                self._report(error)
                return False
        kept = self._keep(line)
        return self.flush() and kept

    def flush(self) -> bool:
        """Try to write the lines that are kept in memory.

        Returns:
            Whether all were written.
        """
        try:
            while self._pending:
                if self._write(self._pending[0]):
                    self._pending_bytes -= len(self._pending.popleft())
        except OSError as error:
            self._report(error)
            return False
        if self.lost:
            count, self.lost = self.lost, 0
            self.append(encode({"type": "lost", "time": time.time(), "records": count}))
        if self._troubled and not self._pending:
            kept, self._kept, self._troubled = self._kept, 0, False
            if self.relief is not None:
                self.relief(kept)
        return not self._pending

    def sync(self) -> bool:
        """Sync the file to the disk, if the journal is durable.

        Returns:
            Whether every line in the file is as durable as it should be.
        """
        return True

    @property
    def pending(self) -> int:
        """The number of records that are in memory only."""
        return len(self._pending)

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

    def _write(self, line: bytes) -> bool:
        """Write a line.

        Returns:
            Whether the file has it as a line of its own.

        Raises:
            OSError: Nothing could be written.
        """
        before = b"\n" if self._torn else b""
        return self._is_complete(line, before, os.write(self.fd, before + line))

    def _is_complete(self, line: bytes, before: bytes, written: int) -> bool:
        """Whether the line, of which ``written`` bytes were written, can be read.

        Args:
            line: The line.
            before: What was to be written before it: nothing, or the end of a torn line.
            written: The bytes that were written of both.
        """
        # In a file opened for append, the offset is now after the written bytes.
        end = os.lseek(self.fd, 0, os.SEEK_CUR)
        start, expected, self.end = end - written, self.end, end
        complete = written >= len(before) + len(line) - 1  # a record needs no newline to be read
        if start != expected and not before and os.pread(self.fd, 1, start - 1) != b"\n":
            # Another process wrote half a line on a full disk, and our line continues it.
            complete = False
        whole = written == len(before) + len(line)
        if start != expected or before or not whole:
            self.is_whole = False
        if written:
            self._torn = not whole and written != len(before)
        return complete

    def _keep(self, line: bytes) -> bool:
        if self._pending_bytes + len(line) > PENDING_BYTES:
            self.lost += 1
            self.is_whole = False
            return False
        self._pending.append(line)
        self._pending_bytes += len(line)
        self._kept += 1
        return True

    def _report(self, error: OSError) -> None:
        self.error = error
        if self._troubled:
            return
        self._troubled = True
        if self.trouble is not None:
            self.trouble(error)


def _above_streams(fd: int) -> int:
    """Duplicate a descriptor until its number is above those of the standard streams.

    If a program closed its streams, a new file gets one of their numbers. Code that prints to
    standard error would then write into the journal.
    """
    low = []
    while fd <= _LAST_STREAM:
        low.append(fd)
        fd = os.dup(fd)
    for one in low:
        os.close(one)
    return fd


def _ends_complete(fd: int) -> bool:
    size = os.fstat(fd).st_size
    return size == 0 or os.pread(fd, 1, size - 1) == b"\n"


def append_once(path: Path | str, line: bytes) -> None:
    """Append one line to a journal that another process may be writing.

    Args:
        path: The journal.
        line: The line, made by `encode`.

    Raises:
        OSError: It cannot be written, or not completely; then the next writer ends the half line.
    """
    fd = _above_streams(open_regular(path, _FLAGS))
    journal = Journal(Path(path), fd, torn=not _ends_complete(fd))
    try:
        if not journal.append(line):
            raise journal.error or OSError(errno.EIO, os.strerror(errno.EIO), os.fspath(path))
    finally:
        journal.close()


def _close_in_child() -> None:
    """Close the journals in a forked child, which would keep the parent's locks."""
    for journal in list(_open_journals):
        journal.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
