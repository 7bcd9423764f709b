"""Formats a run's values for the cells of tables."""

from __future__ import annotations

from typing import Any, Final

from runsettings.journal.query.keys import Kind
from runsettings.journal.query.times import duration, local_time
from runsettings.recorded.csv_files import json_text
from runsettings.values.key_paths import MISSING
from runsettings.values.rendering import printable

NOTHING: Final = "-"
"""The cell of a table where a run has no value."""

_LONGEST: Final = 200
"""The greatest number of characters in a cell of a table; JSON and CSV have whole values."""


def cell(value: Any, kind: Kind = Kind.VALUE) -> str:
    """A value for a table: short, and on one line.

    Args:
        value: The value, or `MISSING`.
        kind: What kind of value it is.
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
    """A value as JSON, for tables about one run; long ones are cut."""
    return NOTHING if value is MISSING else _cut(json_text(value))


def _cut(text: str) -> str:
    """A text with escaped control characters, cut to `_LONGEST` characters."""
    text = printable(text[: _LONGEST + 1])
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
