"""One run, and the comparison of runs, as JSON for the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from runsettings.journal.directory import copy_name
from runsettings.journal.query.differences import (
    CONFIG,
    SETTINGS,
    SUMMARY,
    SURROUNDINGS,
    Row,
    rows_of,
)
from runsettings.journal.query.errors import RunNotFoundError
from runsettings.journal.query.filters import attribute_filter
from runsettings.journal.query.listing import Question
from runsettings.journal.query.recorded_values import RecordedValue
from runsettings.journal.query.reproduction import reproduce
from runsettings.journal.query.run_objects import run_details, run_object
from runsettings.journal.records import LARGEST_STEP
from runsettings.journal.replay import StoredRun
from runsettings.recorded.sources import RunSource

_DIGITS: Final = 100
"""Longer numbers are larger than `LARGEST_STEP`, unless they begin with zeros."""


def load_run(source: RunSource, project: str, run_id: str) -> StoredRun:
    """Read a run with all details.

    Args:
        source: The source of the runs.
        project: The project of the run.
        run_id: The id of the run.

    Returns:
        The run.

    Raises:
        RunNotFoundError: There is no such run.
    """
    same = attribute_filter(run_id=run_id, project=project)
    found = source.select(Question(attributes=same, sections=())).runs
    if found:
        return source.load(found[0])
    raise RunNotFoundError(f"there is no run {run_id!r} of the project {project!r}")


def read_run(source: RunSource, run: StoredRun) -> dict[str, Any]:
    """Read a run's attributes, config and settings with origins, metrics and files.

    Args:
        source: The source of the runs.
        run: The run, from `load_run`.

    Returns:
        The run as a JSON object.
    """
    copy = _copies(source, run)
    details = run_details(run, source.metrics(run), source.files(run))
    for section in ("config", "settings"):
        leaves: dict[str, dict[str, Any]] = details[section]
        for leaf in leaves.values():
            value = RecordedValue(leaf["value"], leaf["origin"], leaf.get("losers", ()))
            leaf.update(_places(value, copy))
    return {**details, "reproduce": reproduce(run)}


def read_difference(source: RunSource, runs: Sequence[StoredRun]) -> dict[str, Any]:
    """Compare runs.

    Args:
        source: The source of the runs.
        runs: The runs, from `load_run`.

    Returns:
        The runs and their differences as JSON. Each value has its origin and the values that it
        overrode.
    """
    copies = [_copies(source, run) for run in runs]
    found = []
    for row in differing_rows(runs):
        values = [
            None if value is None else {"value": value.value, **_places(value, copy)}
            for value, copy in zip(row.values, copies, strict=True)
        ]
        found.append({"section": row.section, "key": row.key, "values": values})
    return {"runs": [run_object(run) for run in runs], "differences": found}


def differing_rows(runs: Sequence[StoredRun]) -> list[Row]:
    """Return the keys whose values differ between runs.

    Args:
        runs: The runs, from `load_run`.
    """
    rows = rows_of(runs, (CONFIG, SETTINGS, SUMMARY, SURROUNDINGS))
    return [row for row in rows if row.differs]


def whole_number(text: str | None, default: int) -> int:
    """A whole number that the page asks with, at most `LARGEST_STEP`; otherwise the default."""
    if text is None or not text.isascii() or not text.isdigit():
        return default
    # Python refuses to convert thousands of digits.
    return min(int(text), LARGEST_STEP) if len(text) <= _DIGITS else LARGEST_STEP


def _places(
    value: RecordedValue, copy: Callable[[RecordedValue], dict[str, Any] | None]
) -> dict[str, Any]:
    """Where a value was set, and the values that it overrode, in the terms of `explain`."""
    beaten = [
        {
            "value": each.to_json()["value"],
            "layer": each.layer,
            "place": each.origin_text,
            "copy": copy(each),
        }
        for each in value.beaten
    ]
    return {
        "layer": value.layer,
        "place": value.origin_text,
        "copy": copy(value),
        "beaten": beaten,
    }


def _copies(source: RunSource, run: StoredRun) -> Callable[[RecordedValue], dict[str, Any] | None]:
    """A function that finds the copy of the config file of a value, and the line in it."""
    files, cwd = source.files(run), str(run.metadata.get("cwd", ""))

    def find(value: RecordedValue) -> dict[str, Any] | None:
        origin = value.origin or {}
        if "line" not in origin or "call" in origin:
            return None
        path = copy_name(str(origin.get("where", "")), cwd)
        return {"path": path, "line": origin["line"]} if files.get(path) is not None else None

    return find
