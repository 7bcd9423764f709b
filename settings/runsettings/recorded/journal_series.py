"""Reads the metrics of a run from its journal, and follows the journal as it grows."""

from __future__ import annotations

import math
import os
import threading
from array import array
from bisect import bisect_left, bisect_right
from typing import Any, Final

from runsettings.journal.aggregates import as_float
from runsettings.journal.query.metrics import (
    TIMES,
    Bucket,
    buckets_of,
    join_buckets,
    last_of_each,
)
from runsettings.journal.reader import open_regular, read_lines
from runsettings.journal.records import LARGEST_STEP, is_double, is_row

_SIZE: Final = 64
"""The number of values that a series summarizes in advance, for charts of long metrics."""


class Series:
    """The values of one metric, in the order of the steps."""

    def __init__(self) -> None:
        self.steps = array("q")
        self.values = array("d")
        self._buckets: list[Bucket] = []
        self._ordered = True

    def add(self, step: int, value: float) -> None:
        """Add a value.

        Args:
            step: Its step. If it is the step of the last value, the value replaces that one.
            value: The value.
        """
        if self.steps and step <= self.steps[-1]:
            if step == self.steps[-1]:
                self.values[-1] = value
                return
            self._ordered = False
        self.steps.append(step)
        self.values.append(value)

    def buckets(self, most: int, first: float, last: float) -> list[Bucket]:
        """Summarize the values of some steps.

        Args:
            most: The largest number of buckets.
            first: The first step.
            last: The last step, included.

        Returns:
            The buckets, in the order of the steps.
        """
        if not self._ordered:
            self._order()
        start, end = bisect_left(self.steps, first), bisect_right(self.steps, last)
        if end - start <= most * _SIZE:
            size = max((end - start) // most, 1)
            parts = buckets_of(self.steps[start:end], self.values[start:end], size)
            return join_buckets(parts, most)
        summaries = self._summarized()
        # The first and the last bucket may be cut by the range.
        left, right = -(-start // _SIZE), min(end // _SIZE, len(summaries))
        parts = [
            *self._part(start, left * _SIZE),
            *summaries[left:right],
            *self._part(right * _SIZE, end),
        ]
        return join_buckets(parts, most)

    @property
    def size(self) -> int:
        """The number of bytes of memory, about."""
        return 2 * 8 * len(self.steps) + 250 * len(self._buckets)

    def _part(self, start: int, end: int) -> list[Bucket]:
        return buckets_of(self.steps[start:end], self.values[start:end], _SIZE)

    def _summarized(self) -> list[Bucket]:
        """A bucket for every `_SIZE` values before the last one, which may be replaced."""
        done = len(self._buckets) * _SIZE
        end = (len(self.steps) - 1) // _SIZE * _SIZE
        self._buckets += self._part(done, end)
        return self._buckets

    def _order(self) -> None:
        """Sort by step: a run may return to an earlier step, and its files have their own."""
        order = sorted(range(len(self.steps)), key=self.steps.__getitem__)
        steps = array("q", (self.steps[at] for at in order))
        values = array("d", (self.values[at] for at in order))
        self.steps, self.values = last_of_each(steps, values)
        self._buckets = []
        self._ordered = True


class JournalSeries:
    """All metrics of a run. Several threads may use it.

    Args:
        journal: The path of the journal.
    """

    def __init__(self, journal: str) -> None:
        self.journal = journal
        self._lock = threading.Lock()
        self._inode = -1
        self._begin()

    def _begin(self) -> None:
        self._position = 0
        self._metrics: dict[str, Series] = {}
        self._sources: dict[str, int] = {}

    def read_on(self) -> None:
        """Read the records that were written since the last call; all, if the file was replaced.

        Raises:
            OSError: The journal cannot be read.
        """
        with self._lock:
            fd = open_regular(self.journal)
            file = os.fstat(fd)
            if file.st_ino != self._inode or file.st_size < self._position:
                self._begin()
                self._inode = file.st_ino
            self._read(fd)

    def _read(self, fd: int) -> None:
        for record, end in read_lines(fd, self._position):
            self._position = end
            if record is None or record.get("type") != "history" or not is_row(record):
                continue
            if is_double(record, self._sources):
                continue
            step = record["step"]
            if step > LARGEST_STEP:
                continue
            self._collect(record["data"], step)
            self._add(TIMES, step, record["time"])

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
        """
        with self._lock:
            series = self._metrics.get(key)
            return [] if series is None else series.buckets(most, first, last)

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

    @property
    def size(self) -> int:
        """The number of bytes of memory, about."""
        with self._lock:
            return sum(series.size for series in self._metrics.values())
