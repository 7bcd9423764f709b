"""``runsettings runs tag`` and ``rm``: what changes runs that are there."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from runsettings.cli.printing import note
from runsettings.cli.runs.finding import complete_runs, directory_option, find_run, runs_directory
from runsettings.journal.removal import overwritten, remove, size
from runsettings.journal.replay import StoredRun
from runsettings.values.rendering import printable


@click.command(
    "tag",
    # `-h` would be help in the middle of a tag: `-the-tag`.
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
    options_metavar="[--dir DIR] [--help]",
)
@click.argument("run", shell_complete=complete_runs)
@click.argument("changes", metavar="[+TAG | -TAG]...", nargs=-1, type=click.UNPROCESSED)
@directory_option
def tag_command(run: str, changes: tuple[str, ...], root: str | None) -> None:
    """Put tags on RUN and take tags off it.

    "+good" and "good" add a tag, "-draft" removes one. Works for runs that are over and for
    those that are going on. Prints the tags that the run then has, one a line.
    """
    add, drop = _tag_changes(changes)
    found = find_run(runs_directory(root), run)
    for tag in drop:
        if tag not in found.tags:
            note(f"the run has no tag {tag!r}")
    add = [tag for tag in add if tag not in found.tags]
    drop = [tag for tag in drop if tag in found.tags]
    if add or drop:
        from runsettings.journal.tags import change_tags  # checks tags as settings: loads pydantic

        change_tags(found, add, drop)
    for tag in found.tags:
        click.echo(printable(tag))


@click.command("rm")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_runs)
@directory_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--dry-run", "-n", is_flag=True, help="Only tell what would be removed.")
@click.option("--force", is_flag=True, help="Remove a run that is going on, too; it is not ended.")
def rm_command(
    runs: tuple[str, ...],
    root: str | None,
    yes: bool,
    dry_run: bool,
    force: bool,
) -> None:
    """Remove each RUN with its directory, and what it overwrote.

    Asks first on a terminal, and wants --yes elsewhere. A run that is going on is refused.
    """
    directory = runs_directory(root)
    doomed = _doomed(directory, runs)
    _refuse_running(doomed, force=force)
    verb = "would remove" if dry_run else "removed"
    if not dry_run and not yes:
        _confirm(doomed, [size(run) for run in doomed])
    for run in doomed:
        told = f"{run.name} ({run.id}), {size(run):,} bytes: {run.directory}"
        if not dry_run:
            remove(run, directory, force=force)
        click.echo(printable(f"{verb} {told}"))


def _tag_changes(changes: Sequence[str]) -> tuple[list[str], list[str]]:
    """The tags to add and to remove.

    Raises:
        click.UsageError: Something is no tag, or one is in both.
    """
    for change in changes:
        if change.startswith("--"):
            raise click.NoSuchOption(change)
        if change in ("+", "-"):
            raise click.UsageError(f"{change!r} names no tag")
    drop = list(dict.fromkeys(each[1:] for each in changes if each.startswith("-")))
    add = list(dict.fromkeys(each.removeprefix("+") for each in changes if each[:1] != "-"))
    both = sorted(set(add).intersection(drop))
    if both:
        raise click.UsageError(f"{both[0]!r} is to be both added and removed")
    return add, drop


def _doomed(directory: Path, names: Sequence[str]) -> list[StoredRun]:
    """The runs that are meant, each once, with what they overwrote.

    Raises:
        RunNotFound: One of the names means no run, or several.
    """
    found: dict[Path, StoredRun] = {}
    for name in names:
        for run in overwritten(find_run(directory, name)):
            found.setdefault(run.directory.absolute(), run)
    return list(found.values())


def _refuse_running(runs: Sequence[StoredRun], *, force: bool) -> None:
    """Refuse all if one is going on, before anything is removed.

    Raises:
        click.ClickException: One is.
    """
    running = [run for run in runs if run.state == "running"]
    if running and not force:
        lines = [
            printable(f"{run.name} ({run.id}) is going on: process {run.pid} on {run.host}")
            for run in running
        ]
        advice = "nothing was removed; wait for it, stop it, or --force"
        raise click.ClickException("\n".join([*lines, advice]))


def _confirm(runs: Sequence[StoredRun], sizes: Sequence[int]) -> None:
    """Ask.

    Raises:
        click.UsageError: Nobody is there to be asked.
        click.ClickException: The answer was no.
    """
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to be asked: give --yes to remove runs")
    for run, count in zip(runs, sizes, strict=True):
        told = f"{run.name} ({run.id}), {run.state}, {count:,} bytes: {run.directory}"
        click.echo(printable(told), err=True)
    question = "remove this run?" if len(runs) == 1 else f"remove these {len(runs)} runs?"
    if not click.confirm(question, err=True):
        raise click.ClickException("nothing was removed")
