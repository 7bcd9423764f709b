"""A group of commands that imports a command only when it is used."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem

from runsettings.values.did_you_mean import did_you_mean


class LazyGroup(click.Group):
    """A group whose help and completion import none of its commands.

    Args:
        table: Each command's module, relative to `runsettings.cli`, and its line in the help.
            The module has the command as ``NAME_command``.
    """

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands' names, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command; ``None`` for an unknown name."""
        if cmd_name not in self.table:
            return None
        module = importlib.import_module(f"runsettings.cli.{self.table[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands' names and lines."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.table.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands' names and lines, and this group's own options."""
        names = [
            CompletionItem(name, help=line)
            for name, (_, line) in self.table.items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command as click does, and say which commands there are.

        Args:
            ctx: The context of the group.
            args: The command's name and its arguments.

        Raises:
            click.UsageError: There is no such command.
        """
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            hint = did_you_mean(args[0], self.table) or self._in_group(ctx, args[0])
            hint = hint or f"the commands are {', '.join(self.table)}"
            message = f"there is no command {args[0]!r} — {hint}"
            raise click.UsageError(message, error.ctx) from None

    def _in_group(self, ctx: click.Context, name: str) -> str | None:
        """The hint for a command that a group among the commands has."""
        for group in self.table:
            command = self.get_command(ctx, group)
            if isinstance(command, click.Group) and name in command.list_commands(ctx):
                return f"did you mean '{group} {name}'?"
        return None
