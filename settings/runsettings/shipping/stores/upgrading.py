"""What the owner of a store's tables does: makes and upgrades them with alembic, and pins keys."""

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
    """The steps, as alembic reads them."""
    return ScriptDirectory(str(Path(__file__).with_name("migrations")))


def upgrade(connection: Connection) -> None:
    """Do the steps that a database lacks.

    Args:
        connection: A connection in a transaction that has the lock for this.
    """
    script = steps()

    def missing(current: Any, _: MigrationContext) -> Any:
        return script._upgrade_revs("head", current)

    options = {"version_table": version.name, "fn": missing}
    context = MigrationContext.configure(connection, opts=options)
    with Operations.context(context):
        context.run_migrations()


def pin(connection: Connection, key: str, *, remove: bool = False) -> None:
    """Make the indices of a key of PostgreSQL, so that filters of it do not read all runs.

    Args:
        connection: A connection in a transaction.
        key: The key: ``config.lr``.
        remove: Whether the indices are removed.
    """
    section, _, name = key.partition(".")
    column = runs.to_metadata(MetaData()).c[section]
    found = PostgresValue(column, [name] if section == "summary" else name.split("."))
    prefix = f"runsettings_pin_{blake2b(key.encode(), digest_size=8).hexdigest()}"
    ops = {"value": "jsonb_path_ops"}
    by_order = Index(f"{prefix}_order", Grouping(found.number))
    # By equality, also of the elements of lists.
    value = found.value.label("value")
    by_value = Index(f"{prefix}_value", value, postgresql_using="gin", postgresql_ops=ops)
    for index in (by_order, by_value):
        if remove:
            index.drop(connection, checkfirst=True)
        else:
            index.create(connection, checkfirst=True)
