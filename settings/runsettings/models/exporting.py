"""Exports settings as plain data for JSON and YAML, and computes their digest."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from runsettings.secrets.forms import MASK
from runsettings.values.key_paths import MISSING, KeyPath, put_at, value_at

_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
"""The types of most values, which need no conversion."""


def plain(value: Any) -> Any:
    """``value`` in plain containers: sets as sorted lists, enums as values, models as dicts."""
    if type(value) in _SCALARS:
        return value
    if isinstance(value, BaseModel):
        fields = {name: plain(value.__dict__[name]) for name in type(value).model_fields}
        return fields | plain(value.__pydantic_extra__ or {})
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name, None)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=repr)
    if isinstance(value, (list, tuple, deque)):
        return [plain(item) for item in value]
    if isinstance(value, enum.Enum):
        return value.value
    return value


def json_value(value: Any) -> Any:
    """A value for JSON; values that JSON cannot express become their text."""
    try:
        return to_jsonable_python(plain(value), fallback=str)
    except ValueError:  # bytes that are not UTF-8
        return str(value)


def digest(model: BaseModel, secrets: Sequence[KeyPath]) -> str:
    """A SHA-256 of the values, equal in every process.

    Args:
        model: The settings.
        secrets: The paths of secrets, which are left out.
    """
    data = plain(model)
    for path in secrets:
        if value_at(data, path) is not MISSING:
            del value_at(data, path[:-1])[path[-1]]
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def to_dict(model: BaseModel, secrets: Sequence[KeyPath], *, reveal: bool) -> dict[str, Any]:
    """Plain values of settings.

    Args:
        model: The settings.
        secrets: The paths of secrets.
        reveal: Whether secrets are shown instead of masked.
    """
    try:
        dumped = model.model_dump(mode="json", by_alias=False, fallback=str)
    except ValueError:  # from a serializer of the user's, or bytes that are not UTF-8
        dumped = {}
    # Fields that a class excludes from dumps are settings as well.
    dumped = {
        name: dumped.pop(name) if name in dumped else json_value(getattr(model, name))
        for name in type(model).model_fields
    } | dumped
    for path in secrets:
        value: Any = model
        for key in path:
            value = getattr(value, str(key), None)
        if value is not None and value_at(dumped, path) is not MISSING:
            shows = reveal and hasattr(value, "get_secret_value")
            put_at(dumped, path, value.get_secret_value() if shows else MASK)
    return dumped
