"""Decides which types take a text without decoding."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import pathlib
import types
import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import SecretBytes, SecretStr, Strict
from pydantic.fields import FieldInfo
from pydantic_settings import ForceDecode

_PLAIN: Final = frozenset(
    {
        str,
        int,
        float,
        bool,
        bytes,
        types.NoneType,
        pathlib.Path,
        pathlib.PurePath,
        SecretStr,
        SecretBytes,
        decimal.Decimal,
        uuid.UUID,
        dt.date,
        dt.datetime,
        dt.time,
        dt.timedelta,
    }
)


_CONTAINERS: Final = frozenset(
    {Union, types.UnionType, list, tuple, set, frozenset, dict, Mapping, Sequence}
)


def is_plain(field: FieldInfo) -> bool:
    """Whether a variable's text needs no decoding before pydantic validates it.

    ``False`` in doubt: pydantic-settings then decodes the text, which is slower.
    """
    return not decodes(field.metadata) and is_plain_type(field.annotation)


def is_plain_type(annotation: Any) -> bool:
    """Whether values of the type are immutable scalars that are written as plain text."""
    if annotation in _PLAIN:
        return True
    origin = get_origin(annotation)
    if origin is Literal:
        return all(isinstance(choice, str) for choice in get_args(annotation))
    if origin is Annotated:
        inner, *metadata = get_args(annotation)
        return not decodes(metadata) and is_plain_type(inner)
    if origin in (Union, types.UnionType):
        return all(is_plain_type(member) for member in get_args(annotation))
    return isinstance(annotation, type) and issubclass(annotation, enum.Enum)


def has_fixed_types(annotation: Any) -> bool:
    """Whether the type is made of scalars, containers and choices of texts alone.

    pydantic converts texts for such a type itself. ``False`` in doubt.
    """
    if annotation is Any or annotation is Ellipsis:
        return True
    if isinstance(annotation, type):  # other annotations may have no hash
        return annotation in _PLAIN
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return all(isinstance(choice, str) for choice in parts)
    if origin is Annotated:
        inner, *metadata = parts
        return has_fixed_types(inner) and not any(isinstance(each, Strict) for each in metadata)
    return origin in _CONTAINERS and all(map(has_fixed_types, parts))


def decodes(metadata: list[Any]) -> bool:
    """Whether the metadata asks for a text to be decoded before validation."""
    return any(item is ForceDecode or isinstance(item, (ForceDecode, Strict)) for item in metadata)


def union_members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, or the annotation itself, without ``Annotated`` around them."""
    if isinstance(annotation, type):
        return (annotation,)  # most fields; `get_origin` takes longer
    origin = get_origin(annotation)
    if origin is Annotated:
        return union_members(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return tuple(inner for member in get_args(annotation) for inner in union_members(member))
    return (annotation,)
