"""SQL expressions for a value in a JSON column: as text, number or boolean, in each dialect."""

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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from runsettings.shipping.stores.rows import INTEGRAL_FLOATS, NOT_FINITE, REPLACED
from runsettings.values.key_paths import MISSING

Bool = ColumnElement[bool]

_NO: Final = false()
_NONE: Final = null()


class NotInDatabase(Exception):  # noqa: N818 - not an error
    """A question that the database does not take, or a value that it has in another form."""


class Value:
    """SQL expressions for one value of a run. An expression for another type is NULL.

    Args:
        present: Whether the run has a value.
        text: The value, if it is a text.
        is_null: Whether the value is JSON's null.
        is_empty: Whether the value is an empty list.
        number: The value, if it is a finite number.
        truth: 0 or 1, if the value is a boolean.
        is_rounded: Whether the database stores fewer digits of the number than were logged.
    """

    largest: float = math.inf
    """Numbers of at least this size cannot be compared."""
    is_ascii: Bool = true()
    """Whether the text has only ASCII characters."""

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

    @property
    def parts(self) -> list[ColumnElement[Any]]:
        """The expressions that all others are made from. A subquery evaluates them once."""
        return [self.text]

    def of_parts(self, parts: Sequence[ColumnElement[Any]]) -> Value:
        """The same value from its parts, which are columns of a subquery."""
        return Value(parts[0].is_not(None), parts[0])

    @property
    def same(self) -> list[ColumnElement[Any]]:
        """Expressions that are equal for values of one group."""
        return [self.text]

    def decoded(self, same: Sequence[Any]) -> Any:
        """The value of a group.

        Args:
            same: The results of `same`.

        Returns:
            The value; `MISSING` if the runs have none.

        Raises:
            NotInDatabase: Runs with other values may be in the same group.
        """
        return MISSING if same[0] is None else same[0]

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

    def order(self, *, descending: bool) -> list[tuple[ColumnElement[Any], bool]]:
        """The expressions to sort by: numbers, texts, null, then values that have no order.

        Args:
            descending: Whether the largest value is the first.

        Returns:
            Each with whether its largest value is the first.
        """
        absent = or_(not_(sure(self.present)), sure(self.text == "NaN"), sure(self.is_empty))
        rank = case(
            (or_(self.number.is_not(None), self.truth.is_not(None)), 1),
            (self.text == "-Infinity", 0),
            (self.text == "Infinity", 2),
            (self.text.is_not(None), 3),
            else_=4,
        )
        keys = [rank, func.coalesce(self.number, self.truth), self.by_bytes]
        return [(case((absent, 1), else_=0), False), *((key, descending) for key in keys)]

    @property
    def unordered(self) -> Bool:
        """Whether only Python can sort the value."""
        known = (self.number, self.text, self.truth)  # most values are numbers
        other = and_(*(each.is_(None) for each in known), self.present)
        other = and_(other, not_(sure(self.is_null)), not_(sure(self.is_empty)))
        return or_(other, sure(altered(self.text)), sure(self.is_rounded))


class PostgresValue(Value):
    """A value in a column of PostgreSQL. Without a path, it is the column itself."""

    def __init__(
        self,
        column: ColumnElement[Any],
        path: Sequence[str] = (),
        kind: ColumnElement[Any] | None = None,
    ) -> None:
        # Looked up key by key: a JSON path would also match elements of lists.
        text = column.op("#>>", return_type=Text())(literal([], ARRAY(Text)))
        for key in path:
            text = column.op("->>", return_type=Text())(literal(key, Text))
            column = column.op("->", return_type=JSONB())(literal(key, Text))
        self.value = value = column
        self.kind = func.jsonb_typeof(value) if kind is None else kind
        super().__init__(
            present=value.is_not(None),
            text=case((self.kind == "string", text)),
            is_null=self.kind == "null",
            is_empty=and_(self.kind == "array", value == literal([], JSONB)),
            number=case((self.kind == "number", cast(value, Numeric))),
            truth=case((self.kind == "boolean", case((value == literal(True, JSONB), 1), else_=0))),
        )

        self.is_ascii = func.octet_length(self.text) == func.char_length(self.text)

    @property
    def parts(self) -> list[ColumnElement[Any]]:
        """The value."""
        return [self.value]

    def of_parts(self, parts: Sequence[ColumnElement[Any]]) -> PostgresValue:
        """The same value from a column of a subquery."""
        return PostgresValue(parts[0])

    @property
    def same(self) -> list[ColumnElement[Any]]:
        """The JSON of the value, in which 1 and 1.0 differ."""
        return [cast(self.value, Text)]

    def decoded(self, same: Sequence[Any]) -> Any:
        """The value of a group."""
        value = MISSING if same[0] is None else _grouped(json.loads(same[0]))
        if isinstance(value, (int, float)) and INTEGRAL_FLOATS <= abs(value) < math.inf:
            raise NotInDatabase  # floats of this size have become integers
        return value

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

    largest = float(1 << 63)  # SQLite rounds integers of at least this size

    def __init__(self, column: ColumnElement[Any], path: Sequence[str]) -> None:
        place = "".join(["$", *(f'."{key}"' for key in path)])
        self.column, self.place = column, place
        self._set(func.json_extract(column, place), func.json_type(column, place))

    @property
    def parts(self) -> list[ColumnElement[Any]]:
        """The value and its type."""
        return [self.value, self.kind]

    def of_parts(self, parts: Sequence[ColumnElement[Any]]) -> SqliteValue:
        """The same value from columns of a subquery; it cannot be compared by `equals`."""
        made = SqliteValue.__new__(SqliteValue)
        made._set(*parts)
        return made

    @property
    def same(self) -> list[ColumnElement[Any]]:
        """The value and its type; 1 equals 1.0 and true."""
        return self.parts

    def decoded(self, same: Sequence[Any]) -> Any:
        """The value of a group."""
        value, kind = same
        if kind in ("object", "array") or (kind == "integer" and isinstance(value, float)):
            raise NotInDatabase
        if kind is None:
            return MISSING
        return bool(value) if kind in ("true", "false") else _grouped(value)

    def _set(self, value: ColumnElement[Any], kind: ColumnElement[Any]) -> None:
        self.value, self.kind = value, kind
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
    """Whether a row of SQLite's ``json_each`` equals a scalar."""
    if scalar is None or isinstance(scalar, bool):
        return kind == json.dumps(scalar)
    kinds = ("text",) if isinstance(scalar, str) else ("integer", "real")
    return and_(kind.in_(kinds), value == literal(scalar))


def _grouped(value: Any) -> Any:
    """The value that a database's value represents.

    Raises:
        NotInDatabase: It may represent several.
    """
    if isinstance(value, (dict, list)) or (isinstance(value, str) and REPLACED in value):
        raise NotInDatabase
    return NOT_FINITE.get(value, value) if isinstance(value, str) else value


def sure(condition: Bool) -> Bool:
    """Make a condition false where it is NULL."""
    return func.coalesce(condition, false())


def altered(text: ColumnElement[Any]) -> Bool:
    """Whether a text may have replaced characters."""
    return text.contains(REPLACED)
