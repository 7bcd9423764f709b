"""The curves of metrics, for the charts of the page."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from runsettings.journal.aggregates import AGGREGATES
from runsettings.journal.query.groups import grouped_runs
from runsettings.journal.query.keys import Key, Kind, key_names
from runsettings.journal.query.listing import Column, Question, parse_question
from runsettings.journal.query.metrics import TIMES, Bucket
from runsettings.journal.query.run_objects import json_value, row_objects
from runsettings.journal.records import LARGEST_STEP
from runsettings.journal.replay import StoredRun
from runsettings.page.run_views import whole_number
from runsettings.recorded.csv_files import columns_as_csv
from runsettings.recorded.sources import RunSource

_RUNS: Final = 100
"""The largest number of runs in one chart."""

_KEYS: Final = 6
"""The number of metrics that are shown if none is named."""

_MOST_KEYS: Final = 12
"""The largest number of metrics in one response."""

_BUCKETS: Final = 1_000
"""The largest number of buckets of one curve."""

_POINTS: Final = 40_000
"""The number of buckets in one response."""

_LEAST: Final = 60
"""The number of buckets of a curve, however many curves there are."""

_DRAWN: Final = ("x", "known", "minimum", "maximum", "mean")
"""The members of a curve that the page draws."""


class Range(NamedTuple):
    """A part of the horizontal axis."""

    first: float
    last: float


_ALL: Final = Range(-math.inf, math.inf)


def read_curves(source: RunSource, asked: Mapping[str, str]) -> dict[str, Any]:
    """Read metrics of runs as curves.

    Args:
        source: The source of the runs.
        asked: The query parameters of the request: ``where`` and ``sort``, which select the runs;
            ``group``, the keys of groups; ``keys``, the metrics; ``x``, which is ``step``,
            ``time`` or ``wall``; ``first`` and ``last``, the range of the horizontal axis; and
            ``buckets``, the number of points of each curve.

    Returns:
        ``total``, the number of selected runs; ``metrics``, the names of all their metrics;
        ``keys``, those that are returned; ``runs``, each with its ``curves`` by metric; and
        ``groups``, each with the ``values`` of the keys, and the places of its ``runs``.

    Raises:
        QueryError: A filter or a key is wrong.
    """
    question = Question(
        where=[asked["where"]] if asked.get("where", "").strip() else (),
        sort=key_names(asked.get("sort", "")),
        group_by=asked.get("group") or None,
        sections=("summary",),
        limit=_RUNS,
        with_total=True,
    )
    listing = source.select(question)
    groups = parse_question(question, ()).groups or ()
    runs = listing.runs
    metrics = metric_names(runs)
    keys = key_names(asked.get("keys", ""))[:_MOST_KEYS] or metrics[:_KEYS]
    most = min(_BUCKETS, max(_LEAST, _POINTS // max(len(runs) * len(keys), 1)))
    most = min(max(whole_number(asked.get("buckets"), most), 1), most)
    wanted = Range(_number(asked.get("first"), -math.inf), _number(asked.get("last"), math.inf))
    axis = asked.get("x", "step")
    return {
        "total": listing.total,
        "metrics": metrics,
        "keys": keys,
        "groups": _groups(runs, groups),
        "runs": [_run(run, read_run_curves(source, run, keys, axis, most, wanted)) for run in runs],
    }


def drawn_curves(source: RunSource, asked: Mapping[str, str]) -> dict[str, Any]:
    """Read only what the page draws; see `read_curves`."""
    found = read_curves(source, asked)
    for run in found["runs"]:
        for key, curve in run["curves"].items():
            run["curves"][key] = {name: curve[name] for name in _DRAWN}
    return found


def curves_as_csv(source: RunSource, asked: Mapping[str, str]) -> str:
    """Return curves as CSV, with a row for each bucket.

    Args:
        source: The source of the runs.
        asked: As for `read_curves`.

    Raises:
        QueryError: A filter or a key is wrong.
    """
    return columns_as_csv(_columns(read_curves(source, asked)))


def curves_as_json(source: RunSource, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return curves as JSON, with an object for each bucket.

    Args:
        source: The source of the runs.
        asked: As for `read_curves`.

    Raises:
        QueryError: A filter or a key is wrong.
    """
    return row_objects(_columns(read_curves(source, asked)))


def metric_names(runs: Iterable[StoredRun]) -> list[str]:
    """Return the names of the metrics of runs, those of the most runs first.

    Args:
        runs: The runs.
    """
    found: dict[str, int] = {}
    for run in runs:
        names = [key for key, value in run.summary.items() if type(value) in (int, float)]
        for name in dict.fromkeys(_metric_of(run, name) for name in names):
            found[name] = found.get(name, 0) + 1
    return sorted(found, key=lambda name: -found[name])


