"""Translates the filters and the sort keys of a question into SQL expressions.

A database cannot compare all values as Python does: characters that it cannot store were replaced
in its texts, and ``~`` ignores the case of all letters. Each condition therefore has two forms. If
``may`` is false for a run, the run does not match. If ``must`` is true, the run matches. Python
checks the runs for which only ``may`` is true.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Numeric,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    true,
)

from runsettings.journal.query.comparisons import (
    ORDER,
    Comparison,
    Filter,
    Joined,
    Literal,
    Negation,
    Present,
    is_number,
)
from runsettings.journal.query.keys import Key
from runsettings.journal.query.listing import Question, parse_question
from runsettings.shipping.stores.queries.json_values import (
    Bool,
    NotInDatabase,
    PostgresValue,
    SqliteValue,
    Value,
    altered,
    sure,
)
from runsettings.shipping.stores.rows import NOT_FINITE, REPLACED, filterable, plain_text
from runsettings.shipping.stores.tables import runs

NEWEST_FIRST: Final = (runs.c.created.desc(), runs.c.key)
"""The order of lists."""

_LONGEST: Final = 1000
"""The largest number of characters of a text that the database searches for."""


_MOST: Final = 200
"""The largest number of keys in a question to the database; SQLite takes about 900 conditions."""


class Condition(NamedTuple):
    """The two forms of a condition. They are the same object if Python has nothing to check."""

    may: Bool
    must: Bool


def shown() -> Bool:
    """Whether a run is listed: it was neither removed nor overwritten by a later run."""
    later = runs.alias("later")
    return and_(
        runs.c.removed.is_(None),
        runs.c.created.is_not(None),  # NULL until the first batch is shipped
        not_(
            exists().where(
                later.c.project == runs.c.project,
                later.c.id == runs.c.id,
                or_(
                    later.c.created > runs.c.created,
                    and_(later.c.created == runs.c.created, later.c.key > runs.c.key),
                ),
                later.c.removed.is_(None),  # as in the index of the latest runs
            )
        ),
    )


def state(now: float) -> ColumnElement[str]:
    """The state of a run; ``crashed`` for a running run that missed the deadline of its check-in.

    Args:
        now: The current time by the store's clock, in seconds since 1970.

    Returns:
        The SQL expression.
    """
    broken = and_(runs.c.state == "running", runs.c.promised < now)
    return case((broken, "crashed"), else_=runs.c.state)


class Selection:
    """The conditions and the order of a question, as SQL expressions.

    Args:
        question: The question.
        dialect: The name of the database: ``postgresql`` or ``sqlite``.
        now: The current time by the store's clock, in seconds since 1970.

    Raises:
        QueryError: A filter or a key is wrong.
        NotInDatabase: Python has to answer the question.
    """

    def __init__(self, question: Question, dialect: str, now: float) -> None:
        self.parsed = parsed = parse_question(question, ())
        self.dialect = dialect
        self.now = now
        self.checks: list[Bool] = []
        """Each must be true for some run, or else Python answers the question and says why."""
        self.sections = set(question.sections)
        """The sections of the runs that the answer, or Python's check of it, needs."""
        self._keys = 0
        condition = self._condition(Joined(parsed.filters, every=True))
        for key in (*(key for key, _ in parsed.order), *(parsed.columns or ())):
            self._checked(key)
        for key in parsed.groups or ():
            self._checked(key)
        self.may = condition.may
        self.is_whole = not parsed.filters
        """Whether all runs are selected."""
        self.doubt = None if condition.may is condition.must else not_(sure(condition.must))
        """Whether Python has to check that a run matches; ``None`` if it never has to."""

    def narrow(self, condition: Bool) -> None:
        """Select only the runs for which a condition is true as well.

        Args:
            condition: The condition.
        """
        self.may, self.is_whole = and_(self.may, condition), False

    def _condition(self, part: Filter) -> Condition:
        if isinstance(part, Joined):
            found = [self._condition(each) for each in part.parts]
            join = and_ if part.every else or_
            least = true() if part.every else false()
            may = join(least, *(each.may for each in found))
            if all(each.may is each.must for each in found):
                return Condition(may, may)
            return Condition(may, join(least, *(each.must for each in found)))
        if isinstance(part, Negation):
            return _negated(self._condition(part.part))
        value = self._checked(part.key)
        if isinstance(part, Present):
            return Condition(value.present, value.present)
        if part.sign in ORDER:
            self.checks.append(_comparable(value, part.literal))
            return _ordered(value, part)
        found_any = _contains if part.sign in ("~", "!~") else _equals
        condition = found_any(value, part.literal)
        if part.key.text == "project" and part.sign == "=":  # this column has an index
            same = runs.c.project == plain_text(part.literal.text)
            may = and_(same, condition.may)
            exact = condition.must is condition.may
            condition = Condition(may, may if exact else and_(same, condition.must))
        if part.sign in ("=", "~"):
            return condition
        return Condition(*(and_(value.present, each) for each in _negated(condition)))

    def _checked(self, key: Key) -> Value:
        """The value of a key that some run must have."""
        self._keys += 1
        if self._keys > _MOST:
            raise NotInDatabase
        value = self.value(key)
        section, dot, _ = key.text.partition(".")
        if dot:
            self.checks.append(value.present)
            self.sections.add(section)
        return value

    def value(self, key: Key) -> Value:
        """The value of a key.

        Args:
            key: The key.

        Raises:
            NotInDatabase: The database cannot look it up.
        """
        section, dot, name = key.text.partition(".")
        if key.text == "state":
            return Value(true(), state(self.now))
        if not dot:
            return self._json(runs.c.attributes, [key.text])
        return self._json(runs.c[section], [name] if section == "summary" else name.split("."))

    def _json(self, column: ColumnElement[Any], path: Sequence[str]) -> Value:
        if any(REPLACED in plain_text(key) for key in path):
            raise NotInDatabase
        if self.dialect == "postgresql":
            return PostgresValue(column, path)
        text = "".join(path)
        if not text.isascii() or not text.isprintable() or set(text) & {'"', "\\"}:
            raise NotInDatabase  # SQLite compares escaped keys
        return SqliteValue(column, path)


