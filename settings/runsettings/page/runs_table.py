"""The table of runs: filters, columns, order and groups."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from runsettings.journal.index import Listing
from runsettings.journal.query.groups import (
    GroupListing,
    GroupRow,
    NumberRange,
    group_columns,
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

_RUNS_WITH_METRICS: Final = 50
"""The number of runs whose metrics are the default columns of groups."""

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
    if parsed.columns is None:  # most of the columns of runs have no numbers
        columns = _columns_of_groups(source, question, groups)
        part = replace(part, sections=("summary",))
    if member is not None:
        listing = source.members(part, member)
        shown = [_run_row(run, columns) for run in listing.runs]
        return _table(listing, columns, listing.total or 0, shown)
    found = source.groups(part, columns)
    shown = [_group_row(group, groups, columns) for group in found.rows]
    return _table(found, [*groups, *columns], found.total, shown)


def _columns_of_groups(source: RunSource, question: Question, groups: Sequence[Key]) -> list[Key]:
    """The default columns of groups, from the newest of the runs: a store may have many more."""
    some = replace(question, limit=_RUNS_WITH_METRICS, sort=(), sections=("summary",))
    names = {key.text for key in groups}
    metrics = [key for key in summary_metrics(source.select(some).runs) if key.text not in names]
    return [find_key(name, ()) for name in _OF_GROUPS] + metrics[:_MOST_METRICS]


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
        sections=(),
    )


def read_keys(source: RunSource) -> list[str]:
    """Return the keys of the newest runs, which a column, a filter or a group may use.

    Args:
        source: The source of the runs.
    """
    return known_keys(source.select(Question(limit=_SAMPLE, sections=("config", "summary"))).runs)


def _table(
    listing: Listing | GroupListing, keys: Sequence[Key], total: int, rows: Sequence[Any]
) -> dict[str, Any]:
    columns = [{"key": key.text, "kind": key.kind.name.lower()} for key in keys]
    return {"columns": columns, "total": total, "rows": rows, "reading": listing.reading}


def _run_row(run: StoredRun, columns: Sequence[Key]) -> dict[str, Any]:
    values = [json_value(key.get(run), key.kind) for key in columns]
    return {"project": run.project, "id": run.id, "name": run.name, "values": values}


def _group_row(group: GroupRow, keys: Sequence[Key], columns: Sequence[Key]) -> dict[str, Any]:
    values, ranges = zip(group.values, keys, strict=True), zip(group.ranges, columns, strict=True)
    return {
        "member": group.member,
        "values": [json_value(value, key.kind) for value, key in values],
        "runs": group.size,
        "ranges": [_range(numbers, key) for numbers, key in ranges],
    }


def _range(numbers: NumberRange | None, key: Key) -> list[Any] | None:
    return None if numbers is None else [json_value(number, key.kind) for number in numbers]
