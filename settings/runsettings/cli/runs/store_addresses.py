"""The options that name a store. Importing it does not load SQLAlchemy."""

from __future__ import annotations

import click

from runsettings.recorded.sources import SETTING, setting_store
from runsettings.shipping.addresses import check_packages, has_password


def store_address(given: str | None, option: str) -> str:
    """The address of a store, from an option or from the setting ``store``.

    Args:
        given: The argument of the option: an address, `SETTING`, or ``None`` if it is not given.
        option: The option, for errors.

    Raises:
        click.BadParameter: The address has a password.
        click.UsageError: There is no address.
        RunError: A package is missing.
        SettingsError: The settings have errors, so that the store is unknown.
    """
    if given is not None and given != SETTING:
        if has_password(given):
            raise click.BadParameter(
                "other users can see the arguments of a command: leave the password out, and put "
                "it into ~/.pgpass or PGPASSWORD, or the whole address into WANDB_STORE or a "
                "settings file",
                param_hint=option,
            )
        check_packages(given)
        return given
    url = setting_store()
    if url is None:
        raise click.UsageError(f"there is no store: give {option}, or set WANDB_STORE")
    check_packages(url)
    return url
