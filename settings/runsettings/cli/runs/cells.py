"""Formats a run's values for the cells of tables and CSV."""

from __future__ import annotations

import json
from typing import Any, Final

from runsettings.journal.query.keys import Kind
from runsettings.journal.query.times import duration, local_time, utc_time
from runsettings.values.key_paths import MISSING
from runsettings.values.rendering import printable

NOTHING: Final = "-"
"""The cell of a table where a run has no value."""

_LONGEST: Final = 200
"""The greatest number of characters in a cell of a table; JSON and CSV have whole values."""

_FORMULA: Final = ("=", "+", "-", "@")
"""First characters of texts that a spreadsheet treats as formulas."""


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
    return f"{value:.6g}" if isinstance(value, float) else _cut(_json(value))


def exact_cell(value: Any) -> str:
    """A value as JSON, for tables about one run; long ones are cut."""
    return NOTHING if value is MISSING else _cut(_json(value))


def csv_cell(value: Any, kind: Kind = Kind.VALUE) -> str | int | float:
    """A value for CSV; numbers stay numbers.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, as OWASP's page
    on CSV injection recommends. Control characters are escaped, so that each row is one line.

    Args:
        value: The value, or `MISSING`.
        kind: What kind of value it is.
    """
    if value is MISSING or value is None:
        return ""
    if kind is Kind.TIME:
        return utc_time(value)
    if type(value) is int or type(value) is float:
        return value
    if kind is Kind.LIST:
        value = ",".join(map(str, value))
    text = printable(value if isinstance(value, str) else _json(value))
    return "'" + text if text.startswith(_FORMULA) else text


def _cut(text: str) -> str:
    """A text with escaped control characters, cut to `_LONGEST` characters."""
    text = printable(text[: _LONGEST + 1])
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _json(value: Any) -> str:
    """A value as JSON on one line, with NaN and infinities as Python writes them."""
    return json.dumps(value, ensure_ascii=False, default=str)
