"""``runsettings runs rm``: deletes runs, after asking."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from runsettings.cli.runs.options import complete_runs, directory_option, find_run, runs_directory
from runsettings.journal.removal import overwritten, remove, size
from runsettings.journal.replay import StoredRun
from runsettings.values.rendering import printable


@click.command("rm")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_runs)
@directory_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", "-n", is_flag=True, help="Only print what would be removed.")
@click.option(
    "--force", is_flag=True, help="Remove running runs as well; their processes continue."
)
def rm_command(
    runs: tuple[str, ...], root: str | None, *, yes: bool, dry_run: bool, force: bool
) -> None:
    """Remove each RUN with its directory, and earlier runs that it overwrote.

    Asks on a terminal, and needs --yes elsewhere. A run that is running is refused.
    """
    directory = runs_directory(root)
    found = _with_overwritten(directory, runs)
    if not force:
        _refuse_running(found)
    sizes = [size(run) for run in found]
    if not dry_run and not yes:
        _confirm(found, sizes)
    for run, count in zip(found, sizes, strict=True):
        if not dry_run:
            remove(run, directory, force=force)
        verb = "would remove" if dry_run else "removed"
        click.echo(printable(f"{verb} {run.name} ({run.id}), {count:,} bytes: {run.directory}"))


def _with_overwritten(directory: Path, names: Sequence[str]) -> list[StoredRun]:
    """The named runs and the runs that they overwrote, each once.

    Raises:
        click.ClickException: A name matches no run, or several.
    """
    found: dict[Path, StoredRun] = {}
    for name in names:
        for run in overwritten(find_run(directory, name)):
            found.setdefault(run.directory.absolute(), run)
    return list(found.values())


def _refuse_running(runs: Sequence[StoredRun]) -> None:
    """Refuse to remove anything if one of the runs is running.

    Raises:
        click.ClickException: A run is running.
    """
    lines = [
        printable(f"{run.name} ({run.id}) is running: process {run.pid} on {run.host}")
        for run in runs
        if run.state == "running"
    ]
    if lines:
        advice = "nothing was removed; wait for it, stop it, or --force"
        raise click.ClickException("\n".join([*lines, advice]))


def _confirm(runs: Sequence[StoredRun], sizes: Sequence[int]) -> None:
    """Ask whether to remove the runs.

    Raises:
        click.UsageError: The standard input is not a terminal.
        click.ClickException: The answer was no.
    """
    if not sys.stdin.isatty():
        raise click.UsageError("the standard input is not a terminal: give --yes to remove runs")
    for run, count in zip(runs, sizes, strict=True):
        text = f"{run.name} ({run.id}), {run.state}, {count:,} bytes: {run.directory}"
        click.echo(printable(text), err=True)
    question = "remove this run?" if len(runs) == 1 else f"remove these {len(runs)} runs?"
    if not click.confirm(question, err=True):
        raise click.ClickException("nothing was removed")
