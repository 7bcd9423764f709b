"""Draws a metric's values as a sparkline: one line of block characters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from runsettings.journal.query.metrics import mean

BLOCKS: Final = "▁▂▃▄▅▆▇█"
ASCII: Final = "_.-:=+*#"
"""For terminals that cannot show the blocks."""

WIDTH: Final = 32
"""The greatest number of characters; more values are averaged."""


def sparkline(values: Sequence[float], blocks: str = BLOCKS, width: int = WIDTH) -> str:
    """A metric's values as blocks, scaled to the finite values; NaN is shown as a gap.

    Args:
        values: The values, in order.
        blocks: Eight characters, lowest first.
        width: The largest number of characters.
    """
    points = _averaged(values, width)
    finite = [point for point in points if math.isfinite(point)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    # Halve before subtracting, because the difference of the largest floats overflows.
    span = high / 2 - low / 2
    top = len(blocks) - 1

    def block(point: float) -> str:
        if math.isnan(point):
            return " "
        if math.isinf(point):
            return blocks[top if point > 0 else 0]
        return blocks[round((point / 2 - low / 2) / span * top)] if span else blocks[top // 2]

    return "".join(map(block, points))


def _averaged(values: Sequence[float], width: int) -> list[float]:
    """At most ``width`` points, each the mean of its values without NaN."""
    count = len(values)
    if count <= width:
        return list(values)
    return [
        mean(values[index * count // width : (index + 1) * count // width])
        for index in range(width)
    ]
