"""The values of one metric in memory, of which the earlier ones may be in a file."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

from runsettings.journal.query.metrics import Bucket, buckets_of, join_buckets, last_of_each

SUMMARIZED: Final = 64
"""The number of values that a series summarizes in advance, for charts of long metrics."""

Numbers = tuple["array[int]", "array[float]"]
"""Steps and values."""


class Span(NamedTuple):
    """The place of some consecutive values of a series."""

    length: int
    """The number of values, a multiple of `SUMMARIZED`."""
    first_step: int
    last_step: int


class Chunk(NamedTuple):
    """Consecutive values of a series that are in a file."""

    span: Span
    numbers: Callable[[], Numbers]
    """Reads the steps and the values."""


class Series:
    """The values of one metric, in the order of the steps.

    Args:
        chunks: The first values.
        summaries: Reads a bucket for every `SUMMARIZED` values of the chunks.
        rest: The other values, at least one: the last value may be replaced, so no chunk has it.
    """

    def __init__(
        self,
        chunks: Sequence[Chunk] = (),
        summaries: Callable[[], list[Bucket]] = list,
        rest: Numbers | None = None,
    ) -> None:
        self.stored = [chunk.span for chunk in chunks]
        """What is in a file; after it was stored, it is in memory as well."""
        self.steps, self.values = rest or (array("q"), array("d"))
        self._chunks = list(chunks)
        self._start = sum(chunk.span.length for chunk in chunks)
        """The number of the first value in memory."""
        self._read_earlier = summaries
        self._earlier: list[Bucket] = []
        """The summaries of the chunks, once they were read."""
        self._recent: list[Bucket] = []
        """The summaries of the values in memory."""
        self._ordered = True

    def __len__(self) -> int:
        return self._start + len(self.steps)

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

    def extend(self, steps: array[int], values: array[float]) -> None:
        """Add several values; see `add`.

        Args:
            steps: Their steps, each higher than the one before.
            values: The values.
        """
        if self.steps and steps[0] <= self.steps[-1]:
            for step, value in zip(steps, values, strict=True):
                self.add(step, value)
        else:
            self.steps += steps
            self.values += values

    def buckets(self, most: int, first: float, last: float) -> list[Bucket]:
        """Summarize the values of some steps.

        Args:
            most: The largest number of buckets.
            first: The first step.
            last: The last step, included.

        Returns:
            The buckets, in the order of the steps.
        """
        self.order()
        if len(self) <= most * SUMMARIZED:
            self._keep_in_memory()  # a chart of all values reads them each time
        start, end = self._find(first, bisect_left), self._find(last, bisect_right)
        if end - start <= most * SUMMARIZED:
            size = max((end - start) // most, 1)
            return join_buckets(buckets_of(*self.numbers(start, end), size), most)
        summaries = self._summaries()
        # The first and the last bucket may be cut by the range.
        left, right = -(-start // SUMMARIZED), min(end // SUMMARIZED, len(summaries))
        parts = [
            *self._part(start, left * SUMMARIZED),
            *summaries[left:right],
            *self._part(right * SUMMARIZED, end),
        ]
        return join_buckets(parts, most)

    @property
    def size(self) -> int:
        """The number of bytes of memory, about."""
        return 2 * 8 * len(self.steps) + 250 * (len(self._earlier) + len(self._recent))

    def numbers(self, start: int, end: int) -> Numbers:
        """Some of the values.

        Args:
            start: The number of the first one.
            end: The number after the last one.

        Returns:
            Their steps, and the values.
        """
        steps, values = array("q"), array("d")
        at = 0
        for chunk in self._chunks:
            if at < end and start < at + chunk.span.length:
                part = slice(max(start - at, 0), end - at)
                numbers = chunk.numbers()
                steps += numbers[0][part]
                values += numbers[1][part]
            at += chunk.span.length
        part = slice(max(start - at, 0), max(end - at, 0))
        steps += self.steps[part]
        values += self.values[part]
        return steps, values

    def recent_summaries(self, start: int, end: int) -> list[Bucket]:
        """A bucket for every `SUMMARIZED` values of a part that is in memory.

        Args:
            start: The number of the first value, a multiple of `SUMMARIZED`.
            end: The number after the last one, a multiple of it as well.
        """
        done = len(self._recent) * SUMMARIZED
        # The last value may be replaced.
        until = max(len(self.steps) - 1, 0) // SUMMARIZED * SUMMARIZED
        part = slice(done, until)
        self._recent += buckets_of(self.steps[part], self.values[part], SUMMARIZED)
        first = self._start // SUMMARIZED
        return self._recent[start // SUMMARIZED - first : end // SUMMARIZED - first]

    def _summaries(self) -> list[Bucket]:
        """A bucket for every `SUMMARIZED` values before the last one."""
        if self._chunks and not self._earlier:
            self._earlier = self._read_earlier()
        return self._earlier + self.recent_summaries(self._start, len(self))

    def order(self) -> None:
        """Sort by step: a run may return to an earlier step, and its files have their own."""
        if self._ordered:
            return
        logged = self.numbers(0, len(self))
        order = sorted(range(len(self)), key=logged[0].__getitem__)
        steps = array("q", (logged[0][at] for at in order))
        values = array("d", (logged[1][at] for at in order))
        self.steps, self.values = last_of_each(steps, values)
        self.stored, self._chunks, self._start = [], [], 0
        self._earlier, self._recent = [], []
        self._ordered = True

    def _keep_in_memory(self) -> None:
        """Read the values that are only in a file."""
        if self._chunks:
            self.steps, self.values = self.numbers(0, len(self))
            self._chunks, self._start = [], 0
            self._earlier, self._recent = [], []

    def _part(self, start: int, end: int) -> list[Bucket]:
        return buckets_of(*self.numbers(start, end), SUMMARIZED)

    def _find(self, step: float, bisect: Callable[[Any, float], int]) -> int:
        """The number of the value at which a range begins or ends."""
        if not self._chunks or step >= self.steps[0]:
            return self._start + bisect(self.steps, step)
        at = bisect_left(self._chunks, step, key=attrgetter("span.last_step"))
        before = sum(chunk.span.length for chunk in self._chunks[:at])
        if at == len(self._chunks) or step < self._chunks[at].span.first_step:
            return before
        return before + bisect(self._chunks[at].numbers()[0], step)
