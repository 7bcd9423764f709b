"""``runsettings runs rm``: deletes runs, after asking."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from runsettings.cli.runs.options import (
    complete_runs,
    directory_option,
    run_source,
    store_option,
)
from runsettings.journal.removal import size
from runsettings.journal.replay import StoredRun
from runsettings.values.rendering import printable


@click.command("rm")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_runs)
@directory_option
@store_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", "-n", is_flag=True, help="Only print what would be removed.")
@click.option(
    "--force", is_flag=True, help="Remove running runs as well; their processes continue."
)
def rm_command(
    runs: tuple[str, ...],
    root: str | None,
    store: str | None,
    *,
    yes: bool,
    dry_run: bool,
    force: bool,
) -> None:
    """Remove each RUN with its directory, and earlier runs that it overwrote.

    Asks on a terminal, and needs --yes elsewhere. A run that is running is refused. A run that was
    removed from a store is not taken again by it.
    """
    with run_source(root, store, writable=True) as source:
        named = (found for name in runs for found in source.family(source.find(name)))
        found = list({run.directory.absolute(): run for run in named}.values())
        if not force:
            _refuse_running(found)
        texts = [_described(run, source.place if store else None) for run in found]
        if not dry_run and not yes:
            _confirm(found, texts)
        for run, text in zip(found, texts, strict=True):
            if not dry_run:
                source.remove(run, force=force)
            verb = "would remove" if dry_run else "removed"
            click.echo(printable(f"{verb} {run.name} ({run.id}), {text}"))


def _described(run: StoredRun, place: str | None) -> str:
    """A text that says what is removed: a run in a store, or a run with its directory."""
    return f"from {place}" if place else f"{size(run):,} bytes: {run.directory}"


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


def _confirm(runs: Sequence[StoredRun], texts: Sequence[str]) -> None:
    """Ask whether to remove the runs.

    Raises:
        click.UsageError: The standard input is not a terminal.
        click.ClickException: The answer was no.
    """
    if not sys.stdin.isatty():
        raise click.UsageError("the standard input is not a terminal: give --yes to remove runs")
    for run, text in zip(runs, texts, strict=True):
        click.echo(printable(f"{run.name} ({run.id}), {run.state}, {text}"), err=True)
    question = "remove this run?" if len(runs) == 1 else f"remove these {len(runs)} runs?"
    if not click.confirm(question, err=True):
        raise click.ClickException("nothing was removed")
