"""Fits the listing that a person gets unasked into the width of a terminal, a run a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from runsettings.cli.runs.cells import cell
from runsettings.cli.runs.listing import Column
from runsettings.journal.query.keys import Kind
from runsettings.journal.query.times import short_time
from runsettings.values.tree import MISSING

_GAP: Final = 2
"""Columns of the terminal between two of the table."""

_ENOUGH: Final = 20
"""Characters of a text by which a run is still recognised; longer ones drop no column."""

_LEAST: Final = 4
"""Characters that a text keeps on any terminal."""

_DISPENSABLE: Final = ("job_type", "group", "tags", "steps", "project", "runtime")
"""What goes where there is no room, the first first; ``--columns`` shows it all the same."""


class _Shown(NamedTuple):
    heading: str
    cells: list[str]
    width: int
    elastic: bool
    """Whether its cells may be cut: half a name is of use, half a date is not."""


def fitted(columns: Sequence[Column], width: int) -> tuple[list[str], list[list[str]]]:
    """Headings and rows that are no wider than a terminal, as far as that can be.

    First times become short, then columns are left out, and then texts are cut.

    Args:
        columns: The columns of the default view.
        width: The terminal's, in characters.
    """
    shown = [_shown(column, short=False) for column in columns]
    if _total(shown) > width:
        shown = [_shown(column, short=True) for column in columns]
    for heading in _DISPENSABLE:
        if _needed(shown) <= width:
            break
        shown = [each for each in shown if each.heading != heading]
    shown = _cut(shown, width)
    return [each.heading for each in shown], [
        list(row) for row in zip(*(each.cells for each in shown), strict=True)
    ]


def _shown(column: Column, *, short: bool) -> _Shown:
    if short and column.kind is Kind.TIME:
        cells = [cell(value) if value is MISSING else short_time(value) for value in column.values]
    else:
        cells = [cell(value, column.kind) for value in column.values]
    width = max(map(_length, [column.heading, *cells]))
    return _Shown(column.heading, cells, width, column.kind in (Kind.VALUE, Kind.LIST))


def _total(shown: Sequence[_Shown]) -> int:
    return sum(each.width for each in shown) + _GAP * (len(shown) - 1)


def _needed(shown: Sequence[_Shown]) -> int:
    """The width with long texts cut, but no more than they bear."""
    return _total([each._replace(width=min(each.width, _ENOUGH)) for each in shown])


def _cut(shown: Sequence[_Shown], width: int) -> list[_Shown]:
    """The same with the longest texts cut until all fits."""
    widths = [each.width for each in shown]
    for _ in range(_total(shown) - width):
        widest = max(
            (index for index, each in enumerate(shown) if each.elastic),
            key=widths.__getitem__,
            default=None,
        )
        if widest is None or widths[widest] <= _LEAST:
            break
        widths[widest] -= 1
    return [
        _Shown(
            _shortened(each.heading, limit),
            [_shortened(text, limit) for text in each.cells],
            limit,
            each.elastic,
        )
        for each, limit in zip(shown, widths, strict=True)
    ]


def _length(text: str) -> int:
    """The columns of a terminal that a text takes; Chinese letters take two each."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # a terminal alone needs it, and few names do

    return cell_len(text)


def _shortened(text: str, limit: int) -> str:
    if _length(text) <= limit:
        return text
    if text.isascii():
        return text[: limit - 1] + "…"
    from rich.cells import set_cell_size  # as above

    return set_cell_size(text, limit - 1) + "…"
