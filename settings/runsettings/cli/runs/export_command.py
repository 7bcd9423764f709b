"""``runsettings runs export``: the rows or the summaries of many runs as CSV, JSON or Parquet."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, TextIO

import click

from runsettings.cli.printing import json_line, note, progress
from runsettings.cli.runs.options import (
    complete_keys,
    complete_runs,
    directory_option,
    query_errors,
    run_source,
    select_runs,
    store_option,
    where_option,
)
from runsettings.documents.atomic_write import cannot_write, write_file
from runsettings.journal.query.keys import Key, Kind, find_key, key_names, known_keys
from runsettings.journal.query.listing import Question, answer, parse_question
from runsettings.journal.query.run_objects import json_value, run_object
from runsettings.journal.replay import StoredRun
from runsettings.recorded.columns import package, to_arrow
from runsettings.recorded.csv_files import as_text, write_csv
from runsettings.recorded.run_history import STEP_COLUMNS, RunHistory
from runsettings.recorded.sources import RunSource
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.key_paths import MISSING
from runsettings.values.rendering import printable

_MANY_ROWS: Final = 20_000
"""The smallest number of rows for which a progress bar is shown."""

_COLUMNS: Final = "id,name"
"""The default of ``--columns``: the keys of the run that each row repeats."""


@click.command("export")
@click.argument("runs", metavar="[RUN]...", nargs=-1, shell_complete=complete_runs)
@directory_option
@store_option
@where_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json", "parquet"]),
    default="csv",
    show_default=True,
    help="Parquet needs --output and pyarrow, which the extra `arrow` brings.",
)
@click.option(
    "--output",
    "-o",
    metavar="F",
    type=click.Path(dir_okay=False),
    help="The file, in place of the standard output.",
)
@click.option("--keys", metavar="KEY,…", help="The logged keys; by default all of them.")
@click.option(
    "--columns",
    metavar="KEY,…",
    shell_complete=complete_keys,
    help=f"What to repeat about the run: by default {_COLUMNS}; with --summary everything.",
)
@click.option("--summary", is_flag=True, help="One row for each run, in place of each step.")
def export_command(
    runs: tuple[str, ...],
    root: str | None,
    store: str | None,
    filters: tuple[str, ...],
    form: str,
    output: str | None,
    keys: str | None,
    columns: str | None,
    summary: bool,
) -> None:
    """Write what runs logged: a row for each step of each RUN, by default of all runs.

    A row has the run's id and name, or the --columns that you choose, then _step, _timestamp (in
    seconds since 1970) and the logged keys, nested ones dotted. Rows are written while they are
    read, so that long runs need little memory.
    """
    if form == "parquet" and output is None:
        raise click.UsageError("--format parquet needs --output FILE: Parquet is not text")
    if summary and keys is not None:
        raise click.UsageError("--keys and --summary exclude each other")
    logged = None if keys is None else tuple(key_names(keys))
    if logged == ():
        raise click.BadParameter("names no key", param_hint="--keys")
    if form == "parquet":
        package("pyarrow", "runs export --format parquet")  # before anything is read
    with run_source(root, store) as source:
        question = Question(filters, columns=columns)
        found = _selected(source, runs, question)
        if not found:
            note(f"no runs to export from {source.place}")
        # An empty list accepts any key: `_selected` has already checked the keys.
        chosen = parse_question(question, ()).columns
        with progress("exporting", _MANY_ROWS) as tell:
            if summary:
                table = _summaries(found, chosen, nested=form == "json")
            else:
                about = _keys(_COLUMNS.split(",")) if chosen is None else chosen
                table = _Histories(source, found, about, logged, tell).table(form)
            _write(table, form, output)


class _Table(NamedTuple):
    """What is exported."""

    kinds: Mapping[str, Kind]
    """The headings, each with the kind of its values; empty for JSON."""
    rows: Iterable[Mapping[str, Any]]
    """The rows, each with its values by heading."""


class _Histories:
    """The rows of the histories of runs.

    Args:
        source: The source of the runs.
        runs: The runs.
        about: The keys of the run that each row repeats.
        keys: The logged keys to export; ``None`` for all.
        tell: Called with the number of rows that were read, and the total number.
    """

    def __init__(
        self,
        source: RunSource,
        runs: Sequence[StoredRun],
        about: Sequence[Key],
        keys: tuple[str, ...] | None,
        tell: Callable[[int, int], None],
    ) -> None:
        self._source = source
        self._runs = runs
        self._about = about
        self._keys = keys
        self._tell = tell
        self._unlogged = {*keys} if keys and runs else set()
        self._done = 0
        self._total = sum(run.rows for run in runs)

    def table(self, form: str) -> _Table:
        """Make the table. For CSV, all rows are read first to find the headings."""
        kinds = {key.text: key.kind for key in self._about}
        if form == "csv":
            if self._keys is None:
                self._total *= 2
                # Not a list: a long run has millions of values, but few keys.
                headings = dict.fromkeys(key for _, row in self._logged() for key in row)
            else:
                headings = dict.fromkeys([*STEP_COLUMNS, *self._keys])
            kinds |= dict.fromkeys(map(self._heading, headings), Kind.VALUE)
        return _Table(kinds, self._rows())

    def _rows(self) -> Iterator[dict[str, Any]]:
        known: dict[str, Any] = {}
        last: StoredRun | None = None
        for run, row in self._logged():
            if run is not last:
                last, known = run, _values(run, self._about)
            self._unlogged.difference_update(row)
            yield known | {self._heading(key): value for key, value in row.items()}
        for key in sorted(self._unlogged):
            hint = did_you_mean(key, {key for run in self._runs for key in run.summary})
            note(printable(f"no exported run logged {key!r}{f' — {hint}' if hint else ''}"))

    def _logged(self) -> Iterator[tuple[StoredRun, Mapping[str, Any]]]:
        for run in self._runs:
            history = RunHistory(partial(self._source.history, run), self._keys)
            for row in history:
                yield run, row
                self._done += 1
                self._tell(min(self._done, self._total), self._total)

    def _heading(self, key: str) -> str:
        """The heading of a logged key, which must differ from those of the run's keys."""
        return f"history.{key}" if any(key == each.text for each in self._about) else key


