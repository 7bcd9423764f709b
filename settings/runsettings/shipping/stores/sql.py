"""The store in a database, SQLite or PostgreSQL."""

from __future__ import annotations

import functools
import math
import shlex
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, delete, func, inspect, null, select, text, update
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from runsettings.journal.edits import Edit
from runsettings.journal.index import Listing
from runsettings.journal.query.finding import listing_command
from runsettings.journal.query.groups import GroupListing
from runsettings.journal.query.keys import SECTIONS, Key
from runsettings.journal.query.listing import Question
from runsettings.journal.query.metrics import Bucket, Metric
from runsettings.journal.replay import StoredRun
from runsettings.secrets.forms import MASK
from runsettings.shipping.batches import Batch, RunIdentity
from runsettings.shipping.stores import merging, reading, tables
from runsettings.shipping.stores.base import Committed, Latest, NoStoreError
from runsettings.shipping.stores.engines import make_engine, next_step
from runsettings.shipping.stores.one_run import editing, history
from runsettings.shipping.stores.one_run.files import FileTable
from runsettings.shipping.stores.queries import grouping, selecting
from runsettings.shipping.stores.queries.series import read_series
from runsettings.shipping.stores.rows import (
    SECTION_TEXTS,
    chunk_rows,
    escaped_key,
    plain_text,
    run_values,
)
from runsettings.shipping.stores.tables import chunks, events, insert_rows, runs, series
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.origin import origin_of_text

_LOCK: Final = 0x72756E73
"""The number of the advisory lock for creating tables: "runs" in ASCII."""


