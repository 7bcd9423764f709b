"""Collects the numbers of rows by key: of one row, or of many rows with the same keys at once."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from runsettings.journal.aggregates import as_float, merge_summary
from runsettings.journal.records import LARGEST_STEP
from runsettings.journal.replay import StoredRun

_EXACT_INTEGERS: Final = 1 << 53
"""A float can represent all integers whose absolute value is below this."""

_MEMBERS: Final = itemgetter("type", "step", "time", "data")
_FEW: Final = 4
"""Fewer rows with the same keys are added faster one by one."""


@dataclass(slots=True)
class Series:
    """The numbers of one key in a batch."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    whole: bool = True
    """Whether all values were integers."""


def split_rows(records: list[Any]) -> Iterator[tuple[bool, int]]:
    """Split records where the keys change, if many rows in a row have the same keys.

    Args:
        records: Records, with ``None`` for torn lines.

    Yields:
        Whether the records are rows that `add_rows` may be able to add, and their number.
    """
    others = 0
    for keys, group in groupby(records, _keys):
        count = sum(1 for _ in group)
        if keys is None or not _FEW <= count < len(records):  # all records were tried together
            others += count
            continue
        if others:
            yield False, others
        yield True, count
        others = 0
    if others:
        yield False, others


def _keys(record: dict[str, Any] | None) -> tuple[str, ...] | None:
    """The keys of the data of a row that the script logged; ``None`` for any other record."""
    if record is None or record.get("type") != "history" or "source" in record:
        return None
    data = record.get("data")
    return tuple(data) if type(data) is dict else None


class Column(NamedTuple):
    """The numbers of one key of several rows."""

    key: str
    values: list[float]
    whole: bool
    """Whether all are integers."""


class Rows(NamedTuple):
    """Rows that the script logged, with the same keys, and only numbers as values."""

    steps: array[int]
    times: array[float]
    logged_times: Sequence[float]
    """The same times, of which some may be integers."""
    data: Sequence[dict[str, Any]]
    columns: list[Column]


def columns_of(records: list[Any]) -> Rows | None:
    """Read many rows at once.

    Args:
        records: Records, with ``None`` for torn lines.

    Returns:
        The rows; ``None`` if the records are something else, or have other keys than the first one.
    """
    columns: list[Column] = []
    try:
        kinds, steps, times, data = zip(*map(_MEMBERS, records), strict=True)
        if (
            set(kinds) != {"history"}
            or set(map(len, records)) != {4}
            or set(map(type, steps)) != {int}
            or min(steps) < 0
            or not {int, float}.issuperset(map(type, times))
            or set(map(type, data)) != {dict}
            or not _add_columns(columns, data)
            or not 0 < len(columns) == len({column.key for column in columns})
        ):
            return None
        return Rows(array("q", steps), array("d", times), times, data, columns)
    except (TypeError, KeyError, ValueError, OverflowError):
        return None  # not rows, rows with other keys, or numbers that are too large


def add_rows(series: dict[str, Series], run: StoredRun, records: list[Any]) -> bool:
    """Add the numbers of many rows to their series, and apply the rows to their run.

    The result is that of `StoredRun.apply` and `add_row` for each row.

    Args:
        series: The series, by flat key.
        run: The run.
        records: Records, with ``None`` for torn lines.

    Returns:
        Whether they were added; if not, nothing was changed. They are added if `columns_of` can
        read them.
    """
    rows = columns_of(records)
    if rows is None:
        return False
    for key, values, whole in rows.columns:
        known = series.get(key)
        if known is None:
            known = series[key] = Series()
        known.steps += rows.steps
        known.times += rows.times
        known.values += array("d", values)
        known.whole = known.whole and whole
    run.add_rows(rows.steps, rows.logged_times, rows.data)
    return True


def _add_columns(columns: list[Column], data: Sequence[dict[str, Any]], prefix: str = "") -> bool:
    """Add the numbers of each key of data that have the same keys.

    Args:
        columns: The columns, to add to.
        data: The data of each row.
        prefix: The beginning of each key.

    Returns:
        Whether all values are numbers that a float can represent.

    Raises:
        KeyError: The data do not have the same keys.
    """
    if len(set(map(len, data))) > 1:
        return False
    for key in data[0]:
        values: list[Any] = list(map(itemgetter(key), data))
        kinds = set(map(type, values))
        if kinds == {dict}:
            if not _add_columns(columns, values, f"{prefix}{key}."):
                return False
        elif kinds <= {int, float}:
            integers = [value for value in values if type(value) is int] if int in kinds else [0]
            if max(map(abs, integers)) >= _EXACT_INTEGERS:
                return False
            columns.append(Column(prefix + key, values, float not in kinds))
        else:
            return False
    return True


def add_row(series: dict[str, Series], record: Mapping[str, Any]) -> bool:
    """Add the numbers of a row to their series.

    Args:
        series: The series, by flat key.
        record: The row.

    Returns:
        Whether the series have all values of the row, so that its text is not needed.
    """
    step, time = record["step"], as_float(record["time"])
    if step > LARGEST_STEP:
        return False
    flat: dict[str, Any] = {}
    merge_summary(flat, record["data"])
    complete = bool(flat)
    for key, value in flat.items():
        kind = type(value)
        if kind is float:
            number = value
        elif kind is int:
            number = as_float(value)
            complete = complete and -_EXACT_INTEGERS < value < _EXACT_INTEGERS
        else:
            complete = False
            continue
        known = series.get(key)
        if known is None:
            known = series[key] = Series()
        known.steps.append(step)
        known.times.append(time)
        known.values.append(number)
        if kind is float:
            known.whole = False
    return complete
