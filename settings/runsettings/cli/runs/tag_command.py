"""``runsettings runs tag``: the tags, the name and the notes of one run."""

from __future__ import annotations

from collections.abc import Sequence

import click

from runsettings.cli.printing import note
from runsettings.cli.runs.options import complete_runs, directory_option, run_source, store_option
from runsettings.journal.edits import Edit
from runsettings.values.rendering import printable


@click.command(
    "tag",
    # Without this, `-h` in a tag such as `-the-tag` would be help.
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
    options_metavar="[--name NAME] [--notes TEXT] [--dir DIR | --store URL] [--help]",
)
@click.argument("run", shell_complete=complete_runs)
@click.argument("changes", metavar="[+TAG | -TAG]...", nargs=-1, type=click.UNPROCESSED)
@click.option("--name", metavar="NAME", help="Give the run another name.")
@click.option("--notes", metavar="TEXT", help="Replace the notes; an empty text removes them.")
@directory_option
@store_option
def tag_command(
    run: str,
    changes: tuple[str, ...],
    name: str | None,
    notes: str | None,
    root: str | None,
    store: str | None,
) -> None:
    """Add tags to RUN, remove tags from it, or change its name or notes.

    "+good" and "good" add a tag, "-draft" removes one. RUN may be finished or running. The
    command prints the run's tags after the change, one on each line. With --store, the run changes
    only in the store.
    """
    add, drop = _tag_changes(changes)
    with run_source(root, store, writable=store is not None) as source:
        found = source.find(run)
        for tag in drop:
            if tag not in found.tags:
                note(f"the run has no tag {tag!r}")
        add = [tag for tag in add if tag not in found.tags]
        drop = [tag for tag in drop if tag in found.tags]
        edit = Edit(add, drop, name, notes)
        if edit != Edit([], []):
            source.edit(found, edit)
    for tag in found.tags:
        click.echo(printable(tag))


def _tag_changes(changes: Sequence[str]) -> tuple[list[str], list[str]]:
    """The tags to add and to remove.

    Raises:
        click.UsageError: A tag is empty, or is both added and removed.
    """
    for change in changes:
        if change.startswith("--"):
            raise click.NoSuchOption(change)
        if change in ("+", "-"):
            raise click.UsageError(f"{change!r} has no tag after the sign")
    drop = list(dict.fromkeys(each[1:] for each in changes if each.startswith("-")))
    add = list(dict.fromkeys(each.removeprefix("+") for each in changes if each[:1] != "-"))
    both = sorted(set(add).intersection(drop))
    if both:
        raise click.UsageError(f"cannot both add and remove {both[0]!r}")
    return add, drop
