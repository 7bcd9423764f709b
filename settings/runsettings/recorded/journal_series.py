"""Reads the metrics of a run from its journal, and follows the journal as it grows."""

from __future__ import annotations

import math
import os
import threading
from operator import lt
from typing import Any, Final

from runsettings.journal.aggregates import as_float
from runsettings.journal.query.metrics import TIMES, Bucket
from runsettings.journal.reader import open_regular
from runsettings.journal.records import LARGEST_STEP, is_double, is_row
from runsettings.recorded.packed_series import DamagedSeriesError
from runsettings.recorded.series import Series
from runsettings.recorded.stored_series import SeriesStore, StoredMetrics
from runsettings.shipping.series import Rows, read_parts

_SMALLEST: Final = 1 << 16
"""Bytes of a journal that are read faster than they are worth to be stored."""

_LARGEST: Final = 1 << 21
"""Bytes of new records after which the metrics of any journal are stored again."""


class JournalSeries:
    """All metrics of a run. Several threads may use it.

    Args:
        journal: The path of the journal.
        store: Where the metrics of a long journal are stored.
    """

    def __init__(self, journal: str, store: SeriesStore | None = None) -> None:
        self.journal = journal
        self._store = store
        self._lock = threading.Lock()
        self._inode = -1
        self._begin()

    def _begin(self) -> None:
        self._position = self._stored = self._tried = 0
        self._metrics: dict[str, Series] = {}
        self._sources: dict[str, int] = {}

    def read_on(self) -> None:
        """Read the records that were written since the last call; all, if the file was replaced.

        Raises:
            OSError: The journal cannot be read.
        """
        with self._lock:
            self._read_on()

    def _read_on(self) -> None:
        fd = open_regular(self.journal)
        try:
            file = os.fstat(fd)
            if file.st_ino != self._inode or file.st_size < self._position:
                self._begin()
                self._inode = file.st_ino
                self._load(fd, file.st_size)
            self._read(os.dup(fd))
            self._save(fd)
        finally:
            os.close(fd)

    def _load(self, fd: int, size: int) -> None:
        """Continue from what is stored of the journal."""
        if self._store is not None and size >= _SMALLEST:
            found = self._store.load(self.journal, fd)
            if found is not None:
                self._position, self._sources, self._metrics = found
                self._stored = self._tried = self._position

    def _save(self, fd: int) -> None:
        """Store the metrics, if many records are new."""
        enough = max(_SMALLEST, min(self._position // 8, _LARGEST))
        if self._store is not None and self._position - self._tried >= enough:
            read = StoredMetrics(self._position, self._sources, self._metrics)
            self._tried = self._position
            self._stored = self._store.save(self.journal, fd, read, self._stored)

    def _read(self, fd: int) -> None:
        for part in read_parts(fd, self._position):
            if isinstance(part, Rows):
                self._add_rows(part)
                self._position = part.end
                continue
            for record, end in zip(part.records, part.ends, strict=True):
                self._add_record(record)
                self._position = end

    def _add_rows(self, rows: Rows) -> None:
        ascending = all(map(lt, rows.steps, rows.steps[1:]))
        columns = [(column.key, column.values) for column in rows.columns]
        for key, values in (*columns, (TIMES, rows.times)):
            series = self._metrics.get(key)
            if series is None:
                series = self._metrics[key] = Series()
            if ascending:
                series.extend(rows.steps, values)
            else:
                for step, value in zip(rows.steps, values, strict=True):
                    series.add(step, value)

    def _add_record(self, record: dict[str, Any] | None) -> None:
        if (
            record is not None
            and record.get("type") == "history"
            and is_row(record)
            and not is_double(record, self._sources)
            and record["step"] <= LARGEST_STEP
        ):
            self._collect(record["data"], record["step"])
            self._add(TIMES, record["step"], record["time"])

    def _collect(self, data: dict[str, Any], step: int, prefix: str = "") -> None:
        for key, value in data.items():
            kind = type(value)
            if kind is float or kind is int:
                self._add(prefix + key, step, value)
            elif kind is dict:
                self._collect(value, step, f"{prefix}{key}.")

    def _add(self, key: str, step: int, value: float) -> None:
        series = self._metrics.get(key)
        if series is None:
            series = self._metrics[key] = Series()
        series.add(step, value if type(value) is float else as_float(value))

    def buckets(
        self, key: str, most: int, first: float = 0, last: float = math.inf
    ) -> list[Bucket]:
        """Summarize a metric; see `Series.buckets`.

        Args:
            key: The dotted key of the metric.
            most: The largest number of buckets.
            first: The first step.
            last: The last step, included.

        Returns:
            The buckets; empty if there is no such metric.

        Raises:
            OSError: What was stored is damaged, and the journal cannot be read.
        """
        with self._lock:
            for is_stored_anew in (True, False):
                try:
                    return self._buckets(key, most, first, last)
                except DamagedSeriesError:
                    # Another process may have stored the metrics anew.
                    if self._store is not None and not is_stored_anew:
                        self._store.forget(self.journal)
                        self._store = None
                    self._inode = -1
                    self._read_on()
            return self._buckets(key, most, first, last)

    def _buckets(self, key: str, most: int, first: float, last: float) -> list[Bucket]:
        series = self._metrics.get(key)
        return [] if series is None else series.buckets(most, first, last)

    @property
    def size(self) -> int:
        """The number of bytes of memory, about."""
        with self._lock:
            return sum(series.size for series in self._metrics.values())
