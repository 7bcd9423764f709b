"""Selects, sorts and counts runs in the database, with the same result as Python for local runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    case,
    exists,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)

from runsettings.journal.index import Listing
from runsettings.journal.query.errors import QueryError
from runsettings.journal.query.keys import SECTIONS, Key
from runsettings.journal.query.listing import Question, answer
from runsettings.journal.query.listing import select_runs as chosen_runs
from runsettings.journal.replay import StoredRun
from runsettings.shipping.stores.queries.conditions import (
    NEWEST_FIRST,
    Selection,
    shown,
    state,
)
from runsettings.shipping.stores.queries.json_values import Bool, NotInDatabase, Value
from runsettings.shipping.stores.reading import run_of, texts
from runsettings.shipping.stores.tables import runs

APART: Final[ColumnElement[Any]] = literal_column("'0'")
"""The offset of a subquery whose columns are made once.

Without an offset, a database puts the expressions where the columns are used. PostgreSQL's workers
share the rest of a query only if its parser sees that the offset leaves out no row: it sees that
neither of a parameter nor of an integer, which it casts.
"""


def list_runs(
    connection: Connection,
    now: float,
    where: Bool | None = None,
    sections: Iterable[str] = SECTIONS,
) -> list[StoredRun]:
    """Return the latest run of each project and id, newest first.

    Args:
        connection: A connection in a transaction.
        now: The current time by the store's clock, in seconds since 1970.
        where: A condition on the runs.
        sections: The sections of the runs to read.

    Returns:
        The runs, without the details.
    """
    query = _records(now, sections).where(shown()).order_by(*NEWEST_FIRST)
    found = query if where is None else query.where(where)
    return [run_of(row) for row in connection.execute(found)]


def select_runs(connection: Connection, now: float, question: Question) -> Listing:
    """Select runs in the database, with the same result as `query.listing.answer`.

    Args:
        connection: A connection in a transaction.
        now: The current time by the store's clock, in seconds since 1970.
        question: The filters, the keys to sort by, and the range.

    Returns:
        The runs, sorted, without the details; and their number, if the question needs it.

    Raises:
        QueryError: A filter or a key is wrong, or no run has it.
    """
    selection = selection_of(connection, now, question)
    if selection is None:
        found = answer(question.whole, list_runs(connection, now))  # raises errors, if any
        return Listing(found[question.range], total=len(found))
    return answer_of(connection, selection, question)


def answer_of(connection: Connection, selection: Selection, question: Question) -> Listing:
    """Select the runs of a translated question.

    Args:
        connection: A connection in a transaction.
        selection: The translated question.
        question: The question.

    Returns:
        As `select_runs`.
    """
    chosen = _Chosen(selection, question)
    rows = connection.execute(chosen.records()).all()
    about = rows[0] if rows else None
    if about is None and question.offset:  # there may be runs before the range
        about = connection.execute(chosen.query.limit(1).offset(None)).first()
    if about is None:
        return Listing(total=0)
    if about.doubt:
        found = checked_runs(connection, selection)
        return Listing(found[question.range], total=len(found))
    return Listing([run_of(row) for row in rows], total=about.total)


def selection_of(connection: Connection, now: float, question: Question) -> Selection | None:
    """Translate a question; ``None`` if Python has to answer it.

    Args:
        connection: A connection in a transaction.
        now: The current time by the store's clock, in seconds since 1970.
        question: The question.
    """
    try:
        selection = Selection(question, connection.dialect.name, now)
    except (QueryError, NotInDatabase):
        return None
    checks = [exists().where(shown(), check) for check in selection.checks]
    return selection if not checks or all(connection.execute(select(*checks)).one()) else None


def checked_runs(connection: Connection, selection: Selection) -> list[StoredRun]:
    """Select and sort runs whose values the database cannot compare in Python.

    Args:
        connection: A connection in a transaction.
        selection: The translated question.
    """
    candidates = list_runs(connection, selection.now, selection.may, selection.sections)
    return chosen_runs(candidates, selection.parsed.filters, selection.parsed.order)


class _Chosen:
    """The keys of the selected runs in their order.

    Args:
        selection: The translated question.
        question: The question.
    """

    def __init__(self, selection: Selection, question: Question) -> None:
        self.selection = selection
        parsed = selection.parsed
        inner, values = values_of(selection, [key for key, _ in parsed.order])
        doubts: list[Bool] = [] if selection.doubt is None else [inner.c.doubt]
        doubts += [value.unordered for value in values]
        doubt = case((or_(*doubts), 1), else_=0) if doubts else literal(0)
        # The runs in doubt come first, so that any part of the runs shows whether there are any.
        ordered: list[tuple[ColumnElement[Any], bool]] = [(doubt, True)]
        for value, (_, descending) in zip(values, parsed.order, strict=True):
            ordered += value.order(descending=descending)
        ordered += [(inner.c.created, True), (inner.c.key, False)]
        self.directions = [descending for _, descending in ordered]
        total: ColumnElement[Any] = null()
        if question.with_total and not selection.is_whole:
            total = func.count().over()
        elif question.with_total:  # the index of the latest runs is enough
            total = select(func.count()).select_from(runs).where(shown()).scalar_subquery()
        labels = [each.label(f"order_{place}") for place, (each, _) in enumerate(ordered)]
        first = select(inner.c.key, total.label("total"), *labels)
        most = None if question.limit is None else question.offset + question.limit
        first = first.order_by(*self._order(labels)).limit(most)
        part = first.subquery()
        columns = self._columns(part)
        query = select(part.c.key, part.c.total, func.max(columns[0]).over().label("doubt"))
        query = query.add_columns(*columns).order_by(*self._order(columns))
        self.query = query.offset(question.offset or None)

    def records(self) -> Select[Any]:
        """The query for the runs. Only those of the range are read, which makes sorting fast."""
        chosen = self.query.subquery()
        return (
            _records(self.selection.now, self.selection.sections)
            .add_columns(chosen.c.total, chosen.c.doubt)
            .join(chosen, chosen.c.key == runs.c.key)
            .order_by(*self._order(self._columns(chosen)))
        )

    def _columns(self, chosen: FromClause) -> list[ColumnElement[Any]]:
        """The columns of a subquery to sort by."""
        return [chosen.c[f"order_{place}"] for place in range(len(self.directions))]

    def _order(self, columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
        pairs = zip(columns, self.directions, strict=True)
        return [each.desc() if descending else each for each, descending in pairs]


def values_of(selection: Selection, keys: Sequence[Key]) -> tuple[FromClause, list[Value]]:
    """Read the values of some keys of the selected runs, each once.

    Args:
        selection: The translated question.
        keys: The keys.

    Returns:
        The subquery, with the ``key`` of each run, when it was ``created`` and whether there is
        any ``doubt`` that it is selected; and the values in it.
    """
    values = [selection.value(key) for key in keys]
    columns = [
        part.label(f"value_{place}_{number}")
        for place, value in enumerate(values)
        for number, part in enumerate(value.parts)
    ]
    doubt = false() if selection.doubt is None else selection.doubt
    query = select(runs.c.key, runs.c.created, doubt.label("doubt"), *columns)
    query = query.where(shown(), selection.may).offset(APART if keys else None)
    inner = query.subquery()
    again = [
        value.of_parts([inner.c[f"value_{place}_{number}"] for number in range(len(value.parts))])
        for place, value in enumerate(values)
    ]
    return inner, again


def _records(now: float, sections: Iterable[str]) -> Select[Any]:
    return select(runs.c.key, state(now).label("state"), *texts(sections))
