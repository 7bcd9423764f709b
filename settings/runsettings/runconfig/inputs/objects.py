"""Reads objects with named fields as mappings.

Namespaces, dataclasses, attrs and pydantic objects, OmegaConf and ml_collections configs are
recognised by the attributes of their classes; their packages are never imported.
"""

from __future__ import annotations

import argparse
import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, Protocol, TypeGuard

from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.origin import Origin
from runsettings.values.tree import Tree

_TAKEN: Final = (
    "pass a mapping, a path, an argparse namespace, absl flags, a dataclass, attrs, pydantic, "
    "OmegaConf or ml_collections object, or a list of these"
)


class Fields(NamedTuple):
    """The names of an object's fields, and a function that returns the value of one."""

    names: list[Any]
    get: Callable[[Any], Any]


def fields_of(value: Any) -> Fields | None:
    """The fields of a structured object, or ``None`` for other objects and for classes.

    Nested values are not converted. Getting a field may raise any exception, such as OmegaConf's
    for a value that is mandatory and missing.
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
        # ml_collections: access by key follows a reference; `to_dict` would convert all levels.
        return Fields(list(value.keys()), value.__getitem__)
    return None


def _is_root_model(kind: type) -> bool:
    """Whether it is a pydantic model of one field, ``root``, whose value it represents."""
    return bool(getattr(kind, "__pydantic_root_model__", False))


def items_of(value: Any) -> Sequence[Any] | None:
    """The items of a sequence, such as OmegaConf's ``ListConfig``, or ``None``."""
    if _is_root_model(type(value)):
        value = value.root
    if isinstance(value, (str, bytes, bytearray, memoryview)) or not isinstance(value, Sequence):
        return None
    return list(value)


class Sourced(Protocol):
    """A `Config` or a part of one, which has the trees that it was made from."""

    def _trees(self) -> tuple[Tree, ...] | None: ...

    def as_dict(self) -> dict[str, Any]:
        """The config as plain data."""
        # pragma: no cover - a protocol has no body


def is_config(value: Any) -> TypeGuard[Sourced]:
    """Whether a value is a `Config` or a part of one."""
    # Of the class: access to an attribute of the object may run any code.
    return hasattr(type(value), "_trees")


def not_a_config(value: Any, origin: Origin) -> Diagnostic:
    """The error about an input of another kind.

    Args:
        value: The input.
        origin: The place that passed it.
    """
    kind = type(value).__qualname__
    is_class = isinstance(value, type)
    name = f"the class {value.__qualname__}" if is_class else _with_article(kind)
    hint = "pass an object of it" if is_class else _TAKEN
    return Diagnostic.of(Rule.BAD_INPUT, (), f"{name} is not a config", origin, hint)


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[:1].lower() in set("aeiou") else f"a {noun}"
