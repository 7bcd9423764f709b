"""Reads a run and its metrics from a store's tables, as the same objects as from local journals."""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, literal, select

from runsettings.journal.query.keys import SECTIONS
from runsettings.journal.query.metrics import Metric, last_of_each
from runsettings.journal.reader import parse
from runsettings.journal.records import State
from runsettings.journal.replay import StoredRun
from runsettings.shipping.stores.base import Committed, Latest
from runsettings.shipping.stores.rows import plain_text
from runsettings.shipping.stores.tables import chunks, runs, series
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError


class ShippedRun(StoredRun):
    """A run in a store. Its journal and the lock on it may be on another machine.

    A section that was not read, such as its config, is no attribute of it.
    """

    __slots__ = ("key", "shipped_state")

    key: int
    """The number of the run in the store."""
    shipped_state: State
    """Its state at the last check-in."""

    @property
    def state(self) -> State:
        """The state of the run at the last check-in."""
        return self.shipped_state


def find_latest(connection: Connection, project: str, run_id: str, now: float) -> Latest | None:
    """Find the latest run with a project and an id.

    Args:
        connection: A connection in a transaction.
        project: The project.
        run_id: The id.
        now: The current time by the store's clock, in seconds since 1970.

    Returns:
        The run; ``None`` if there is none.
    """
    columns = (runs.c.key, runs.c.state, runs.c.promised, runs.c.generation)
    row = connection.execute(
        select(*columns, *texts(SECTIONS), runs.c.details)
        .where(runs.c.project == plain_text(project), runs.c.id == plain_text(run_id))
        .where(runs.c.removed.is_(None), runs.c.record.is_not(None))
        .order_by(runs.c.created.desc(), runs.c.key.desc())
    ).first()
    if row is None:
        return None
    return Latest(run_of(row), row.state, row.generation, row.promised, now)


def committed(connection: Connection, names: Mapping[str, Any]) -> Committed | None:
    """Return how much of a run the store has.

    Args:
        connection: A connection in a transaction.
        names: The columns that identify the run, with their values.

    Returns:
        The position and state; ``None`` if the store does not know the run.
    """
    columns = (runs.c.key, runs.c.position, runs.c.tail, runs.c.removed, runs.c.details)
    query = select(*columns, *texts(SECTIONS)).filter_by(**names)
    row = connection.execute(query).first()
    if row is None:
        return None
    state = None if row.record is None else _members(row)
    return Committed(row.key, row.position, row.tail, state, row.removed is not None)


def texts(sections: Iterable[str]) -> list[ColumnElement[Any]]:
    """The columns that `run_of` reads, besides the key and the state.

    Args:
        sections: The sections of the run that are needed.
    """
    return [runs.c.record, *(runs.c[f"{name}_text"] for name in SECTIONS if name in sections)]


def add_details(connection: Connection, run: StoredRun) -> StoredRun:
    """Load the sections and the details of a run, which lists leave out.

    Args:
        connection: A connection in a transaction.
        run: The run, from a list.

    Returns:
        A new object with the details.
    """
    assert isinstance(run, ShippedRun)
    columns = (runs.c.key, literal(run.shipped_state).label("state"), runs.c.details)
    query = select(*columns, *texts(SECTIONS)).where(runs.c.key == run.key)
    return run_of(connection.execute(query).one())


def read_metrics(connection: Connection, run: StoredRun) -> dict[str, Metric]:
    """Read every metric of a run, including the parts that other machines recorded.

    Args:
        connection: A connection in a transaction.
        run: The run, from `list_runs`.

    Returns:
        The metrics by dotted key, in the order in which the keys were first logged.
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
        key: Metric.of(last_of_each(steps, values)[1])
        for key, (steps, values) in logged.items()
        if key not in ("_step", "_timestamp")
    }


def ends_of_parts(connection: Connection, run: StoredRun) -> dict[int, int | None]:
    """Return where each part of a run ends that was resumed on other machines.

    In the tables, each part is a run of its own.

    Args:
        connection: A connection in a transaction.
        run: The run, from `list_runs`.

    Returns:
        By the key of each part, the step from which on its rows are ignored; ``None`` for the
        last part, all of whose rows are used. A later part has a larger key.
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


def run_of(row: Any) -> ShippedRun:
    """The run of a row, which an earlier or later version may have written.

    Args:
        row: The key, the state and the columns of `texts`; with ``details`` or without.

    Raises:
        RunError: The texts are not the members of a run.
    """
    members = _members(row)
    run = None if members is None else _validated(members)
    if run is None:
        raise RunError.of(
            Rule.BAD_STORE,
            f"the record of run {row.key} in the store is damaged",
            path=("store",),
            hint=f"the owner of the store can remove row {row.key} of the table {runs.name}",
        )
    for name in SECTIONS:
        if f"{name}_text" not in row._fields:
            delattr(run, name)
    if "details" not in row._fields and hasattr(run, "metadata"):
        run.metadata.pop("packages", None)
    run.key, run.shipped_state = row.key, row.state
    return run


def _members(row: Any) -> dict[str, Any] | None:
    """The members of a run that a row has; ``None`` if one of its texts is not a JSON object."""
    members = parse(row.record.encode())
    found = row._mapping
    details = parse((found.get("details") or "{}").encode())
    if members is None or details is None:
        return None
    for name in SECTIONS:
        if (text := found.get(f"{name}_text")) is not None:
            members[name] = parse(text.encode())
    if isinstance(some := members.get("metadata"), dict):
        # A part of it is among the details; the order of its keys stays.
        details["metadata"] = {**some, **details.get("metadata", {})}
    return {**members, **details}


def _validated(members: Mapping[str, Any]) -> ShippedRun | None:
    """The run with these members; ``None`` if they are not those of a run."""
    blank = StoredRun("").to_json()
    given = {name: value for name, value in members.items() if name in blank}
    try:
        return ShippedRun.from_json({**blank, **given})
    except ValueError:  # it quotes the members, so it is not shown
        return None