def _metric_of(run: StoredRun, name: str) -> str:
    """The metric of a key of the summary, which may be one of its aggregates: ``loss.min``."""
    metric, _, word = name.rpartition(".")
    if run.metrics and word in AGGREGATES and word in run.metrics.words_of(metric):
        return metric
    return name


def read_run_curves(
    source: RunSource, run: StoredRun, keys: Sequence[str], axis: str, most: int, wanted: Range
) -> dict[str, dict[str, list[float | None]]]:
    """Read metrics of one run.

    Args:
        source: The source of the run.
        run: The run.
        keys: The metrics.
        axis: What the horizontal axis shows: ``step``; ``time``, in seconds since the run began; or
            ``wall``, in seconds since 1970.
        most: The largest number of buckets of each metric.
        wanted: The range of the horizontal axis.

    Returns:
        The curves by metric, each with lists of ``x`` and of the members of `Bucket`. A metric that
        the run does not have has no curve.
    """
    first, last = wanted.first, wanted.last
    times: list[tuple[int, float]] = []
    zero = run.created if axis == "time" else 0.0
    if axis != "step":
        times = _times(source, run, 0, math.inf)
        if wanted != _ALL:
            steps = [(time - zero, float(step)) for step, time in times]
            first, last = _interpolated(steps, first), _interpolated(steps, last)
            times = _times(source, run, first, last)
    found = {}
    for key in keys:
        buckets = source.series(run, key, most, _step(first), _step(last))
        if buckets:
            curve = dict(zip(Bucket._fields, map(list, zip(*buckets, strict=True)), strict=True))
            middles = [(each.first_step + each.last_step) / 2 for each in buckets]
            x = middles if axis == "step" else [_interpolated(times, at) - zero for at in middles]
            found[key] = {"x": x, **curve}
    return found


def _times(source: RunSource, run: StoredRun, first: float, last: float) -> list[tuple[int, float]]:
    """Some steps of a run in order, each with its time in seconds since 1970."""
    points = []
    for each in source.series(run, TIMES, _BUCKETS, _step(first), _step(last)):
        if each.minimum is not None and each.maximum is not None:
            points += [(each.first_step, each.minimum), (each.last_step, each.maximum)]
    return points


def _step(number: float) -> float:
    """The step of a number, which may lie outside of all steps."""
    return min(max(number, 0), LARGEST_STEP)


def _interpolated(points: Sequence[tuple[float, float]], at: float) -> float:
    """The value of a line through some points, and of its ends outside of it."""
    if not points or math.isinf(at):
        return at
    after = bisect_left(points, (at, -math.inf))
    if after in (0, len(points)):
        return points[min(after, len(points) - 1)][1]
    (x0, y0), (x1, y1) = points[after - 1], points[after]
    return y0 if x1 == x0 else y0 + (y1 - y0) * (at - x0) / (x1 - x0)


def _groups(runs: Sequence[StoredRun], keys: Sequence[Key]) -> list[dict[str, Any]]:
    if not keys:
        return []
    places = {id(run): at for at, run in enumerate(runs)}
    return [
        {
            "values": [
                json_value(value, key.kind) for value, key in zip(group.values, keys, strict=True)
            ],
            "runs": [places[id(run)] for run in group.runs],
        }
        for group in grouped_runs(runs, keys)
    ]


def _run(run: StoredRun, curves: Mapping[str, Any]) -> dict[str, Any]:
    names = {"project": run.project, "id": run.id, "name": run.name, "state": run.state}
    return {**names, "curves": curves}


_NAMES: Final = ("project", "id", "name")


def _columns(found: Mapping[str, Any]) -> list[Column]:
    """A table of curves."""
    headings = (*_NAMES, "key", "x", *Bucket._fields)
    rows = list(_rows(found["runs"]))
    columns = zip(*rows, strict=True) if rows else ((),) * len(headings)
    return [
        Column(heading, Kind.VALUE, list(values))
        for heading, values in zip(headings, columns, strict=True)
    ]


def _rows(runs: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
    for run in runs:
        for key, curve in run["curves"].items():
            for bucket in zip(*curve.values(), strict=True):
                yield (*(run[name] for name in _NAMES), key, *bucket)


def _number(text: str | None, default: float) -> float:
    """A number that the page asks with; the default for other texts."""
    try:
        found = math.nan if text is None else float(text)
    except ValueError:
        return default
    return default if math.isnan(found) else found
