"""The options that name a store. Importing it does not load SQLAlchemy."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

import click
from click.shell_completion import CompletionItem

from runsettings.cli.completing import offered
from runsettings.recorded.sources import SETTING, setting_store
from runsettings.shipping.addresses import Server, check_packages, may_have_password, shown
from runsettings.values.origin import Layer, Origin, PlacedText

WANDB = "wandb"
"""The argument that selects W&B, with the login that `init` uses."""


def destination_address(given: str | None) -> str:
    """Return the address that runs are shipped to; by default, the one that `init` uses.

    Args:
        given: The argument of the option ``--to``: as for `store_address`, or `WANDB`.

    Returns:
        The address.

    Raises:
        click.BadParameter: As for `store_address`, or the site settings lock another store.
        click.UsageError: There is neither a store nor a login.
        RunError: A package is missing.
        SettingsError: The settings have errors.
    """
    url = None if given in (None, WANDB) else store_address(given, "--to")
    from runsettings.models.settings import Settings  # pydantic: other commands need no models
    from runsettings.runs.starting.login import find_login  # pydantic

    settings = Settings.resolve()
    own = setting_store(settings)
    if given is not None and "store" in settings.locked and url != own:
        place = settings.origin("store").place
        raise click.BadParameter(
            f"the store is locked by {place}; leave --to out", param_hint="--to"
        )
    if url is not None:
        return url
    login = find_login(settings, os.environ)
    if given is None and own is not None:
        url = own
    elif login.key is not None:
        url = Server(settings.base_url, login.key).address
    else:
        missing = f"no API key for {settings.base_url} was found; set WANDB_API_KEY"
        if given is None:
            missing = f"there is no store: give --to, or set WANDB_STORE; and {missing}"
        raise click.UsageError(missing)
    check_packages(url)
    return url


_SQLITE: Final = "sqlite:///"
_KINDS: Final = (
    (SETTING, "the setting store (WANDB_STORE)"),
    (_SQLITE, "a SQLite file"),
    ("postgresql://", "a PostgreSQL database"),
)
_ENDINGS: Final = (".db", ".sqlite", ".sqlite3")


def complete_stores(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer the kinds of addresses, and SQLite files; click calls it to complete a store."""
    del ctx, param
    files: list[str] = []
    if incomplete.startswith(_SQLITE):
        folder = incomplete.removeprefix(_SQLITE).rpartition("/")[:2]
        above = "".join(folder)  # with the slash at its end
        with contextlib.suppress(OSError):
            files = [
                f"{_SQLITE}{above}{entry.name}{'/' * entry.is_dir()}"
                for entry in sorted(Path(above).iterdir())
                if entry.is_dir() or entry.suffix in _ENDINGS
            ]
    return offered([*_KINDS, *files], incomplete)


def complete_destinations(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer the completions of `complete_stores`, and `WANDB`."""
    return [*complete_stores(ctx, param, incomplete), *offered([(WANDB, "W&B")], incomplete)]


def store_address(given: str | None, option: str) -> str:
    """Return the address of a store, from an option or from the setting ``store``.

    Args:
        given: The argument of the option: an address, `SETTING`, or ``None`` if it is not given.
        option: The name of the option, for errors.

    Returns:
        The address, as a `PlacedText`.

    Raises:
        click.BadParameter: The address has a password, or may have one.
        click.UsageError: There is no address.
        RunError: A package is missing.
        SettingsError: The settings have errors, so that the store is unknown.
    """
    if given is not None and given != SETTING:
        if may_have_password(given):
            raise click.BadParameter(
                f"{shown(given)} has a password, or no form that tells. Other users can see the "
                "arguments of a command: write sqlite:///runs.db or "
                "postgresql://user@host/database, and put the password into ~/.pgpass or "
                "PGPASSWORD, or the whole address into WANDB_STORE or a settings file",
                param_hint=option,
            )
        given = PlacedText(given, Origin(Layer.FLAG, f"{option} {given}"))
        check_packages(given)
        return given
    url = setting_store()
    if url is None:
        raise click.UsageError(f"there is no store: give {option}, or set WANDB_STORE")
    check_packages(url)
    return url
