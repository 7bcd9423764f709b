"""Reads runs and metrics from a store's tables, in the forms that local journals have."""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Connection, select

from runsettings.journal.query.metrics import Metric
from runsettings.journal.reader import parse
from runsettings.journal.records import State
from runsettings.journal.replay import StoredRun
from runsettings.shipping.stores.base import Latest
from runsettings.shipping.stores.rows import DETAILS, plain_text
from runsettings.shipping.stores.tables import chunks, runs, series

_MEMBERS: Final = frozenset(StoredRun.__slots__)


class ShippedRun(StoredRun):
    """A run as a store has it. Its journal may be on another machine, and so has no lock here."""

    __slots__ = ("key", "shipped_state")

    key: int
    """The number of the run in the store."""
    shipped_state: State
    """Its state, as the last check-in tells."""

    @property
    def state(self) -> State:
        """The state of the run, as the last check-in tells."""
        return self.shipped_state


def find_latest(connection: Connection, project: str, run_id: str, now: float) -> Latest | None:
    """The latest run of a project and an id; ``None`` if there is none.

    Args:
        connection: A connection in a transaction.
        project: The project.
        run_id: The id.
        now: The time of the store, in seconds since 1970.
    """
    columns = (runs.c.key, runs.c.record, runs.c.state, runs.c.promised, runs.c.generation)
    row = connection.execute(
        select(*columns)
        .where(runs.c.project == plain_text(project), runs.c.id == plain_text(run_id))
        .where(runs.c.removed.is_(None), runs.c.record.is_not(None))
        .order_by(runs.c.created.desc(), runs.c.key.desc())
    ).first()
    if row is None:
        return None
    run = _run(parse(row.record.encode()) or {})
    run.key, run.shipped_state = row.key, row.state
    return Latest(add_details(connection, run), row.state, row.generation, row.promised, now)


def list_runs(connection: Connection, now: float) -> list[StoredRun]:
    """The latest run of each project and id, newest first.

    Args:
        connection: A connection in a transaction.
        now: The time of the store, in seconds since 1970.
    """
    found: dict[tuple[str, str], StoredRun] = {}
    columns = (runs.c.key, runs.c.record, runs.c.state, runs.c.promised)
    rows = connection.execute(
        select(*columns).where(runs.c.removed.is_(None)).order_by(runs.c.created, runs.c.key)
    )
    for key, record, state, promised in rows:
        known = None if record is None else parse(record.encode())
        if known is None:
            continue  # another process is about to ship its first batch
        run = _run(known)
        run.key, run.shipped_state = key, state
        if state == "running" and promised is not None and promised < now:
            run.shipped_state = "crashed"
        found[run.project, run.id] = run
    return sorted(found.values(), key=lambda run: -run.created)


def add_details(connection: Connection, run: StoredRun) -> StoredRun:
    """Add to a run what listings leave out.

    Args:
        connection: A connection in a transaction.
        run: The run, from `list_runs`; it is changed.
    """
    assert isinstance(run, ShippedRun)
    text = connection.execute(select(runs.c.details).where(runs.c.key == run.key)).scalar_one()
    details = parse(text.encode()) or {}
    run.metadata.update(details.pop("metadata", {}))
    for name in DETAILS:
        setattr(run, name, details.get(name, {}))
    return run


def read_metrics(connection: Connection, run: StoredRun) -> dict[str, Metric]:
    """Every metric of a run by dotted key, in the order in which the keys were first logged.

    Of a run that was resumed on other machines, with the parts that they recorded.

    Args:
        connection: A connection in a transaction.
        run: The run, from `list_runs`.
    """
    assert isinstance(run, ShippedRun)
    same = (series.c.run == chunks.c.run) & (series.c.number == chunks.c.series)
    ends = ends_of_parts(connection, run)
    rows = connection.execute(
        select(series.c.run, series.c.name, chunks.c.steps, chunks.c["values"])
        .join_from(series, chunks, same)
        .where(series.c.run.in_(ends))
        .order_by(series.c.run, series.c.number, chunks.c.start)
    )
    logged: dict[str, tuple[array[int], array[float]]] = {}
    for key, name, steps, values in rows:
        known = logged.setdefault(json.loads(f'"{name}"'), (array("q"), array("d")))
        end = ends[key]
        count = len(steps) if end is None else bisect_left(steps, end)
        known[0].extend(steps[:count])
        known[1].extend(values[:count])
    return {
        key: Metric.of(_last_of_each(steps, values))
        for key, (steps, values) in logged.items()
        if key not in ("_step", "_timestamp")
    }


def ends_of_parts(connection: Connection, run: StoredRun) -> dict[int, int | None]:
    """The parts of a run that was resumed on other machines, each a run of its own in the tables.

    Args:
        connection: A connection in a transaction.
        run: The run, from `list_runs`.

    Returns:
        The first step that no longer counts in each part, by its key; ``None`` for the last part,
        whose steps all count. A later part has a larger key.
    """
    assert isinstance(run, ShippedRun)
    ends: dict[int, int | None] = {}
    if run.generations:
        earlier = select(runs.c.key, runs.c.generation).where(
            runs.c.project == plain_text(run.project),
            runs.c.id == plain_text(run.id),
            runs.c.generation.in_(run.generations),
        )
        for key, generation in connection.execute(earlier.order_by(runs.c.key)):
            ends[key] = run.generations[generation]
    return {**ends, run.key: None}


def _last_of_each(steps: array[int], values: array[float]) -> array[float]:
    """The values without those that a later one of the same step replaced."""
    if len(set(steps)) == len(steps):
        return values
    replaced = (step == after for step, after in pairwise(steps))
    return array(
        "d",
        (
            value
            for value, is_replaced in zip(values, (*replaced, False), strict=True)
            if not is_replaced
        ),
    )


def _run(record: Mapping[str, Any]) -> ShippedRun:
    """The run of a JSON object, which an earlier or later version may have written."""
    return ShippedRun(**{name: value for name, value in record.items() if name in _MEMBERS})
