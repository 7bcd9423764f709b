"""``runsettings``: the commands, each loaded when it is called.

Starting the command line must not cost what its commands cost: the help of one does not import
the models, and ``runsettings check`` does not import what lists runs.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final, TextIO

import click
from click.shell_completion import CompletionItem

from runsettings._version import __version__
from runsettings.cli.printing import STATUS, colour_wanted
from runsettings.values.errors import RunsettingsError, SettingsWarning

_COMMANDS: Final = {
    "show": ("settings.commands", "The settings that count here and now."),
    "explain": ("settings.commands", "Why settings are what they are: who set them, who lost."),
    "get": ("settings.commands", "One setting's value."),
    "set": ("settings.commands", "Write a setting to a file, after checking it."),
    "unset": ("settings.commands", "Take a setting out of a file."),
    "check": ("checks.commands", "Check settings and config files without starting a run."),
    "schema": ("checks.commands", "The JSON Schema of settings, a model or a parser."),
    "lock": ("checks.commands", "Write the resolved settings to a lock file."),
    "runs": ("runs.commands", "List, show, compare, tag and remove local runs."),
    "completion": ("settings.completion", "The script that teaches a shell our commands."),
}
"""Each command's module in this room, and its line in the overview."""

_INTERRUPTED: Final = 130
"""The exit status of an interrupted command, as shells report it."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of the table."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now, or ``None`` for a name that is none."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"runsettings.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The overview, without importing any command."""
        rows = [(name, line) for name, (_, line) in _COMMANDS.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands' names, without importing any, and this group's own options."""
        names = [
            CompletionItem(name, help=line)
            for name, (_, line) in _COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a suggestion for a misspelt name."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from runsettings.values.did_you_mean import did_you_mean  # difflib, for slips alone

            hint = did_you_mean(args[0], _COMMANDS)
            if hint is None:
                raise
            message = f"there is no command {args[0]!r} — {hint}"
            raise click.UsageError(message, error.ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """As click does, but a reader that has seen enough is no failure."""
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:  # it is, where it was closed before we started
                sys.stdout.flush()
        except BrokenPipeError:
            _drop_output()
            ctx.exit(ctx.meta.get(STATUS, 0))
        return result

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = "runsettings",
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command; in ``standalone_mode``, tell what is wrong as text and exit."""

        def run() -> Any:
            return super(LazyGroup, self).main(
                args, prog_name, complete_var, standalone_mode=False, **extra
            )

        if not standalone_mode:
            return run()
        sys.exit(_status_of(run))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="runsettings")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Settle the settings of a training run, and see where each came from."""
    ctx.color = colour_wanted()


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 for success, 1 for problems, 2 for wrong usage."""
    cli.main(arguments)


def _status_of(run: Callable[[], Any]) -> int:
    """The exit status of a command, whose problems are told on the standard error."""
    with warnings.catch_warnings():
        # Whatever filters this process started with, a person at a terminal wants to know.
        warnings.simplefilter("always", SettingsWarning)
        warnings.showwarning = _show_warning
        try:
            status = run()
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except click.Abort:
            click.echo("aborted", err=True)
            return _INTERRUPTED
        except RunsettingsError as error:
            _show_report(str(error), "red")
            return 1
        except OSError as error:
            _show_report(f"error: {_told(error)}", "red")
            return 1
    return status if isinstance(status, int) else 0


def _told(error: OSError) -> str:
    """The error's text, or what it comes from where its text would not help."""
    if isinstance(error, FileNotFoundError) and error.filename is None:
        try:
            os.getcwd()  # noqa: PTH109 - the question itself
        except FileNotFoundError:
            return "the current directory is gone; change to one that is there"
    return str(error)


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Our warnings as they are written, for people; others as Python shows them."""
    if issubclass(category, SettingsWarning):
        _show_report(str(message), "yellow")
        return
    text = warnings.formatwarning(message, category, filename, lineno, line)
    (file or sys.stderr).write(text)


def _show_report(text: str, colour: str) -> None:
    heading, newline, rest = text.partition("\n")
    heading = click.style(heading, fg=colour, bold=True)
    click.echo(f"{heading}{newline}{rest}", err=True, color=colour_wanted())


def _drop_output() -> None:
    """Let what is still to be written go nowhere, or the interpreter complains at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError, AttributeError):
            continue  # closed, or not a file: there is nothing to complain about
    os.close(nowhere)
