"""``runsettings runs``: list, show, compare, tag and remove the runs on this machine."""

from __future__ import annotations

import io
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from runsettings.cli.printing import note
from runsettings.cli.runs import listing
from runsettings.cli.runs.cells import cell, print_csv, print_data, print_rows
from runsettings.cli.runs.change_commands import rm_command, tag_command
from runsettings.cli.runs.differences import compare, print_differences
from runsettings.cli.runs.finding import (
    completable,
    complete_runs,
    directory_option,
    find_run,
    list_all,
    runs_directory,
)
from runsettings.cli.runs.listing import Column, Wanted
from runsettings.cli.runs.pages import page_object, print_page, read_metrics
from runsettings.cli.runs.terminal_width import fitted
from runsettings.journal.query.comparisons import Filter
from runsettings.journal.query.filters import BadFilter, parse_filter
from runsettings.journal.query.keys import STATES, Key, UnknownKey, find_key, known_keys
from runsettings.journal.query.times import TIME_FORMS, parse_time
from runsettings.journal.replay import StoredRun

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_JSON: Final = "As JSON, with everything."


class _Runs(click.Group):
    """The group, with a suggestion for a misspelt command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with did-you-mean."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            from runsettings.values.did_you_mean import did_you_mean  # difflib, for slips alone

            hint = did_you_mean(args[0], self.commands)
            if hint is not None:
                raise click.UsageError(f"there is no command {args[0]!r} — {hint}", ctx)
        return super().resolve_command(ctx, args)


def _complete_keys(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Keys that begin with the last of what is typed; some options take several."""
    del param
    from click.shell_completion import CompletionItem

    head, comma, tail = incomplete.rpartition(",")
    return [
        CompletionItem(f"{head}{comma}{key}")
        for key in known_keys(completable(ctx))
        if key.startswith(tail) and key.isprintable() and " " not in key
    ]


def _complete_attribute(name: str) -> Callable[..., list[CompletionItem]]:
    """Completes with the values of an attribute that runs have."""

    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        del param
        from click.shell_completion import CompletionItem

        values: set[str] = set()
        for run in completable(ctx):
            value = getattr(run, name)
            values.update(value if isinstance(value, list) else [value] if value else [])
        shown = (value for value in sorted(values) if value.isprintable() and " " not in value)
        return [CompletionItem(value) for value in shown if value.startswith(incomplete)]

    return complete


def _moment(ctx: click.Context, param: click.Parameter, text: str | None) -> float | None:
    del ctx
    found = None if text is None else parse_time(text, time.time())
    if text is not None and found is None:
        raise click.BadParameter(f"{text!r} is no time — {TIME_FORMS}", param=param)
    return found


