"""Makes the connections of a store, and begins the transactions as each database needs it."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event

from runsettings.journal.writer import encode

_PATIENCE: Final = 60
"""Seconds to wait for another process that writes to a SQLite file."""

_CONNECT: Final = {"connect_timeout": "10", "tcp_user_timeout": "60000"}
"""What PostgreSQL's client gets unless the address has it: seconds, and milliseconds."""

_STEPS: Final = (
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
    (("translate host name",), "check the host in the address"),
    (('database "',), "check the database in the address, or make it with: createdb"),
    (
        ("unable to open", "readonly", "not a database", "malformed"),
        "name another file, or one that may be written",
    ),
    (("locked",), "another process writes to the file: try again"),
    (("full", "no space"), "make room on the disk of the store"),
)
"""Words of a database's errors in lower case, and what to do about them; the first that fits."""

_LATER: Final = (
    "check that the server runs and can be reached at the address in the setting store or in --to"
)


def next_step(message: str, *, reached: bool) -> str:
    """What to do about an error of a database.

    Args:
        message: The error.
        reached: Whether the database answered.
    """
    lower = message.lower()
    found = (step for words, step in _STEPS if any(word in lower for word in words))
    rest = "what was recorded is kept, and can be shipped later: runsettings sync --all"
    return "; ".join(filter(None, (next(found, None if reached else _LATER), rest)))


def make_engine(url: URL, *, writable: bool) -> Engine:
    """The engine for an address.

    Args:
        url: The address.
        writable: Whether its transactions write.
    """
    if url.get_backend_name() == "postgresql":
        given = {name: value for name, value in _CONNECT.items() if name not in url.query}
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args=given,
            pool_size=1,
            hide_parameters=True,
        )
        from runsettings.shipping.stores import binary_arrays  # psycopg: SQLite does not need it

        event.listen(engine, "connect", lambda connection, _: binary_arrays.register(connection))
        return engine
    engine = create_engine(
        url, connect_args={"timeout": _PATIENCE}, hide_parameters=True, json_serializer=_json
    )

    # The driver would begin a transaction only before the first change, after the reading.
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writable else "BEGIN")

    return engine


def _json(value: Any) -> str:
    return encode(value).decode()
