"""Caches the runs of a directory in memory, and reads only the new records of their journals.

The first reading may take seconds, as that of ten thousand journals without an index does. It runs
in a thread, and until it ends, the newest runs are returned. Another thread reads and stores the
metrics of long journals, before somebody asks for a chart of them.
"""

from __future__ import annotations

import contextlib
import copy
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from runsettings.journal.directory import JournalFile, find_journals
from runsettings.journal.edits import Edit
from runsettings.journal.index import Listing, leave_out_details, list_runs, newest_runs
from runsettings.journal.replay import StoredRun
from runsettings.recorded.journal_series import JournalSeries
from runsettings.recorded.sources import DirectorySource
from runsettings.recorded.stored_series import SeriesStore
from runsettings.values.errors import RunError

_CACHE_TIME: Final = 0.5
"""The number of seconds for which the cached runs are used without a new scan."""

_MANY: Final = 1000
"""The number of journals from which the first reading runs in a thread."""

_NEWEST: Final = 100
"""The number of journals that are read before that, and of runs whose metrics are read ahead."""

_LONG: Final = 1 << 20
"""The number of new bytes of a journal after which its metrics are read before a chart needs them.
"""

_MEMORY: Final = 1 << 28
"""The number of bytes of the metrics that are kept."""


class LiveDirectory(DirectorySource):
    """The runs below a ``wandb`` directory, cached for many queries.

    A returned run never changes: if its journal grows, a new object replaces it.

    Args:
        directory: The directory; it need not exist.
        clock: Returns the current time in seconds, as `time.monotonic` does.
        many: The number of journals from which the first reading runs in a thread.
    """

    def __init__(
        self, directory: Path, clock: Callable[[], float] = time.monotonic, many: int = _MANY
    ) -> None:
        super().__init__(directory)
        self._many = many
        self._newest: Listing | None = None
        self._reading: threading.Thread | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._start_lock = threading.Lock()
        self._updated = float("-inf")
        self._files: dict[str, JournalFile] = {}
        self._listing = Listing()
        self._series_lock = threading.Lock()
        self._series: dict[str, JournalSeries] = {}
        self._sizes: dict[str, int] = {}
        """The bytes of memory of each of them when it was used last."""
        self._store = SeriesStore(directory)
        self._storing: threading.Thread | None = None
        self._ahead: dict[str, int] = {}
        """The size of each journal whose metrics were read before a chart needed them."""

    def journal_series(self, run: StoredRun) -> JournalSeries:
        """All metrics of a run. Only the new records of its journal are read."""
        with self._series_lock:
            found = self._series.pop(run.journal, None)
            found = found or JournalSeries(run.journal, self._store)
            self._series[run.journal] = found
        found.read_on()
        with self._series_lock:
            self._sizes[run.journal] = found.size
            rest = sum(self._sizes.values())
            for path in list(self._series)[:-1]:  # the one that was used least recently is first
                if rest > _MEMORY:
                    del self._series[path]
                    rest -= self._sizes.pop(path, 0)
        return found

    def runs(self, tell: Callable[[int, int], None] = lambda _done, _all: None) -> Listing:
        """Return all runs, newest first, in a state that is at most `_CACHE_TIME` seconds old.

        While the first reading lasts, the listing has only the newest runs, and ``reading``.

        Args:
            tell: Called with the number of journals that were read, and the total number.
        """
        newest = self._read_newest()
        if newest is not None:
            return newest
        with self._lock:
            if self._clock() - self._updated >= _CACHE_TIME:
                self._update(tell)
                self._updated = self._clock()
                self._read_ahead()
            return self._listing

    def _read_newest(self) -> Listing | None:
        """The newest runs, as long as the first reading of many journals lasts."""
        with self._start_lock:
            if self._newest is None:
                self._newest = newest_runs(self.directory, _NEWEST, at_least=self._many)
                if self._newest.reading:
                    self._reading = threading.Thread(target=self._read_all, daemon=True)
                    self._reading.start()
            is_reading = self._reading is not None and self._reading.is_alive()
            return self._newest if is_reading else None

    def _read_all(self) -> None:
        # After an error, the next request reads again and reports the error.
        with self._lock, contextlib.suppress(OSError, RunError):
            self._update(lambda _done, _all: None)
            self._updated = self._clock()

    def _read_ahead(self) -> None:
        """Read and store the metrics of the newest runs, if many of their records are new."""
        if self._storing is not None and self._storing.is_alive():
            return
        runs = [
            run
            for run in self._listing.runs[:_NEWEST]
            if self._files[run.journal].size - self._ahead.get(run.journal, 0) >= _LONG
        ]
        if runs:
            self._ahead |= {run.journal: self._files[run.journal].size for run in runs}
            self._storing = threading.Thread(target=self._read_series, args=(runs,), daemon=True)
            self._storing.start()

    def _read_series(self, runs: list[StoredRun]) -> None:
        for run in runs:
            with contextlib.suppress(OSError):  # a chart of this run reports the error
                self.journal_series(run)

    def edit(self, run: StoredRun, edit: Edit) -> None:
        """Change the name, notes and tags of a run in its journal."""
        super().edit(run, edit)
        self._updated = float("-inf")

    def remove(self, run: StoredRun, *, force: bool) -> None:
        """Remove a run with its directory."""
        super().remove(run, force=force)
        self._store.forget(run.journal)
        self._updated = float("-inf")

    def _update(self, tell: Callable[[int, int], None]) -> None:
        """Update the listing."""
        files = {file.path: file for file in find_journals(self.directory)}
        changed = {path for path, file in files.items() if file != self._files.get(path)}
        if not changed and files.keys() == self._files.keys():
            return
        listed = {run.journal: number for number, run in enumerate(self._listing.runs)}
        if files.keys() == self._files.keys() and changed <= listed.keys():
            runs = list(self._listing.runs)
            try:
                for path in changed:
                    runs[listed[path]] = self._updated_run(runs[listed[path]], files[path])
            except (OSError, RunError):
                pass  # `list_runs` below reports the error
            else:
                self._files, self._listing = files, Listing(runs, self._listing.unreadable)
                return
        self._listing = list_runs(self.directory, tell)
        self._files = files

    def _updated_run(self, run: StoredRun, file: JournalFile) -> StoredRun:
        """A copy of the run, updated with the new records of its journal.

        Raises:
            OSError: The journal cannot be read, or was replaced.
            RunError: It is not a journal.
        """
        if file.inode != self._files[file.path].inode or file.size < run.position:
            raise OSError("the journal was replaced")
        run = copy.deepcopy(run)
        run.read_on()
        leave_out_details(run)
        return run
