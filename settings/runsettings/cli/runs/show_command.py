"""``runsettings runs show``: everything that one run recorded."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from runsettings.cli.printing import print_json, print_table
from runsettings.cli.runs.cells import ASCII, BLOCKS, NOTHING, cell, exact_cell, sparkline
from runsettings.cli.runs.options import (
    complete_runs,
    directory_option,
    run_source,
    store_option,
)
from runsettings.journal.query.keys import Kind
from runsettings.journal.query.metrics import Metric
from runsettings.journal.query.recorded_values import (
    RecordedValue,
    config_values,
    metadata_values,
    settings_values,
)
from runsettings.journal.query.run_objects import run_details
from runsettings.journal.replay import StoredRun
from runsettings.values.key_paths import MISSING
from runsettings.values.rendering import counted, printable

_MOST_FILES: Final = 50
"""The largest number of files that are listed without ``--all``."""

_LEAF_HEADINGS: Final = ("key", "value", "layer", "origin")


@click.command("show")
@click.argument("run", shell_complete=complete_runs)
@directory_option
@store_option
@click.option("--json", "as_json", is_flag=True, help="As JSON, with everything.")
@click.option(
    "--all", "everything", is_flag=True, help="With settings at their defaults and all files."
)
def show_command(
    run: str, root: str | None, store: str | None, as_json: bool, everything: bool
) -> None:
    """Show everything that RUN recorded.

    This includes config and settings with the origin of each value, metrics with sparklines,
    files, and metadata of the machine and the program.
    """
    with run_source(root, store) as source:
        found = source.find(run)
        metrics, files = source.metrics(found), source.files(found)
    if as_json:
        print_json(run_details(found, metrics, files))
        return
    click.secho(printable(f"{found.name or found.id} ({found.id})"), bold=True)
    _section("", ("key", "value"), _about(found))
    _section("config", _LEAF_HEADINGS, _leaf_rows(config_values(found)))
    shown = {
        key: each
        for key, each in settings_values(found).items()
        if everything or not each.is_default
    }
    _section("settings", _LEAF_HEADINGS, _leaf_rows(shown))
    _section("metrics", ("key", "course", "min", "max", "last", "count"), _metric_rows(metrics))
    rest = [(key, exact_cell(value)) for key, value in found.summary.items() if key not in metrics]
    _section("summary", ("key", "value"), rest)
    _section("files", ("path", "size"), _file_rows(files, everything=everything))
    facts = [(key, cell(value)) for key, value in metadata_values(found).items()]
    _section("metadata", ("key", "value"), facts)


def _section(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a section with a title; nothing if it has no rows."""
    if not rows:
        return
    if title:
        click.echo()
        click.secho(title, bold=True)
    first, *others = headings
    indented = [("  " + cell(key), *rest) for key, *rest in rows]
    print_table(["  " + first, *others], indented, headed=title == "metrics")


def _about(run: StoredRun) -> list[tuple[str, str]]:
    """The run's attributes and its state."""
    known = [
        ("project", run.project),
        ("entity", run.entity),
        ("group", run.group),
        ("job_type", run.job_type),
        ("tags", ", ".join(run.tags)),
        ("notes", run.notes),
        ("mode", run.mode + (", anonymous" if run.anonymous else "")),
        ("state", _state(run)),
        ("created", cell(run.created or MISSING, Kind.TIME)),
        ("started", cell(run.started, Kind.TIME) if run.starts > 1 else None),
        ("runtime", cell(run.runtime, Kind.DURATION)),
        ("steps", str(run.rows)),
        ("torn", run.torn and f"{counted(run.torn, 'line')} of the journal cannot be read"),
        ("lost", run.lost and f"{counted(run.lost, 'record')} could not be written"),
        ("directory", str(run.directory)),
    ]
    return [(key, cell(value)) for key, value in known if value]


def _state(run: StoredRun) -> str:
    if run.state == "running":
        return f"running (process {run.pid} on {run.host})"
    end: Mapping[str, Any] = run.exit or {}
    details = [f"exit code {end['code']}"] if end.get("code") is not None else []
    details += [str(end[key]) for key in ("error", "signal") if end.get(key)][:1]
    return f"{run.state} ({', '.join(details)})" if details else run.state


def _leaf_rows(leaves: Mapping[str, RecordedValue]) -> list[tuple[str, ...]]:
    return [
        (name, exact_cell(leaf.value), leaf.layer, "" if leaf.is_default else leaf.origin_text)
        for key, winner in leaves.items()
        for name, leaf in [(key, winner), *(("", each) for each in winner.beaten)]
    ]


def _metric_rows(metrics: Mapping[str, Metric]) -> list[tuple[str, ...]]:
    blocks = _blocks()
    return [
        (
            key,
            sparkline(metric.course, blocks),
            *(
                NOTHING if value is None else cell(value)
                for value in (metric.minimum, metric.maximum, metric.last)
            ),
            counted(metric.count, "value"),
        )
        for key, metric in metrics.items()
    ]


def _file_rows(files: Mapping[str, int | None], *, everything: bool) -> list[tuple[str, str]]:
    rows = [
        (cell(name), "missing" if size is None else f"{size:,} bytes")
        for name, size in files.items()
    ]
    if everything or len(rows) <= _MOST_FILES:
        return rows
    return [*rows[:_MOST_FILES], (f"… and {len(rows) - _MOST_FILES} more: --all", "")]


def _blocks() -> str:
    """The characters for sparklines that the output's encoding supports."""
    try:
        BLOCKS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS
