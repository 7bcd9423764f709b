"""``runsettings store``: what the owner of a store does."""

from __future__ import annotations

import click

from runsettings.cli.runs.store_addresses import complete_stores, store_address
from runsettings.shipping.addresses import shown
from runsettings.values.rendering import printable


@click.group("store")
def store_command() -> None:
    """Make or upgrade the tables of a store."""


@store_command.command("upgrade")
@click.option(
    "--to",
    metavar="URL",
    shell_complete=complete_stores,
    help="The store; by default the setting store (WANDB_STORE). A password in it is refused.",
)
def upgrade_command(to: str | None) -> None:
    """Make the tables of a store, or bring those of an earlier version to this one.

    Needs a role that may make and change tables. `sync` and `init` make tables, but change none.
    """
    url = store_address(to, "--to")
    from runsettings.shipping.stores.opening import open_store  # sqlalchemy: no error needs it

    with open_store(url, upgrading=True):
        click.echo(printable(f"{shown(url)} has the tables of this version"))