def _summaries(runs: Sequence[StoredRun], keys: Sequence[Key] | None, *, nested: bool) -> _Table:
    """A row for each run."""
    if keys is None and nested:
        return _Table({}, (run_object(run) for run in runs))
    keys = _keys(known_keys(runs)) if keys is None else keys
    return _Table({key.text: key.kind for key in keys}, (_values(run, keys) for run in runs))


def _selected(source: RunSource, names: Sequence[str], question: Question) -> list[StoredRun]:
    """The named runs, or all runs, that match all filters."""
    found = [source.find(name) for name in names]
    with query_errors(""):
        return answer(question, found) if names else select_runs(source, question)


def _keys(names: Iterable[str]) -> list[Key]:
    return [find_key(name, ()) for name in names]


def _values(run: StoredRun, keys: Iterable[Key]) -> dict[str, Any]:
    """The values that a run has, by key; times as ISO 8601."""
    found = [(key, key.get(run)) for key in keys]
    return {key.text: json_value(value, key.kind) for key, value in found if value is not MISSING}


def _write(table: _Table, form: str, output: str | None) -> None:
    """Write a table to the standard output or to a file. After an error, there is no new file."""
    if output is None:
        _write_text(table, form, sys.stdout)
        return

    def write(file: BinaryIO) -> None:
        if form == "parquet":
            parquet: Any = package("pyarrow.parquet", "runs export --format parquet")
            parquet.write_table(to_arrow(table.rows), file)
        else:
            with as_text(file) as text:
                _write_text(table, form, text)

    try:
        write_file(Path(output), write, durable=False)
    except OSError as error:
        raise click.ClickException(printable(cannot_write(output, error))) from error


def _write_text(table: _Table, form: str, file: TextIO) -> None:
    if form == "csv":
        kinds = {
            key: Kind.VALUE if kind is Kind.TIME else kind for key, kind in table.kinds.items()
        }
        rows = ([row.get(key) for key in kinds] for row in table.rows)
        write_csv(file, list(kinds), rows, list(kinds.values()))
        return
    before = "[\n"
    for row in table.rows:
        file.write(before + json_line(row))
        before = ",\n"
    file.write("[]\n" if before == "[\n" else "\n]\n")
