"""Reads runs and metrics from a store's tables, as the same objects as from local journals."""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, desc, exists, func, select

from runsettings.journal.query.errors import QueryError
from runsettings.journal.query.listing import Question, answer, parse_question
from runsettings.journal.query.listing import select_runs as chosen_runs
from runsettings.journal.query.metrics import Metric, last_of_each
from runsettings.journal.reader import parse
from runsettings.journal.records import State
from runsettings.journal.replay import StoredRun
from runsettings.shipping.stores.base import Committed, Latest
from runsettings.shipping.stores.queries.conditions import (
    NEWEST_FIRST,
    NotInDatabase,
    Selection,
    shown,
    state,
)
from runsettings.shipping.stores.rows import DETAILS, plain_text
from runsettings.shipping.stores.tables import chunks, runs, series
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError


class ShippedRun(StoredRun):
    """A run in a store. Its journal and the lock on it may be on another machine."""

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
    columns = (runs.c.key, runs.c.record, runs.c.state, runs.c.promised, runs.c.generation)
    row = connection.execute(
        select(*columns)
        .where(runs.c.project == plain_text(project), runs.c.id == plain_text(run_id))
        .where(runs.c.removed.is_(None), runs.c.record.is_not(None))
        .order_by(runs.c.created.desc(), runs.c.key.desc())
    ).first()
    if row is None:
        return None
    run = _run(row.key, row.record, row.state)
    return Latest(add_details(connection, run), row.state, row.generation, row.promised, now)


def committed(connection: Connection, names: Mapping[str, Any]) -> Committed | None:
    """Return how much of a run the store has.

    Args:
        connection: A connection in a transaction.
        names: The columns that identify the run, with their values.

    Returns:
        The position and state; ``None`` if the store does not know the run.
    """
    columns = ("key", "position", "tail", "record", "removed", "details")
    row = connection.execute(select(*(runs.c[name] for name in columns)).filter_by(**names)).first()
    if row is None:
        return None
    key, position, tail, record, removed, details = row
    state = more = None
    if record is not None:
        state, more = parse(record.encode()), parse(details.encode())
    if state is not None and more is not None:
        state = {**state, **more, "metadata": _merged(state, more)}
    return Committed(key, position, tail, state, removed is not None)


def list_runs(connection: Connection, now: float) -> list[StoredRun]:
    """Return the latest run of each project and id, newest first.

    Args:
        connection: A connection in a transaction.
        now: The current time by the store's clock, in seconds since 1970.

    Returns:
        The runs, without the details.
    """
    query = _records(now).where(shown()).order_by(*NEWEST_FIRST)
    return [_listed(row) for row in connection.execute(query)]


def select_runs(connection: Connection, now: float, question: Question) -> list[StoredRun]:
    """Select runs in the database, with the same result as `query.listing.answer`.

    Args:
        connection: A connection in a transaction.
        now: The current time by the store's clock, in seconds since 1970.
        question: The filters, the keys to sort by, and the range.

    Returns:
        The runs, sorted, without the details.

    Raises:
        QueryError: A filter or a key is wrong, or no run has it.
    """
    selection = _selection(connection, now, question)
    if selection is None:
        return answer(question, list_runs(connection, now))  # raises the error, if there is one
    query = _records(now).where(shown(), selection.may)
    doubt = selection.doubt
    if doubt is not None and not question.offset:
        query = query.add_columns(doubt.label("doubt")).order_by(desc("doubt"))
    query = query.order_by(*selection.order, *NEWEST_FIRST)
    found = connection.execute(query.limit(question.limit).offset(question.offset or None)).all()
    # The runs in doubt come first, so that the first part of the runs shows whether there are any.
    if doubt is None or not (
        _has(connection, doubt, selection) if question.offset else any(row.doubt for row in found)
    ):
        return [_listed(row) for row in found]
    return _checked(connection, now, selection)[question.range]


