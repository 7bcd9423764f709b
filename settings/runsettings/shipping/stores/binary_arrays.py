"""Sends `array.array` to PostgreSQL in its binary form, without a Python object for each number.

psycopg makes a list from each array and packs its numbers one by one, which was a third of the
time of shipping.
"""

from __future__ import annotations

import struct
import sys
from array import array
from typing import Any, ClassVar, Final

from psycopg import Connection
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format
from psycopg.types import TypeInfo

_WIDTH: Final = 8
"""Bytes of a number."""


class _Numbers(Dumper):
    """Dumps an array of numbers of eight bytes each."""

    format = Format.BINARY
    element: ClassVar[int]
    """The oid of the numbers' type."""

    def dump(self, obj: Any) -> Buffer:
        """The array with one dimension and no NULL, and its length before each number."""
        numbers: array[Any] = obj[:]
        if sys.byteorder == "little":
            numbers.byteswap()
        data, size = numbers.tobytes(), _WIDTH + 4
        packed = bytearray(size * len(numbers))
        packed[3::size] = bytes([_WIDTH]) * len(numbers)  # the other bytes of the length are 0
        for at in range(_WIDTH):
            packed[4 + at :: size] = data[at::_WIDTH]
        return struct.pack(">iiIii", 1, 0, self.element, len(numbers), 1) + packed


def _dumper(info: TypeInfo | None) -> type[_Numbers]:
    assert info is not None
    return type("_Numbers", (_Numbers,), {"oid": info.array_oid, "element": info.oid})


def register(connection: Connection[Any]) -> None:
    """Let a connection send arrays of integers and of floats so."""
    types = connection.adapters.types
    for name in ("int8", "float8"):
        connection.adapters.register_dumper(array, _dumper(types.get(name)))
