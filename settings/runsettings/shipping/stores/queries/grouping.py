"""Groups the selected runs in the database, with the count, mean and range of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, case, func, null, select

from runsettings.journal.index import Listing
from runsettings.journal.query.groups import (
    LARGEST,
    GroupListing,
    GroupRow,
    NumberRange,
    group_listing,
    identity_of,
    members_of,
)
from runsettings.journal.query.keys import SECTIONS, Key, Kind
from runsettings.journal.query.listing import Question, sorted_rows
from runsettings.shipping.stores.queries.conditions import Selection
from runsettings.shipping.stores.queries.json_values import NotInDatabase, Value
from runsettings.shipping.stores.queries.selecting import (
    APART,
    answer_of,
    select_runs,
    selection_of,
    values_of,
)
from runsettings.shipping.stores.rows import NOT_FINITE
from runsettings.values.key_paths import MISSING

_NUMBERS: Final = ("least", "most", "mean", "others", "present")
"""The columns of the numbers of a key."""

_CODES: Final = {"NaN": 1, "Infinity": 2, "-Infinity": 4}
"""The bits of the numbers that JSON does not have."""


_MEMORY: Final = "32MB"
"""The memory for grouping and for each sort in PostgreSQL."""


class _Group(NamedTuple):
    """A group, as the database has it."""

    row: GroupRow
    parts: Sequence[Any]
    """The columns of its values."""
    order: Sequence[Any]
    """The values that it is sorted by."""


def group_runs(
    connection: Connection, now: float, question: Question, metrics: Sequence[Key]
) -> GroupListing:
    """Group runs in the database, with the same result as `query.groups.group_listing`.

    Args:
        connection: A connection in a transaction.
        now: The current time by the store's clock, in seconds since 1970.
        question: The filters, the keys to group by and to sort by, and the range of groups.
        metrics: The keys of the numbers.

    Returns:
        The groups in the range, and the number of all groups.

    Raises:
        QueryError: A filter or a key is wrong, or no run has it.
    """
    selection = selection_of(connection, now, question)
    order = () if selection is None else selection.parsed.order
    groups = _groups(connection, selection, metrics, [key for key, _ in order])
    if groups is None:
        needed = {*question.sections, *(key.text.partition(".")[0] for key in metrics)}
        whole = replace(question.whole, sections=[each for each in SECTIONS if each in needed])
        return group_listing(question, select_runs(connection, now, whole).runs, metrics)
    for place, (_, descending) in reversed([*enumerate(order)]):
        groups = sorted_rows(groups, [group.order[place] for group in groups], descending)
    return GroupListing([group.row for group in groups[question.range]], len(groups))


def select_members(connection: Connection, now: float, question: Question, member: str) -> Listing:
    """Select the runs of one group, with the same result as `query.groups.members_of`.

    Args:
        connection: A connection in a transaction.
        now: The current time by the store's clock, in seconds since 1970.
        question: The filters, the keys to group by and to sort by, and the range of runs.
        member: The `member` of the group.

    Returns:
        The runs in the range, and the number of all runs of the group.

    Raises:
        QueryError: A filter or a key is wrong, or no run has it.
    """
    selection = selection_of(connection, now, question)
    groups = _groups(connection, selection, ())
    if selection is None or groups is None:
        return members_of(question, select_runs(connection, now, question.whole).runs, member)
    for group in groups:
        if group.row.member == member:
            values = [selection.value(key) for key in selection.parsed.groups or ()]
            columns = [part for value in values for part in value.same]
            for column, part in zip(columns, group.parts, strict=True):
                selection.narrow(column.is_not_distinct_from(part))
            return answer_of(connection, selection, replace(question, with_total=True))
    return Listing(total=0)


def _groups(
    connection: Connection,
    selection: Selection | None,
    metrics: Sequence[Key],
    order: Sequence[Key] = (),
) -> list[_Group] | None:
    """All groups, that of the newest run first; ``None`` if Python has to group the runs."""
    keys = [] if selection is None else list(selection.parsed.groups or ())
    # A run is in the group of each element of a list. For a time, the first run of a group decides.
    if selection is None or any(key.kind is Kind.LIST for key in (*keys, *order)):
        return None
    sorted_by = {key.text: key for key in order if key.text not in {each.text for each in keys}}
    if any(key.kind in (Kind.TIME, Kind.STATE) for key in sorted_by.values()):
        return None
    with_numbers = [key for key in metrics if key.kind not in (Kind.STATE, Kind.LIST)]
    measured = sorted_by | {key.text: key for key in with_numbers}
    query, values = _query(selection, keys, list(measured.values()), len(sorted_by))
    if selection.dialect == "postgresql":  # else it sorts the runs on the disk, to group them
        connection.execute(select(func.set_config("work_mem", _MEMORY, True)))
    rows = connection.execute(query).all()
    if any(row.doubt for row in rows):
        return None
    groups = []
    for row in rows:
        ranges: dict[str, NumberRange | None] = {}
        own: dict[str, Any] = {}
        for place, name in enumerate(measured):
            found = _Numbers(*(row._mapping[f"{each}_{place}"] for each in _NUMBERS))
            if found.is_too_large or (name in sorted_by and found.has_others):
                return None  # no float can hold a number, or the first run of the group decides
            ranges[name] = numbers = found.range()
            own[name] = MISSING if numbers is None else numbers.mean
        parts = [row._mapping[name] for name in row._fields if name.startswith("part_")]
        try:
            own |= _decoded(keys, values, parts)
        except NotInDatabase:
            return None
        of_keys = tuple(own[key.text] for key in keys)
        shown = [ranges.get(key.text) for key in metrics]
        made = GroupRow(identity_of(of_keys), of_keys, row.runs, shown)
        groups.append(_Group(made, parts, [own[key.text] for key in order]))
    return groups


def _decoded(keys: Sequence[Key], values: Sequence[Value], parts: Sequence[Any]) -> dict[str, Any]:
    """The values of the keys of a group, from its columns."""
    rest = iter(parts)
    pairs = zip(keys, values, strict=True)
    return {key.text: value.decoded([next(rest) for _ in value.same]) for key, value in pairs}


def _query(
    selection: Selection, keys: Sequence[Key], measured: Sequence[Key], count: int
) -> tuple[Select[Any], list[Value]]:
    """The query for all groups, and the values of the keys to group by.

    The groups are sorted by the first ``count`` of the measured keys.
    """
    inner, values = values_of(selection, [*keys, *measured])
    own, others = values[: len(keys)], values[len(keys) :]
    same = [part.label(f"part_{at}") for at, part in enumerate(p for v in own for p in v.same)]
    # Each number is needed several times, so a second subquery makes it once.
    columns: list[ColumnElement[Any]] = [
        case((inner.c.doubt, 1), else_=0).label("doubt"),
        *(value.number.label(f"number_{at}") for at, value in enumerate(others)),
        *(
            p.label(f"part_of_{at}_{n}")
            for at, v in enumerate(others)
            for n, p in enumerate(v.parts)
        ),
    ]
    part = select(inner.c.key, inner.c.created, *same, *columns).offset(APART).subquery()
    mean = func.avg if selection.dialect == "postgresql" else func.runsettings_mean
    found: list[ColumnElement[Any]] = []
    for at, other in enumerate(others):
        number = part.c[f"number_{at}"]
        value = other.of_parts([part.c[f"part_of_{at}_{n}"] for n in range(len(other.parts))])
        of_key = (
            *(func.min(number), func.max(number), mean(number)),
            # Most values are numbers: only for the others is it asked what they are.
            func.bit_or(case((number.is_(None), case(_CODES, value=value.text)))),
            func.max(case((value.present, 1))) if at < count else null(),
        )
        found += [each.label(f"{name}_{at}") for name, each in zip(_NUMBERS, of_key, strict=True)]
    parts = [part.c[each.name] for each in same]
    counts = (func.count().label("runs"), func.max(part.c.doubt).label("doubt"))
    # As in the order of the runs, in which their groups first appear.
    newest = (func.max(part.c.created).desc(), func.min(part.c.key))
    query = select(*parts, *counts, *found).group_by(*parts).order_by(*newest)
    return query, own


class _Numbers(NamedTuple):
    """The numbers of a key in a group, as the database has them."""

    least: Any
    most: Any
    mean: Any
    others: int | None
    """The `_CODES` of the others, which are in no other column."""
    present: int | None
    """1 if a run has a value; only of keys to sort by."""

    @property
    def is_too_large(self) -> bool:
        """Whether no float can hold one of the numbers."""
        return self.least is not None and max(abs(self.least), abs(self.most)) > LARGEST

    @property
    def has_others(self) -> bool:
        """Whether there are values, but no numbers."""
        return bool(self.present) and self.range() is None

    def range(self) -> NumberRange | None:
        """The mean, the smallest and the largest number; ``None`` without numbers."""
        codes = self.others or 0
        others = [NOT_FINITE[name] for name, code in _CODES.items() if codes & code]
        if self.least is None and not others:
            return None
        infinite = [each for each in others if math.isinf(each)]
        known = [float(each) for each in (self.least, self.most) if each is not None]
        known = [*known, *infinite] or [math.nan]
        return NumberRange(sum(others, float(self.mean or 0)), min(known), max(known))
