"""The tables of a store, version 2, for SQLite and PostgreSQL.

Their names begin with ``runsettings_``, because a database may have tables of other programs.
JSON columns for filters have copies in which NaN and infinities are texts, because a database's
JSON type cannot represent them. The text columns beside them have the exact values of the journal.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Dialect,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    insert,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from runsettings.journal.query.keys import SECTIONS
from runsettings.shipping.stores.rows import filterable

VERSION: Final = "2"


class _Numbers(TypeDecorator[Any]):
    """An `array.array`: an array in PostgreSQL, and its bytes in SQLite, little-endian."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, code: Literal["q", "d"]) -> None:
        super().__init__()
        self.code = code

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return ARRAY(BigInteger() if self.code == "q" else Double())
        return LargeBinary()

    def process_bind_param(self, value: array[Any] | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        return value.tolist() if dialect.name == "postgresql" else _swapped(value).tobytes()

    def process_result_value(self, value: Any, dialect: Dialect) -> array[Any] | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            return array(self.code, value)
        found = array(self.code)
        found.frombytes(value)
        return _swapped(found)


def _swapped(numbers: array[Any]) -> array[Any]:
    """The numbers in little-endian order, the order of nearly all machines."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers


_BIG: Final = BigInteger().with_variant(Integer(), "sqlite")  # an alias of the row id there


class _Filterable(TypeDecorator[Any]):
    """JSON that the database filters, as `rows.filterable` makes it."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return JSONB() if dialect.name == "postgresql" else JSON()

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return filterable(value, exact=dialect.name == "postgresql")


metadata: Final = MetaData()

version: Final = Table(
    "runsettings_version",
    metadata,
    # This is alembic's own version table, which later migrations use.
    Column("version_num", String(32), primary_key=True),
)

runs: Final = Table(
    "runsettings_runs",
    metadata,
    Column("key", _BIG, Identity(), primary_key=True),
    Column("project", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("generation", String(16), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("tail", String(32), nullable=False),
    Column("removed", Double),
    Column("created", Double),
    Column("state", Text),
    Column("promised", Double, doc="When the next check-in comes at the latest."),
    Column("attributes", _Filterable, doc="All others, as `query.keys` has them."),
    Column("config", _Filterable),
    Column("summary", _Filterable),
    Column("metadata", _Filterable),
    Column("record", Text, doc="The run as JSON, without the sections and the details."),
    Column("details", Text, doc="The rest: settings, origins, files, packages."),
    *(Column(f"{name}_text", Text, doc=f"The exact {name}, as JSON.") for name in SECTIONS),
    Index("runsettings_runs_key", "project", "id", "generation", unique=True),
    Index("runsettings_runs_created", "created"),
)
# Most questions are answered with one reading of the runs and one of this index, which has all
# that decides which run of an id is the latest.
Index(
    "runsettings_runs_latest",
    *(runs.c[name] for name in ("project", "id", "created", "key")),
    postgresql_where=runs.c.removed.is_(None),
    sqlite_where=runs.c.removed.is_(None),
)


def _run() -> Column[Any]:
    """The column of the run that a row belongs to."""
    key = ForeignKey(runs.c.key, ondelete="CASCADE")
    return Column("run", _BIG, key, primary_key=True, autoincrement=False)


series: Final = Table(
    "runsettings_series",
    metadata,
    _run(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, doc="The dotted key, escaped as in a JSON string."),
)

chunks: Final = Table(
    "runsettings_chunks",
    metadata,
    _run(),
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
    Column("first_step", BigInteger, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("minimum", Double),
    Column("maximum", Double),
    Column("last", Double),  # SQLite has no NaN, and stores it as NULL
    Column("mean", Double),
    Column("known", Integer, nullable=False, doc="How many values are not NaN."),
    Column("whole", Boolean, nullable=False, doc="Whether all values were integers."),
    Column("steps", _Numbers("q"), nullable=False),
    Column("times", _Numbers("d"), nullable=False),
    Column("values", _Numbers("d"), nullable=False),
)

files: Final = Table(
    "runsettings_files",
    metadata,
    _run(),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("path", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary, doc="A part of the file; NULL if it was not shipped."),
)
"""The latest version of each saved file. `position` is the byte offset of its journal record."""

events: Final = Table(
    "runsettings_events",
    metadata,
    _run(),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("time", Double),
    Column("text", Text, nullable=False),
)


def insert_new_run(connection: Connection, names: Mapping[str, Any]) -> None:
    """Insert a run, unless another process has just inserted it.

    Args:
        connection: A connection in a transaction.
        names: The columns that identify the run, with their values.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = {"position": 0, "tail": "", **names}
    connection.execute(dialect.insert(runs).values(values).on_conflict_do_nothing())


def insert_rows(connection: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows; PostgreSQL gets them with COPY.

    Args:
        connection: A connection in a transaction.
        table: The table.
        rows: The rows, each with a value for every column of the table.
    """
    if not rows:
        return
    names = [column.name for column in table.columns]
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        return
    columns = ", ".join(map(connection.dialect.identifier_preparer.quote, names))
    statement = f"COPY {table.name} ({columns}) FROM STDIN (FORMAT BINARY)"
    types = [column.type.compile(dialect=connection.dialect) for column in table.columns]
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        # ``bigint``, ``double precision[]``: without the length of a VARCHAR
        copy.set_types([name.lower().partition("(")[0] for name in types])
        for row in rows:
            copy.write_row(row)
