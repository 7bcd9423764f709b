"""JSON trees, of ``dict list str int float bool None``: compared, copied, and written as text."""

from __future__ import annotations

import json
from typing import Any, Final

SCALARS: Final = frozenset({str, int, float, bool, type(None)})
"""The types of the values without values inside."""


def same_value(one: Any, other: Any) -> bool:
    """Whether two JSON trees are equal. NaN equals NaN, and 1 equals 1.0 but not ``True``."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(same_value(value, other[key]) for key, value in one.items())
        )
    if isinstance(one, list):
        return (
            isinstance(other, list) and len(one) == len(other) and all(map(same_value, one, other))
        )
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other) or (one != one and other != other)  # noqa: PLR0124 - NaN


def copy_tree(value: Any) -> Any:
    """A copy of a JSON tree that shares no container with it."""
    # One call for each container: most values of a large tree are scalars.
    if isinstance(value, dict):
        if type(value) is dict and SCALARS.issuperset(map(type, value.values())):
            return value.copy()
        return {
            key: item if item.__class__ in SCALARS else copy_tree(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [item if item.__class__ in SCALARS else copy_tree(item) for item in value]
    return value


def canonical_json(value: Any) -> bytes:
    """A JSON tree as compact UTF-8 with sorted keys, the same in every process."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode()
