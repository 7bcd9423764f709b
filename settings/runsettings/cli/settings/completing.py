"""What the shell offers for a KEY and a VALUE."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

import runsettings
from runsettings.cli.importing import model_of
from runsettings.values.tree import format_path

if TYPE_CHECKING:
    from runsettings.models.layered import LayeredSettings


def complete_keys(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The keys that begin with what is typed, each with the first line of its description."""
    del param
    model = _model(ctx)
    if model is None:
        return []
    return [
        CompletionItem(name, help=_first_line(option.info.description))
        for option in runsettings.options(model).leaves()
        if (name := format_path(option.path)).startswith(incomplete.replace("-", "_"))
    ]


def complete_values(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The values that the key may have, where there is a fixed set."""
    del param
    model = _model(ctx)
    key = ctx.params.get("key")
    if model is None or not isinstance(key, str):
        return []
    option = runsettings.options(model).find(tuple(key.replace("-", "_").split(".")))
    if option is None:
        return []
    choices = [str(choice) for choice in option.choices]
    if not choices and option.info.annotation in (bool, bool | None):
        choices = ["true", "false"]
    return [CompletionItem(choice) for choice in choices if choice.startswith(incomplete)]


def _model(ctx: click.Context) -> type[LayeredSettings] | None:
    try:
        return model_of(ctx.params.get("model"))
    except click.BadParameter:
        return None  # in the middle of a line there is nobody to tell


def _first_line(description: str | None) -> str | None:
    return None if description is None else description.split("\n", 1)[0]
