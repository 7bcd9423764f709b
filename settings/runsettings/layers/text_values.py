"""Converts texts to a field's type, in the same way for every layer whose values are texts.

pydantic converts most texts itself: ``"5"`` for an ``int``, ``"yes"`` for a ``bool``. This module
converts those that pydantic refuses: a choice that is not a text (``Literal[16, 32]``, an enum of
numbers), and any text for a strict model, because ``strict`` is meant for typed values.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import json
import types
import uuid
from collections.abc import Hashable, Iterable, Mapping
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
)

from pydantic import BaseModel, Strict, TypeAdapter, ValidationError
from typing_extensions import ReadOnly, get_type_hints, is_typeddict

from runsettings.layers.scalar_types import is_plain_type, union_members

LISTS: Final = (list, tuple, set, frozenset)

_OTHER_LISTS: Final = {tuple, set, frozenset}

_NUMBERS: Final = frozenset(
    {int, float, bool, decimal.Decimal, uuid.UUID, dt.date, dt.datetime, dt.time, dt.timedelta}
)
"""Types that take few texts. In a union with one of them, a text may be meant for a choice."""

BOOL_WORDS: Final = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}
"""The words that pydantic takes for a bool, in any case."""


def needs_typing(annotation: Any) -> bool:
    """Whether a text for the type may need conversion before pydantic validates it.

    Args:
        annotation: The type.
    """
    return _is_strict(annotation) or any(
        _has_typed_choice(member) for member in _parts(annotation, ())
    )


def typed(value: Any, annotations: Iterable[Any], *, strict: bool = False) -> Any:
    """A value with its texts converted where pydantic would refuse them.

    Args:
        value: A text, or a value decoded from one.
        annotations: The types that the value may be meant for.
        strict: Whether the model is strict.

    Returns:
        The value. A text that cannot be converted is left for pydantic to refuse.
    """
    annotations = tuple(annotations)
    members = [m for each in annotations for m in union_members(each)]
    if isinstance(value, str):
        return _from_text(value, members, strict or any(map(_is_strict, annotations)))
    if isinstance(value, list):
        items = [
            typed(item, _item_types(members, index), strict=strict)
            for index, item in enumerate(value)
        ]
        kinds = {kind for member in members if (kind := get_origin(member) or member) in LISTS}
        # A strict model takes no list for a tuple or a set, but a text can only give a list.
        return kinds.pop()(items) if strict and len(kinds) == 1 and kinds <= _OTHER_LISTS else items
    if isinstance(value, dict):
        return {
            key: typed(item, types_of_key(members, key), strict=strict)
            for key, item in value.items()
        }
    if strict:  # an enum's value, decoded from JSON
        members_of = [c for m in members for c in _choices(m) if isinstance(c, enum.Enum)]
        return next((c for c in members_of if _same(c.value, value)), value)
    return value


def decoded(value: Any, annotations: Iterable[Any]) -> Any:
    """A value with the JSON in its texts decoded, unless its type is plain.

    Args:
        value: A text, a mapping of texts, or the words of a flag that takes several.
        annotations: The types that the value may be meant for.

    Returns:
        The value. A text that is not JSON is left for pydantic to refuse.
    """
    annotations = list(annotations)
    if isinstance(value, list):
        items = item_types(annotations)
        if len(value) == 1:  # an item, or the whole list
            if value[0] == "null" and any(types.NoneType in union_members(a) for a in annotations):
                return None
            found = decoded(value[0], annotations)
            of_lists = any(map(_is_list, items))
            if isinstance(found, list) and (
                not of_lists or all(isinstance(each, list) for each in found)
            ):
                return found
        return [decoded(item, items) for item in value]
    if isinstance(value, dict):
        members = [m for each in annotations for m in union_members(each)]
        return {key: decoded(item, types_of_key(members, key)) for key, item in value.items()}
    if not isinstance(value, str) or all(map(is_plain_type, annotations)):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found if isinstance(found, (list, dict)) else value


def _is_list(annotation: Any) -> bool:
    return any((get_origin(m) or m) in LISTS for m in union_members(annotation))


def types_of_key(annotations: Iterable[Any], key: Any) -> list[Any]:
    """The types of the value of ``key`` in mappings of the given types.

    Args:
        annotations: The types of the mapping: models, typed dicts, ``dict[str, int]``.
        key: The key.
    """
    found: list[Any] = []
    for annotation in annotations:
        for member in union_members(annotation):
            fields = fields_of_type(member)
            if fields is not None:
                found += [fields[key]] if key in fields else []
            elif is_mapping(member):
                found += get_args(member)[1:]
    return found


def is_mapping(member: Any) -> bool:
    """Whether the type is a mapping whose keys are not fixed: ``dict[str, int]``."""
    origin: Any = get_origin(member)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def fields_of_type(kind: Any) -> dict[str, Any] | None:
    """The keys of a model, dataclass, typed dict or named tuple, with their types.

    ``None`` for any other type. A model's aliases are keys as well.
    """
    if not isinstance(kind, type):
        return None
    if issubclass(kind, BaseModel):
        fields: dict[str, Any] = {}
        for name, info in kind.model_fields.items():
            annotation: Any = info.annotation
            if any(isinstance(item, Strict) for item in info.metadata):
                annotation = Annotated[annotation, Strict()]
            fields[name] = annotation
            for alias in getattr(info.validation_alias, "choices", [info.validation_alias]):
                if isinstance(alias, str):
                    fields.setdefault(alias, annotation)
        return fields
    if dataclasses.is_dataclass(kind) or is_typeddict(kind) or hasattr(kind, "_fields"):
        found: Any = kind
        return _hints(found)
    return None


@functools.lru_cache(maxsize=64)
def _hints(kind: Hashable) -> dict[str, Any]:
    try:
        hints = get_type_hints(kind, include_extras=True)
        return {key: _value_type(hint) for key, hint in hints.items()}
    except (NameError, TypeError):  # a type that is known only where the class was made
        return dict.fromkeys(getattr(kind, "__annotations__", {}), Any)


def _value_type(hint: Any) -> Any:
    """The type of a typed dict's key, without ``Required``, ``NotRequired`` or ``ReadOnly``."""
    return get_args(hint)[0] if get_origin(hint) in (Required, NotRequired, ReadOnly) else hint


