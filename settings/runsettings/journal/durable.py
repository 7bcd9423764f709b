"""Syncs a journal to the disk, for runs whose records must survive a power failure.

This is the setting ``durability="power"``. A thread syncs all lines that were written since its
last sync, at most 50 ms after the first of them. Only this mode has the thread.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from runsettings.documents.atomic_write import sync_directory
from runsettings.journal.writer import Journal

if TYPE_CHECKING:
    from queue import SimpleQueue

_GROUP: Final = 0.04
"""Seconds in which lines are gathered for one sync."""

_PATIENCE: Final = 30.0
"""Seconds to wait for the last sync of the thread."""

if sys.platform == "darwin":
    from fcntl import F_FULLFSYNC, fcntl

    def _sync(fd: int) -> None:
        fcntl(fd, F_FULLFSYNC)

else:
    _sync = getattr(os, "fdatasync", os.fsync)


class DurableJournal(Journal):
    """A journal whose lines are synced to the disk. See `Journal` for the arguments."""

    durable = True

    def __init__(self, path: Path, fd: int, *, torn: bool = False) -> None:
        # Only this mode pays for the import.
        from queue import SimpleQueue

        super().__init__(path, fd, torn=torn)
        self.synced = 0
        """The byte up to which the file is on the disk."""
        self._process = os.getpid()
        self._thread: threading.Thread | None = None
        # Unlike an event or a condition, it may be used in a signal handler.
        self._requests: SimpleQueue[bool] = SimpleQueue()
        self._requested = False

    @classmethod
    def create(cls, path: Path, first: bytes = b"") -> Self:
        """Create a journal, and sync it and the directories that have its name.

        Raises:
            FileExistsError: The file exists.
            OSError: It cannot be created, or not synced.
        """
        journal = super().create(path, first)
        try:
            _sync(journal.fd)
            for directory in path.parents[:3]:
                sync_directory(directory)
        except OSError:
            journal.close()
            raise
        journal.synced = journal.end
        return journal

    def append(self, line: bytes) -> bool:
        """Write one line; see `Journal.append`.

        Returns:
            Whether the line, and every one before it, is in the file; if `waits`, on the disk.
        """
        complete = super().append(line)
        if self.waits:
            return self.sync() and complete
        if not self._requested:
            self._requested = True
            if self._thread is None:
                self._start()
            self._requests.put(True)
        return complete

    def sync(self) -> bool:
        """Sync the file to the disk.

        Returns:
            Whether every line in the file is on the disk.
        """
        self._requested = False
        end = self.end
        try:
            _sync(self.fd)
        except OSError as error:
            self.error = error
            if not self.unsynced:
                self.unsynced = True
                if self.trouble is not None:
                    self.trouble(error)
            return False
        self.synced = end
        return True

    def close(self) -> None:
        """Sync what is not synced yet, and close the file, which releases the lock."""
        if self.fd >= 0 and self._process == os.getpid():
            if self._thread is not None:
                self._requests.put(False)
                self._thread.join(_PATIENCE)
                if self._thread.is_alive():
                    self.fd = -1  # the disk hangs; the thread has the file open
            if self.fd >= 0 and self._requested:
                self.sync()
        super().close()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._sync_groups, name="runsettings", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            # There can be no more threads, or the interpreter ends.
            self._thread, self.waits = None, True

    def _sync_groups(self) -> None:
        from queue import Empty

        while self._requests.get():
            # There is no second request before the sync; only the end comes earlier.
            with contextlib.suppress(Empty):
                self._requests.get(timeout=_GROUP)
                return
            self.sync()


def journal_class(durability: str) -> type[Journal]:
    """The class of journals for a value of the setting ``durability``."""
    return DurableJournal if durability == "power" else Journal