class SqlStore(FileTable):
    """A store in a database.

    Args:
        url: The address.
        shown: The address for messages, without secrets. Errors name the place of a `PlacedText`.
        writable: Whether to open the store for writing. Missing tables are created.
        upgrading: Whether to upgrade tables of an earlier version.

    Raises:
        RunError: The database cannot be reached, has no tables, or has tables of another version.
    """

    def __init__(self, url: URL, shown: str, *, writable: bool, upgrading: bool = False) -> None:
        self.shown = shown
        options = (url.query.get("password"), url.query.get("sslpassword"))
        passwords = [each for each in (url.password, *options) if isinstance(each, str)]
        # If the password has an unescaped "@", the driver reads the rest of it as the host.
        if "@" in (url.host or ""):
            passwords += str(url.host).split("@")[:-1]
        self._passwords = passwords
        self._engine = make_engine(url, writable=writable)
        self._numbers: dict[int, tuple[int, dict[str, int]]] = {}
        """By run: a position in the journal, and the numbers of its series by name there."""
        if not writable and not self._is_postgres and not Path(url.database or "").is_file():
            raise self._no_store("there is no such file")
        try:
            if upgrading:
                self.upgrade()
            self._prepare(writable=writable)
        except BaseException:
            self.close()
            raise

    @property
    def _is_postgres(self) -> bool:
        return self._engine.dialect.name == "postgresql"

    def find_run(
        self,
        identity: RunIdentity,
        journal: str,  # noqa: ARG002 - the position is in the database
    ) -> Committed | None:
        """How much of a run the store has; ``None`` if it does not know the run."""
        with self._begin() as connection:
            return reading.committed(connection, _names(identity))

    def open_run(
        self,
        identity: RunIdentity,
        journal: str,  # noqa: ARG002
    ) -> Committed:
        """How much of a run the store has; an unknown run is added."""
        names = _names(identity)
        with self._begin() as connection:
            found = reading.committed(connection, names)
            if found is None:
                tables.insert_new_run(connection, names)
                found = reading.committed(connection, names)
        assert found is not None
        return found

    def commit(self, key: int, batch: Batch, promise: float | None = None) -> bool:
        """Store a batch and its end position in one transaction."""
        with self._begin() as connection:
            # The lock on this row serializes the shippers of one run. It is the only lock, so
            # that two shippers cannot deadlock.
            current = select(runs.c.position).where(runs.c.key == key).with_for_update()
            if connection.execute(current).scalar_one_or_none() != batch.start:
                self._numbers.pop(key, None)
                return False
            numbers = self._series_numbers(connection, key, batch)
            rows = [
                row
                for name, each in batch.series.items()
                for row in chunk_rows(key, numbers[escaped_key(name)], batch.start, each)
            ]
            insert_rows(connection, chunks, rows)
            insert_rows(
                connection, events, [(key, e[0], plain_text(e[1]), *e[2:]) for e in batch.events]
            )
            edit = functools.partial(editing.edited, connection, key)
            values = run_values(batch, edit)
            values["promised"] = self._promised(connection, promise)
            connection.execute(update(runs).where(runs.c.key == key).values(values))
        self._numbers[key] = batch.end, numbers
        return True

    def check_in(self, key: int, state: str, promise: float | None = None) -> None:
        """Record the state of a run whose journal has no new records."""
        with self._begin() as connection:
            values = {"state": state, "promised": self._promised(connection, promise)}
            connection.execute(update(runs).where(runs.c.key == key).values(values))

    def merge(self, key: int, few: int = 1) -> None:
        """Merge the small chunks in which the numbers of a run are stored."""
        with self._begin() as connection:
            lock = select(runs.c.key).where(runs.c.key == key).with_for_update()
            if connection.execute(lock).first() is not None:
                rows = list(merging.merged_rows(connection, key, few))
                insert_rows(connection, chunks, rows)

    def remove_run(self, run: StoredRun) -> None:
        """Remove a run and the runs that it overwrote. The store never accepts them again."""
        same = (runs.c.project == plain_text(run.project)) & (runs.c.id == plain_text(run.id))
        with self._begin() as connection:
            older = same & (runs.c.created <= run.created)
            for key in connection.execute(select(runs.c.key).where(older).with_for_update()):
                for table in (chunks, series, tables.files, events):
                    connection.execute(delete(table).where(table.c.run == key[0]))
            columns = ("attributes", *SECTIONS, "record", "details", *SECTION_TEXTS)
            gone = dict.fromkeys(columns, null())
            # No batch begins at -1, so an active shipper has to read the row again.
            values = {**gone, "position": -1, "removed": self._now(connection)}
            connection.execute(update(runs).where(older).values(values))

    def edit_run(self, run: StoredRun, edit: Edit) -> None:
        """Change the name, notes and tags of a run, only in the store."""
        with self._begin() as connection:
            members = editing.edit_run(connection, run, edit, self._now(connection))
        if members is None:
            hint = f"list the runs that it has with: {listing_command(self.shown)}"
            raise self._bad(f"the run {run.id} was removed from it", hint)
        for name, value in members.items():
            setattr(run, name, value)

    def list_runs(self) -> list[StoredRun]:
        """The latest run of each project and id, newest first."""
        with self._begin() as connection:
            return selecting.list_runs(connection, self._now(connection))

    def select_runs(self, question: Question) -> Listing:
        """The runs that a question selects."""
        with self._begin() as connection:
            return selecting.select_runs(connection, self._now(connection), question)

    def group_runs(self, question: Question, metrics: Sequence[Key]) -> GroupListing:
        """The groups of the runs that a question selects."""
        with self._begin() as connection:
            return grouping.group_runs(connection, self._now(connection), question, metrics)

    def select_members(self, question: Question, member: str) -> Listing:
        """The runs of one group."""
        with self._begin() as connection:
            return grouping.select_members(connection, self._now(connection), question, member)

    def find_latest(self, project: str, run_id: str) -> Latest | None:
        """The latest run with a project and an id; ``None`` if there is none."""
        with self._begin() as connection:
            return reading.find_latest(connection, project, run_id, self._now(connection))

    def load_run(self, listed: StoredRun) -> StoredRun:
        """A run with its settings, origins and files."""
        with self._begin() as connection:
            return reading.add_details(connection, listed)

    def read_metrics(self, run: StoredRun) -> dict[str, Metric]:
        """Every metric of a run by dotted key."""
        with self._begin() as connection:
            return reading.read_metrics(connection, run)

    def flush(self, key: int) -> None:
        """Do nothing: `commit` waits for the database."""

    def read_series(
        self,
        run: StoredRun,
        key: str,
        buckets: int = 1000,
        first: float = 0,
        last: float = math.inf,
    ) -> list[Bucket]:
        """One metric of a run in buckets, for a chart."""
        with self._begin() as connection:
            ends = reading.ends_of_parts(connection, run)
            return read_series(connection, ends, key, buckets, first, last)

    def read_history(self, run: StoredRun) -> Iterator[dict[str, Any]]:
        """The rows of a run by dotted key, one for each step."""
        return history.read_rows(self._begin, run)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def upgrade(self) -> None:
        """Create the tables, or upgrade tables of an earlier version."""
        from runsettings.shipping.stores import upgrading  # alembic: most stores have tables

        with self._begin() as connection:
            if self._is_postgres:
                connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
            upgrading.upgrade(connection)

    def pin(self, key: str, *, remove: bool = False) -> None:
        """Create or remove the indexes of a key; see `upgrading.pin`."""
        from runsettings.shipping.stores import upgrading  # alembic: shipping pins no key

        with self._begin() as connection:
            upgrading.pin(connection, key, remove=remove)

    def _prepare(self, *, writable: bool) -> None:
        """Create missing tables, or check the version of existing ones."""
        found = self._version()
        if found is None:
            if not writable:
                raise self._no_store("it has no runs")
            self.upgrade()
        elif found != tables.VERSION:
            is_earlier = found.isdecimal() and int(found) < int(tables.VERSION)
            raise self._bad(
                f"its tables are of version {found}; this is a version for {tables.VERSION}",
                "its owner runs: runsettings store upgrade"
                if is_earlier
                else "upgrade runsettings",
            )

    def _version(self) -> str | None:
        """The version of the tables; ``None`` if there are none."""
        with self._begin() as connection:
            if not inspect(connection).has_table(tables.version.name):
                return None
            return connection.execute(select(tables.version.c.version_num)).scalar_one_or_none()

    def _series_numbers(self, connection: Connection, key: int, batch: Batch) -> dict[str, int]:
        """The numbers of all series of a run by name; new series in a batch get numbers first."""
        position, numbers = self._numbers.get(key, (-1, {}))
        if position != batch.start:
            known = select(series.c.name, series.c.number).where(series.c.run == key)
            numbers = {row.name: row.number for row in connection.execute(known)}
        numbers = dict(numbers)
        new = [name for each in batch.series if (name := escaped_key(each)) not in numbers]
        for name in new:
            numbers[name] = len(numbers)
        insert_rows(connection, series, [(key, numbers[name], name) for name in new])
        return numbers

    def _promised(self, connection: Connection, promise: float | None) -> float | None:
        return None if promise is None else self._now(connection) + promise

    def _now(self, connection: Connection) -> float:
        """The time in seconds since 1970, by the server's clock: the clocks of machines differ."""
        if not self._is_postgres:
            return time.time()
        now = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
        return float(now)

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        """Begin a transaction. Database errors inside it become `RunError`."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise self._statement_error(error) from None
        except Exception as error:
            # The driver itself runs COPY, and SQLAlchemy does not translate the driver's errors.
            if not isinstance(error, self._engine.dialect.loaded_dbapi.Error):
                raise
            raise self._statement_error(error) from None

    def _statement_error(self, error: Exception) -> RunError:
        """The error for a failed statement; its rule says whether a retry may succeed."""
        driver: BaseException | None = error.orig if isinstance(error, DBAPIError) else error
        first, *_ = str(driver).strip().splitlines() or [type(error).__name__]
        for password in filter(None, self._passwords):
            first = first.replace(password, MASK)
        dbapi: Any = self._engine.dialect.loaded_dbapi
        passing = (dbapi.OperationalError, dbapi.InterfaceError)
        if isinstance(error, (OperationalError, InterfaceError)) or isinstance(driver, passing):
            message = f"the store {self.shown} failed: {first}"
            hint = next_step(first, reached=False)
            return self._error(Rule.STORE_UNREACHABLE, message, hint)
        return self._bad(first, next_step(first, reached=True))

    def _no_store(self, reason: str) -> NoStoreError:
        to = [] if MASK in self.shown else ["--to", self.shown]  # else it is in the setting
        command = shlex.join(["runsettings", "sync", "--all", *to])
        hint = f"correct the address, or ship runs to it: {command}"
        return NoStoreError(self._bad(reason, hint).diagnostics)

    def _bad(self, reason: str, hint: str | None = None) -> RunError:
        message = f"the store {self.shown} cannot be used: {reason}"
        return self._error(Rule.BAD_STORE, message, hint)

    def _error(self, rule: Rule, message: str, hint: str | None) -> RunError:
        return RunError.of(
            rule, message, path=("store",), origin=origin_of_text(self.shown), hint=hint
        )


def _names(identity: RunIdentity) -> dict[str, Any]:
    """The columns that identify a run, with their values."""
    return {name: plain_text(value) for name, value in identity._asdict().items()}
