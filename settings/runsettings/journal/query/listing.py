"""Makes lists of runs: filters, sorts and groups runs, and makes columns."""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from runsettings.journal.query.comparisons import Filter, is_number
from runsettings.journal.query.errors import QueryError
from runsettings.journal.query.filters import parse_filter
from runsettings.journal.query.keys import Key, Kind, find_key, parse_keys, parse_order
from runsettings.journal.replay import StoredRun
from runsettings.values.key_paths import MISSING


class Column(NamedTuple):
    """One column of a list: its heading, and the value of each row."""

    heading: str
    kind: Kind
    values: list[Any]
    """`MISSING` where a row has no value."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which runs a listing is to have, in the words of a person."""

    where: Sequence[str] = ()
    """Filters, which must all hold."""
    sort: Sequence[str] = ()
    """Keys to sort by, the most important first; ``-`` before one puts the largest value first."""
    columns: str | None = None
    """Keys that are shown, with commas between them."""
    group_by: str | None = None
    """Keys by which runs are grouped, with commas between them."""
    attributes: Filter | None = None
    """A filter on attributes, from `filters.attribute_filter`."""
    limit: int | None = None
    """The largest number of runs."""
    now: float = field(default_factory=time.time)
    """The current time, in seconds since 1970; ages like ``2d`` are relative to it."""


class Parsed(NamedTuple):
    """A question whose filters and keys were parsed."""

    filters: Sequence[Filter]
    order: Sequence[tuple[Key, bool]]
    columns: Sequence[Key] | None
    groups: Sequence[Key] | None


def parse_question(question: Question, runs: Sequence[StoredRun]) -> Parsed:
    """Parse the filters and the keys of a question.

    Args:
        question: The question.
        runs: All runs to select from; one of them must have each key. If empty, any key is
            accepted.

    Raises:
        QueryError: A filter or a key is wrong; its ``part`` tells in which member.
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


@contextmanager
def _errors_in(part: str) -> Iterator[None]:
    try:
        yield
    except QueryError as error:
        error.part = part
        raise


def answer(question: Question, runs: Sequence[StoredRun]) -> list[StoredRun]:
    """The runs that a question asks for, sorted.

    Args:
        question: The question.
        runs: All runs; runs that are equal in all keys keep their order.

    Raises:
        QueryError: A filter or a key is wrong, or no run has it.
    """
    parsed = parse_question(question, runs)
    return select_runs(runs, parsed.filters, parsed.order)[: question.limit]


def select_runs(
    runs: Iterable[StoredRun], filters: Sequence[Filter], order: Sequence[tuple[Key, bool]] = ()
) -> list[StoredRun]:
    """The runs that match all filters, sorted.

    Args:
        runs: The runs; runs that are equal in all keys keep their order.
        filters: The filters.
        order: The keys to sort by, most important first, each with whether the largest value
            comes first. A run without a value, with NaN or an empty list always comes last.
    """
    found = [run for run in runs if all(chooses(run) for chooses in filters)]
    for key, descending in reversed(order):  # sorting is stable
        present = [run for run in found if _is_sortable(key.get(run))]
        absent = [run for run in found if not _is_sortable(key.get(run))]
        present.sort(key=_rank_by(key), reverse=descending)
        found = present + absent
    return found


def run_columns(runs: Sequence[StoredRun], keys: Sequence[Key]) -> list[Column]:
    """A column for each key, and a row for each run."""
    return [Column(key.text, key.kind, [key.get(run) for run in runs]) for key in keys]


def group_columns(
    runs: Sequence[StoredRun],
    keys: Sequence[Key],
    metrics: Sequence[Key],
    limit: int | None = None,
) -> list[Column]:
    """A row for each group of runs: the values of the keys, the number of runs, means of metrics.

    A run with several tags is in the group of each. A mean is that of the runs with a number;
    one NaN makes the mean NaN.

    Args:
        runs: The runs; groups are in the order in which they first appear.
        keys: The keys whose values are equal within a group.
        metrics: The keys to compute means of.
        limit: The largest number of groups; all by default.
    """
    groups = grouped_runs(runs, keys)[:limit]
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
    """The runs that have equal values of some keys."""

    identity: tuple[str, ...]
    """The values with their types as texts: lists cannot be hashed, and 1 equals True."""
    values: tuple[Any, ...]
    runs: list[StoredRun]


def grouped_runs(runs: Iterable[StoredRun], keys: Sequence[Key]) -> list[Group]:
    """Group runs by the values of keys; a run with several tags is in the group of each.

    Args:
        runs: The runs; groups are in the order in which they first appear.
        keys: The keys whose values are equal within a group.
    """
    found: dict[tuple[str, ...], Group] = {}
    for run in runs:
        for values in itertools.product(*(_group_values(key, run) for key in keys)):
            identity = tuple(f"{type(value).__name__} {value}" for value in values)
            found.setdefault(identity, Group(identity, values, [])).runs.append(run)
    return list(found.values())


class NumberRange(NamedTuple):
    """What sums up the numbers of runs."""

    mean: float
    """NaN if one of them is."""
    least: float
    most: float


def number_range(key: Key, runs: Iterable[StoredRun]) -> NumberRange | None:
    """What sums up the numbers of the runs that have one; ``None`` if none has."""
    values = [value for run in runs if _is_float(value := key.get(run))]
    if not values:
        return None
    # Each value is divided first, because the sum of large floats may overflow.
    mean = sum(value / len(values) for value in values)
    known = [value for value in values if not math.isnan(value)] or values
    return NumberRange(mean, min(known), max(known))


def summary_metrics(runs: Iterable[StoredRun]) -> list[Key]:
    """The keys of all numbers in the runs' summaries."""
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


def _rank_by(key: Key) -> Callable[[StoredRun], tuple[int, Any]]:
    def rank(run: StoredRun) -> tuple[int, Any]:
        """A sort key for values of all types: numbers, then strings, then the rest."""
        value = key.get(run)
        if isinstance(value, (int, float)):
            return 0, value
        return (1, value) if isinstance(value, str) else (2, json.dumps(value))

    return rank


def _is_float(value: Any) -> bool:
    """Whether a value is a number that a float can hold; NaN and infinities are."""
    if not is_number(value):
        return False
    try:
        math.isnan(value)
    except OverflowError:
        return False  # an integer beyond the largest float
    return True
