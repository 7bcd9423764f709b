"""Writes CSV that spreadsheets and programs read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, TextIO

from runsettings.journal.query.keys import Kind
from runsettings.journal.query.listing import Column
from runsettings.journal.query.times import utc_time
from runsettings.values.key_paths import MISSING
from runsettings.values.rendering import printable

_FORMULA: Final = ("=", "+", "-", "@")
"""First characters of texts that a spreadsheet treats as formulas."""


def csv_cell(value: Any, kind: Kind = Kind.VALUE) -> str | int | float:
    """Convert a value to a CSV cell; numbers stay numbers.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, as OWASP's page
    on CSV injection recommends. Control characters are escaped, so that each row is one line.

    Args:
        value: The value, or `MISSING`.
        kind: The kind of the value.

    Returns:
        The cell.
    """
    if value is MISSING or value is None:
        return ""
    if kind is Kind.TIME:
        return utc_time(value)
    if type(value) is int or type(value) is float:
        return value
    if kind is Kind.LIST:
        value = ",".join(map(str, value))
    text = printable(value if isinstance(value, str) else json_text(value))
    return "'" + text if text.startswith(_FORMULA) else text


def json_text(value: Any) -> str:
    """Convert a value to JSON on one line, with NaN and infinities as in Python's `json`."""
    return json.dumps(value, ensure_ascii=False, default=str)


def write_csv(
    file: TextIO,
    headings: Sequence[str],
    rows: Iterable[Sequence[Any]],
    kinds: Sequence[Kind] | None = None,
) -> None:
    """Write CSV (RFC 4180) with a line of headings.

    Args:
        file: The open file.
        headings: The names of the columns.
        rows: The values of each row, ``None`` or `MISSING` where there is none.
        kinds: The kind of each column; values by default.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(map(csv_cell, headings))
    if kinds is None:
        writer.writerows(map(csv_cell, row) for row in rows)
    else:
        writer.writerows(map(csv_cell, row, kinds) for row in rows)


def columns_as_csv(columns: Sequence[Column]) -> str:
    """Convert columns to CSV with a line of headings, as `runs ls --csv` prints it.

    Args:
        columns: The columns, all of the same length.
    """
    text = io.StringIO()
    rows = zip(*(column.values for column in columns), strict=True)
    headings, kinds = [each.heading for each in columns], [each.kind for each in columns]
    write_csv(text, headings, rows, kinds)
    return text.getvalue()


@contextmanager
def as_text(file: BinaryIO) -> Iterator[TextIO]:
    """Write text in UTF-8 to an open binary file, without translating line ends.

    Args:
        file: The open file; it stays open.

    Yields:
        The file for text.
    """
    text = io.TextIOWrapper(file, "utf-8", newline="")
    yield text
    text.detach()  # flushes; the file stays open
