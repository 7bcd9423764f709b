"""Objects with named fields, seen as mappings.

Dataclasses, attrs and pydantic objects, OmegaConf and ml_collections configs are recognised by
what they offer, never by importing the package that made them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def fields_of(value: Any) -> dict[Any, Any] | None:
    """The fields of a structured object by name, or ``None`` if it is no such object.

    Nested values are handed over as they are. A class is not an object, and gives ``None``.

    Raises:
        Exception: Whatever the object raises while it is asked, such as OmegaConf's
            ``MissingMandatoryValue`` or an interpolation that leads nowhere.
    """
    if isinstance(value, Mapping):
        return dict(value.items())
    kind = type(value)
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(kind):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(kind)}
    if hasattr(kind, "__attrs_attrs__"):
        return {field.name: getattr(value, field.name) for field in kind.__attrs_attrs__}
    if hasattr(kind, "model_fields"):
        # Iterating a pydantic model gives its fields and its extras, nested models kept.
        return dict(value)
    if hasattr(kind, "to_dict") and hasattr(kind, "items") and hasattr(kind, "keys"):
        return _config_dict_fields(value)
    return None


def _config_dict_fields(value: Any) -> dict[Any, Any]:
    """The fields of an ml_collections ``ConfigDict``, references followed.

    ``items`` follows a ``FieldReference``; a plain ``to_dict`` would flatten nested configs
    before we can tell their paths.
    """
    return dict(value.items())


def items_of(value: Any) -> Iterator[Any] | None:
    """The items of a list-like config, such as OmegaConf's ``ListConfig``, else ``None``."""
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview)):
        return iter(value)
    return None
