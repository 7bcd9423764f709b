"""The options of ``set`` and ``unset`` that choose the file, and negative numbers as VALUE."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import click

from runsettings.values.origin import Layer

_Command = TypeVar("_Command", bound=Callable[..., Any])

_LAYERS: Final = (
    (Layer.PYPROJECT, "The table in the nearest pyproject.toml."),
    (Layer.WORKSPACE, "The file of this directory (the default)."),
    (Layer.USER, "Your own file, for all your work."),
)
"""The layers that can be written to, and the help of their options."""

_NEGATIVE: Final = re.compile(r"-(?:\.?\d|inf\Z|nan\Z)")
"""The beginning of a negative number. No option begins like this."""


def layer_options(command: _Command) -> _Command:
    """The options ``--user``, ``--workspace`` and ``--pyproject``, as the argument ``layer``.

    Its value is a `Layer`, by default WORKSPACE. Two of the options together are an error.
    """

    @functools.wraps(command)
    def with_layer(*args: Any, **given: Any) -> Any:
        chosen = [layer for layer, _ in _LAYERS if given.pop(layer.label)]
        if len(chosen) > 1:
            raise click.UsageError(f"--{chosen[0]} and --{chosen[1]} exclude each other")
        return command(*args, layer=chosen[0] if chosen else Layer.WORKSPACE, **given)

    wrapped: Any = with_layer
    for layer, help_ in _LAYERS:
        wrapped = click.option(f"--{layer.label}", layer.label, is_flag=True, help=help_)(wrapped)
    return cast("_Command", wrapped)


class SetCommand(click.Command):
    """A command whose VALUE may be a negative number, which click takes for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does, after moving negative numbers behind a ``--``.

        Args:
            ctx: The context of the command.
            args: The command's arguments.

        Raises:
            click.UsageError: An argument is not an option.
        """
        if "--" not in args:
            numbers = [arg for arg in args if _NEGATIVE.match(arg)]
            if numbers:
                args = [*(arg for arg in args if not _NEGATIVE.match(arg)), "--", *numbers]
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            message = f"{error.format_message()} Write '--' before a VALUE that begins with a dash."
            raise click.UsageError(message, ctx) from None
