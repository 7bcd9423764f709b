"""Runs as JSON objects, for programs and pages."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runsettings.journal.directory import FILES
from runsettings.journal.query.keys import ATTRIBUTES, Kind
from runsettings.journal.query.listing import Column
from runsettings.journal.query.metrics import Metric
from runsettings.journal.query.recorded_values import config_values, settings_values
from runsettings.journal.query.times import utc_time
from runsettings.journal.replay import StoredRun
from runsettings.values.key_paths import MISSING


def json_value(value: Any, kind: Kind = Kind.VALUE) -> Any:
    """Convert a value for JSON.

    Args:
        value: The value; `MISSING` becomes ``None``.
        kind: The kind of its key; a time becomes ISO 8601.

    Returns:
        The converted value.
    """
    if value is MISSING:
        return None
    return utc_time(value) if kind is Kind.TIME else value


def run_object(run: StoredRun) -> dict[str, Any]:
    """Make a JSON object of a run's attributes, config and summary.

    Args:
        run: The run.
    """
    found = {key: json_value(each.get(run), each.kind) for key, each in ATTRIBUTES.items()}
    return {**found, "config": run.config, "summary": run.summary}


def row_objects(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Make a JSON object of each row of a list of runs, with the headings as keys.

    Args:
        columns: The columns.
    """
    headings = [column.heading for column in columns]
    values = ([json_value(value, column.kind) for value in column.values] for column in columns)
    return [dict(zip(headings, row, strict=True)) for row in zip(*values, strict=True)]


def run_details(
    run: StoredRun, metrics: Mapping[str, Metric], files: Mapping[str, int | None]
) -> dict[str, Any]:
    """Make a JSON object of a run with all details.

    Args:
        run: The run.
        metrics: Its metrics, from `read_metrics`.
        files: Its files, from `saved_files`.
    """
    return {
        **run_object(run),
        "config": {key: each.to_json() for key, each in config_values(run).items()},
        "settings": {key: each.to_json() for key, each in settings_values(run).items()},
        "metrics": {
            key: {
                "count": metric.count,
                "min": metric.minimum,
                "max": metric.maximum,
                "last": metric.last,
            }
            for key, metric in metrics.items()
        },
        "files": files,
        "metadata": run.metadata,
        "starts": run.starts,
        "torn": run.torn,
        "lost": run.lost,
    }


def saved_files(run: StoredRun) -> dict[str, int | None]:
    """Find the files below a run's ``files/``. Symbolic links are not followed.

    Args:
        run: The run.

    Returns:
        The sizes in bytes by path; ``None`` for a file that is missing.
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
                continue  # it was deleted in the meantime
    return found | {name: None for name in run.files if name not in found}