@click.group("runs", cls=_Runs)
def runs_command() -> None:
    """List, show, compare, tag and remove local runs.

    RUN is a run's id, the beginning of one, a name, the path of its directory, or "latest".
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name in letters that the terminal's encoding lacks must not end the listing.
        sys.stdout.reconfigure(errors="backslashreplace")


@runs_command.command("ls")
@directory_option
@click.option(
    "--project",
    metavar="P",
    shell_complete=_complete_attribute("project"),
    help="Runs of this project.",
)
@click.option(
    "--group", metavar="G", shell_complete=_complete_attribute("group"), help="Runs of this group."
)
@click.option(
    "--job-type",
    metavar="T",
    shell_complete=_complete_attribute("job_type"),
    help="Runs of this job type.",
)
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
@click.option(
    "--where",
    "filters",
    metavar="FILTER",
    multiple=True,
    shell_complete=_complete_keys,
    help="Such as 'config.lr < 0.1', 'summary.loss <= 2 and name ~ big'; repeated, all hold.",
)
@click.option(
    "--sort",
    metavar="KEY",
    multiple=True,
    shell_complete=_complete_keys,
    help="Sort by KEY, by -KEY with the largest first; newest first without it.",
)
@click.option(
    "--columns",
    metavar="KEY,…",
    shell_complete=_complete_keys,
    help="What to show: attributes, config.KEY, summary.KEY, metadata.KEY.",
)
@click.option(
    "--group-by",
    metavar="KEY,…",
    shell_complete=_complete_keys,
    help="Counts and means of the summaries' numbers, or of --columns, for each value of KEY.",
)
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="At most N rows.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV with a line of headings.")
def ls_command(
    root: str | None,
    filters: tuple[str, ...],
    sort: tuple[str, ...],
    columns: str | None,
    group_by: str | None,
    limit: int | None,
    as_json: bool,
    as_csv: bool,
    **conditions: Any,
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
    directory = runs_directory(root)
    runs = list_all(directory).runs
    wanted = Wanted(**conditions, filters=_filters(filters, runs))
    order = [_sort_key(text, runs) for text in sort]
    keys = _keys(columns, runs, "--columns")
    groups = _keys(group_by, runs, "--group-by")
    chosen = [run for run in runs if wanted.chooses(run)]
    if not chosen and not as_json and not as_csv:
        note("no runs match" if runs else f"no runs in {directory}")
        return
    if order:
        chosen = listing.in_order(chosen, order)
    if groups is not None:
        metrics = keys if keys is not None else listing.summary_metrics(chosen)
        found = listing.group_columns(chosen, groups, metrics)
        found = _first_rows(found, limit)
        _print_columns(found, as_json=as_json, as_csv=as_csv, headed=True)
        return
    chosen = chosen[:limit]
    if as_json and keys is None:
        print_data(listing.whole_runs(chosen))
        return
    if keys is None:
        keys = listing.all_keys(chosen) if as_csv else listing.default_keys()
        found = listing.run_columns(chosen, keys)
        if not as_csv and sys.stdout.isatty():
            width = shutil.get_terminal_size().columns
            print_rows(*fitted(listing.with_content(found), width))
            return
    else:
        found = listing.run_columns(chosen, keys)
    _print_columns(found, as_json=as_json, as_csv=as_csv)


@runs_command.command("show")
@click.argument("run", shell_complete=complete_runs)
@directory_option
@click.option("--json", "as_json", is_flag=True, help=_JSON)
@click.option("--all", "everything", is_flag=True, help="With settings at their defaults.")
def show_command(run: str, root: str | None, as_json: bool, everything: bool) -> None:
    """All that is known of RUN.

    Config and settings with what set each value, the course of each metric, files and
    surroundings.
    """
    found = find_run(runs_directory(root), run)
    metrics = read_metrics(found)
    if as_json:
        print_data(page_object(found, metrics))
    else:
        print_page(found, metrics, everything=everything)


@runs_command.command("diff")
@click.argument("a", metavar="A", shell_complete=complete_runs)
@click.argument("b", metavar="B", shell_complete=complete_runs)
@directory_option
@click.option("--why", is_flag=True, help="With the layer and place that set each value.")
@click.option("--summary", is_flag=True, help="Compare what was logged, too.")
@click.option("--all", "equal", is_flag=True, help="With what both runs have alike.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything differs.")
@click.option("--json", "as_json", is_flag=True, help=_JSON)
@click.pass_context
def diff_command(
    ctx: click.Context,
    a: str,
    b: str,
    root: str | None,
    why: bool,
    summary: bool,
    equal: bool,
    exit_code: bool,
    as_json: bool,
) -> None:
    """The keys of config and settings in which runs A and B differ."""
    directory = runs_directory(root)
    first, second = find_run(directory, a), find_run(directory, b)
    found = compare(first, second, summary=summary, equal=equal)
    if as_json:
        print_data(
            {"a": first.id, "b": second.id, "differences": [each.to_json() for each in found]}
        )
    else:
        print_differences(first, second, found, why=why)
    if exit_code and any(each.differs for each in found):
        ctx.exit(1)


runs_command.add_command(tag_command)
runs_command.add_command(rm_command)


def _filters(texts: Sequence[str], runs: Sequence[StoredRun]) -> list[Filter]:
    now = time.time()
    try:
        return [parse_filter(text, runs, now) for text in texts]
    except BadFilter as error:
        _refuse(str(error), "--where")


def _keys(text: str | None, runs: Sequence[StoredRun], option: str) -> list[Key] | None:
    """The keys of a comma-separated list, or ``None`` without one."""
    if text is None:
        return None
    try:
        names = [name.strip() for name in text.split(",") if name.strip()]
        keys = [find_key(name, runs) for name in dict.fromkeys(names)]
    except UnknownKey as error:
        _refuse(str(error), option)
    if not keys:
        _refuse("names no key", option)
    return keys


def _sort_key(text: str, runs: Sequence[StoredRun]) -> tuple[Key, bool]:
    try:
        return find_key(text.removeprefix("-"), runs), text.startswith("-")
    except UnknownKey as error:
        _refuse(str(error), "--sort")


def _refuse(message: str, option: str) -> NoReturn:
    raise click.BadParameter(message, param_hint=option) from None


def _first_rows(columns: Sequence[Column], limit: int | None) -> list[Column]:
    return [Column(each.heading, each.kind, each.values[:limit]) for each in columns]


def _print_columns(
    columns: Sequence[Column], *, as_json: bool, as_csv: bool, headed: bool = False
) -> None:
    headings = [column.heading for column in columns]
    if as_json:
        print_data(listing.objects(columns))
    elif as_csv:
        print_csv(headings, listing.csv_rows(columns))
    elif rows := listing.text_rows(columns):
        print_rows([cell(heading) for heading in headings], rows, headed=headed)
