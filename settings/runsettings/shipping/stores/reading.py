"""Reads runs and metrics from a store's tables, in the forms that local journals have."""

from __future__ import annotations

import json
from array import array
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Connection, select

from runsettings.journal.query.metrics import Metric
from runsettings.journal.reader import parse
from runsettings.journal.records import State
from runsettings.journal.replay import StoredRun
from runsettings.shipping.stores.rows import DETAILS
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

    Args:
        connection: A connection in a transaction.
        run: The run, from `list_runs`.
    """
    assert isinstance(run, ShippedRun)
    same = (series.c.run == chunks.c.run) & (series.c.number == chunks.c.series)
    rows = connection.execute(
        select(series.c.name, chunks.c.steps, chunks.c["values"])
        .join_from(series, chunks, same)
        .where(series.c.run == run.key)
        .order_by(series.c.number, chunks.c.start)
    )
    logged: dict[str, tuple[array[int], array[float]]] = {}
    for name, steps, values in rows:
        known = logged.setdefault(json.loads(f'"{name}"'), (array("q"), array("d")))
        known[0].extend(steps)
        known[1].extend(values)
    return {
        key: Metric.of(_last_of_each(steps, values))
        for key, (steps, values) in logged.items()
        if key not in ("_step", "_timestamp")
    }


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
