"""``runsettings``: the commands, each loaded when it is called.

Starting the command line must not cost what its commands cost: the help of one does not import
the models, and ``runsettings check`` does not import what lists runs.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any, Final

import click

from runsettings import __version__
from runsettings.values.diagnostic import RunsettingsError

_COMMANDS: Final = {
    "show": ("settings_commands", "The settings that count here and now."),
    "explain": ("settings_commands", "Why settings are what they are: who set them, who lost."),
    "get": ("settings_commands", "One setting's value."),
    "set": ("settings_commands", "Write a setting to a file, after checking it."),
    "unset": ("settings_commands", "Take a setting out of a file."),
    "check": ("check_commands", "Check settings and config files without starting a run."),
    "schema": ("check_commands", "The JSON Schema of settings, a model or a parser."),
    "lock": ("check_commands", "Write the resolved settings to a lock file."),
    "runs": ("run_commands", "List, show, compare, tag and remove local runs."),
}
"""Each command's module in this room, and its line in the overview."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of the table."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now, or ``None`` for a name that is none."""
        if cmd_name not in _COMMANDS:
            return None
        if ctx.resilient_parsing and not ctx.protected_args and ctx.info_name is None:
            return None
        module = importlib.import_module(f"runsettings.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The overview, without importing any command."""
        rows = [(name, line) for name, (_, line) in _COMMANDS.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a suggestion for a misspelt name."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from runsettings.resolution.suggest import did_you_mean  # loads pydantic's models

            hint = did_you_mean(args[0], _COMMANDS)
            if hint is not None:
                error.message += f" — {hint}"
            raise


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="runsettings")
def cli() -> None:
    """Settle the settings of a training run, and see where each came from."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 for success, 1 for problems, 2 for wrong usage."""
    status: Any
    try:
        status = cli.main(arguments, prog_name="runsettings", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = 2
    except click.Abort:
        click.echo("aborted", err=True)
        status = 130
    except RunsettingsError as error:
        click.echo(str(error), err=True)
        status = 1
    except BrokenPipeError:
        # Whoever read our output has seen enough (`runsettings show | head`).
        sys.stderr.close()
        status = 0
    sys.exit(status if isinstance(status, int) else 0)
