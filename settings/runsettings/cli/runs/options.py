"""What the commands about runs share: ``--dir``, RUN, completion, and errors of queries."""

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
"""Journals that are read for the first time, from which a progress bar is shown."""


def directory_option(command: _Command) -> _Command:
    """The option ``--dir``, as the argument ``root``: its text, or ``None``."""
    return click.option(
        "--dir",
        "root",
        metavar="DIR",
        type=click.Path(),
        help="Where the runs are, as init(dir=); by default the settings decide (WANDB_DIR, …).",
    )(command)


def runs_directory(root: str | None) -> Path:
    """The ``wandb`` directory of the option ``--dir``, or else of the settings.

    Raises:
        click.BadParameter: There is no such directory.
        SettingsError: The settings are wrong, so that the directory is not known.
    """
    if root is not None:
        with query_errors("--dir"):
            return finding.runs_directory(root)
    from runsettings.models.settings import Settings  # pydantic: --dir does not need the models

    try:
        settings = Settings.resolve()
    except SettingsError:
        note("give --dir to see runs while the settings are wrong")
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
    """The run that the argument RUN means.

    Raises:
        click.ClickException: No run is meant, or several are.
    """
    try:
        return finding.find_run(directory, name)
    except RunNotFoundError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def query_errors(option: str) -> Iterator[None]:
    """Turn an error of a query into one of wrong usage that names the option."""
    try:
        yield
    except QueryError as error:
        raise click.BadParameter(str(error), param_hint=option) from None


def complete_runs(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Ids and names of runs, newest first."""
    del param
    runs = completable(ctx)
    ids = [(run.id, printable(f"{run.name} {run.state}")) for run in runs]
    # A name is offered for what its id is not.
    names = [
        (run.name, printable(f"{run.id} {run.state}"))
        for run in runs
        if not run.id.startswith(incomplete)
    ]
    return offered([*ids, *names], incomplete)


def completable(ctx: click.Context) -> list[StoredRun]:
    """The runs to complete from; none after an error, which completion has no place to show."""
    try:
        return list_runs(runs_directory(ctx.params.get("root"))).runs
    except (OSError, RunsettingsError, click.ClickException):
        return []
