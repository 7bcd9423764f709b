"""``runsettings runs show``: all that is known of one run."""

from __future__ import annotations

import math
import os
import sys
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from runsettings.cli.runs import sparklines
from runsettings.cli.runs.cells import (
    NOTHING,
    as_object,
    cell,
    exact,
    json_field,
    print_rows,
)
from runsettings.cli.runs.sparklines import Metric, measure, sparkline
from runsettings.journal.directory import FILES
from runsettings.journal.query.keys import Kind
from runsettings.journal.query.leaves import (
    Sourced,
    config_leaves,
    metadata_leaves,
    settings_leaves,
)
from runsettings.journal.replay import StoredRun, history, merge_summary
from runsettings.values.rendering import printable
from runsettings.values.tree import MISSING

_MOST_FILES: Final = 50
"""Files that a page lists; a run may have saved thousands."""


def read_metrics(run: StoredRun) -> dict[str, Metric]:
    """The course of every number that the run logged, by dotted key.

    Raises:
        OSError: The journal cannot be read.
    """
    courses: dict[str, array[float]] = {}
    for row in history(run.journal):
        flat: dict[str, Any] = {}
        merge_summary(flat, row)
        for key, value in flat.items():
            if key not in ("_step", "_timestamp") and sparklines.is_metric(value):
                courses.setdefault(key, array("d")).append(_as_float(value))
    return {key: measure(course) for key, course in courses.items()}


def saved_files(run: StoredRun) -> dict[str, int | None]:
    """What is below ``files/`` with its size in bytes, and ``None`` for what should be there.

    Symbolic links are not followed.
    """
    base = run.directory / FILES
    found: dict[str, int | None] = {}
    for folder, folders, names in os.walk(base):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            try:
                found[path.relative_to(base).as_posix()] = path.lstat().st_size
            except OSError:
                continue  # it went while we looked
    return found | {name: None for name in run.files if name not in found}


def page_object(run: StoredRun, metrics: Mapping[str, Metric]) -> dict[str, Any]:
    """The page for JSON."""
    return {
        **as_object(run),
        "config": {key: leaf.to_json() for key, leaf in config_leaves(run).items()},
        "settings": {key: leaf.to_json() for key, leaf in settings_leaves(run).items()},
        "summary": run.summary,
        "metrics": {
            key: {
                "count": metric.count,
                "min": json_field(metric.minimum),
                "max": json_field(metric.maximum),
                "last": metric.last,
            }
            for key, metric in metrics.items()
        },
        "files": saved_files(run),
        "metadata": run.metadata,
        "starts": run.starts,
        "torn": run.torn,
        "lost": run.lost,
    }


def print_page(run: StoredRun, metrics: Mapping[str, Metric], *, everything: bool) -> None:
    """Print the page, a section after the other; sections without content are left out.

    Args:
        run: The run.
        metrics: Its metrics.
        everything: Whether settings at their defaults and all files are shown, too.
    """
    click.secho(printable(f"{run.name or run.id} ({run.id})"), bold=True)
    _section("", ("key", "value"), [[key, value] for key, value in _about(run)])
    _section("config", ("key", "value", "layer", "place"), _sourced(config_leaves(run)))
    settings = {
        key: leaf for key, leaf in settings_leaves(run).items() if everything or not leaf.is_default
    }
    _section("settings", ("key", "value", "layer", "place"), _sourced(settings))
    _section(
        "metrics", ("key", "course", "min", "max", "last", "count"), _courses(metrics), headed=True
    )
    rest = [[key, exact(value)] for key, value in run.summary.items() if key not in metrics]
    _section("summary", ("key", "value"), rest)
    _section("files", ("path", "size"), _files(saved_files(run), everything=everything))
    facts = [[key, cell(value)] for key, value in metadata_leaves(run).items()]
    _section("metadata", ("key", "value"), facts)


def _about(run: StoredRun) -> list[tuple[str, str]]:
    """Who the run is and what became of it."""
    code = run.exit.get("code") if run.exit is not None else None
    reason = (
        next((run.exit[key] for key in ("error", "signal") if key in run.exit), None)
        if (run.exit is not None)
        else None
    )
    details = [f"exit code {code}"] if code is not None else []
    details += [str(reason)] if reason else []
    state = f"{run.state} ({', '.join(details)})" if details else run.state
    if run.state == "running":
        state += f" (process {run.pid} on {run.host})"
    known = [
        ("project", run.project),
        ("entity", run.entity),
        ("group", run.group),
        ("job_type", run.job_type),
        ("tags", ", ".join(run.tags)),
        ("notes", run.notes),
        ("mode", run.mode + (", anonymous" if run.anonymous else "")),
        ("state", state),
        ("created", cell(run.created or MISSING, Kind.TIME)),
        ("started", cell(run.started, Kind.TIME) if run.starts > 1 else None),
        ("runtime", cell(run.runtime, Kind.DURATION)),
        ("steps", str(run.rows)),
        ("torn", _counted(run.torn, "line", "of the journal cannot be read")),
        ("lost", _counted(run.lost, "record", "could not be written")),
        ("directory", str(run.directory)),
    ]
    return [(key, cell(value)) for key, value in known if value]


def _counted(count: int, noun: str, rest: str) -> str | None:
    """A sentence about a number of things, or ``None`` about none."""
    return f"{count:,} {noun}{'' if count == 1 else 's'} {rest}" if count else None


def _section(
    title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], *, headed: bool = False
) -> None:
    if not rows:
        return
    if title:
        click.echo()
        click.secho(title, bold=True)
    print_rows(
        ["  " + headers[0], *headers[1:]],
        [["  " + cell(first), *rest] for first, *rest in rows],
        headed=headed,
    )


def _sourced(leaves: Mapping[str, Sourced]) -> list[list[str]]:
    return [
        [key, exact(leaf.value), leaf.layer, "" if leaf.is_default else leaf.place]
        for key, leaf in leaves.items()
    ]


def _courses(metrics: Mapping[str, Metric]) -> list[list[str]]:
    blocks = _blocks()
    return [
        [
            key,
            sparkline(metric.course, blocks),
            _number(metric.minimum),
            _number(metric.maximum),
            _number(metric.last),
            f"{metric.count} values" if metric.count != 1 else "1 value",
        ]
        for key, metric in metrics.items()
    ]


def _files(files: Mapping[str, int | None], *, everything: bool) -> list[list[str]]:
    rows = [
        [cell(name), "missing" if size is None else f"{size:,} bytes"]
        for name, size in files.items()
    ]
    if everything or len(rows) <= _MOST_FILES:
        return rows
    return [*rows[:_MOST_FILES], [f"… and {len(rows) - _MOST_FILES} more: --all", ""]]


def _number(value: float | None) -> str:
    return NOTHING if value is None else cell(value)


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number beyond all floats
        return math.inf if value > 0 else -math.inf


def _blocks() -> str:
    """What the output can show."""
    try:
        sparklines.BLOCKS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return sparklines.ASCII
    return sparklines.BLOCKS
