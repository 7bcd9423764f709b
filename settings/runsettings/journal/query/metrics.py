"""Reads the metrics of a run: the series of each logged number, in the order of the steps."""

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

TIMES: Final = "_timestamp"
"""The key of the time of each row, in seconds since 1970. Charts read it as a metric."""

_POINTS: Final = 4096
"""The largest number of points of a metric. Longer metrics are averaged, to limit the memory."""


@dataclass(frozen=True, slots=True)
class Metric:
    """The values of one metric, and their count, minimum, maximum and last value."""

    course: Sequence[float]
    """All logged values, in order; for a long metric, means of equal numbers of values."""
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
        """Make a metric from its values.

        Args:
            values: All logged values, in order; at least one.
        """
        course = _Course()
        for value in values:
            course.add(value)
        return course.metric()


class _Course:
    """Collects the values of one metric."""

    def __init__(self) -> None:
        self.points = array("d")
        self.size = 1
        """The number of values in the mean of each point."""
        self.recent = array("d")
        """The values that are not in a point yet."""
        self.count = 0
        self.minimum, self.maximum = math.inf, -math.inf
        self.last = math.nan

    def add(self, value: float) -> None:
        """Add the next value."""
        self.recent.append(value)
        if len(self.recent) >= _POINTS and len(self.recent) >= self.size:
            self.settle()

    def settle(self) -> None:
        """Make points from the recent values."""
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
    """The means of every ``size`` values."""
    if size == 1:
        return values
    return array("d", (mean(values[at : at + size]) for at in range(0, len(values), size)))


def mean(values: Sequence[float]) -> float:
    """Compute the mean of the values that are not NaN; NaN if all values are NaN.

    Args:
        values: The values.
    """
    total = sum(values)
    if math.isfinite(total) and values:
        return total / len(values)
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return math.nan
    # Divide before adding, because the sum of large floats may overflow.
    return sum(value / len(known) for value in known)


class Bucket(NamedTuple):
    """A summary of consecutive values of a metric, for one point of a chart."""

    first_step: int
    last_step: int
    known: int
    """The number of values that are not NaN. Minimum, maximum and mean are of these values."""
    minimum: float | None
    """``None`` if all values are NaN, as ``maximum`` and ``mean``."""
    maximum: float | None
    mean: float | None
    last: float
    """The value that was logged last, also if it is NaN."""

    @classmethod
    def of(cls, steps: Sequence[int], values: Sequence[float]) -> Bucket:
        """Make the bucket of some values.

        Args:
            steps: The step of each value, at least one.
            values: The values.

        Returns:
            The bucket.
        """
        known = list(values)
        if not math.isfinite(sum(known)):
            known = [value for value in values if not math.isnan(value)]
        least, most = min(known, default=None), max(known, default=None)
        average = mean(known) if known else None
        return cls(steps[0], steps[-1], len(known), least, most, average, values[-1])


def buckets_of(steps: Sequence[int], values: Sequence[float], size: int) -> list[Bucket]:
    """Split the values of a metric into buckets.

    Args:
        steps: The step of each value.
        values: The values.
        size: The number of values in each bucket.
    """
    return [
        Bucket.of(steps[at : at + size], values[at : at + size])
        for at in range(0, len(steps), size)
    ]


def join_buckets(buckets: Sequence[Bucket], most: int) -> list[Bucket]:
    """Join adjacent buckets, to reduce their number.

    Args:
        buckets: The buckets.
        most: The largest number of buckets to return.

    Returns:
        The joined buckets.
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
    """Keep only the last value of each step.

    Args:
        steps: The step of each value.
        values: The values, in the order in which they were logged.

    Returns:
        The steps and the values that were kept.
    """
    if len(set(steps)) == len(steps):
        return steps, values
    kept = [at for at, (step, after) in enumerate(pairwise(steps)) if step != after]
    kept.append(len(steps) - 1)
    return array("q", (steps[at] for at in kept)), array("d", (values[at] for at in kept))


def read_metrics(run: StoredRun) -> dict[str, Metric]:
    """Read every metric of a run from its journal.

    Args:
        run: The run.

    Returns:
        The metrics by dotted key.

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
