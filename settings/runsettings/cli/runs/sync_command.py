"""``runsettings sync``: ships runs to a store."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from runsettings.cli.printing import note, progress
from runsettings.cli.runs.options import all_runs, complete_runs, directory_option, run_source
from runsettings.cli.runs.store_addresses import complete_destinations, destination_address
from runsettings.journal.index import list_runs
from runsettings.journal.replay import StoredRun
from runsettings.recorded.sources import RunSource
from runsettings.shipping.addresses import shown
from runsettings.shipping.event_files.following import EventFiles
from runsettings.shipping.stores.base import NoStoreError, may_pass
from runsettings.shipping.stores.destinations import open_destination
from runsettings.shipping.sync import bytes_to_ship, sync_runs
from runsettings.values.errors import RunError
from runsettings.values.rendering import printable, with_hint

_WATCH_INTERVAL = 5.0
"""The number of seconds between two passes of ``--watch``."""

_CHECK_IN_DEADLINE = 120.0
"""The number of seconds after which a run that ``--watch`` no longer ships is shown as crashed."""

_MANY_BYTES = 1 << 20
"""The smallest number of bytes for which a progress bar is shown."""


@click.command("sync")
@click.argument("runs", metavar="[RUN]...", nargs=-1, shell_complete=complete_runs)
@directory_option
@click.option("--all", "everything", is_flag=True, help="All runs, in place of RUN.")
@click.option(
    "--to",
    "to",
    metavar="URL",
    shell_complete=complete_destinations,
    help="The store, such as sqlite:///runs.db or postgresql://me@host/runs, or wandb for W&B; by "
    "default the setting store (WANDB_STORE), else W&B. A password in it is refused.",
)
@click.option("--dry-run", "-n", is_flag=True, help="Only print what would be shipped.")
@click.option(
    "--watch",
    is_flag=True,
    help="Ship new records every few seconds until Ctrl-C; with --all also new runs.",
)
@click.pass_context
def sync_command(
    ctx: click.Context,
    /,
    runs: tuple[str, ...],
    root: str | None,
    *,
    everything: bool,
    to: str | None,
    dry_run: bool,
    watch: bool,
) -> None:
    """Ship the part of each RUN that a store does not have yet.

    A run may be running, killed, or have damaged lines in its journal. You can repeat an
    interrupted command, and run several at once: nothing is stored twice.
    """
    if bool(runs) == everything:
        raise click.UsageError("name runs, or give --all")
    if dry_run and watch:
        raise click.UsageError("--dry-run and --watch exclude each other")
    url = destination_address(to)
    with run_source(root) as source:
        said = set[str]()
        while watch:
            try:
                _ship(url, all_runs(source) if everything else _named(source, runs), said)
            except RunError as error:
                if not may_pass(error):
                    raise
                first = error.diagnostics[0]
                _say_once(with_hint(first.message, first.hint), said)
            time.sleep(_WATCH_INTERVAL)
        found = all_runs(source) if everything else _named(source, runs)
        if not found:
            note(f"no runs in {source.place}")
        elif dry_run:
            _print_missing(url, found)
        else:
            again = ["--all"] if everything else [*runs]
            with _kept([*again, *([] if to is None else ["--to", shown(to)])]):
                done = _ship(url, found)
            if not done:
                ctx.exit(1)


@contextlib.contextmanager
def _kept(arguments: Sequence[str]) -> Iterator[None]:
    """Say with the error of a store that fails that the records are kept, and how to ship them."""
    try:
        yield
    except RunError as error:
        if not may_pass(error):  # the same command would fail again
            raise
        command = shlex.join(["runsettings", "sync", *arguments])
        again = f"the records are kept; ship them later with: {command}"
        raise RunError(
            replace(each, hint=f"{each.hint}; {again}" if each.hint else again)
            for each in error.diagnostics
        ) from error.__cause__


def _named(source: RunSource, names: Sequence[str]) -> list[StoredRun]:
    """The named runs, each once."""
    found = [source.find(name) for name in names]
    return list({Path(run.journal).resolve(): run for run in found}.values())


def _say_once(text: str, said: set[str]) -> None:
    """Print an error, unless an earlier pass of ``--watch`` has printed it."""
    if text not in said:
        said.add(text)
        click.echo(printable(text), err=True)


def _ship(url: str, runs: Sequence[StoredRun], said: set[str] | None = None) -> bool:
    """Ship runs, and print the result of each.

    Args:
        url: The address of the store.
        runs: The runs.
        said: With ``--watch``, the errors that were already printed. Then no total is printed.

    Returns:
        Whether all runs were shipped.
    """
    from runsettings.models.settings import Settings  # pydantic: no error needs it

    already = set[str]() if said is None else said
    for run in runs:
        files = EventFiles(run.journal, lambda text: _say_once(text, already), others=_beside(run))
        files.follow(run, everything=True)
    with open_destination(url) as store, progress("shipping", _MANY_BYTES) as tell:
        promise = None if said is None else _CHECK_IN_DEADLINE
        results = sync_runs(store, runs, tell, promise, Settings.resolve().store_file_limit)
    for run, count, error, left_out, refused in results:
        for text in left_out:
            click.echo(printable(f"a file of {_name(run)} was not shipped: {text}"), err=True)
        if refused is not None:
            click.echo(printable(f"{_name(run)}: {refused}"), err=True)
        if error is not None:
            _say_once(f"{_name(run)} was not shipped: {error}", said if said is not None else set())
        elif count:
            click.echo(printable(f"shipped {_name(run)}, {run.state}: {count:,} bytes"))
    failed = sum(each.error is not None for each in results)
    shipped = sum(each.error is None and each.bytes > 0 for each in results)
    current = len(results) - failed - shipped
    if said is not None:
        return not failed
    text = f"{shipped} shipped, {current} up to date, {failed} failed: {shown(url)}"
    click.echo(printable(text))
    return not failed


def _beside(run: StoredRun) -> Iterator[StoredRun]:
    """The runs in the same directory as a run; they are listed at the first use."""
    yield from list_runs(run.directory.parent).runs


def _print_missing(url: str, runs: Sequence[StoredRun]) -> None:
    """Print the number of bytes of each run that the store does not have."""
    with contextlib.ExitStack() as stack:
        try:
            store = stack.enter_context(open_destination(url, writable=False))
        except NoStoreError:
            store = None
        for run in runs:
            count = bytes_to_ship(store, run)
            if count:
                click.echo(printable(f"would ship {_name(run)}: {count:,} bytes"))


def _name(run: StoredRun) -> str:
    return f"{run.name or run.id} ({run.id})"
