"""The table of runs: filters, columns, order and groups."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from runsettings.journal.index import Listing
from runsettings.journal.query.groups import (
    Group,
    group_columns,
    grouped_runs,
    number_range,
    summary_metrics,
)
from runsettings.journal.query.keys import Key, default_keys, find_key, key_names, known_keys
from runsettings.journal.query.listing import Column, Question, parse_question, run_columns
from runsettings.journal.query.run_objects import json_value, row_objects
from runsettings.journal.replay import StoredRun
from runsettings.page.run_views import whole_number
from runsettings.recorded.csv_files import columns_as_csv
from runsettings.recorded.sources import RunSource

_MOST: Final = 500
"""The largest number of rows in one response."""

_OF_GROUPS: Final = ("steps", "runtime")
"""The first default columns of groups; metrics follow."""

_MOST_METRICS: Final = 10
"""The largest number of metrics in the default columns of groups."""

_PAUSE: Final = 0.1
"""The number of seconds between two looks at a directory that is being read."""

_DRAWN: Final = 2_000
"""The largest number of runs in one picture."""

_SAMPLE: Final = 2_000
"""The largest number of runs whose keys are offered: a store may have many more."""


def read_table(source: RunSource, asked: Mapping[str, str]) -> dict[str, Any]:
    """Read a part of the table.

    Args:
        source: The source of the runs.
        asked: The query parameters of the request: ``where``, a filter; ``sort``, ``columns`` and
            ``group``, comma-separated keys; ``member``, the identity of the group whose runs to
            return; ``offset`` and ``limit``, the range of rows.

    Returns:
        ``columns`` with key and kind, ``total``, the number of rows, and ``rows``. A row of a run
        has its ``project``, ``id`` and ``name``, and the ``values`` of the columns. A row of a
        group has its ``member``, the ``values`` of the keys, the number of ``runs``, and
        ``ranges``: for each other column, the mean, the smallest and the largest number, or
        ``None``. ``reading`` is the number of journals that are being read while the table has
        only the newest runs, or 0.

    Raises:
        QueryError: A filter or a key is wrong.
    """
    question = _question(asked)
    parsed = parse_question(question, ())
    columns = default_keys() if parsed.columns is None else list(parsed.columns)
    groups = list(parsed.groups or ())
    member = asked.get("member")
    offset = whole_number(asked.get("offset"), 0)
    limit = min(whole_number(asked.get("limit"), 100), _MOST)
    part = replace(question, offset=offset, limit=limit, with_total=True)
    if not groups:
        # Only the rows in the window are read from a store.
        listing = source.select(part)
        shown = [_run_row(run, columns) for run in listing.runs]
        return _table(listing, columns, listing.total or 0, shown)
    listing = source.select(question)
    found = grouped_runs(listing.runs, groups, parsed.order)
    if parsed.columns is None:  # most of the columns of runs have no numbers
        metrics = [key for key in summary_metrics(listing.runs) if key not in groups]
        columns = [find_key(name, ()) for name in _OF_GROUPS] + metrics[:_MOST_METRICS]
    if member is None:
        shown = [_group_row(group, groups, columns) for group in found[part.range]]
        return _table(listing, [*groups, *columns], len(found), shown)
    runs = [run for group in found if _member(group) == member for run in group.runs]
    return _table(listing, columns, len(runs), [_run_row(run, columns) for run in runs[part.range]])


def read_rows(source: RunSource, asked: Mapping[str, str]) -> dict[str, Any]:
    """Read the values of the first runs, for a picture.

    Args:
        source: The source of the runs.
        asked: ``where``, ``sort`` and ``columns``, as for `read_table`.

    Returns:
        ``total``, the number of selected runs, and ``rows``: for each of the first runs an object
        with the columns as keys.

    Raises:
        QueryError: A filter or a key is wrong.
    """
    question = replace(_question(asked), limit=_DRAWN, with_total=True)
    listing = source.select(question)
    columns = run_columns(listing.runs, parse_question(question, ()).columns or default_keys())
    return {"total": listing.total or 0, "rows": row_objects(columns)}


def table_as_csv(source: RunSource, asked: Mapping[str, str]) -> str:
    """Return the whole table as CSV, as `runs ls --csv` prints it.

    Args:
        source: The source of the runs.
        asked: As for `read_table`.

    Raises:
        QueryError: A filter or a key is wrong.
    """
    return columns_as_csv(_whole_table(source, asked))


def table_as_json(source: RunSource, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the whole table as JSON, as `runs ls --json` prints it.

    Args:
        source: The source of the runs.
        asked: As for `read_table`.

    Raises:
        QueryError: A filter or a key is wrong.
    """
    return row_objects(_whole_table(source, asked))


def _whole_table(source: RunSource, asked: Mapping[str, str]) -> list[Column]:
    question = _question(asked)
    while (listing := source.select(question)).reading:
        time.sleep(_PAUSE)  # a download has all runs
    runs = listing.runs
    parsed = parse_question(question, ())
    columns = default_keys() if parsed.columns is None else parsed.columns
    if parsed.groups:
        return group_columns(runs, parsed.groups, columns, order=parsed.order)
    return run_columns(runs, columns)


def _question(asked: Mapping[str, str]) -> Question:
    return Question(
        where=[asked["where"]] if asked.get("where", "").strip() else (),
        sort=key_names(asked.get("sort", "")),
        columns=asked.get("columns") or None,
        group_by=asked.get("group") or None,
        sections=("summary",) if asked.get("group") and not asked.get("columns") else (),
    )


def read_keys(source: RunSource) -> list[str]:
    """Return the keys of the newest runs, which a column, a filter or a group may use.

    Args:
        source: The source of the runs.
    """
    return known_keys(source.select(Question(limit=_SAMPLE, sections=("config", "summary"))).runs)


def _table(
    listing: Listing, keys: Sequence[Key], total: int, rows: Sequence[Any]
) -> dict[str, Any]:
    columns = [{"key": key.text, "kind": key.kind.name.lower()} for key in keys]
    return {"columns": columns, "total": total, "rows": rows, "reading": listing.reading}


def _run_row(run: StoredRun, columns: Sequence[Key]) -> dict[str, Any]:
    values = [json_value(key.get(run), key.kind) for key in columns]
    return {"project": run.project, "id": run.id, "name": run.name, "values": values}


def _group_row(group: Group, keys: Sequence[Key], columns: Sequence[Key]) -> dict[str, Any]:
    pairs = zip(group.values, keys, strict=True)
    return {
        "member": _member(group),
        "values": [json_value(value, key.kind) for value, key in pairs],
        "runs": len(group.runs),
        "ranges": [_range(key, group.runs) for key in columns],
    }


def _range(key: Key, runs: Sequence[StoredRun]) -> list[Any] | None:
    found = number_range(key, runs)
    return None if found is None else [json_value(number, key.kind) for number in found]


def _member(group: Group) -> str:
    return json.dumps(group.identity)
