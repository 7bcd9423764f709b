"""One run, and two runs side by side, as JSON for the page."""

from __future__ import annotations

from typing import Any, Final

from runsettings.journal.query.differences import Difference, compare_runs
from runsettings.journal.query.errors import RunNotFoundError
from runsettings.journal.query.filters import attribute_filter
from runsettings.journal.query.listing import Question
from runsettings.journal.query.metrics import Metric
from runsettings.journal.query.recorded_values import RecordedValue
from runsettings.journal.query.run_objects import run_details, run_object
from runsettings.journal.replay import StoredRun
from runsettings.recorded.sources import RunSource

_BUCKETS: Final = 1_000
"""The largest number of buckets of one metric in one answer."""


def load_run(source: RunSource, project: str, run_id: str) -> StoredRun:
    """Read a run with everything.

    Args:
        source: Where the runs are.
        project: Its project.
        run_id: Its id.

    Raises:
        RunNotFoundError: There is no such run.
    """
    found = source.select(
        Question(attributes=attribute_filter(run_id=run_id, project=project))
    ).runs
    if found:
        return source.load(found[0])
    raise RunNotFoundError(f"there is no run {run_id!r} of the project {project!r}")


def read_run(source: RunSource, run: StoredRun) -> dict[str, Any]:
    """Everything about a run: attributes, config and settings with origins, metrics, files."""
    details = run_details(run, source.metrics(run), source.files(run))
    for section in ("config", "settings"):
        leaves: dict[str, dict[str, Any]] = details[section]
        for leaf in leaves.values():
            value = RecordedValue(leaf["value"], leaf["origin"], leaf.get("losers", ()))
            leaf.update(_places(value))
    return details


def read_difference(a: StoredRun, b: StoredRun) -> dict[str, Any]:
    """What differs between two runs, each value with the place that set it and what it beat."""
    found = compare_runs(a, b, summary=True)
    return {"a": run_object(a), "b": run_object(b), "differences": [_difference(e) for e in found]}


def read_course(metrics: dict[str, Metric], key: str, buckets: int) -> dict[str, Any] | None:
    """The course of a metric in buckets, each the mean of as many values.

    Args:
        metrics: The metrics of a run.
        key: The dotted key of one of them.
        buckets: The largest number of buckets.

    Returns:
        ``None`` if the run has no such metric.
    """
    metric = metrics.get(key)
    if metric is None:
        return None
    count = len(metric.course)
    size = max(-(-count // max(min(buckets, _BUCKETS), 1)), 1)
    course = [list(metric.course[at : at + size]) for at in range(0, count, size)]
    return {
        "count": metric.count,
        "min": [min(each) for each in course],
        "max": [max(each) for each in course],
        "last": [each[-1] for each in course],
    }


def _difference(each: Difference) -> dict[str, Any]:
    def side(value: RecordedValue | None) -> dict[str, Any] | None:
        return None if value is None else {"value": value.value, **_places(value)}

    return {"section": each.section, "key": each.key, "a": side(each.a), "b": side(each.b)}


def _places(value: RecordedValue) -> dict[str, Any]:
    """Where a value was set, and what it beat, in the words that `explain` has."""
    beaten = [
        {"value": each.to_json()["value"], "layer": each.layer, "place": each.origin_text}
        for each in value.beaten
    ]
    return {"layer": value.layer, "place": value.origin_text, "beaten": beaten}
