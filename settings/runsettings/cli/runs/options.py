"""The option ``--dir``, the argument RUN, and errors of queries, for all commands about runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from runsettings.cli.completing import offered
from runsettings.cli.printing import note, progress
from runsettings.documents.paths import named_path
from runsettings.journal.directory import wandb_directory
from runsettings.journal.index import list_runs
from runsettings.journal.query import finding
from runsettings.journal.query.errors import QueryError, RunNotFoundError
from runsettings.journal.replay import StoredRun
from runsettings.values.errors import RunsettingsError, SettingsError
from runsettings.values.rendering import printable

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_Command = TypeVar("_Command", bound=Callable[..., Any])

_MANY_JOURNALS = 1_000
"""The smallest number of journals to read for which a progress bar is shown."""


def directory_option(command: _Command) -> _Command:
    """The option ``--dir``, as the argument ``root``: its text, or ``None``."""
    return click.option(
        "--dir",
        "root",
        metavar="DIR",
        type=click.Path(),
        help="Where the runs are, as in init(dir=); by default as the settings say (WANDB_DIR).",
    )(command)


def runs_directory(root: str | None) -> Path:
    """The ``wandb`` directory of the option ``--dir``, or else of the settings.

    Raises:
        click.BadParameter: There is no such directory.
        SettingsError: The settings have errors, so that the directory is unknown.
    """
    if root is not None:
        with query_errors("--dir"):
            return finding.runs_directory(root)
    from runsettings.models.settings import Settings  # pydantic: --dir does not need the models

    try:
        settings = Settings.resolve()
    except SettingsError:
        note("give --dir to see runs although the settings have errors")
        raise
    return wandb_directory(named_path(settings.root_dir or ".", Path()))


def all_runs(directory: Path) -> list[StoredRun]:
    """All runs, newest first; a note names each journal that cannot be read."""
    with progress("reading journals", _MANY_JOURNALS) as tell:
        listing = list_runs(directory, tell)
    for journal, reason in listing.unreadable.items():
        note(f"{journal} cannot be read and is left out: {' '.join(reason.split())}")
    return listing.runs


def find_run(directory: Path, name: str) -> StoredRun:
    """Find the run for the argument RUN.

    Args:
        directory: The ``wandb`` directory.
        name: An id, the beginning of one, a name, a path, or ``latest``.

    Raises:
        click.ClickException: No run matches, or several do.
    """
    try:
        return finding.find_run(directory, name)
    except RunNotFoundError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def query_errors(option: str) -> Iterator[None]:
    """Turn an error of a query into an error of usage that names the option.

    Raises:
        click.BadParameter: A `QueryError` was raised inside.
    """
    try:
        yield
    except QueryError as error:
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
    """The runs to complete from; none after an error, because completion cannot show errors."""
    try:
        return list_runs(runs_directory(ctx.params.get("root"))).runs
    except (OSError, RunsettingsError, click.ClickException):
        return []
