"""The values of runs in a database: its JSON as text, number or truth, in each dialect."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Numeric,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from runsettings.shipping.stores.rows import REPLACED

Bool = ColumnElement[bool]

_NO: Final = false()
_NONE: Final = null()


class Value:
    """A value of a run in the database. The members that do not apply to a run are NULL for it.

    Args:
        present: Whether there is a value.
        text: A text.
        is_null: Whether the value is JSON's null.
        is_empty: Whether it is an empty list.
        number: A finite number.
        truth: 0 or 1 for a boolean.
        is_rounded: Whether the database has fewer digits of the number than were logged.
    """

    largest: float = math.inf
    """Numbers from this on cannot be compared."""
    is_ascii: Bool = true()
    """Whether the text has only characters of ASCII."""

    def __init__(
        self,
        present: Bool,
        text: ColumnElement[Any],
        is_null: Bool = _NO,
        is_empty: Bool = _NO,
        number: ColumnElement[Any] = _NONE,
        truth: ColumnElement[Any] = _NONE,
        is_rounded: Bool = _NO,
    ) -> None:
        self.present, self.text, self.is_null, self.is_empty = present, text, is_null, is_empty
        self.number, self.truth, self.is_rounded = number, truth, is_rounded

    def equals(self, scalars: Sequence[Any]) -> Bool:
        """Whether the value, or an element of the list, is one of these JSON values."""
        return self.text.in_([each for each in scalars if isinstance(each, str)])

    def is_text(self, texts: Sequence[str]) -> Bool:
        """Whether the value itself is one of these texts."""
        return self.text.in_(texts)

    @property
    def by_bytes(self) -> ColumnElement[Any]:
        """The text, in the order of its characters."""
        return self.text

    def order(self, *, descending: bool) -> list[ColumnElement[Any]]:
        """The keys to sort by: what cannot be sorted last; numbers, texts, null."""
        absent = or_(not_(sure(self.present)), sure(self.text == "NaN"), sure(self.is_empty))
        rank = case(
            (self.text == "-Infinity", 0),
            (or_(self.number.is_not(None), self.truth.is_not(None)), 1),
            (self.text == "Infinity", 2),
            (self.text.is_not(None), 3),
            else_=4,
        )
        keys = [rank, func.coalesce(self.number, self.truth), self.by_bytes]
        return [case((absent, 1), else_=0), *(key.desc() if descending else key for key in keys)]

    @property
    def unordered(self) -> Bool:
        """Whether only Python can tell the place of the value in the order."""
        known = (self.text, self.number, self.truth)
        other = and_(self.present, *(each.is_(None) for each in known))
        other = and_(other, not_(sure(self.is_null)), not_(sure(self.is_empty)))
        return or_(other, sure(altered(self.text)), sure(self.is_rounded))


class PostgresValue(Value):
    """A value in a column of PostgreSQL."""

    def __init__(self, column: ColumnElement[Any], path: Sequence[str]) -> None:
        # By its key at each level: a path would also find elements of lists.
        *above, last = [literal(key, Text) for key in path]
        for key in above:
            column = column.op("->", return_type=JSONB())(key)
        self.value = value = column.op("->", return_type=JSONB())(last)
        kind = func.jsonb_typeof(value)
        super().__init__(
            present=value.is_not(None),
            text=case((kind == "string", column.op("->>", return_type=Text())(last))),
            is_null=kind == "null",
            is_empty=value == literal([], JSONB),
            number=case((kind == "number", cast(value, Numeric))),
            truth=case((value == literal(True, JSONB), 1), (value == literal(False, JSONB), 0)),
        )

        self.is_ascii = func.octet_length(self.text) == func.char_length(self.text)

    def is_text(self, texts: Sequence[str]) -> Bool:
        """Whether the value itself is one of these texts."""
        return and_(self.equals(texts), self.text.in_(texts))  # the first may have an index

    @property
    def by_bytes(self) -> ColumnElement[Any]:
        """The text, in the order of its characters."""
        return self.text.collate("C")

    def equals(self, scalars: Sequence[Any]) -> Bool:
        """Whether the value, or an element of the list, is one of these JSON values."""
        # A scalar is contained in itself and in a list that has it, and in nothing else.
        return or_(*(self.value.bool_op("@>")(literal(each, JSONB)) for each in scalars), false())


class SqliteValue(Value):
    """A value in a column of SQLite."""

    largest = float(1 << 63)  # SQLite rounds integers from this on

    def __init__(self, column: ColumnElement[Any], path: Sequence[str]) -> None:
        place = "".join(["$", *(f'."{key}"' for key in path)])
        self.column, self.place = column, place
        value, self.kind = func.json_extract(column, place), func.json_type(column, place)
        number = case((self.kind.in_(("integer", "real")), value))
        super().__init__(
            present=self.kind.is_not(None),
            text=case((self.kind == "text", value)),
            is_null=self.kind == "null",
            is_empty=value == "[]",
            number=number,
            truth=case((self.kind.in_(("true", "false")), value)),
            is_rounded=and_(self.kind == "integer", func.typeof(value) == "real"),
        )
        self.is_ascii = func.length(cast(self.text, LargeBinary)) == func.length(self.text)

    def equals(self, scalars: Sequence[Any]) -> Bool:
        """Whether the value, or an element of the list, is one of these JSON values."""
        each = func.json_each(self.column, self.place).table_valued("value", "type")
        tests = [_is_scalar(each.c.value, each.c.type, scalar) for scalar in scalars]
        found = exists(select(1).select_from(each).where(or_(*tests, false())))
        return and_(self.kind != "object", found)


def _is_scalar(value: ColumnElement[Any], kind: ColumnElement[Any], scalar: Any) -> Bool:
    """Whether a row of SQLite's ``json_each`` is a JSON value that is neither list nor object."""
    if scalar is None or isinstance(scalar, bool):
        return kind == json.dumps(scalar)
    kinds = ("text",) if isinstance(scalar, str) else ("integer", "real")
    return and_(kind.in_(kinds), value == literal(scalar))


def sure(condition: Bool) -> Bool:
    """A condition that is false where it is NULL."""
    return func.coalesce(condition, false())


def altered(text: ColumnElement[Any]) -> Bool:
    """Whether a text may stand for another one."""
    return text.contains(REPLACED)
