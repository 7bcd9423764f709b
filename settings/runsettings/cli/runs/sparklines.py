"""A metric's course in one line of text."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

BLOCKS: Final = "▁▂▃▄▅▆▇█"
ASCII: Final = "_.-:=+*#"
"""For terminals that cannot show the blocks."""

WIDTH: Final = 32
"""Characters; longer courses are averaged down to it."""


@dataclass(frozen=True, slots=True)
class Metric:
    """The course of one metric, without its values that are no numbers (NaN)."""

    count: int
    """How many values were logged."""
    minimum: float | None
    maximum: float | None
    last: float
    course: Sequence[float]


def measure(values: Iterable[float]) -> Metric:
    """What there is to tell of a metric.

    Args:
        values: Everything that was logged, in order; at least one.
    """
    course = values if isinstance(values, array) else array("d", values)
    known = [value for value in course if value == value]  # noqa: PLR0124 - NaN differs from itself
    return Metric(
        len(course), min(known, default=None), max(known, default=None), course[-1], course
    )


def sparkline(course: Sequence[float], blocks: str = BLOCKS, width: int = WIDTH) -> str:
    """A course as a row of blocks, scaled to its finite values; a gap is where all are NaN.

    Args:
        course: The values, in order.
        blocks: Eight characters, lowest first.
        width: The largest number of characters.
    """
    points = _averaged(course, width)
    finite = [point for point in points if math.isfinite(point)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    # Halved first: the span of the largest floats is no float.
    span = high / 2 - low / 2
    top = len(blocks) - 1

    def block(point: float) -> str:
        if math.isnan(point):
            return " "
        if math.isinf(point):
            return blocks[top if point > 0 else 0]
        return blocks[round((point / 2 - low / 2) / span * top)] if span else blocks[top // 2]

    return "".join(map(block, points))


def is_metric(value: Any) -> bool:
    """Whether a logged value is a number to draw."""
    return type(value) in (int, float)


def _averaged(course: Sequence[float], width: int) -> list[float]:
    """At most ``width`` points, each the mean of those it stands for, without NaN."""
    count = len(course)
    if count <= width:
        return list(course)
    return [
        _mean(course[index * count // width : (index + 1) * count // width])
        for index in range(width)
    ]


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return math.nan
    # Divided first, for the same reason: a sum of large floats may be none.
    return sum(value / len(known) for value in known)
