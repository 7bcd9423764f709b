"""Stores the metrics of long journals beside the index, so that a chart does not read them again.

The file is a cache in SQLite, as the index is. It has the values of each metric in chunks, with a
summary of every few values, and how far the journal was read. It is used if the journal still
begins with the bytes that were read, and each part is used if its checksum is right. Otherwise the
journal is read. Whatever fails here makes a chart slower, and never wrong.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from runsettings.documents.file_systems import cache_file
from runsettings.journal.checkpoint import fits, make_mark
from runsettings.journal.index import open_cache, remove_cache
from runsettings.journal.query.metrics import Bucket
from runsettings.journal.reader import parse
from runsettings.journal.writer import encode
from runsettings.recorded.packed_series import (
    VERSION,
    DamagedSeriesError,
    pack_numbers,
    pack_summaries,
    seal,
    unpack_numbers,
    unpack_summaries,
    unseal,
)
from runsettings.recorded.series import SUMMARIZED, Chunk, Numbers, Series, Span

FILE: Final = ".series.sqlite"

LARGEST: Final = 1 << 30
"""The largest number of bytes of all stored metrics."""

_TABLES: Final = """
CREATE TABLE journals (journal BLOB PRIMARY KEY, size INTEGER, state BLOB);
CREATE TABLE chunks (journal BLOB, key BLOB, at INTEGER, summaries BLOB, numbers BLOB,
    PRIMARY KEY (journal, key, at))
