"""``runsettings runs diff``: the differences of two runs."""

from __future__ import annotations

from collections.abc import Sequence

import click

from runsettings.cli.printing import note, print_json, print_table
from runsettings.cli.runs.cells import NOTHING, cell, exact_cell
from runsettings.cli.runs.options import (
    complete_runs,
    directory_option,
    run_source,
    store_option,
)
from runsettings.journal.query.differences import Difference, compare_runs
from runsettings.journal.query.recorded_values import RecordedValue
from runsettings.journal.replay import StoredRun
from runsettings.values.rendering import printable


@click.command("diff")
@click.argument("a", metavar="A", shell_complete=complete_runs)
@click.argument("b", metavar="B", shell_complete=complete_runs)
@directory_option
@store_option
@click.option("--why", is_flag=True, help="Show where each value was set, and what it beat.")
@click.option("--summary", is_flag=True, help="Compare the summaries as well.")
@click.option("--all", "equal", is_flag=True, help="Show equal keys as well.")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if the runs differ.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with values and origins.")
@click.pass_context
def diff_command(
    ctx: click.Context,
    /,
    a: str,
    b: str,
    root: str | None,
    store: str | None,
    *,
    why: bool,
    summary: bool,
    equal: bool,
    exit_code: bool,
    as_json: bool,
) -> None:
    """Show the keys of config and settings in which runs A and B differ."""
    with run_source(root, store) as source:
        first, second = source.find(a), source.find(b)
    found = compare_runs(first, second, summary=summary, equal=equal)
    differs = any(each.differs for each in found)
    if as_json:
        differences = [each.to_json() for each in found]
        print_json({"a": first.id, "b": second.id, "differences": differences})
    elif why:
        _print_origins(_titles(first, second), found)
    elif found:
        rows = [[_name(each), _value(each.a), _value(each.b)] for each in found]
        print_table(["key", *_titles(first, second)], rows, headed=True)
    if not differs and not as_json:
        if first.journal == second.journal:
            note(f"A and B are the same run, {first.id}")
        else:
            compared = "config, settings and summary" if summary else "config and settings"
            note(f"the runs are equal in {compared}")
    if exit_code and differs:
        ctx.exit(1)


def _print_origins(titles: Sequence[str], found: Sequence[Difference]) -> None:
    """Print, for each key, both runs' values and the values that they overrode, with origins."""
    width = max(map(len, titles))
    for number, each in enumerate(found):
        click.echo(("\n" if number else "") + click.style(_name(each), bold=True))
        lines = [
            (title if rank == 0 else "", _value(value), *_origin(value))
            for title, side in zip(titles, (each.a, each.b), strict=True)
            for rank, value in enumerate([side, *([] if side is None else side.beaten)])
        ]
        widths = [width, *(max(map(len, column)) for column in list(zip(*lines, strict=True))[1:])]
        for line in lines:
            click.echo(("  " + "  ".join(map(str.ljust, line, widths))).rstrip())


def _titles(a: StoredRun, b: StoredRun) -> list[str]:
    """Titles that distinguish two runs: their names, else their ids, else their directories."""
    if a.name and b.name and a.name != b.name:
        return [cell(a.name), cell(b.name)]
    if a.id != b.id:
        return [cell(a.id), cell(b.id)]
    return [cell(a.directory.name), cell(b.directory.name)]


def _name(each: Difference) -> str:
    return cell(f"{each.section}.{each.key}")


def _value(side: RecordedValue | None) -> str:
    return NOTHING if side is None else exact_cell(side.value)


def _origin(side: RecordedValue | None) -> tuple[str, str]:
    return ("", "") if side is None else (printable(side.layer), printable(side.origin_text))
