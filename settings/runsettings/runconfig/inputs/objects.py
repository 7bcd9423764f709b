"""Objects with named fields, seen as mappings.

Namespaces, dataclasses, attrs and pydantic objects, OmegaConf and ml_collections configs are
recognised by what their classes offer, never by importing the package that made them.
"""

from __future__ import annotations

import argparse
import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple


class Fields(NamedTuple):
    """The names of an object's fields, and how to get one."""

    names: list[Any]
    get: Callable[[Any], Any]


def fields_of(value: Any) -> Fields | None:
    """The fields of a structured object, or ``None`` if it is no such object.

    Nested values are handed over as they are. A class is not an object, and gives ``None``.
    Getting a field may raise whatever the object raises, such as OmegaConf for a value that is
    mandatory and missing.
    """
    kind = type(value)
    if isinstance(value, type):
        return None
    if isinstance(value, Mapping):
        return Fields(list(value), value.__getitem__)
    if dataclasses.is_dataclass(kind):
        return Fields([field.name for field in dataclasses.fields(kind)], partial(getattr, value))
    if isinstance(value, (argparse.Namespace, types.SimpleNamespace)):
        return Fields(list(vars(value)), vars(value).__getitem__)
    if hasattr(kind, "__attrs_attrs__"):
        names = [attribute.name for attribute in kind.__attrs_attrs__]
        return Fields(names, partial(getattr, value))
    if _is_root_model(kind):
        return fields_of(value.root)
    if hasattr(kind, "model_fields"):
        # Iterating a pydantic model gives its fields and its extras, nested models kept.
        fields = dict(value)
        return Fields(list(fields), fields.__getitem__)
    if hasattr(kind, "to_dict") and hasattr(kind, "keys") and hasattr(kind, "__getitem__"):
        # ml_collections: asking by key follows a reference; `to_dict` would flatten all levels.
        return Fields(list(value.keys()), value.__getitem__)
    return None


def _is_root_model(kind: type) -> bool:
    """Whether it is a pydantic model that stands for its one field, called ``root``."""
    return bool(getattr(kind, "__pydantic_root_model__", False))


def items_of(value: Any) -> Sequence[Any] | None:
    """The items of a sequence, such as OmegaConf's ``ListConfig``, or ``None``."""
    if _is_root_model(type(value)):
        value = value.root
    if isinstance(value, (str, bytes, bytearray, memoryview)) or not isinstance(value, Sequence):
        return None
    return list(value)
