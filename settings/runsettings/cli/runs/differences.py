"""``runsettings runs diff``: the leaves in which two runs differ, and what set each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from runsettings.cli.runs.cells import NOTHING, cell, exact, print_rows
from runsettings.journal.query.leaves import Sourced, config_leaves, settings_leaves, summary_leaves
from runsettings.journal.replay import StoredRun
from runsettings.values.rendering import printable


class Difference(NamedTuple):
    """One key on either side; ``None`` where a side does not have it."""

    section: str
    key: str
    a: Sourced | None
    b: Sourced | None

    @property
    def differs(self) -> bool:
        """Whether the values are two. ``1`` is ``1.0`` but not ``true``; NaN equals itself."""
        if self.a is None or self.b is None:
            return self.a is not self.b
        return not _same(self.a.value, self.b.value)

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "section": self.section,
            "key": self.key,
            "differs": self.differs,
            "a": None if self.a is None else self.a.to_json(),
            "b": None if self.b is None else self.b.to_json(),
        }


def compare(a: StoredRun, b: StoredRun, *, summary: bool, equal: bool) -> list[Difference]:
    """What two runs have, side by side.

    Args:
        a: One run.
        b: The other.
        summary: Whether to compare what was logged, too.
        equal: Whether to keep what both sides have alike.
    """
    found = [
        *_side_by_side("config", config_leaves(a), config_leaves(b)),
        *_side_by_side("settings", settings_leaves(a), settings_leaves(b)),
    ]
    if summary:
        found += _side_by_side("summary", summary_leaves(a), summary_leaves(b))
    return [each for each in found if equal or each.differs]


def print_differences(a: StoredRun, b: StoredRun, found: list[Difference], *, why: bool) -> None:
    """Print differences as a table, or with ``why`` as a block of lines for each key."""
    if not why:
        rows = [[_named(each), _shown(each.a), _shown(each.b)] for each in found]
        if rows:
            print_rows(["key", *_titles(a, b)], rows, headed=True)
        return
    titles = _titles(a, b)
    width = max(map(len, titles))
    for number, each in enumerate(found):
        click.echo(("\n" if number else "") + click.style(_named(each), bold=True))
        sides = [_side(side) for side in (each.a, each.b)]
        widths = [max(len(side[column]) for side in sides) for column in (0, 1)]
        for title, side in zip(titles, sides, strict=True):
            cells = (title.ljust(width), *map(str.ljust, side, (*widths, 0)))
            click.echo(("  " + "  ".join(cells)).rstrip())


def _titles(a: StoredRun, b: StoredRun) -> list[str]:
    """What tells two runs apart: their names, else their ids, else their directories."""
    if a.name and b.name and a.name != b.name:
        return [cell(a.name), cell(b.name)]
    if a.id != b.id:
        return [cell(a.id), cell(b.id)]
    return [cell(a.directory.name), cell(b.directory.name)]


def _named(each: Difference) -> str:
    return cell(f"{each.section}.{each.key}")


def _shown(side: Sourced | None) -> str:
    return NOTHING if side is None else exact(side.value)


def _side(side: Sourced | None) -> tuple[str, str, str]:
    """Value, layer and place."""
    if side is None:
        return NOTHING, "", ""
    return exact(side.value), printable(side.layer), printable(side.place)


def _side_by_side(
    section: str, a: Mapping[str, Sourced], b: Mapping[str, Sourced]
) -> list[Difference]:
    """The keys of both sides, in the order of the first and then of the second."""
    return [Difference(section, key, a.get(key), b.get(key)) for key in {**a, **b}]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return isinstance(a, bool) == isinstance(b, bool) and (a == b or (a != a and b != b))  # noqa: PLR0124
    # As text, so that what is nested follows the same rules but for 1 and 1.0.
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
