"""Groups runs, with the means and ranges of their numbers."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from runsettings.journal.index import Listing
from runsettings.journal.query.keys import Key, Kind, find_key
from runsettings.journal.query.listing import Column, Question, parse_question, sorted_rows
from runsettings.journal.replay import StoredRun
from runsettings.values.key_paths import MISSING

LARGEST: Final = int(sys.float_info.max)
"""The largest integer that a float can hold."""


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
            identity = identity_of(values)
            group = found.setdefault(identity, Group(identity, values, []))
            with contextlib.suppress(TypeError):
                known[quick] = group
        group.runs.append(run)
    groups = list(found.values())
    for key, descending in reversed(order):
        groups = sorted_rows(
            groups, [_group_value(key, group, keys) for group in groups], descending
        )
    return groups


def _group_value(key: Key, group: Group, keys: Sequence[Key]) -> Any:
    """The value that a group is sorted by."""
    for known, value in zip(keys, group.values, strict=True):
        if known.text == key.text:
            return value
    numbers = None if key.kind is Kind.TIME else number_range(key, group.runs)
    return key.get(group.runs[0]) if numbers is None else numbers.mean


def identity_of(values: Iterable[Any]) -> tuple[str, ...]:
    """Return the values of a group and their types as texts.

    Args:
        values: The values.
    """
    return tuple(f"{type(value).__name__} {value}" for value in values)


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
    known = [value for value in values if not math.isnan(value)] or values
    return NumberRange(mean(values), min(known), max(known))


def mean(values: Sequence[float]) -> float:
    """Compute the mean of some numbers without losing digits.

    Args:
        values: The numbers; at least one.

    Returns:
        The mean; NaN if a number is NaN, or if both infinities are among them.
    """
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.fsum(value / len(values) for value in values)
    except ValueError:  # both infinities
        return math.nan


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


def _is_float(value: Any) -> bool:
    """Whether a value is a number that a float can hold, including NaN and infinities."""
    kind = type(value)
    return kind is float or (kind is int and -LARGEST <= value <= LARGEST)


class GroupRow(NamedTuple):
    """A group, without its runs."""

    identity: tuple[str, ...]
    """As in `Group`."""
    values: tuple[Any, ...]
    """The values of the keys; `MISSING` if the runs have none."""
    size: int
    """The number of runs."""
    ranges: Sequence[NumberRange | None]
    """The numbers of each metric."""

    @property
    def member(self) -> str:
        """The identity as one text."""
        return _member(self.identity)


class GroupListing(NamedTuple):
    """A part of the groups of the selected runs."""

    rows: Sequence[GroupRow]
    total: int
    """The number of all groups."""
    reading: int = 0
    """As in `index.Listing`."""


def group_listing(
    question: Question, runs: Sequence[StoredRun], metrics: Sequence[Key]
) -> GroupListing:
    """Group the runs that a question selected.

    Args:
        question: The keys to group by and to sort by, and the range of groups.
        runs: The runs, sorted.
        metrics: The keys of the numbers.
    """
    found = _grouped(question, runs)
    rows = [
        GroupRow(
            group.identity,
            group.values,
            len(group.runs),
            [number_range(key, group.runs) for key in metrics],
        )
        for group in found[question.range]
    ]
    return GroupListing(rows, len(found))


def members_of(question: Question, runs: Sequence[StoredRun], member: str) -> Listing:
    """Select the runs of one group.

    Args:
        question: The keys to group by, and the range of runs.
        runs: The selected runs, sorted.
        member: The `GroupRow.member` of the group.
    """
    found = [
        run
        for group in _grouped(question, runs)
        if _member(group.identity) == member
        for run in group.runs
    ]
    return Listing(found[question.range], total=len(found))


def _grouped(question: Question, runs: Sequence[StoredRun]) -> list[Group]:
    parsed = parse_question(question, ())
    return grouped_runs(runs, parsed.groups or (), parsed.order)


def _member(identity: Sequence[str]) -> str:
    return json.dumps(identity)
