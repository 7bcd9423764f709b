"""``runsettings store``: the commands for the owner of a store."""

from __future__ import annotations

from typing import Final

import click

from runsettings.cli.lazy_group import LazyGroup
from runsettings.cli.runs.store_addresses import complete_stores, store_address
from runsettings.journal.query.keys import SECTIONS
from runsettings.shipping.addresses import is_postgres, shown
from runsettings.values.rendering import printable

_COMMANDS: Final = {
    "upgrade": ("runs.store_command", "Create or upgrade the tables."),
    "pin": ("runs.store_command", "Create indexes for keys that are often filtered."),
}


@click.group("store", cls=LazyGroup, table=_COMMANDS)
def store_command() -> None:
    """Create or upgrade the tables of a store, and pin keys."""


@click.command("upgrade")
@click.option(
    "--to",
    metavar="URL",
    shell_complete=complete_stores,
    help="The store; by default the setting store (WANDB_STORE). A password in it is refused.",
)
def upgrade_command(to: str | None) -> None:
    """Create the tables of a store, or upgrade those of an earlier version.

    Needs a role that may create and alter tables. `sync` and `init` create tables, but alter none.
    """
    url = store_address(to, "--to")
    from runsettings.shipping.stores.opening import open_store  # sqlalchemy: errors do not need it

    with open_store(url, upgrading=True):
        click.echo(printable(f"{shown(url)} has the tables of this version"))


@click.command("pin")
@click.argument("keys", metavar="KEY…", nargs=-1, required=True)
@click.option(
    "--to",
    metavar="URL",
    help="The store; by default the setting store (WANDB_STORE). A password in it is refused.",
)
@click.option("--remove", is_flag=True, help="Remove the indexes of the keys.")
def pin_command(keys: tuple[str, ...], to: str | None, remove: bool) -> None:
    """Create indexes for keys that are often filtered: config.KEY, summary.KEY, metadata.KEY.

    Needs PostgreSQL, and the role that owns the tables.
    """
    for key in keys:
        section, dot, name = key.partition(".")
        if section not in SECTIONS or not dot or not name:
            raise click.BadParameter(f"'{key}' is none of config.KEY, summary.KEY, metadata.KEY")
    url = store_address(to, "--to")
    if not is_postgres(url):
        raise click.UsageError("only a store in PostgreSQL has keys to pin")
    from runsettings.shipping.stores.opening import open_store  # sqlalchemy: errors do not need it

    with open_store(url) as store:
        for key in keys:
            store.pin(key, remove=remove)
            click.echo(printable(f"{key} is {'not pinned any more' if remove else 'pinned'}"))
