"""Settings as plain data: for JSON and YAML, for a digest, with secrets left out."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from runsettings.resolution.secrets import MASK
from runsettings.values.tree import KeyPath


def plain(value: Any) -> Any:
    """``value`` as JSON-able data would have it: sets sorted, enums as values, models as dicts."""
    if isinstance(value, BaseModel):
        return {name: plain(value.__dict__[name]) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=repr)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, enum.Enum):
        return value.value
    return value


def json_value(value: Any) -> Any:
    """A value as JSON; what JSON does not have is shown as a person would read it."""
    value = plain(value)
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return str(value)
    return value


def digest(model: BaseModel, secrets: Sequence[KeyPath]) -> str:
    """A SHA-256 of the values but for ``secrets``, equal in every process."""
    data = plain(model)
    for path in secrets:
        parent = _parent(data, path)
        if parent is not None:
            del parent[path[-1]]
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def to_dict(model: BaseModel, secrets: Sequence[KeyPath], *, reveal: bool) -> dict[str, Any]:
    """Plain values, with what stands at ``secrets`` masked, or revealed."""
    dumped = model.model_dump(mode="json")
    for path in secrets:
        value: Any = model
        for key in path:
            value = getattr(value, str(key), None)
        parent = _parent(dumped, path)
        if value is not None and parent is not None:
            shows = reveal and hasattr(value, "get_secret_value")
            parent[path[-1]] = value.get_secret_value() if shows else MASK
    return dumped


def _parent(data: Any, path: Sequence[str | int]) -> dict[Any, Any] | None:
    for key in path[:-1]:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) and path[-1] in data else None