"""
_SUMMARIES: Final = "SELECT summaries FROM chunks WHERE journal = ? AND key = ? ORDER BY at"
_NUMBERS: Final = "SELECT numbers FROM chunks WHERE journal = ? AND key = ? AND at = ?"
_ALL_NUMBERS: Final = "SELECT key, at, numbers FROM chunks WHERE journal = ?"
_DELETE_KEY: Final = "DELETE FROM chunks WHERE journal = ? AND key = ?"
_INSERT_CHUNK: Final = "INSERT INTO chunks VALUES (?, ?, ?, ?, ?)"
_INSERT_JOURNAL: Final = """
INSERT OR REPLACE INTO journals VALUES (?, (
    SELECT total(length(summaries) + length(numbers)) FROM chunks WHERE journal = ?
), ?)
"""

_STATE: Final = "state"
"""The context of the checksums of states."""

_PATIENCE: Final = 1.0
"""Seconds to wait for another process that writes; reading the journal takes not much longer."""

_CHUNK: Final = 1 << 14
"""The largest number of values in a chunk."""

_FEW: Final = 16
"""The number of chunks that are read at once: so many are at most 4 MiB."""

_NUMBER: Final = 8
"""The number of bytes of a value."""

_LONGEST: Final = 1 << 24
"""The largest number of bytes in one value of the database."""

_SHORTEST_ROW: Final = len('{"type":"history","time":0,"step":0,"data":{"":0}}')
"""The smallest number of bytes of the journal in which a metric gets one value."""

_TRANSIENT: Final = {
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY),
    *(sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_PERM),
}
"""Errors that do not mean that the file is damaged."""


class StoredMetrics(NamedTuple):
    """The metrics of a journal, up to a position."""

    position: int
    """The byte up to which the journal was read."""
    sources: dict[str, int]
    """The highest offset of the rows from each file that is followed; see `StoredRun.sources`."""
    metrics: dict[str, Series]


class SeriesStore:
    """The stored metrics of the journals in one ``wandb`` directory.

    Args:
        directory: The directory.
    """

    def __init__(self, directory: Path) -> None:
        self.directory, self.path = directory, cache_file(directory, FILE)

    def load(self, journal: str, fd: int) -> StoredMetrics | None:
        """Load what is stored of a journal. The values are read when they are used.

        Args:
            journal: The path of the journal.
            fd: Its descriptor, whose offset is not changed.

        Returns:
            The metrics; ``None`` if nothing is stored that fits the journal.
        """
        try:
            with self._opened() as database:
                state = _state(database, _name(journal))
                if state is None or not fits(fd, state["mark"]):
                    return None
                chunks = sum(len(stored[0]) for stored in state["metrics"].values())
                few = _few_chunks(database, _name(journal)) if chunks <= _FEW else {}
            position, sources = state["mark"]["position"], state["sources"]
            return StoredMetrics(
                position,
                {path: int(offset) for path, offset in sources.items()},
                {
                    key: self._series(journal, key, stored, position, few)
                    for key, stored in state["metrics"].items()
                },
            )
        except (DamagedSeriesError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
            return None

    def save(self, journal: str, fd: int, read: StoredMetrics, since: int) -> int:
        """Store the metrics of a journal, as far as they are not stored yet.

        Nothing is stored if the disk cannot be written, if another process writes or has stored
        more, or if the metrics are too large.

        Args:
            journal: The path of the journal.
            fd: Its descriptor, whose offset is not changed.
            read: The metrics, and how far the journal was read.
            since: The position up to which they were stored before; 0 if they were not.

        Returns:
            The position up to which they are stored now.
        """
        with contextlib.suppress(DamagedSeriesError):
            for series in read.metrics.values():
                series.order()
            if sum(map(len, read.metrics.values())) * _NUMBER <= LARGEST:
                with self._opened(create=True) as database, database:
                    database.execute("BEGIN IMMEDIATE")
                    if self._insert(database, journal, fd, read, since):
                        return read.position
        return since

    def _insert(
        self, database: sqlite3.Connection, journal: str, fd: int, read: StoredMetrics, since: int
    ) -> bool:
        """Store metrics in a transaction; whether they were stored, see `save`."""
        name, known = _name(journal), None
        with contextlib.suppress(DamagedSeriesError):
            known = _state(database, name)
        found = known["mark"]["position"] if known is not None else 0
        if known is not None and found >= read.position and fits(fd, known["mark"]):
            return False
        if since == 0:
            _delete(database, name)
        elif since != found:
            return False
        metrics: dict[str, list[Any]] = {}
        for key, series in read.metrics.items():
            if not series.stored:
                database.execute(_DELETE_KEY, (name, _bytes(key)))
            spans = list(series.stored)
            database.executemany(_INSERT_CHUNK, _new_chunks(name, key, series, spans))
            rest = series.numbers(sum(span.length for span in spans), len(series))
            metrics[key] = [spans, rest[0].tolist(), rest[1].tolist()]
        mark = make_mark(fd, read.position)
        state = encode({"mark": mark, "sources": read.sources, "metrics": metrics})
        database.execute(_INSERT_JOURNAL, (name, name, seal(state, _STATE)))
        self._limit(database)
        for key, series in read.metrics.items():
            series.stored = metrics[key][0]
        return True

    def forget(self, journal: str) -> None:
        """Remove what is stored of a journal, which is damaged.

        Args:
            journal: The path of the journal.
        """
        with contextlib.suppress(DamagedSeriesError), self._opened() as database, database:
            _delete(database, _name(journal))

    def _series(
        self, journal: str, key: str, stored: Any, position: int, few: dict[tuple[bytes, int], Any]
    ) -> Series:
        """A series whose values are read when they are used, if they are not among the ``few``.

        Raises:
            ValueError: These are not the numbers of a series.
        """
        spans = [Span(*span) for span in stored[0]]
        rest = array("q", stored[1]), array("d", stored[2])
        chunks, at, last = [], 0, -1
        for span in spans:
            length, first, end = span
            if (
                set(map(type, span)) != {int}
                or not 0 < length <= _CHUNK
                or length % SUMMARIZED
                or not last < first <= end - length + 1
            ):
                raise ValueError("these are not the chunks of a series")
            sealed = few.get((_bytes(key), at))
            read = partial(self._numbers, journal, key, at, span)
            kept = partial(unpack_numbers, sealed, key, span)
            chunks.append(Chunk(span, read if sealed is None else kept))
            at, last = at + length, end
        if (
            not 0 < len(rest[0]) == len(rest[1]) <= SUMMARIZED
            or rest[0][0] <= last
            or (at + len(rest[0])) * _SHORTEST_ROW > position
        ):
            raise ValueError("these are not the values of a series")
        return Series(chunks, partial(self._summaries, journal, key, spans), rest)

    def _numbers(self, journal: str, key: str, at: int, span: Span) -> Numbers:
        """Read the numbers of a chunk.

        Raises:
            DamagedSeriesError: They are damaged, or missing.
        """
        with self._opened() as database:
            row = database.execute(_NUMBERS, (_name(journal), _bytes(key), at)).fetchone()
        return unpack_numbers(row and row[0], key, span)

    def _summaries(self, journal: str, key: str, spans: Sequence[Span]) -> list[Bucket]:
        """Read the summaries of all chunks.

        Raises:
            DamagedSeriesError: They are damaged, or missing.
        """
        with self._opened() as database:
            # A cursor that lives longer and is not at its end would keep the database locked.
            asked = _name(journal), _bytes(key)
            rows = database.execute(_SUMMARIES, asked).fetchmany(len(spans))
        if len(rows) != len(spans):
            raise DamagedSeriesError
        parts = zip(rows, spans, strict=True)
        return [each for row, span in parts for each in unpack_summaries(row[0], key, span)]

    @contextlib.contextmanager
    def _opened(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        """Open the database; a damaged one is removed. It is made only to ``create`` something.

        Raises:
            DamagedSeriesError: It is damaged, or cannot be used now.
        """
        database = None
        if create or self.path.exists():
            database = open_cache(self.path, VERSION, _TABLES, _PATIENCE)
        if database is None and create:
            remove_cache(self.path)
            database = open_cache(self.path, VERSION, _TABLES, _PATIENCE)
        if database is None:
            raise DamagedSeriesError
        with contextlib.closing(database):
            try:
                database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
                # After a power failure, the checksums tell what is damaged.
                database.execute("PRAGMA synchronous = OFF")
                yield database
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _TRANSIENT:
                    remove_cache(self.path)
                raise DamagedSeriesError from error

    def _limit(self, database: sqlite3.Connection) -> None:
        """Delete the journals that do not exist any more, and the oldest ones above `LARGEST`."""
        total = 0
        found = database.execute("SELECT journal, size FROM journals ORDER BY rowid DESC")
        for name, size in found.fetchall():
            total += size
            if total > LARGEST or not (self.directory / os.fsdecode(name)).exists():
                _delete(database, name)
                total -= size


def _name(journal: str) -> bytes:
    """A journal in the database: its path below the ``wandb`` directory."""
    return os.fsencode(os.path.join(*Path(journal).parts[-2:]))  # noqa: PTH118 - of two names


def _bytes(key: str) -> bytes:
    """A key in the database, which takes no unpaired surrogates in texts."""
    return key.encode(errors="surrogatepass")


def _delete(database: sqlite3.Connection, name: bytes) -> None:
    database.execute("DELETE FROM chunks WHERE journal = ?", (name,))
    database.execute("DELETE FROM journals WHERE journal = ?", (name,))


def _state(database: sqlite3.Connection, name: bytes) -> dict[str, Any] | None:
    """What is stored of a journal.

    Raises:
        DamagedSeriesError: It is damaged.
    """
    row = database.execute("SELECT state FROM journals WHERE journal = ?", (name,)).fetchone()
    return None if row is None else parse(unseal(row[0], _STATE))


def _few_chunks(database: sqlite3.Connection, name: bytes) -> dict[tuple[bytes, int], Any]:
    """The numbers of all chunks of a journal that has few of them, by key and place."""
    rows = database.execute(_ALL_NUMBERS, (name,)).fetchmany(_FEW)
    return {(key, at): sealed for key, at, sealed in rows}


def _new_chunks(
    name: bytes, key: str, series: Series, spans: list[Span]
) -> Iterator[tuple[Any, ...]]:
    """The rows of the values that are not stored yet.

    Args:
        name: The journal.
        key: The key of the series.
        series: The series.
        spans: The chunks that are stored, to which the new ones are added.

    Yields:
        Values for the columns of the table.
    """
    at = sum(span.length for span in spans)
    end = (len(series) - 1) // SUMMARIZED * SUMMARIZED
    for start in range(at, end, _CHUNK):
        length = min(_CHUNK, end - start)
        steps, values = series.numbers(start, start + length)
        span = Span(length, steps[0], steps[-1])
        buckets = series.recent_summaries(start, start + length)
        summaries = pack_summaries(buckets, key, span)
        numbers = pack_numbers((steps, values), key, span)
        yield name, _bytes(key), start, summaries, numbers
        spans.append(span)
