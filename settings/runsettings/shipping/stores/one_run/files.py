"""Reads and writes the saved files of runs in a store's tables, in parts."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from runsettings.journal.reader import parse
from runsettings.journal.replay import StoredRun
from runsettings.shipping.stores.base import NotShippedError, Store
from runsettings.shipping.stores.reading import ends_of_parts
from runsettings.shipping.stores.rows import plain_text
from runsettings.shipping.stores.tables import events, files, runs
from runsettings.values.errors import RunError
from runsettings.values.rendering import printable


class FileTable(Store):
    """The methods of a store in a database that read and write saved files."""

    @abc.abstractmethod
    def _begin(self) -> AbstractContextManager[Connection]:
        """Begin a transaction. Database errors inside it become `RunError`."""

    @abc.abstractmethod
    def _bad(self, reason: str, hint: str | None = None) -> RunError:
        """The error for a store that cannot do what is asked."""

    def files_to_ship(self, key: int) -> dict[str, int]:
        """The files whose latest version the store does not have."""
        with self._begin() as connection:
            return _files_to_ship(connection, key)

    def put_file(
        self, key: int, position: int, path: str, size: int, parts: Iterable[bytes]
    ) -> None:
        """Store a file in place of its earlier version."""
        with self._begin() as connection:
            _put_file(connection, key, position, path, size, parts)

    def read_file(self, run: StoredRun, path: str) -> Iterator[bytes]:
        """Read a saved file of a run in parts, also if another machine recorded the file."""
        with self._begin() as connection:
            same = files.c.run.in_(ends_of_parts(connection, run)), files.c.path == plain_text(path)
            there = files.c.content.is_not(None).label("there")
            versions = select(files.c.run, files.c.position, there).where(*same)
            newest = versions.order_by(files.c.run.desc(), files.c.position.desc())
            row = connection.execute(newest.limit(1)).first()
            if row is None or not row.there:
                error = self._bad(
                    f"it does not have the file {printable(path)!r} of run {run.id!r}"
                )
                raise NotShippedError(error.diagnostics)
            yield from _parts(connection, row)


def _files_to_ship(connection: Connection, key: int) -> dict[str, int]:
    """The files whose latest version a store does not have.

    Args:
        connection: A connection in a transaction.
        key: The number of the run in the store.

    Returns:
        By path, the byte offset of the file's record in the journal, in the order of the records.
    """
    last = select(func.coalesce(func.max(files.c.position), 0)).where(files.c.run == key)
    records = (
        select(events.c.position, events.c.text)
        .where(events.c.run == key, events.c.type == "file")
        .where(events.c.position > last.scalar_subquery())
        .order_by(events.c.position)
    )
    found: dict[str, int] = {}
    for position, text in connection.execute(records):
        record = parse(text.encode()) or {}
        if isinstance(path := record.get("path"), str):
            found.pop(path, None)
            found[path] = position
    return found


def _put_file(
    connection: Connection, key: int, position: int, path: str, size: int, parts: Iterable[bytes]
) -> None:
    """Store a file in place of its earlier version; see `Destination.put_file`."""
    # The lock on the run serializes its shippers. Another one may have stored the file already.
    lock = select(runs.c.removed).where(runs.c.key == key).with_for_update()
    last = select(func.coalesce(func.max(files.c.position), 0)).where(files.c.run == key)
    if connection.execute(lock).scalar() is not None:
        return
    if connection.execute(last).scalar_one() >= position:
        return
    name = plain_text(path)
    connection.execute(delete(files).where(files.c.run == key, files.c.path == name))
    row = {"run": key, "position": position, "path": name, "size": size}
    number = -1
    for number, part in enumerate(parts):
        connection.execute(insert(files), {**row, "part": number, "content": part})
    if number < 0:
        connection.execute(insert(files), {**row, "part": 0, "content": None})


def _parts(connection: Connection, row: Row[Any]) -> Iterator[bytes]:
    of_file = files.c.run == row.run, files.c.position == row.position
    content = select(files.c.content).where(*of_file)
    for number in range(connection.execute(select(func.count()).where(*of_file)).scalar_one()):
        yield connection.execute(content.where(files.c.part == number)).scalar_one()
