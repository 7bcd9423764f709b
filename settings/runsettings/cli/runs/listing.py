"""``runsettings runs ls``: which runs, in which order, with which columns."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runsettings.cli.runs.cells import as_object, cell, csv_field, json_field
from runsettings.journal.query.comparisons import Filter
from runsettings.journal.query.keys import ATTRIBUTES, Key, Kind, find_key, known_keys
from runsettings.journal.replay import StoredRun
from runsettings.values.tree import MISSING

COLUMNS: Final = (
    *("id", "name", "project", "group", "job_type"),
    *("state", "created", "runtime", "steps", "tags"),
)
"""What a table shows unless it is told."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs to list; what is ``None`` or empty is no condition."""

    project: str | None = None
    group: str | None = None
    job_type: str | None = None
    tags: Sequence[str] = ()
    states: Sequence[str] = ()
    since: float | None = None
    before: float | None = None
    filters: Sequence[Filter] = ()

    def chooses(self, run: StoredRun) -> bool:
        """Whether a run meets every condition."""
        return (
            (self.project is None or run.project == self.project)
            and (self.group is None or run.group == self.group)
            and (self.job_type is None or run.job_type == self.job_type)
            and all(tag in run.tags for tag in self.tags)
            and (self.since is None or run.created >= self.since)
            and (self.before is None or run.created < self.before)
            and (not self.states or run.state in self.states)
            and all(chooses(run) for chooses in self.filters)
        )


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its heading, and each row's value."""

    heading: str
    kind: Kind
    values: Sequence[Any]


def in_order(runs: Iterable[StoredRun], keys: Sequence[tuple[Key, bool]]) -> list[StoredRun]:
    """Runs sorted by several keys, the first counting most; what lacks a value comes last.

    Args:
        runs: The runs.
        keys: Each key, and whether the largest comes first.
    """
    found = list(runs)
    for key, descending in reversed(keys):  # sorting is stable
        present = [run for run in found if _sortable(key.get(run))]
        absent = [run for run in found if not _sortable(key.get(run))]
        present.sort(key=_rank_by(key), reverse=descending)
        found = present + absent
    return found


def run_columns(runs: Sequence[StoredRun], keys: Sequence[Key]) -> list[Column]:
    """A column for each key, a row for each run."""
    return [Column(key.text, key.kind, [key.get(run) for run in runs]) for key in keys]


def group_columns(
    runs: Sequence[StoredRun], keys: Sequence[Key], metrics: Sequence[Key]
) -> list[Column]:
    """A row for each group: its keys' values, how many runs, and the means of the metrics.

    A run with several tags is in the group of each. A mean is over the runs that have a number
    there; NaN makes it NaN, as it should.

    Args:
        runs: The runs; groups are in the order in which they first appear.
        keys: What the runs of a group have in common.
        metrics: What to take means of.
    """
    groups: dict[tuple[str, ...], tuple[tuple[Any, ...], list[StoredRun]]] = {}
    for run in runs:
        for values in itertools.product(*(_group_values(key, run) for key in keys)):
            # Shown values tell groups apart: lists have no hash, and 1 is not true.
            identity = tuple(f"{type(value).__name__} {value}" for value in values)
            groups.setdefault(identity, (values, []))[1].append(run)
    columns = [
        Column(
            key.text,
            Kind.VALUE if key.kind is Kind.LIST else key.kind,
            [values[index] for values, _ in groups.values()],
        )
        for index, key in enumerate(keys)
    ]
    columns.append(Column("runs", Kind.VALUE, [len(members) for _, members in groups.values()]))
    for metric in metrics:
        means = [_mean(metric, members) for _, members in groups.values()]
        columns.append(Column(f"mean {metric.text}", metric.kind, means))
    return columns


def summary_metrics(runs: Sequence[StoredRun]) -> list[Key]:
    """The keys of all numbers in summaries."""
    names = {name for run in runs for name, value in run.summary.items() if _is_number(value)}
    return [find_key(f"summary.{name}", ()) for name in sorted(names)]


def with_content(columns: Sequence[Column]) -> list[Column]:
    """The columns in which there is anything, for narrow terminals."""
    return [
        column
        for column in columns
        if not column.values or any(value is not MISSING and value != [] for value in column.values)
    ]


def text_rows(columns: Sequence[Column]) -> list[list[str]]:
    """Rows for a table."""
    return _rows(columns, cell)


def csv_rows(columns: Sequence[Column]) -> list[list[str | int | float]]:
    """Rows for CSV."""
    return _rows(columns, csv_field)


def objects(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Rows for JSON."""
    headings = [column.heading for column in columns]
    return [dict(zip(headings, row, strict=True)) for row in _rows(columns, json_field)]


def whole_runs(runs: Sequence[StoredRun]) -> list[dict[str, Any]]:
    """Runs for JSON, with all that the index knows."""
    return [as_object(run) for run in runs]


def all_keys(runs: Sequence[StoredRun]) -> list[Key]:
    """Every key of any of the runs: what CSV has unless it is told."""
    return [find_key(text, ()) for text in known_keys(runs)]


def default_keys() -> list[Key]:
    """The keys that a table shows unless it is told."""
    return [Key(name, ATTRIBUTES[name].kind, ATTRIBUTES[name].get) for name in COLUMNS]


def _rows(columns: Sequence[Column], write: Callable[[Any, Kind], Any]) -> list[list[Any]]:
    if not columns:
        return []
    written = ([write(value, column.kind) for value in column.values] for column in columns)
    return [list(row) for row in zip(*written, strict=True)]


def _group_values(key: Key, run: StoredRun) -> Iterator[Any]:
    value = key.get(run)
    if key.kind is Kind.LIST:
        yield from value or [MISSING]
    else:
        yield value


def _mean(metric: Key, runs: Sequence[StoredRun]) -> Any:
    values = [value for run in runs if _is_number(value := metric.get(run))]
    # Divided first: a sum of large floats may be none.
    return sum(value / len(values) for value in values) if values else MISSING


def _sortable(value: Any) -> bool:
    return value is not MISSING and value == value  # noqa: PLR0124 - NaN differs from itself


def _rank_by(key: Key) -> Callable[[StoredRun], tuple[int, Any]]:
    def rank(run: StoredRun) -> tuple[int, Any]:
        """Numbers before texts before the rest, so that anything can stand beside anything."""
        value = key.get(run)
        if isinstance(value, (int, float)):
            return 0, value
        return (1, value) if isinstance(value, str) else (2, cell(value))

    return rank


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not _too_large(value)


def _too_large(value: float) -> bool:
    try:
        math.isnan(value)
    except OverflowError:
        return True  # a whole number beyond all floats
    return False
