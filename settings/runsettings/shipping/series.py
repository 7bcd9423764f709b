"""Collects the numbers of rows by key: of one row, or of many rows with the same keys at once.

The lines of rows with the same keys have the same text around their numbers. So they are split, and
all numbers of a key are parsed at once. This is faster than to parse each line and to collect the
numbers from the records.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from pydantic_core import from_json

from runsettings.journal.aggregates import as_float, merge_summary
from runsettings.journal.reader import Block, parse_lines, read_blocks
from runsettings.journal.records import LARGEST_STEP
from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import encode

_EXACT_INTEGERS: Final = 1 << 53
"""A float can represent all integers whose absolute value is below this."""

_FEW: Final = 4
"""Fewer rows with the same keys are added faster one by one."""

_PAIRS: Final = 8
"""How many pairs of neighbours are compared before lines are split where the keys change."""

_START: Final = b'{"type":"history"'
"""The beginning of a row as the writer writes it. Other rows are added one by one."""


@dataclass(slots=True)
class Series:
    """The numbers of one key in a batch."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    whole: bool = True
    """Whether all values were integers."""


class Column(NamedTuple):
    """The numbers of one key of several rows."""

    key: str
    values: array[float]
    whole: bool
    """Whether all are integers."""


class Rows(NamedTuple):
    """Rows that the script logged, with the same keys, and only numbers as values."""

    lines: Sequence[bytes]
    end: int
    """The byte of the journal at which the next line begins."""
    steps: array[int]
    times: array[float]
    logged_times: Sequence[float]
    """The same times, of which some may be integers."""
    columns: list[Column]

    def data(self, index: int) -> dict[str, Any]:
        """The data of one row.

        Args:
            index: The index of the row.
        """
        data: dict[str, Any] = from_json(self.lines[index])["data"]
        return data


def read_parts(
    path: Path | str | int, start: int = 0, most: int = sys.maxsize
) -> Iterator[Rows | Block]:
    """Read a journal: many rows with the same keys at once, and everything else as records.

    Args:
        path: As for `read_blocks`.
        start: The byte to begin at.
        most: As for `read_blocks`.

    Raises:
        OSError: The file cannot be read.
    """
    for lines, at in read_blocks(path, start, most):
        rows = _read_rows(lines, at)
        if rows is not None:
            yield rows
            continue
        begin, end = 0, at
        for alike, count in _split(lines):
            group = lines[begin : begin + count]
            rows = _read_rows(group, end) if alike else None
            yield parse_lines(group, end) if rows is None else rows
            begin, end = begin + count, end + sum(map(len, group))