def _negated(condition: Condition) -> Condition:
    may = not_(sure(condition.must))
    return Condition(may, may if condition.may is condition.must else not_(sure(condition.may)))


def _compared(sign: str, value: ColumnElement[Any], known: ColumnElement[Any]) -> Bool:
    """The condition that a value is ordered before or after another, by the sign."""
    found: Bool = ORDER[sign](value, known)  # type: ignore[assignment]
    return found


def _equals(value: Value, known: Literal) -> Condition:
    """The condition that a value, or any element of a list, equals a literal."""
    text, other = filterable(known.text, exact=True), known.value
    scalars = [text]
    if known.quoted or isinstance(other, str):
        other = text
    elif is_number(other) and math.isfinite(other) and abs(other) >= value.largest:
        return Condition(value.present, false())
    elif other == other:  # noqa: PLR0124 - NaN equals nothing
        scalars.append(filterable(other, exact=True))
    if REPLACED in text:
        return Condition(value.present, false())
    found = value.equals(scalars)
    return Condition(found, found)


def _contains(value: Value, known: Literal) -> Condition:
    """The condition that a text, or any element of a list, contains a literal."""
    part = known.text.casefold()
    if not part.isascii() or "\0" in part or len(part) > _LONGEST:
        return Condition(value.present, false())
    # With this collation, `lower` changes only ASCII letters.
    found = func.lower(value.by_bytes).contains(part, autoescape=True)
    must = and_(value.text.not_in(list(NOT_FINITE)), found)
    is_plain = and_(sure(value.is_ascii), value.text.not_in(list(NOT_FINITE)))
    return Condition(or_(must, and_(value.present, not_(sure(is_plain)))), must)


def _ordered(value: Value, comparison: Comparison) -> Condition:
    """The condition of a comparison with ``<``, ``<=``, ``>`` or ``>=``."""
    known, compare = comparison.literal, ORDER[comparison.sign]
    if known.quoted or isinstance(known.value, str):
        if REPLACED in plain_text(known.text):
            return Condition(value.present, false())
        is_text = value.text.not_in(list(NOT_FINITE))
        found = _compared(comparison.sign, value.by_bytes, literal(known.text))
        changed = altered(value.text)
        may = and_(is_text, or_(found, changed))
        return Condition(may, and_(is_text, found, not_(changed)))
    number = known.value
    if not is_number(number) or math.isnan(number):
        return Condition(false(), false())
    if math.isinf(number):
        finite: Bool = value.number.is_not(None) if compare(0, number) else false()
    elif abs(number) >= value.largest:
        return Condition(value.present, false())
    else:
        digits = Decimal(repr(filterable(number, exact=True)))
        finite = _compared(comparison.sign, value.number, literal(digits, Numeric))
    names = [name for name, each in NOT_FINITE.items() if compare(each, number)]
    any_number = or_(finite, value.is_text(names)) if names else finite
    return Condition(any_number, any_number)


def _comparable(value: Value, known: Literal) -> Bool:
    """Whether the type of a value has an order with a literal."""
    is_float = value.text.in_(list(NOT_FINITE))
    if known.quoted or isinstance(known.value, str):
        return not_(is_float)
    return or_(value.number.is_not(None), is_float) if is_number(known.value) else false()
