"""Filters, sorts and groups runs, and makes the columns of lists."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple, TypeVar

from runsettings.journal.query.comparisons import Filter
from runsettings.journal.query.errors import QueryError
from runsettings.journal.query.filters import parse_filter
from runsettings.journal.query.keys import (
    SECTIONS,
    Key,
    Kind,
    find_key,
    parse_keys,
    parse_order,
)
from runsettings.journal.replay import StoredRun
from runsettings.values.key_paths import MISSING

_Row = TypeVar("_Row")

_LARGEST: Final = int(sys.float_info.max)
"""The largest integer that a float can hold."""


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
        found = _sorted(found, [key.get(run) for run in found], descending)
    return found


def _sorted(rows: list[_Row], values: Sequence[Any], descending: bool) -> list[_Row]:
    """Rows in the order of their values, and then those without a sortable value."""
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


def group_columns(
    runs: Sequence[StoredRun],
    keys: Sequence[Key],
    metrics: Sequence[Key],
    limit: int | None = None,
    order: Sequence[tuple[Key, bool]] = (),
) -> list[Column]:
    """Group runs, with a row for each group: the keys, the number of runs, and means of metrics.

    A run with several tags is in the group of each tag. A mean includes only the runs with a
    number; if one number is NaN, the mean is NaN.

    Args:
        runs: The runs.
        keys: The keys whose values are equal within a group.
        metrics: The keys to compute means of.
        limit: The largest number of groups; all by default.
        order: The order of the groups, as for `grouped_runs`.

    Returns:
        The columns.
    """
    groups = grouped_runs(runs, keys, order)[:limit]
    columns = [
        Column(
            key.text,
            Kind.VALUE if key.kind is Kind.LIST else key.kind,
            [group.values[index] for group in groups],
        )
        for index, key in enumerate(keys)
    ]
    columns.append(Column("runs", Kind.VALUE, [len(group.runs) for group in groups]))
    for metric in metrics:
        found = [number_range(metric, group.runs) for group in groups]
        means = [MISSING if each is None else each.mean for each in found]
        columns.append(Column(f"mean {metric.text}", metric.kind, means))
    return columns


class Group(NamedTuple):
    """The runs with equal values of some keys."""

    identity: tuple[str, ...]
    """The values and their types as texts, because lists cannot be hashed and 1 equals True."""
    values: tuple[Any, ...]
    runs: list[StoredRun]


def grouped_runs(
    runs: Iterable[StoredRun], keys: Sequence[Key], order: Sequence[tuple[Key, bool]] = ()
) -> list[Group]:
    """Group runs by the values of keys; a run with several tags is in the group of each tag.

    Args:
        runs: The runs; equal groups are in the order in which they first appear.
        keys: The keys whose values are equal within a group.
        order: The keys to sort the groups by, as for `select_runs`. The value of a group is the
            mean of its numbers; for times and texts it is the value of its first run.

    Returns:
        The groups.
    """
    runs = list(runs)
    if any(key.kind is Kind.LIST for key in keys):
        rows = [
            (run, values)
            for run in runs
            for values in itertools.product(*(_group_values(key, run) for key in keys))
        ]
    else:
        columns = [map(key.get, runs) for key in keys]
        values_of_runs = zip(*columns, strict=True) if columns else itertools.repeat((), len(runs))
        rows = list(zip(runs, values_of_runs, strict=True))
    found: dict[tuple[str, ...], Group] = {}
    known: dict[Any, Group] = {}
    for run, values in rows:
        # The texts take most of the time, and most runs are in a group that is known.
        quick = (values, *map(type, values))
        try:
            group = known.get(quick)
        except TypeError:  # a list cannot be hashed
            group = None
        if group is None:
            identity = tuple(f"{type(value).__name__} {value}" for value in values)
            group = found.setdefault(identity, Group(identity, values, []))
            with contextlib.suppress(TypeError):
                known[quick] = group
        group.runs.append(run)
    groups = list(found.values())
    for key, descending in reversed(order):
        groups = _sorted(groups, [_group_value(key, group, keys) for group in groups], descending)
    return groups


def _group_value(key: Key, group: Group, keys: Sequence[Key]) -> Any:
    """The value that a group is sorted by."""
    for known, value in zip(keys, group.values, strict=True):
        if known.text == key.text:
            return value
    numbers = None if key.kind is Kind.TIME else number_range(key, group.runs)
    return key.get(group.runs[0]) if numbers is None else numbers.mean


class NumberRange(NamedTuple):
    """The mean, the smallest and the largest number of some runs."""

    mean: float
    """NaN if one of them is."""
    least: float
    most: float


def number_range(key: Key, runs: Iterable[StoredRun]) -> NumberRange | None:
    """Compute the mean, the smallest and the largest number of a key.

    Args:
        key: The key.
        runs: The runs. Runs without a number are ignored.

    Returns:
        The numbers; ``None`` if no run has one.
    """
    if key.kind in (Kind.STATE, Kind.LIST):
        return None
    get = key.get
    # Most values are floats, and their check is short.
    values = [value for run in runs if type(value := get(run)) is float or _is_float(value)]
    if not values:
        return None
    # Each value is divided first, because the sum of large floats may overflow.
    count = len(values)
    mean = sum([value / count for value in values])
    known = [value for value in values if not math.isnan(value)] or values
    return NumberRange(mean, min(known), max(known))


def summary_metrics(runs: Iterable[StoredRun]) -> list[Key]:
    """Return the keys of all numbers in the summaries of runs.

    Args:
        runs: The runs.
    """
    names = {name for run in runs for name, value in run.summary.items() if _is_float(value)}
    return [find_key(f"summary.{name}", ()) for name in sorted(names)]


def _group_values(key: Key, run: StoredRun) -> Iterator[Any]:
    value = key.get(run)
    if key.kind is Kind.LIST:
        yield from value or [MISSING]
    else:
        yield value


def _is_sortable(value: Any) -> bool:
    return value not in (MISSING, []) and value == value  # noqa: PLR0124 - NaN differs from itself


def _rank(value: Any) -> tuple[int, Any]:
    """A sort key for values of all types: numbers, then strings, then the rest."""
    if isinstance(value, (int, float)):
        return 0, value
    return (1, value) if isinstance(value, str) else (2, json.dumps(value))


def _is_float(value: Any) -> bool:
    """Whether a value is a number that a float can hold, including NaN and infinities."""
    kind = type(value)
    return kind is float or (kind is int and -_LARGEST <= value <= _LARGEST)
