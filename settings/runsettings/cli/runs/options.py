"""The options ``--dir`` and ``--store``, the argument RUN, and errors of queries."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runsettings.cli.completing import offered
from runsettings.cli.printing import note, progress
from runsettings.cli.runs.store_addresses import complete_stores, store_address
from runsettings.journal.query import finding
from runsettings.journal.query.errors import QueryError, RunNotFoundError
from runsettings.journal.query.keys import known_keys
from runsettings.journal.query.listing import Question
from runsettings.journal.replay import StoredRun
from runsettings.recorded.sources import (
    SETTING,
    DirectorySource,
    RunSource,
    settings_directory,
    store_source,
)
from runsettings.values.errors import RunsettingsError, SettingsError
from runsettings.values.rendering import printable

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_Command = TypeVar("_Command", bound=Callable[..., Any])

_MANY_JOURNALS = 1_000
"""The smallest number of journals to read for which a progress bar is shown."""

_PATIENCE = 2.0
"""The greatest number of seconds that completion waits for a store."""


def directory_option(command: _Command) -> _Command:
    """Add the option ``--dir``; the command gets its text, or ``None``, as ``root``.

    Args:
        command: The command.
    """
    return click.option(
        "--dir",
        "root",
        metavar="DIR",
        type=click.Path(),
        help="Where the runs are, as in init(dir=); by default as the settings say (WANDB_DIR).",
    )(command)


def runs_directory(root: str | None) -> Path:
    """Return the ``wandb`` directory of the option ``--dir``, or else of the settings.

    Args:
        root: The argument of ``--dir``, or ``None``.

    Raises:
        click.BadParameter: There is no such directory.
        SettingsError: The settings have errors, so that the directory is unknown.
    """
    if root is not None:
        with query_errors("--dir"):
            return finding.runs_directory(root)
    try:
        return settings_directory()
    except SettingsError:
        note("give --dir to see runs although the settings have errors")
        raise


def store_option(command: _Command) -> _Command:
    """Add the option ``--store``; the command gets its text, or ``None``, as ``store``.

    Args:
        command: The command.
    """
    return click.option(
        "--store",
        metavar="URL",
        shell_complete=complete_stores,
        help=f"Ask the store at this address in place of local runs; `{SETTING}` for the one in "
        "the setting store (WANDB_STORE).",
    )(command)


@contextmanager
def run_source(
    root: str | None, store: str | None = None, *, writable: bool = False
) -> Iterator[RunSource]:
    """Open the source for the options ``--dir`` and ``--store``.

    Args:
        root: The argument of ``--dir``.
        store: The argument of ``--store``.
        writable: Whether the caller changes or removes runs.

    Yields:
        The source.

    Raises:
        click.UsageError: Both are given, or the address has a password.
        click.ClickException: In the ``with`` block, no run matched a name, or several did.
        RunError: The store cannot be used.
    """
    try:
        if store is None:
            yield DirectorySource(runs_directory(root))
            return
        if root is not None:
            raise click.UsageError("--dir and --store exclude each other")
        with store_source(store_address(store, "--store"), writable=writable) as source:
            yield source
    except RunNotFoundError as error:
        raise click.ClickException(str(error)) from None


def all_runs(source: RunSource) -> list[StoredRun]:
    """Return all runs, newest first, and print a note for each journal that cannot be read.

    Args:
        source: The source of the runs.
    """
    return select_runs(source, Question())


def select_runs(source: RunSource, question: Question) -> list[StoredRun]:
    """Return the runs for a question, and print a note for each journal that cannot be read.

    Args:
        source: The source of the runs.
        question: The question.

    Raises:
        QueryError: A filter or a key is wrong, or no run has it.
    """
    with progress("reading journals", _MANY_JOURNALS) as tell:
        listing = source.select(question, tell)
    for journal, reason in listing.unreadable.items():
        note(f"{journal} cannot be read and is left out: {' '.join(reason.split())}")
    return listing.runs


@contextmanager
def query_errors(option: str) -> Iterator[None]:
    """Turn a query error into a usage error that names the option.

    Args:
        option: The option, if the error does not name the member of the question.

    Raises:
        click.BadParameter: A `QueryError` was raised in the ``with`` block.
    """
    try:
        yield
    except QueryError as error:
        option = f"--{error.part.replace('_', '-')}" if error.part else option
        raise click.BadParameter(str(error), param_hint=option) from None


def complete_runs(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer ids and names of runs, newest first; click calls it to complete RUN."""
    del param
    runs = completable(ctx)
    ids = [(run.id, printable(f"{run.name} {run.state}")) for run in runs]
    # The name of a run is offered unless its id is.
    names = [
        (run.name, printable(f"{run.id} {run.state}"))
        for run in runs
        if not run.id.startswith(incomplete)
    ]
    return offered([*ids, *names], incomplete)


def completable(ctx: click.Context) -> list[StoredRun]:
    """Return the runs for completion; none after an error, because completion cannot show errors.

    If a store needs more than `_PATIENCE` seconds, there are no completions.

    Args:
        ctx: The context of the command, with its options.
    """
    found: list[StoredRun] = []

    def read() -> None:
        with (
            contextlib.suppress(OSError, RunsettingsError, QueryError, click.ClickException),
            run_source(ctx.params.get("root"), ctx.params.get("store")) as source,
        ):
            found.extend(source.runs().runs)

    if ctx.params.get("store") is None:
        read()
        return found
    # A daemon thread, as no option limits the time of every step of a connection.
    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    reading.join(_PATIENCE)
    return [] if reading.is_alive() else found


def complete_keys(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer keys; in a comma-separated list, complete the last one."""
    del param
    head, comma, tail = incomplete.rpartition(",")
    return offered(known_keys(completable(ctx)), tail, head + comma)


def where_option(command: _Command) -> _Command:
    """Add the option ``--where``; the command gets its texts as ``filters``.

    Args:
        command: The command.
    """
    return click.option(
        "--where",
        "filters",
        metavar="FILTER",
        multiple=True,
        shell_complete=complete_keys,
        help="Such as 'config.lr < 0.1', 'summary.loss <= 2 and name ~ big'; repeated, all hold.",
    )(command)
