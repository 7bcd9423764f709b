"""Keeps the runs of a directory in memory, and reads only what their journals have since then."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from runsettings.journal.directory import JournalFile, find_journals
from runsettings.journal.index import Listing, leave_out_details, list_runs
from runsettings.journal.replay import StoredRun
from runsettings.recorded.sources import DirectorySource
from runsettings.values.errors import RunError

_FRESH: Final = 1.0
"""Seconds in which the journals are not looked at again."""


class LiveDirectory(DirectorySource):
    """The runs below a ``wandb`` directory, for many questions in a row.

    A run that is handed out never changes: one whose journal has grown is replaced by a new object.

    Args:
        directory: The directory; it need not exist.
        clock: Tells seconds, from any beginning.
    """

    def __init__(self, directory: Path, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(directory)
        self._clock = clock
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._files: dict[str, JournalFile] = {}
        self._listing = Listing()

    def runs(self, tell: Callable[[int, int], None] = lambda _done, _all: None) -> Listing:
        """All runs, newest first, as they were at most `_FRESH` seconds ago."""
        with self._lock:
            if self._clock() - self._looked >= _FRESH:
                self._look(tell)
                self._looked = self._clock()
            return self._listing

    def _look(self, tell: Callable[[int, int], None]) -> None:
        """Bring the listing up to date."""
        files = {file.path: file for file in find_journals(self.directory)}
        changed = {path for path, file in files.items() if file != self._files.get(path)}
        if not changed and files.keys() == self._files.keys():
            return
        listed = {run.journal: number for number, run in enumerate(self._listing.runs)}
        if files.keys() == self._files.keys() and changed <= listed.keys():
            runs = list(self._listing.runs)
            try:
                for path in changed:
                    runs[listed[path]] = self._read_on(runs[listed[path]], files[path])
            except (OSError, RunError):
                pass  # the index says what is wrong with it
            else:
                self._files, self._listing = files, Listing(runs, self._listing.unreadable)
                return
        self._listing = list_runs(self.directory, tell)
        self._files = files

    def _read_on(self, run: StoredRun, file: JournalFile) -> StoredRun:
        """The run with what its journal has since then.

        Raises:
            OSError: The journal cannot be read, or is another one.
            RunError: It is not a journal.
        """
        if file.inode != self._files[file.path].inode or file.size < run.position:
            raise OSError("the journal was replaced")
        run = copy.deepcopy(run)
        run.read_on()
        leave_out_details(run)
        return run
