"""Reads the metrics of a run: the course of each logged number, in the order of the steps."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NamedTuple

from runsettings.journal.aggregates import as_float, merge_summary
from runsettings.journal.reader import read_history
from runsettings.journal.replay import StoredRun

_POINTS: Final = 4096
"""Of more values of a metric, means are kept, so that the memory does not grow with the journal."""


@dataclass(frozen=True, slots=True)
class Metric:
    """The course of one metric, and what sums it up."""

    course: Sequence[float]
    """All logged values, in order; of more than some thousand, means of as many values each."""
    count: int
    """The number of logged values."""
    minimum: float | None
    """The smallest value that is not NaN; ``None`` if all are NaN."""
    maximum: float | None
    """The largest value that is not NaN; ``None`` if all are NaN."""
    last: float
    """The value that was logged last."""

    @classmethod
    def of(cls, values: Iterable[float]) -> Metric:
        """The metric with these values.

        Args:
            values: All logged values, in order; at least one.
        """
        course = _Course()
        for value in values:
            course.add(value)
        return course.metric()


class _Course:
    """Gathers the values of one metric."""

    def __init__(self) -> None:
        self.points = array("d")
        self.size = 1
        """The number of values of which each point is the mean."""
        self.recent = array("d")
        """Values that are in no point yet."""
        self.count = 0
        self.minimum, self.maximum = math.inf, -math.inf
        self.last = math.nan

    def add(self, value: float) -> None:
        """Add the next value."""
        self.recent.append(value)
        if len(self.recent) >= _POINTS and len(self.recent) >= self.size:
            self.settle()

    def settle(self) -> None:
        """Make points of the values that are in none."""
        recent = self.recent
        if not recent:
            return
        self.count += len(recent)
        self.last = recent[-1]
        known = [value for value in recent if not math.isnan(value)]
        self.minimum = min(self.minimum, min(known, default=math.inf))
        self.maximum = max(self.maximum, max(known, default=-math.inf))
        self.points += _means(recent, self.size)
        self.recent = array("d")
        while len(self.points) > 2 * _POINTS:
            self.points, self.size = _means(self.points, 2), 2 * self.size

    def metric(self) -> Metric:
        """The metric of all values."""
        self.settle()
        known = self.minimum <= self.maximum
        return Metric(
            self.points,
            self.count,
            self.minimum if known else None,
            self.maximum if known else None,
            self.last,
        )


def _means(values: array[float], size: int) -> array[float]:
    """The means of each ``size`` values."""
    if size == 1:
        return values
    return array("d", (mean(values[at : at + size]) for at in range(0, len(values), size)))


def mean(values: Sequence[float]) -> float:
    """The mean of the values that are not NaN; NaN if all are."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return math.nan
    # Divide before adding, because the sum of large floats may overflow.
    return sum(value / len(known) for value in known)


class Bucket(NamedTuple):
    """Some values of a metric that follow each other, for one place of a chart."""

    first_step: int
    last_step: int
    known: int
    """The number of the values that are not NaN; the next three are of these."""
    minimum: float | None
    """``None`` if all are NaN, as the next two."""
    maximum: float | None
    mean: float | None
    last: float
    """The value that was logged last, also if it is NaN."""

    @classmethod
    def of(cls, steps: Sequence[int], values: Sequence[float]) -> Bucket:
        """The bucket of these values.

        Args:
            steps: The step of each value, at least one.
            values: The values.
        """
        known = [value for value in values if not math.isnan(value)]
        least, most = min(known, default=None), max(known, default=None)
        average = mean(known) if known else None
        return cls(steps[0], steps[-1], len(known), least, most, average, values[-1])


def buckets_of(steps: Sequence[int], values: Sequence[float], size: int) -> list[Bucket]:
    """The values of a metric in buckets of ``size`` values each."""
    return [
        Bucket.of(steps[at : at + size], values[at : at + size])
        for at in range(0, len(steps), size)
    ]


def join_buckets(buckets: Sequence[Bucket], most: int) -> list[Bucket]:
    """Join buckets that follow each other, until there are at most so many.

    Args:
        buckets: The buckets.
        most: The largest number of buckets.
    """
    if len(buckets) <= most:
        return list(buckets)
    starts = [at * len(buckets) // most for at in range(most + 1)]
    return [_joined(buckets[start:end]) for start, end in pairwise(starts)]


def _joined(parts: Sequence[Bucket]) -> Bucket:
    known = sum(part.known for part in parts)
    means = [part.mean * (part.known / known) for part in parts if part.mean is not None]
    return Bucket(
        parts[0].first_step,
        parts[-1].last_step,
        known,
        min((part.minimum for part in parts if part.minimum is not None), default=None),
        max((part.maximum for part in parts if part.maximum is not None), default=None),
        sum(means) if means else None,
        parts[-1].last,
    )


def last_of_each(steps: array[int], values: array[float]) -> tuple[array[int], array[float]]:
    """Steps and values without those that a later one of the same step replaced.

    Args:
        steps: The step of each value.
        values: The values, in the order in which they were logged.
    """
    if len(set(steps)) == len(steps):
        return steps, values
    kept = [at for at, (step, after) in enumerate(pairwise(steps)) if step != after]
    kept.append(len(steps) - 1)
    return array("q", (steps[at] for at in kept)), array("d", (values[at] for at in kept))


def read_metrics(run: StoredRun) -> dict[str, Metric]:
    """Read every metric of a run from its journal, by dotted key.

    Raises:
        OSError: The journal cannot be read.
    """
    logged: dict[str, _Course] = {}
    for row in read_history(run.journal):
        flat: dict[str, Any] = {}
        merge_summary(flat, row)
        for key, value in flat.items():
            if key not in ("_step", "_timestamp") and type(value) in (int, float):
                course = logged.get(key)
                if course is None:
                    course = logged[key] = _Course()
                course.add(as_float(value))
    return {key: course.metric() for key, course in logged.items()}
