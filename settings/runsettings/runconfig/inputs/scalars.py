"""Converts scalars of the standard library to JSON values, and sorts the items of sets."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import os
import pathlib
import uuid
from typing import Any

from runsettings.values.json_trees import canonical_json
from runsettings.values.key_paths import MISSING


def plain_scalar(value: Any) -> Any:
    """A built-in scalar for one of the standard library's scalar types, or `MISSING`."""
    if isinstance(value, str):
        return plain_str(value)
    if isinstance(value, collections.UserString):
        return plain_str(value.data)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (pathlib.PurePath, uuid.UUID)):
        return str(value)
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return _decimal(value)
    # Paths of other packages.
    if isinstance(value, os.PathLike) and isinstance(path := os.fspath(value), str):
        return path
    return MISSING


def _decimal(value: decimal.Decimal) -> float | str:
    """A float if it has the same digits; otherwise the digits as a string."""
    if not value.is_finite():
        return float("nan") if value.is_nan() else float(value)
    number = float(value)
    return number if decimal.Decimal(repr(number)) == value else str(value)


def plain_str(value: str) -> str:
    """The characters of a string of any class."""
    # `str()` would call the `__str__` of a subclass.
    return "".join(value)


def sort_key(item: Any) -> tuple[int, Any, str]:
    """A sort key for mixed values that is the same in every process."""
    if isinstance(item, (int, float)) and not isinstance(item, bool) and item == item:  # noqa: PLR0124 - NaN
        return (0, item, type(item).__name__)
    if isinstance(item, str):
        return (1, item, "")
    return (2, "", canonical_json(item).decode())
