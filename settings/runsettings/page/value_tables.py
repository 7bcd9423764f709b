"""The values of one run, and the differences between runs, as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runsettings.journal.query.differences import CONFIG, SETTINGS, SUMMARY, Row, rows_of
from runsettings.journal.query.keys import ATTRIBUTES, Kind
from runsettings.journal.query.listing import Column
from runsettings.journal.query.recorded_values import RecordedValue, metadata_values
from runsettings.journal.query.run_objects import run_details
from runsettings.journal.replay import StoredRun
from runsettings.page.run_views import differing_rows
from runsettings.recorded.csv_files import columns_as_csv, json_text
from runsettings.recorded.sources import RunSource
from runsettings.values.key_paths import MISSING


def run_as_csv(source: RunSource, run: StoredRun) -> str:
    """Return the values of a run as CSV, with a row for each value.

    Args:
        source: The source of the run.
        run: The run, from `load_run`.
    """
    details = run_details(run, source.metrics(run), source.files(run))
    metrics = {
        f"{key}.{word}": number
        for key, metric in details["metrics"].items()
        for word, number in metric.items()
    }
    rows = [
        *_rows("run", {key: details[key] for key in ATTRIBUTES}),
        *rows_of([run], (CONFIG, SETTINGS, SUMMARY)),
        *_rows("metrics", metrics),
        *_rows("files", details["files"]),
        *_rows("metadata", metadata_values(run)),
    ]
    return _as_csv([""], rows)


def differences_as_csv(runs: Sequence[StoredRun]) -> str:
    """Return the differences between runs as CSV, with a row for each key that differs.

    Args:
        runs: The runs, from `load_run`.
    """
    return _as_csv([f"{run.project}/{run.id} " for run in runs], differing_rows(runs))


def _rows(section: str, values: Mapping[str, Any]) -> Iterator[Row]:
    """Rows of values without origins."""
    for key, value in values.items():
        yield Row(section, key, (RecordedValue(value, None),))


def _as_csv(titles: Sequence[str], rows: Sequence[Row]) -> str:
    """A table with the value, the layer, the place and the overridden values of each run."""
    columns = [_column("section", [row.section for row in rows])]
    columns.append(_column("key", [row.key for row in rows]))
    for at, title in enumerate(titles):
        values = [row.values[at] or RecordedValue(MISSING, None) for row in rows]
        columns.append(_column(f"{title}value", [each.value for each in values]))
        columns.append(_column(f"{title}layer", [each.layer for each in values]))
        columns.append(_column(f"{title}set at", [each.origin_text for each in values]))
        columns.append(_column(f"{title}over", [_overridden(each) for each in values]))
    return columns_as_csv(columns)


def _column(heading: str, values: list[Any]) -> Column:
    return Column(heading, Kind.VALUE, values)


def _overridden(value: RecordedValue) -> str:
    """The values that a value overrode, each with its place."""
    return "; ".join(
        f"{'removed' if each.value is MISSING else json_text(each.value)} {each.origin_text}"
        for each in value.beaten
    )
