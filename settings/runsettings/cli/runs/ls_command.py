"""``runsettings runs ls``: lists of runs as tables, CSV and JSON."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from runsettings.cli.completing import offered
from runsettings.cli.printing import WholeNumber, note, print_json, print_table
from runsettings.cli.runs.cells import cell
from runsettings.cli.runs.options import (
    completable,
    complete_keys,
    directory_option,
    query_errors,
    run_source,
    select_runs,
    store_option,
    where_option,
)
from runsettings.journal.query.filters import attribute_filter
from runsettings.journal.query.groups import group_columns, summary_metrics
from runsettings.journal.query.keys import (
    STATES,
    Kind,
    default_keys,
    find_key,
    known_keys,
)
from runsettings.journal.query.listing import Column, Question, parse_question, run_columns
from runsettings.journal.query.run_objects import row_objects, run_object
from runsettings.journal.query.times import TIME_FORMS, parse_time, short_time
from runsettings.recorded.csv_files import columns_as_csv
from runsettings.values.key_paths import MISSING

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONAL_COLUMNS: Final = ("job_type", "group", "tags", "steps", "project", "runtime")
"""The columns to leave out on a narrow terminal, the first one first."""

_MIN_WIDTH: Final = 20
"""The smallest width of a column with cut cells; cells are cut before columns are left out."""


def _complete_attribute(name: str) -> Callable[..., list[CompletionItem]]:
    """Make a completion function that offers the values of an attribute of runs."""

    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del param
        values: set[str] = set()
        for run in completable(ctx):
            value = getattr(run, name)
            values.update(value if isinstance(value, list) else [value] if value else [])
        return offered(sorted(values), incomplete)

    return complete


def _attribute_options(command: _Command) -> _Command:
    """The options ``--project``, ``--group`` and ``--job-type``."""
    for name in ("job_type", "group", "project"):
        words = name.replace("_", " ")
        command = click.option(
            f"--{name.replace('_', '-')}",
            metavar=words[0].upper(),
            shell_complete=_complete_attribute(name),
            help=f"Runs of this {words}.",
        )(command)
    return command


def _moment(ctx: click.Context, param: click.Parameter, text: str | None) -> float | None:
    del ctx
    moment = None if text is None else parse_time(text, time.time())
    if text is not None and moment is None:
        raise click.BadParameter(f"{text!r} is not a time — {TIME_FORMS}", param=param)
    return moment


@click.command("ls")
@directory_option
@store_option
@_attribute_options
@click.option(
    "--tag",
    "tags",
    metavar="T",
    multiple=True,
    shell_complete=_complete_attribute("tags"),
    help="Runs with this tag; repeated, with all of them.",
)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(STATES),
    help="Runs in this state; repeated, in any of them.",
)
@click.option(
    "--since",
    metavar="TIME",
    callback=_moment,
    help="Runs created since then: 2025-01-31, 2025-01-31T14:30, 2d, 3h, today.",
)
@click.option("--before", metavar="TIME", callback=_moment, help="Runs created before then.")
@where_option
@click.option(
    "--sort",
    metavar="KEY",
    multiple=True,
    shell_complete=complete_keys,
    help="Sort by KEY, or by -KEY with the largest first; by default the newest runs first.",
)
@click.option(
    "--columns",
    metavar="KEY,…",
    shell_complete=complete_keys,
    help="What to show: attributes, config.KEY, summary.KEY, metadata.KEY.",
)
@click.option(
    "--group-by",
    metavar="KEY,…",
    shell_complete=complete_keys,
    help="For each value of KEY, the number of runs and the means of --columns, by default of "
    "all numbers in the summaries.",
)
@click.option("--limit", metavar="N", type=WholeNumber(min=1), help="At most N rows.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV with a line of headings.")
def ls_command(
    root: str | None,
    store: str | None,
    filters: tuple[str, ...],
    sort: tuple[str, ...],
    columns: str | None,
    group_by: str | None,
    limit: int | None,
    as_json: bool,
    as_csv: bool,
    **attributes: Any,
) -> None:
    """List runs, newest first.

    Keys are attributes (id, name, project, entity, group, job_type, state, created, started,
    ended, runtime, steps, tags, notes, mode, host, pid, exit_code, directory) or values of the
    run: config.KEY, summary.KEY, metadata.KEY.

    A filter compares a key with a value by = != < <= > >= ~ (contains) !~, and joins with and,
    or, not and parentheses. No comparison holds for a run without the key.
    """
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    question = Question(
        *(filters, sort, columns, group_by, attribute_filter(**attributes)),
        limit=limit if group_by is None else None,  # with groups, it limits the groups
        sections=_sections(columns, group_by, whole=as_json or as_csv),
    )
    with run_source(root, store) as source, query_errors(""):
        found = select_runs(source, question)
        if not found and not as_json and not as_csv:
            has_runs = source.select(Question(limit=1, sections=())).runs
            note("no runs match" if has_runs else f"no runs in {source.place}")
            return
    # An empty list accepts any key: `select_runs` has already checked the keys.
    _, order, keys, groups = parse_question(question, ())
    if groups is not None:
        means = keys if keys is not None else summary_metrics(found)
        table = group_columns(found, groups, means, limit, order)
    elif keys is not None:
        table = run_columns(found, keys)
    elif as_json:
        print_json([run_object(run) for run in found])
        return
    elif as_csv:
        table = run_columns(found, [find_key(key, ()) for key in known_keys(found)])
    else:
        table = run_columns(found, default_keys())
        if sys.stdout.isatty():
            _print_fitted(table)
            return
    if as_json:
        print_json(row_objects(table))
    elif as_csv:
        click.echo(columns_as_csv(table), nl=False)
    else:
        headings = [cell(column.heading) for column in table]
        print_table(headings, _rows(table, cell), headed=groups is not None)


def _sections(columns: str | None, group_by: str | None, *, whole: bool) -> Sequence[str]:
    """What a list shows of runs besides attributes and the keys of its options."""
    if columns is not None:
        return ()
    if group_by is not None:
        return ("summary",)
    return ("config", "summary") if whole else ()


def _rows(columns: Sequence[Column], shown: Callable[[Any, Kind], Any]) -> list[tuple[Any, ...]]:
    shown_columns = ([shown(value, each.kind) for value in each.values] for each in columns)
    return list(zip(*shown_columns, strict=True))


def _print_fitted(columns: Sequence[Column]) -> None:
    """Print as many default columns as fit the terminal, each run on one line."""
    from rich.cells import cell_len  # rich: only a terminal needs it

    def shown(value: Any, kind: Kind) -> str:
        return (
            short_time(value) if kind is Kind.TIME and value is not MISSING else cell(value, kind)
        )

    texts = {
        each.heading: [shown(value, each.kind) for value in each.values]
        for each in columns
        if any(value is not MISSING and value != [] for value in each.values)
    }
    least = {
        heading: min(max(map(cell_len, [heading, *cells])), _MIN_WIDTH) + 2
        for heading, cells in texts.items()
    }
    width = shutil.get_terminal_size().columns
    for heading in _OPTIONAL_COLUMNS:
        if sum(least[heading] for heading in texts) - 2 > width:
            texts.pop(heading, None)
    cut = {each.heading for each in columns if each.kind in (Kind.VALUE, Kind.LIST)}
    print_table(list(texts), list(zip(*texts.values(), strict=True)), cut=cut)
