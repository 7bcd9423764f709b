"""Makes the tables of a store, and brings those of an earlier version to this one, with alembic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from runsettings.shipping.stores.tables import version


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
