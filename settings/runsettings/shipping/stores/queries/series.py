"""Reads a metric for a chart, in buckets that are made from the summaries of its chunks."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select, tuple_

from runsettings.journal.query.metrics import (
    TIMES,
    Bucket,
    buckets_of,
    join_buckets,
    last_of_each,
)
from runsettings.shipping.stores.rows import escaped_key
from runsettings.shipping.stores.tables import chunks, series

_SUMMARY: Final = ("first_step", "last_step", "known", "minimum", "maximum", "mean", "last")
"""The columns for the members of a `Bucket`."""

_POINTS: Final = ("steps", "values")

_CHUNKS: Final = 64
"""The number of chunks from which times are read."""


def read_series(
    connection: Connection,
    ends: Mapping[int, int | None],
    key: str,
    most: int,
    first: float,
    last: float,
) -> list[Bucket]:
    """Read a metric in buckets; see `Store.read_series`.

    Args:
        connection: A connection in a transaction.
        ends: The parts of the run, from `reading.ends_of_parts`.
        key: The dotted key of the metric; `TIMES` for the times of some steps.
        most: The largest number of buckets.
        first: The first step.
        last: The last step, included.

    Returns:
        The buckets in the order of the steps.
    """
    same = (series.c.run == chunks.c.run) & (series.c.number == chunks.c.series)
    asked: list[ColumnElement[bool]] = [chunks.c.run.in_(ends)]
    asked += [chunks.c.last_step >= math.ceil(first)] if first > 0 else []
    asked += [chunks.c.first_step <= math.floor(last)] if last < math.inf else []
    if key == TIMES:
        return join_buckets(_read_times(connection, asked, ends, most), most)
    asked += [series.c.name == escaped_key(key)]

    def read(names: tuple[str, ...], chosen: ColumnElement[bool] | None = None) -> list[Any]:
        columns = (chunks.c.run, chunks.c.start, *(chunks.c[name] for name in names))
        query = select(*columns).join_from(series, chunks, same).where(*asked)
        query = query if chosen is None else query.where(chosen)
        return list(connection.execute(query.order_by(chunks.c.run, chunks.c.start)))

    found = read(_SUMMARY)
    stops = [math.inf if (end := ends[chunk.run]) is None else end for chunk in found]
    for at, after in enumerate(found[1:]):
        stops[at] = min(stops[at], after.first_step)  # a later chunk replaces the same steps
    size = 0  # the number of values in each bucket; 0 for whole chunks
    if 2 * len(found) > most:
        cut = [
            (chunk.run, chunk.start)
            for chunk, stop in zip(found, stops, strict=True)
            if chunk.first_step < first or chunk.last_step > last or chunk.last_step >= stop
        ]
        numbers = read(_POINTS, tuple_(chunks.c.run, chunks.c.start).in_(cut)) if cut else []
    else:  # there are too few summaries for a chart of this width
        numbers = read(_POINTS)
        size = max(sum(len(row.steps) for row in numbers) // most, 1)
    points = {(row.run, row.start): (row.steps, row._mapping["values"]) for row in numbers}
    parts: list[Bucket] = []
    for chunk, stop in zip(found, stops, strict=True):
        own = points.get((chunk.run, chunk.start))
        if own is None:
            found_last = math.nan if chunk.last is None else chunk.last  # SQLite has no NaN
            parts.append(Bucket._make((*chunk[2:-1], found_last)))
            continue
        start = bisect_left(own[0], first)
        end = min(bisect_right(own[0], last), bisect_left(own[0], stop))
        kept = last_of_each(own[0][start:end], own[1][start:end])
        parts += buckets_of(*kept, size or len(own[0]))
    return join_buckets(parts, most)


def _read_times(
    connection: Connection,
    asked: list[ColumnElement[bool]],
    ends: Mapping[int, int | None],
    most: int,
) -> list[Bucket]:
    """Read the times of some steps of a run, from some of its chunks."""
    columns = (chunks.c.run, chunks.c.series, chunks.c.start)
    query = select(*columns).where(*asked).order_by(chunks.c.run, chunks.c.first_step)
    found = [tuple(row) for row in connection.execute(query)]
    chosen = {found[at] for at in range(0, len(found), max(len(found) // _CHUNKS, 1))}
    chosen.update(found[-1:])
    query = select(chunks.c.run, chunks.c.steps, chunks.c.times).where(tuple_(*columns).in_(chosen))
    times: dict[int, float] = {}
    for run, steps, logged in connection.execute(query):
        end = ends[run]
        for at in {*range(0, len(steps), max(len(chosen) * len(steps) // most, 1)), len(steps) - 1}:
            if end is None or steps[at] < end:
                times[steps[at]] = logged[at]
    return [Bucket.of((step,), (times[step],)) for step in sorted(times)]
