"""Reads the rows of a run from a store, in parts that fit into memory.

Numbers are stored in chunks, by series. A row with other values is also stored as an event, with
its text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, select

from runsettings.journal.aggregates import as_float, merge_summary
from runsettings.journal.reader import parse
from runsettings.journal.records import is_row
from runsettings.journal.replay import StoredRun
from runsettings.shipping.stores.reading import ends_of_parts
from runsettings.shipping.stores.tables import chunks, events, series

NUMBERS: Final = 200_000
"""The number of values after which a part ends. A part has every chunk of its first step."""

EVENTS: Final = 10_000
"""The number of events after which a part ends, unless all have the same step."""


class Cursor(NamedTuple):
    """The place from which to read the next rows of a run."""

    step: int = 0
    """The step to begin at."""
    position: int = -1
    """The position of the last event that was read."""


def read_rows(
    begin: Callable[[], AbstractContextManager[Connection]], run: StoredRun
) -> Iterator[dict[str, Any]]:
    """Read the rows of a run, including those that other machines recorded before it was resumed.

    Args:
        begin: Begins a transaction. No transaction is open while the caller uses a row.
        run: The run, from `reading.list_runs`.

    Yields:
        The values by dotted key, with ``_step`` and ``_timestamp`` (in seconds since 1970).
    """
    with begin() as connection:
        ends = ends_of_parts(connection, run)
    for key, end in ends.items():
        cursor: Cursor | None = Cursor()
        while cursor is not None:
            with begin() as connection:
                rows, cursor = _next_rows(connection, key, cursor, end)
            yield from rows


def _next_rows(
    connection: Connection, key: int, cursor: Cursor, until: int | None
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """Read the next rows of a run, or of a part of it that one machine recorded.

    Args:
        connection: A connection in a transaction.
        key: The number of the run in the store.
        cursor: Where to begin.
        until: Rows from this step on are ignored; ``None`` to read all rows.

    Returns:
        The rows, and the cursor of the next ones; ``None`` after the last rows.
    """
    end = _end_of_chunks(connection, key, cursor.step, until)
    found = select(events.c.position, events.c.text).where(
        events.c.run == key, events.c.type == "history", events.c.position > cursor.position
    )
    logged: list[tuple[int, dict[str, Any]]] = []
    for position, text in connection.execute(found.order_by(events.c.position)).yield_per(EVENTS):
        record = parse(text.encode("utf-8", "surrogatepass"))
        if record is None or not is_row(record):
            continue
        if end is not None and record["step"] >= end:
            break
        if len(logged) >= EVENTS and record["step"] > max(logged[-1][1]["step"], cursor.step):
            end = record["step"]
            break
        logged.append((position, record))
    rows = _rows_of_numbers(connection, key, cursor.step, end)
    for _, record in logged:
        _add_event(rows, record)
    ordered = [rows[step] for step in sorted(rows)]
    if end == until:
        return ordered, None
    assert end is not None
    return ordered, Cursor(end, logged[-1][0] if logged else cursor.position)


def _end_of_chunks(connection: Connection, key: int, first: int, until: int | None) -> int | None:
    """The step before which to stop, to limit the number of values; ``until`` by default."""
    found = (
        select(chunks.c.first_step, chunks.c["count"])
        .where(chunks.c.run == key, chunks.c.last_step >= first)
        .order_by(chunks.c.first_step)
    )
    numbers = 0
    for step, count in connection.execute(found):
        if until is not None and step >= until:
            break
        if step > first and numbers >= NUMBERS:
            return int(step)
        numbers += count
    return until


def _rows_of_numbers(
    connection: Connection, key: int, first: int, end: int | None
) -> dict[int, dict[str, Any]]:
    """The rows with the numbers of the chunks, by step."""
    names = {
        row.number: json.loads(f'"{row.name}"')
        for row in connection.execute(select(series).where(series.c.run == key))
    }
    inside = (chunks.c.run == key) & (chunks.c.last_step >= first)
    if end is not None:
        inside &= chunks.c.first_step < end
    rows: dict[int, dict[str, Any]] = {}
    ordered = select(chunks).where(inside).order_by(chunks.c.series, chunks.c.start)
    for chunk in connection.execute(ordered):
        name = names[chunk.series]
        for step, time, value in zip(
            chunk.steps, chunk.times, chunk._mapping["values"], strict=True
        ):
            if step < first or (end is not None and step >= end):
                continue
            row = rows.setdefault(step, {"_step": step, "_timestamp": time})
            row["_timestamp"] = max(time, row["_timestamp"])
            if name not in row or name not in ("_step", "_timestamp"):
                row[name] = int(value) if chunk.whole else value
    return rows


def _add_event(rows: dict[int, dict[str, Any]], record: dict[str, Any]) -> None:
    """Add the values of a row that are not numbers, and integers that a float cannot hold."""
    step, time = record["step"], record["time"]
    row = rows.setdefault(step, {"_step": step, "_timestamp": time})
    row["_timestamp"] = max(time, row["_timestamp"])
    flat: dict[str, Any] = {}
    merge_summary(flat, record["data"])
    for key, value in flat.items():
        if key in ("_step", "_timestamp"):
            continue
        # A later record of the same step may have another number; the series has that one.
        is_number = type(value) in (int, float)
        if not is_number or key not in row or as_float(value) == row[key]:
            row[key] = value
