"""Formats a run's values for the cells of tables, and a metric's values as a sparkline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from runsettings.journal.query.keys import Kind
from runsettings.journal.query.metrics import mean
from runsettings.journal.query.times import duration, local_time
from runsettings.recorded.csv_files import json_text
from runsettings.values.key_paths import MISSING
from runsettings.values.rendering import printable

NOTHING: Final = "-"
"""The cell of a table where a run has no value."""

_LONGEST: Final = 200
"""The largest number of characters in a cell of a table; JSON and CSV have whole values."""

BLOCKS: Final = "▁▂▃▄▅▆▇█"
ASCII: Final = "_.-:=+*#"
"""The characters for terminals that cannot show the blocks."""

WIDTH: Final = 32
"""The largest number of characters of a sparkline; more values are averaged."""


def cell(value: Any, kind: Kind = Kind.VALUE) -> str:
    """Format a value for a table, in a short form on one line.

    Args:
        value: The value, or `MISSING`.
        kind: The kind of the value.

    Returns:
        The text.
    """
    if type(value) is str:  # the usual case; there may be a hundred thousand cells
        return _cut(value)
    if value is MISSING or (kind is Kind.LIST and not value):
        return NOTHING
    if kind is Kind.TIME:
        return local_time(value)
    if kind is Kind.DURATION:
        return duration(value)
    if kind is Kind.LIST:
        return _cut(", ".join(map(str, value)))
    return f"{value:.6g}" if isinstance(value, float) else _cut(json_text(value))


def exact_cell(value: Any) -> str:
    """Format a value as JSON, for tables about one run; long values are cut.

    Args:
        value: The value.
    """
    return NOTHING if value is MISSING else _cut(json_text(value))


def _cut(text: str) -> str:
    """A text with escaped control characters, cut to `_LONGEST` characters."""
    text = printable(text[: _LONGEST + 1])
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def sparkline(values: Sequence[float], blocks: str = BLOCKS, width: int = WIDTH) -> str:
    """Draw a metric's values as blocks, scaled to the finite values; NaN is a gap.

    Args:
        values: The values, in order.
        blocks: Eight characters, lowest first.
        width: The largest number of characters.

    Returns:
        The sparkline.
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