def count_runs(connection: Connection, now: float, question: Question) -> int:
    """Count the runs that a question selects.

    Args:
        connection: A connection in a transaction.
        now: The current time by the store's clock, in seconds since 1970.
        question: The filters and the keys; its range does not matter.

    Returns:
        The number of runs.

    Raises:
        QueryError: A filter or a key is wrong, or no run has it.
    """
    selection = _selection(connection, now, question)
    if selection is None:
        return len(answer(question.whole, list_runs(connection, now)))
    if selection.doubtful is not None and _has(connection, selection.doubtful, selection):
        return len(_checked(connection, now, selection))
    count = select(func.count()).select_from(runs).where(shown(), selection.may)
    return int(connection.execute(count).scalar_one())


def _selection(connection: Connection, now: float, question: Question) -> Selection | None:
    """The question as SQL expressions; ``None`` if Python has to answer it."""
    try:
        selection = Selection(parse_question(question, ()), connection.dialect.name, now)
    except (QueryError, NotInDatabase):
        return None
    checks = [exists().where(shown(), check) for check in selection.checks]
    return selection if not checks or all(connection.execute(select(*checks)).one()) else None


def _has(connection: Connection, doubt: ColumnElement[bool], selection: Selection) -> bool:
    """Whether there is a run that Python has to check."""
    query = select(exists().where(shown(), selection.may, doubt))
    return bool(connection.execute(query).scalar())


def _checked(connection: Connection, now: float, selection: Selection) -> list[StoredRun]:
    """The selected runs, sorted. Python checks the values that the database cannot compare."""
    query = _records(now).where(shown(), selection.may).order_by(*NEWEST_FIRST)
    candidates = [_listed(row) for row in connection.execute(query)]
    return chosen_runs(candidates, selection.parsed.filters, selection.parsed.order)


def _records(now: float) -> Select[Any]:
    return select(runs.c.key, runs.c.record, state(now).label("state"))


def _listed(row: Any) -> ShippedRun:
    """A run without the details."""
    run = _run(row.key, row.record, row.state)
    run.metadata.pop("packages", None)
    return run


def add_details(connection: Connection, run: StoredRun) -> StoredRun:
    """Load the details of a run, which listings leave out.

    Args:
        connection: A connection in a transaction.
        run: The run, from `list_runs`.

    Returns:
        A new object with the details.
    """
    assert isinstance(run, ShippedRun)
    query = select(runs.c.record, runs.c.details).where(runs.c.key == run.key)
    record, text = connection.execute(query).one()
    return _run(run.key, record, run.shipped_state, text)


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


def _run(key: int, record: str, state: State, details: str = "{}") -> ShippedRun:
    """The run from its JSON objects, which an earlier or later version may have written.

    Args:
        key: The number of the run in the store.
        record: The members of the run.
        state: Its state.
        details: The members that listings leave out, and a part of ``metadata``.

    Raises:
        RunError: The objects are not the members of a run.
    """
    known, more = parse(record.encode()), parse(details.encode())
    run = None if known is None or more is None else _validated(known, more)
    if run is None:
        raise RunError.of(
            Rule.BAD_STORE,
            f"the record of run {key} in the store is damaged",
            path=("store",),
            hint=f"the owner of the store can remove row {key} of the table {runs.name}",
        )
    run.key, run.shipped_state = key, state
    return run


def _validated(record: Mapping[str, Any], details: Mapping[str, Any]) -> ShippedRun | None:
    """The run with these members; ``None`` if they are not those of a run."""
    blank = StoredRun("").to_json()
    members = {**record, **{name: blank[name] for name in DETAILS}, **details}
    members["metadata"] = _merged(record, details)
    given = {name: value for name, value in members.items() if name in blank}
    try:
        return ShippedRun.from_json({**blank, **given})
    except ValueError:  # it quotes the members, so it is not shown
        return None


def _merged(record: Mapping[str, Any], details: Mapping[str, Any]) -> Any:
    """The metadata of a run, parts of which are among the details."""
    some, more = record.get("metadata", {}), details.get("metadata", {})
    return {**some, **more} if isinstance(some, dict) and isinstance(more, dict) else None
