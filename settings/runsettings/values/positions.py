"""The positions of values in their source: a tree of marks of the same shape as the values.

A mark is the least from which the `Origin` of a value can be made when somebody asks for it. An
`Origin` beside each of 100,000 values would take more memory than the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from runsettings.values.origin import Origin

Mark: TypeAlias = "int | str | Origin | None"
"""Where a value was set: a packed position (`pack`), a native name (``WANDB_PROJECT``), a whole
`Origin`, or ``None`` if only the source as a whole is known."""

Marks: TypeAlias = "Mapping[str, Any] | None"
"""The marks of a whole source."""

_BITS: Final = 32
_MASK: Final = (1 << _BITS) - 1

KEY_SHIFT: Final = 2 * _BITS
"""Bits by which the packed position of a key is shifted in the mark of its value."""


class Position(NamedTuple):
    """1-based line and column; a column counts characters."""

    line: int
    column: int


def pack(line: int, column: int, key_line: int = 0, key_column: int = 0) -> int:
    """Pack a value's position, and the position of its key, into one integer.

    The garbage collector does not track integers; it would track a tuple for each leaf.

    Args:
        line: 1-based line of the value.
        column: 1-based column of the value.
        key_line: 1-based line of the key; 0 if it is not known.
        key_column: 1-based column of the key; 0 if it is not known.
    """
    return ((key_line << _BITS | key_column) << KEY_SHIFT) | (line << _BITS | column)


def unpack(mark: int) -> tuple[Position, Position | None]:
    """The position of the value, and that of its key if it was recorded."""
    value = Position(mark >> _BITS & _MASK, mark & _MASK)
    key = mark >> KEY_SHIFT
    return value, (Position(key >> _BITS & _MASK, key & _MASK) if key else None)


def position_in(mark: int, *, key: bool = False) -> Position:
    """The position of the value, or of its key.

    Args:
        mark: A packed position.
        key: Whether to return the position of the key, if it was recorded.
    """
    if key and mark >> KEY_SHIFT:
        mark >>= KEY_SHIFT
    # As `Position(line, column)`, in half the time: every origin has one.
    return tuple.__new__(Position, (mark >> _BITS & _MASK, mark & _MASK))


class Branch(dict[str, Any]):
    """Marks of a mapping, with the mark of the mapping itself in ``here``.

    A plain ``dict`` serves as well where the position of the mapping itself does not matter.
    """

    __slots__ = ("here",)

    def __init__(self, here: Mark = None) -> None:
        self.here = here

    def __reduce__(self) -> tuple[Any, ...]:
        return (Branch, (self.here,), None, None, iter(self.items()))


class SequenceMarks(list[Any]):
    """Marks of a list's items, with the mark of the list itself in ``here``."""

    __slots__ = ("here",)

    def __init__(self, here: Mark = None) -> None:
        self.here = here

    def __reduce__(self) -> tuple[Any, ...]:
        return (SequenceMarks, (self.here,), None, iter(self))
