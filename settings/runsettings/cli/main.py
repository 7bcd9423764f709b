"""``runsettings``: the table of commands, exit statuses, and the printing of errors."""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final, TextIO

import click

from runsettings._version import __version__
from runsettings.cli.error_masking import error_mask
from runsettings.cli.lazy_group import LazyGroup
from runsettings.cli.printing import STATUS, colour_wanted, print_report
from runsettings.values.errors import RunsettingsError, SettingsWarning

_COMMANDS: Final = {
    "show": ("settings.commands", "The resolved settings of this directory and environment."),
    "explain": ("settings.commands", "Where settings come from: the winners and the losers."),
    "get": ("settings.commands", "One setting's value."),
    "places": ("settings.places", "Where settings are looked for, and what was found there."),
    "set": ("settings.commands", "Write a setting to a file, after checking it."),
    "unset": ("settings.commands", "Remove a setting from a file."),
    "check": ("checks.commands", "Check settings and config files without starting a run."),
    "schema": ("checks.schema_command", "The JSON Schema of settings, a model or a parser."),
    "lock": ("checks.commands", "Write the resolved settings to a lock file."),
    "runs": ("runs.commands", "List, show, compare, tag and remove local runs."),
    "sync": ("runs.sync_command", "Ship runs to a store."),
    "ui": ("runs.ui_command", "Show runs in a browser."),
    "store": ("runs.store_command", "Create or upgrade the tables of a store."),
    "completion": ("settings.completion", "The script for completion in a shell."),
}
"""Each command's module in this room, and its line in the help."""

_INTERRUPTED: Final = 130
"""The exit status of an interrupted command, as shells report it."""

_MISPLACED: Final = ("Got unexpected extra argument", "No such command", "there is no command")
"""How errors about arguments begin that no command expects."""


class Program(LazyGroup):
    """The whole command line, with its exit statuses and its handling of errors."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command as click does, but ignore a closed pipe (``| head``)."""
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:  # it is None if it was closed before the start
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
        """Run a command; in ``standalone_mode``, print errors as text and exit.

        Args:
            args: The arguments; the process's own if left out.
            prog_name: The program's name in help and errors.
            complete_var: The variable that asks for completion; click's default if left out.
            standalone_mode: Whether to exit; else the command's result is returned.
            **extra: Further arguments of click's context.
        """
        arguments = sys.argv[1:] if args is None else list(args)

        def run() -> Any:
            return super(Program, self).main(
                arguments,
                prog_name,
                complete_var,
                standalone_mode=False,
                **{"obj": arguments, **extra},
            )

        if not standalone_mode:
            return run()
        sys.exit(_status_of(run, arguments))


@click.group(cls=Program, table=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="runsettings")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Show, explain, check and edit the settings of training runs, and list local runs."""
    ctx.color = colour_wanted()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A character that the terminal's encoding lacks must not end a command.
        sys.stdout.reconfigure(errors="backslashreplace")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 for success, 1 for problems, 2 for wrong usage."""
    cli.main(arguments)


def _status_of(run: Callable[[], Any], arguments: Sequence[str]) -> int:
    """Run a command, print its error if it has one, and return the exit status."""
    with warnings.catch_warnings():
        # Show these warnings under any warning filters of the process.
        warnings.simplefilter("always", SettingsWarning)
        warnings.showwarning = _show_warning
        try:
            status = run()
        except click.ClickException as error:
            shown = io.StringIO()
            error.show(shown)
            misplaced = str(error.message).startswith(_MISPLACED)
            text = error_mask(arguments, misplaced=misplaced).message(shown.getvalue())
            click.echo(text, nl=False, err=True)
            return error.exit_code
        except click.Abort:
            click.echo("aborted", err=True)
            return _INTERRUPTED
        except RunsettingsError as error:
            print_report(error_mask(arguments).message(str(error)), "red", err=True)
            return 1
        except OSError as error:
            text = error_mask(arguments).message(f"error: {_described(error)}")
            print_report(text, "red", err=True)
            return 1
    return status if isinstance(status, int) else 0


def _described(error: OSError) -> str:
    """The error's text, or an explanation if the working directory was deleted."""
    if isinstance(error, FileNotFoundError) and error.filename is None:
        try:
            os.getcwd()  # noqa: PTH109 - raises for a deleted directory; `Path.cwd` calls it too
        except FileNotFoundError:
            return "the current directory was deleted; change to one that exists"
    if error.filename is None or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}"


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print our warnings as plain text, and others as Python does."""
    if issubclass(category, SettingsWarning):
        print_report(str(message), "yellow", err=True)
        return
    text = warnings.formatwarning(message, category, filename, lineno, line)
    (file or sys.stderr).write(text)


def _drop_output() -> None:
    """Discard buffered output, so that the interpreter does not complain when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError, AttributeError):
            continue  # closed, or not a file: nothing is buffered for it
    os.close(nowhere)