def item_types(annotations: Iterable[Any]) -> list[Any]:
    """The types of the items of lists of the given types."""
    return _item_types([m for each in annotations for m in union_members(each)], 0)


def _item_types(members: Iterable[Any], index: int) -> list[Any]:
    found: list[Any] = []
    for member in members:
        origin, arguments = get_origin(member), get_args(member)
        if origin is tuple and arguments[-1:] != (...,):
            found += arguments[index : index + 1]
        elif origin in LISTS:
            found += arguments[:1]
    return found


def _from_text(text: str, members: list[Any], strict: bool) -> Any:
    choices = [choice for member in members for choice in _choices(member)]
    others = [m for m in members if m is not types.NoneType and not _choices(m)]
    if all(other in _NUMBERS for other in others):
        for choice in choices:
            plain = choice.value if isinstance(choice, enum.Enum) else choice
            if _names(text, plain):
                return choice if strict or _is_literal(choice, members) else plain
    if strict and others and all(map(is_plain_type, others)):
        if text == "null" and types.NoneType in members:
            return None
        try:
            return _lax(Union[tuple(others)]).validate_python(text)  # noqa: UP007 - made here
        except ValidationError:
            return text  # pydantic reports the error
    return text


@functools.lru_cache(maxsize=256)
def _lax(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _names(text: str, choice: Any) -> bool:
    """Whether the text is a spelling of the choice."""
    if isinstance(choice, bool):
        return BOOL_WORDS.get(text.strip().lower()) is choice
    if isinstance(choice, (int, float)):
        try:
            return type(choice)(text) == choice
        except ValueError:
            return False
    return isinstance(choice, str) and text == choice


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


def _choices(member: Any) -> tuple[Any, ...]:
    if get_origin(member) is Literal:
        return get_args(member)
    if isinstance(member, type) and issubclass(member, enum.Enum):
        return tuple(member)
    return ()


def _is_literal(choice: Any, members: list[Any]) -> bool:
    """Whether a ``Literal`` lists the choice itself, which may be a member of an enum."""
    return any(get_origin(m) is Literal and choice in get_args(m) for m in members)


def _has_typed_choice(member: Any) -> bool:
    plain = [c.value if isinstance(c, enum.Enum) else c for c in _choices(member)]
    if get_origin(member) is Literal and any(isinstance(c, enum.Enum) for c in get_args(member)):
        return True
    return any(not isinstance(choice, str) for choice in plain)


def _is_strict(annotation: Any) -> bool:
    """Whether the type, or a member of the union, has ``Strict``."""
    if get_origin(annotation) is Annotated:
        inner, *metadata = get_args(annotation)
        return any(isinstance(item, Strict) for item in metadata) or _is_strict(inner)
    if get_origin(annotation) in (Union, types.UnionType):
        return any(map(_is_strict, get_args(annotation)))
    return False


def _parts(annotation: Any, trail: tuple[Any, ...]) -> Iterable[Any]:
    """The type and every type inside it."""
    for member in union_members(annotation):
        yield member
        if get_origin(member) is Literal or member in trail:
            continue
        for inner in (*get_args(member), *(fields_of_type(member) or {}).values()):
            yield from _parts(inner, (*trail, member))
