"""Creates and upgrades the tables of a store with alembic, and pins keys."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Index, MetaData
from sqlalchemy.sql.elements import Grouping

from runsettings.shipping.stores.queries.json_values import PostgresValue
from runsettings.shipping.stores.tables import runs, version


def steps() -> ScriptDirectory:
    """The migrations, as alembic reads them."""
    return ScriptDirectory(str(Path(__file__).with_name("migrations")))


def upgrade(connection: Connection) -> None:
    """Run the migrations that a database does not have yet.

    Args:
        connection: A connection in a transaction that holds the lock for migrations.
    """
    script = steps()

    def missing(current: Any, _: MigrationContext) -> Any:
        return script._upgrade_revs("head", current)

    options = {"version_table": version.name, "fn": missing}
    context = MigrationContext.configure(connection, opts=options)
    with Operations.context(context):
        context.run_migrations()


def pin(connection: Connection, key: str, *, remove: bool = False) -> None:
    """Create indexes for a key in PostgreSQL, so that filters on it do not read all runs.

    Args:
        connection: A connection in a transaction.
        key: The key, such as ``config.lr``.
        remove: Whether to remove the indexes instead.
    """
    section, _, name = key.partition(".")
    column = runs.to_metadata(MetaData()).c[section]
    found = PostgresValue(column, [name] if section == "summary" else name.split("."))
    prefix = f"runsettings_pin_{blake2b(key.encode(), digest_size=8).hexdigest()}"
    ops = {"value": "jsonb_path_ops"}
    by_order = Index(f"{prefix}_order", Grouping(found.number))
    # For equality, also with the elements of lists.
    value = found.value.label("value")
    by_value = Index(f"{prefix}_value", value, postgresql_using="gin", postgresql_ops=ops)
    for index in (by_order, by_value):
        if remove:
            index.drop(connection, checkfirst=True)
        else:
            index.create(connection, checkfirst=True)
