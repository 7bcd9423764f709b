"""Creates the SQLAlchemy engine of a store, with the transactions that each database needs."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event

from runsettings.journal.query.groups import mean
from runsettings.journal.writer import encode

_LOCK_TIMEOUT: Final = 60
"""The number of seconds to wait while another process writes to a SQLite file."""

_CONNECT_OPTIONS: Final = {"connect_timeout": "10", "tcp_user_timeout": "60000"}
"""Options for PostgreSQL's client that the address can override, in seconds and milliseconds."""

_HINTS: Final = (
    (
        ("password", "authentication", "role"),
        "check the user in the address, and the password in ~/.pgpass, PGPASSWORD or the address",
    ),
    (("certificate", "ssl"), "check sslmode, sslrootcert and sslcert in the address"),
    (
        ("permission denied for schema",),
        "the owner of the tables makes them once, with: runsettings store upgrade",
    ),
    (
        ("permission denied",),
        "the owner of the tables grants the role SELECT, INSERT, UPDATE and DELETE on them",
    ),
    (("host name", "resolve host"), "check the host in the address"),
    (('database "',), "check the database in the address, or make it with: createdb"),
    (
        ("unable to open", "readonly", "not a database", "malformed"),
        "name another file, or one that may be written",
    ),
    (("locked",), "another process writes to the file: try again"),
    (("full", "no space"), "make room on the disk of the store"),
)
"""Lower-case words in a database's error, and the hint for them. The first match is used."""

_UNREACHABLE_HINT: Final = "check that the server runs and can be reached at this address"


def next_step(message: str, *, reached: bool) -> str | None:
    """Return the hint for an error of a database.

    Args:
        message: The error.
        reached: Whether the database answered.

    Returns:
        The hint; ``None`` if the error itself has to say enough.
    """
    lower = message.lower()
    found = (step for words, step in _HINTS if any(word in lower for word in words))
    return next(found, None if reached else _UNREACHABLE_HINT)


def make_engine(url: URL, *, writable: bool) -> Engine:
    """Create the engine for an address.

    Args:
        url: The address.
        writable: Whether the transactions write.

    Returns:
        The engine.
    """
    if url.get_backend_name() == "postgresql":
        given = {name: value for name, value in _CONNECT_OPTIONS.items() if name not in url.query}
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args=given,
            pool_size=1,
            hide_parameters=True,
        )
        from runsettings.shipping.stores import binary_arrays  # psycopg: SQLite does not need it

        event.listen(engine, "connect", lambda connection, _: binary_arrays.register(connection))
        event.listen(engine, "connect", _set_planner)
        return engine
    engine = create_engine(
        url, connect_args={"timeout": _LOCK_TIMEOUT}, hide_parameters=True, json_serializer=_json
    )

    # By default, the driver begins a transaction only before the first write, after the reads.
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.create_aggregate("runsettings_mean", 1, _Mean)
        connection.create_aggregate("bit_or", 1, _BitOr)

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writable else "BEGIN")

    return engine


class _Mean:
    """The mean of some numbers for SQLite, whose own loses digits."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def step(self, value: float | None) -> None:
        """Add a number; NULL is none."""
        if value is not None:
            self.values.append(value)

    def finalize(self) -> float | None:
        """The mean; NULL without numbers."""
        return mean(self.values) if self.values else None


class _BitOr:
    """PostgreSQL's ``bit_or`` for SQLite."""

    def __init__(self) -> None:
        self.value: int | None = None

    def step(self, value: int | None) -> None:
        """Add the bits of an integer; NULL has none."""
        if value is not None:
            self.value = (self.value or 0) | value

    def finalize(self) -> int | None:
        """All bits; NULL without integers."""
        return self.value


_PLANNER: Final = {"jit": "off", "parallel_setup_cost": "100", "parallel_tuple_cost": "0.01"}
"""Settings of PostgreSQL that suit our questions, which read a few wide columns of many runs.

Its compiler takes longer than what it compiles. Its workers share the reading; by default it counts
the rows that they hand over as ten times as dear as reading them.
"""


def _set_planner(connection: Any, _: Any) -> None:
    """Give a connection the settings of `_PLANNER` that its server has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(name, value, false)"
            " FROM pg_settings JOIN jsonb_each_text(%s) AS ours (key, value) ON name = key",
            [_json(_PLANNER)],
        )
    connection.commit()


def _json(value: Any) -> str:
    return encode(value).decode()
