"""Completes KEY and VALUE for the commands about settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

import runsettings
from runsettings.cli.completing import offered
from runsettings.cli.program import Program
from runsettings.values.errors import SettingsError
from runsettings.values.key_paths import format_path

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from runsettings.resolution.options import OptionTable


def complete_keys(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer keys with the first line of their descriptions; click calls it to complete KEY."""
    del param
    options = _options(ctx)
    if options is None:
        return []
    keys = [
        (format_path(option.path), (option.info.description or "").partition("\n")[0])
        for option in options.leaves()
    ]
    return offered(keys, incomplete.replace("-", "_"))


def complete_values(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer the values of a key with a fixed set; click calls it to complete VALUE."""
    del param
    options, key = _options(ctx), ctx.params.get("key", "")
    path = tuple(key.replace("-", "_").split("."))
    option = None if options is None else options.find(path)
    if option is None:
        return []
    choices = [str(choice) for choice in option.choices]
    if not choices and option.info.annotation in (bool, bool | None):
        choices = ["true", "false"]
    return offered(choices, incomplete)


def _options(ctx: click.Context) -> OptionTable | None:
    """The options of the model; ``None`` after an error, because completion cannot show errors."""
    try:
        return runsettings.options(Program.of(ctx.params).settings_class)
    except (click.BadParameter, SettingsError):
        return None
