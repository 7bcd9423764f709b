"""How a run's values are written: in a table's cell, in CSV, and in JSON for programs."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Sequence
from typing import Any, Final

import click
from pydantic_core import to_json

from runsettings.cli.printing import print_table
from runsettings.journal.query.keys import ATTRIBUTES, Kind
from runsettings.journal.query.times import duration, local_time, utc_time
from runsettings.journal.replay import StoredRun
from runsettings.values.rendering import printable
from runsettings.values.tree import MISSING

NOTHING: Final = "-"
"""What a table shows where a run has no value."""

LONGEST: Final = 200
"""Characters of a value that a table shows; JSON and CSV have all of them."""

_FORMULA: Final = ("=", "+", "-", "@")
"""What makes a spreadsheet take a text for a formula."""

_MANY: Final = 500
"""Rows from which a terminal gets plain columns: rich lays out two thousand rows a second."""


def cell(value: Any, kind: Kind = Kind.VALUE) -> str:
    """A value for a table: short, and on one line."""
    if type(value) is str:  # most are, and a listing has a hundred thousand
        return value if len(value) <= LONGEST and value.isprintable() else cut(printable(value))
    if value is MISSING or (kind is Kind.LIST and not value):
        return NOTHING
    if kind is Kind.TIME:
        text = local_time(value)
    elif kind is Kind.DURATION:
        text = duration(value)
    elif kind is Kind.LIST:
        text = ", ".join(map(str, value))
    elif isinstance(value, float):
        text = f"{value:.6g}"
    else:
        text = str(value) if type(value) is int else json_line(value)
    return cut(printable(text))


def exact(value: Any) -> str:
    """A value as JSON writes it, for pages that show one run; long ones are cut."""
    return NOTHING if value is MISSING else cut(printable(json_line(value)))


def cut(text: str) -> str:
    """A text of at most `LONGEST` characters; an ellipsis tells of more."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def csv_field(value: Any, kind: Kind = Kind.VALUE) -> str | int | float:
    """A value for CSV; numbers stay numbers.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, as OWASP's
    page on CSV injection says. Control characters are escaped, so that a row is a line.
    """
    if value is MISSING or value is None:
        return ""
    if kind is Kind.TIME:
        return utc_time(value)
    if type(value) is int or type(value) is float:
        return value
    if kind is Kind.LIST:
        value = ",".join(map(str, value))
    text = printable(value if isinstance(value, str) else json_line(value))
    return "'" + text if text.startswith(_FORMULA) else text


def json_field(value: Any, kind: Kind = Kind.VALUE) -> Any:
    """A value for JSON: times in ISO 8601, ``null`` for what is not there."""
    if value is MISSING:
        return None
    return utc_time(value) if kind is Kind.TIME else value


def as_object(run: StoredRun) -> dict[str, Any]:
    """A run for JSON: every attribute, config and summary."""
    found = {key: json_field(each.get(run), each.kind) for key, each in ATTRIBUTES.items()}
    return {**found, "config": run.config, "summary": run.summary}


def json_line(value: Any) -> str:
    """A value as JSON on one line, with NaN and infinities as Python writes them."""
    return json.dumps(value, ensure_ascii=False, default=str)


def print_data(data: Any) -> None:
    """Print data as JSON that every reader takes.

    JSON has no NaN and no infinities: they become the texts that W&B's own files have for them.
    """
    try:
        text = to_json(data, indent=2, inf_nan_mode="strings").decode()
        text.encode(sys.stdout.encoding or "ascii")
        plain = text.replace("\n", "").isprintable()
    except ValueError:
        plain = False
    # JSON has escapes for half a surrogate pair, for what the output's encoding lacks, and for
    # what would turn a terminal's line around.
    click.echo(text if plain else json.dumps(_finite(data), indent=2))


def print_csv(headers: Sequence[str], rows: Sequence[Sequence[str | int | float]]) -> None:
    """Print rows as CSV (RFC 4180) with a line of headers."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([csv_field(header) for header in headers])
    writer.writerows(rows)
    click.echo(text.getvalue(), nl=False)


def print_rows(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, headed: bool = False
) -> None:
    """Print any number of rows as a table, in one go where there are many.

    Args:
        headers: The columns' names.
        rows: The cells, already printable.
        headed: Whether the names are printed elsewhere than on a terminal, too, because the
            person who asked did not choose the columns.
    """
    on_terminal = sys.stdout.isatty()
    if on_terminal and len(rows) <= _MANY:
        print_table(headers, rows)
        return
    if on_terminal or headed:
        rows = [headers, *rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows
    )  # one write: ten thousand take longer than all else
    click.echo("".join(line + "\n" for line in lines), nl=False)


def _finite(data: Any) -> Any:
    if isinstance(data, float) and not math.isfinite(data):
        return "NaN" if math.isnan(data) else "Infinity" if data > 0 else "-Infinity"
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    return data