def _split(lines: Sequence[bytes]) -> Iterator[tuple[bool, int]]:
    """Split lines where the keys change, if many lines in a row have the same keys.

    Args:
        lines: Lines of a journal.

    Yields:
        Whether the lines may be rows with the same keys, and their number.
    """
    distance = max(len(lines) // _PAIRS, 1)
    pairs = zip(lines[::distance], lines[1::distance], strict=False)
    if not any(_texts(one) == _texts(next_one) for one, next_one in pairs):
        yield False, len(lines)  # without splitting each line
        return
    others = 0
    for _, group in groupby(lines, _texts):
        count = sum(1 for _ in group)
        if not _FEW <= count < len(lines):  # all lines were tried together
            others += count
            continue
        if others:
            yield False, others
        yield True, count
        others = 0
    if others:
        yield False, others


def _texts(line: bytes) -> list[bytes]:
    """What is in quotation marks in a line: keys, and values that are texts."""
    return line.split(b'"')[1::2]


def _read_rows(lines: Sequence[bytes], start: int) -> Rows | None:
    """Read many rows at once.

    Args:
        lines: Lines of a journal.
        start: The byte at which they begin.

    Returns:
        The rows; ``None`` if the lines are something else, or have other keys than the first one.
    """
    try:
        (_, steps), (_, times), *read = _read_columns(lines)
        if (
            set(map(type, steps)) != {int}
            or min(steps) < 0
            or not {int, float}.issuperset(map(type, times))
            or not 0 < len(read) == len({key for key, _ in read})
        ):
            return None
        columns = [Column(key, _pack("d", each), _are_whole(each)) for key, each in read]
        end = start + sum(map(len, lines))
        return Rows(lines, end, _pack("q", steps), _pack("d", times), times, columns)
    except (ValueError, OverflowError, struct.error):
        return None  # not rows, rows with other keys, or numbers that are too large


def add_rows(series: dict[str, Series], run: StoredRun, rows: Rows) -> None:
    """Add the numbers of many rows to their series, and apply the rows to their run.

    The result is that of `StoredRun.apply` and `add_row` for each row.

    Args:
        series: The series, by flat key.
        run: The run.
        rows: The rows.
    """
    for key, values, whole in rows.columns:
        known = series.get(key)
        if known is None:
            known = series[key] = Series()
        known.steps += rows.steps
        known.times += rows.times
        known.values += values
        known.whole = known.whole and whole
    run.add_rows(rows.steps, rows.logged_times, rows.data)


def _read_columns(lines: Sequence[bytes]) -> list[tuple[str, list[Any]]]:
    """Read the numbers of rows with the same keys: their steps, their times, and those of each key.

    Args:
        lines: Lines of a journal.

    Returns:
        For each of them, the flat key and the value in each line.

    Raises:
        ValueError: The lines are not rows with the same keys and one value for each key.
    """
    first = _texts(lines[0])
    if _texts(lines[1 % len(lines)]) != first or _texts(lines[-1]) != first:
        raise ValueError("the keys differ")  # mostly found here, without splitting the rest
    record = from_json(lines[0])
    data = record.get("data") if type(record) is dict else None
    if type(data) is not dict:
        raise ValueError("not a row")
    leaves = [("step", b'"step":'), ("time", b'"time":'), *_leaves(data, b'"data":{')]
    text = b"".join((*lines, _START))
    parts = text[len(_START) :].split(b",")[1:]
    if not text.startswith(_START) or len(parts) != len(leaves) * len(lines):
        raise ValueError("the keys differ")
    return [
        (key, _read_numbers(parts[at :: len(leaves)], before))
        for at, (key, before) in enumerate(leaves)
    ]


def _leaves(data: Mapping[str, Any], before: bytes, path: str = "") -> Iterator[tuple[str, bytes]]:
    """The flat key of each number of a row, with the text between it and the one before it."""
    for key, value in data.items():
        before += encode(key)[:-1] + b":"
        if type(value) is dict:
            yield from _leaves(value, before + b"{", f"{path}{key}.")
        else:
            yield path + key, before
        before = b""


def _read_numbers(parts: Sequence[bytes], before: bytes) -> list[Any]:
    """Parse the values of one key.

    Args:
        parts: The part of each line with the key and the value.
        before: The text before each value.

    Raises:
        ValueError: The texts around the values differ, or there is not one value in each.
    """
    _, brace, rest = parts[0].partition(b"}")
    # With a newline between the parts, each comma comes from a part that begins as the first one.
    joined = b"\n".join((*parts, before)).replace(brace + rest + b"\n" + before, b",")
    if not joined.startswith(before):
        raise ValueError("not the text of the writer")
    values: list[Any] = from_json(b"[%b]" % joined[len(before) : -1])
    if len(values) != len(parts):
        raise ValueError("there is not one value in each")
    return values


def _pack(code: Literal["q", "d"], numbers: list[Any]) -> array[Any]:
    """Make an array, three times as fast as its class does from a list."""
    return array(code, struct.pack(f"{len(numbers)}{code}", *numbers))


def _are_whole(values: Sequence[Any]) -> bool:
    """Whether all values are integers.

    Raises:
        ValueError: There are other values than numbers that a float can represent.
    """
    kinds = set(map(type, values))
    integers = [value for value in values if type(value) is int] if int in kinds else [0]
    if not kinds <= {int, float} or max(map(abs, integers)) >= _EXACT_INTEGERS:
        raise ValueError("not numbers that a float can represent")
    return float not in kinds


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
