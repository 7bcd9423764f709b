"""Merges the small chunks of a run, so that a long run does not have a row for each batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select

from runsettings.shipping.series import Series
from runsettings.shipping.stores import rows
from runsettings.shipping.stores.tables import chunks

_MAX_VALUES: Final = 1 << 16
"""The largest number of values that are merged at once, which limits the memory."""


def merged_rows(connection: Connection, key: int, few: int) -> Iterator[tuple[Any, ...]]:
    """Delete adjacent small chunks, and return the rows that replace them.

    Args:
        connection: A connection in a transaction that holds the lock on the run.
        key: The number of the run in the store.
        few: Series with at most this many small chunks are not merged.

    Yields:
        The rows to insert, with a value for each column of `tables.chunks`.
    """
    for series in _fragmented_series(connection, key, few):
        of_series = (chunks.c.run == key) & (chunks.c.series == series)
        found = select(chunks.c.start, chunks.c.count).where(of_series).order_by(chunks.c.start)
        for group in _groups([(row[0], row[1]) for row in connection.execute(found)]):
            inside = of_series & chunks.c.start.between(group[0], group[-1])
            joined = Series()
            parts = select(chunks).where(inside).order_by(chunks.c.start)
            for row in connection.execute(parts):
                joined.steps += row.steps
                joined.times += row.times
                joined.values += row._mapping["values"]
                joined.whole = joined.whole and row.whole
            connection.execute(delete(chunks).where(inside))
            yield from rows.chunk_rows(key, series, group[0], joined)


def _fragmented_series(connection: Connection, key: int, few: int) -> list[int]:
    """The numbers of the series of a run that have more than ``few`` small chunks."""
    query = (
        select(chunks.c.series)
        .where(chunks.c.run == key, chunks.c.count < rows.SIZE)
        .group_by(chunks.c.series)
        .having(func.count() > few)
    )
    return list(connection.execute(query).scalars())


def _groups(found: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """The starts of the chunks in each group of adjacent small chunks.

    Args:
        found: The start of each chunk and its number of values, in the order of the starts.
    """
    group: list[int] = []
    numbers = 0
    for start, count in [*found, (-1, rows.SIZE)]:
        is_small = count < rows.SIZE
        if not is_small or numbers + count > _MAX_VALUES:
            if len(group) > 1:
                yield group
            group, numbers = [], 0
        if is_small:
            group.append(start)
            numbers += count
