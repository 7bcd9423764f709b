"""Filters and sorts runs, and makes the columns of lists."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar

from runsettings.journal.query.comparisons import Filter
from runsettings.journal.query.errors import QueryError
from runsettings.journal.query.filters import parse_filter
from runsettings.journal.query.keys import (
    SECTIONS,
    Key,
    Kind,
    parse_keys,
    parse_order,
)
from runsettings.journal.replay import StoredRun
from runsettings.values.key_paths import MISSING

_Row = TypeVar("_Row")


class Column(NamedTuple):
    """One column of a list: its heading and its values."""

    heading: str
    kind: Kind
    values: list[Any]
    """`MISSING` where a row has no value."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query for runs, as the user wrote it."""

    where: Sequence[str] = ()
    """Filters, which must all match."""
    sort: Sequence[str] = ()
    """Keys to sort by, the most important first; ``-`` before a key sorts in descending order."""
    columns: str | None = None
    """The keys to show, separated by commas."""
    group_by: str | None = None
    """The keys to group by, separated by commas."""
    attributes: Filter | None = None
    """A filter on attributes, from `filters.attribute_filter`."""
    limit: int | None = None
    """The largest number of runs."""
    offset: int = 0
    """The number of selected runs to skip."""
    sections: Sequence[str] = SECTIONS
    """The sections of the runs that the caller uses, besides those of the keys in the question. A
    store does not read the others."""
    with_total: bool = False
    """Whether the caller needs the number of all selected runs."""
    now: float = field(default_factory=time.time)
    """The current time, in seconds since 1970; ages like ``2d`` are relative to it."""

    @property
    def range(self) -> slice:
        """The range of the selected runs to return."""
        return slice(self.offset, None if self.limit is None else self.offset + self.limit)

    @property
    def whole(self) -> Question:
        """The same question for all selected runs."""
        return replace(self, limit=None, offset=0, with_total=False)


class Parsed(NamedTuple):
    """The parsed filters and keys of a question."""

    filters: Sequence[Filter]
    order: Sequence[tuple[Key, bool]]
    columns: Sequence[Key] | None
    groups: Sequence[Key] | None


def parse_question(question: Question, runs: Sequence[StoredRun]) -> Parsed:
    """Parse the filters and the keys of a question.

    Args:
        question: The question.
        runs: All runs to select from; at least one of them must have each key. If empty, any key
            is accepted.

    Returns:
        The filters and keys.

    Raises:
        QueryError: A filter or a key is wrong; its ``part`` is the member with the error.
    """

    def keys(part: str, text: str | None) -> Sequence[Key] | None:
        with _errors_in(part):
            return None if text is None else parse_keys(text, runs)

    with _errors_in("where"):
        filters = [parse_filter(text, runs, question.now) for text in question.where]
    if question.attributes is not None:
        filters = [question.attributes, *filters]
    with _errors_in("sort"):
        order = [parse_order(text, runs) for text in question.sort]
    return Parsed(
        filters, order, keys("columns", question.columns), keys("group_by", question.group_by)
    )


@contextlib.contextmanager
def _errors_in(part: str) -> Iterator[None]:
    try:
        yield
    except QueryError as error:
        error.part = part
        raise


def answer(question: Question, runs: Sequence[StoredRun]) -> list[StoredRun]:
    """Select and sort the runs for a question.

    Args:
        question: The question.
        runs: All runs; runs with equal values keep their order.

    Returns:
        The selected runs, sorted.

    Raises:
        QueryError: A filter or a key is wrong, or no run has it.
    """
    parsed = parse_question(question, runs)
    return select_runs(runs, parsed.filters, parsed.order)[question.range]


def select_runs(
    runs: Iterable[StoredRun], filters: Sequence[Filter], order: Sequence[tuple[Key, bool]] = ()
) -> list[StoredRun]:
    """Select the runs that match all filters, and sort them.

    Args:
        runs: The runs; runs with equal values keep their order.
        filters: The filters.
        order: The keys to sort by, the most important first, each with whether to sort in
            descending order. A run without a value, with NaN or an empty list always comes last.

    Returns:
        The selected runs, sorted.
    """
    found = [run for run in runs if all(chooses(run) for chooses in filters)]
    for key, descending in reversed(order):  # sorting is stable
        found = sorted_rows(found, [key.get(run) for run in found], descending)
    return found


def sorted_rows(rows: list[_Row], values: Sequence[Any], descending: bool) -> list[_Row]:
    """Sort rows.

    Args:
        rows: The rows.
        values: The value of each row.
        descending: Whether the largest value is the first.

    Returns:
        The rows in the order of their values, and then those without a sortable value.
    """
    ranks = {at: _rank(value) for at, value in enumerate(values) if _is_sortable(value)}
    present = sorted(ranks, key=ranks.__getitem__, reverse=descending)
    absent = [at for at in range(len(rows)) if at not in ranks]
    return [rows[at] for at in (*present, *absent)]


def run_columns(runs: Sequence[StoredRun], keys: Sequence[Key]) -> list[Column]:
    """Make a column for each key, with a row for each run.

    Args:
        runs: The runs.
        keys: The keys.
    """
    return [Column(key.text, key.kind, [key.get(run) for run in runs]) for key in keys]


def _is_sortable(value: Any) -> bool:
    return value not in (MISSING, []) and value == value  # noqa: PLR0124 - NaN differs from itself


def _rank(value: Any) -> tuple[int, Any]:
    """A sort key for values of all types: numbers, then strings, then the rest."""
    if isinstance(value, (int, float)):
        return 0, value
    return (1, value) if isinstance(value, str) else (2, json.dumps(value))
