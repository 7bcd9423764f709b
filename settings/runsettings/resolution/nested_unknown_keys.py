"""Finds the unknown keys of nested models: also in lists, unions and mappings of models.

pydantic drops such keys without a word. A key is unknown only where no model that the value can
be meant for has it, and none of them takes further keys.
"""

from __future__ import annotations

import types
from collections.abc import Container, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel, RootModel
from pydantic.fields import FieldInfo

from runsettings.layers.scalar_types import is_plain_type, union_members
from runsettings.resolution.options import alias_paths_of, spellings_of
from runsettings.values.tree import KeyPath

_LISTS: Final = (list, set, frozenset, tuple)

TAKING: Final = ("allow", "ignore")
"""Values of a model's ``extra`` that say what happens to further keys."""


class UnknownKey(NamedTuple):
    """A key that no model has, and the models that its mapping can be meant for."""

    path: KeyPath
    models: tuple[type[BaseModel], ...]


def nested_unknown_keys(
    value: Any, annotation: Any, path: KeyPath, taking: Container[str] = TAKING
) -> Iterator[UnknownKey]:
    """The keys in ``value`` that nothing in ``annotation`` has a name for.

    Args:
        value: A raw value, not validated.
        annotation: What it is validated against.
        path: The path to it.
        taking: Values of a model's ``extra`` under which further keys are not unknown.
    """
    members = [m for m in union_members(annotation) if m is not types.NoneType]
    if isinstance(value, dict):
        models = _meant(value, members)
        if models:
            yield from _in_mapping(value, models, path, taking)
        elif len(members) == 1 and len(get_args(members[0])) == 2:
            for key, item in value.items():
                yield from nested_unknown_keys(item, get_args(members[0])[1], (*path, key), taking)
    elif isinstance(value, (list, tuple)):
        lists = [m for m in members if get_origin(m) in _LISTS]
        arguments = get_args(lists[0]) if len(lists) == 1 else ()
        if len(arguments) == 1 or arguments[1:] == (...,):
            for index, item in enumerate(value):
                yield from nested_unknown_keys(item, arguments[0], (*path, index), taking)


def _in_mapping(
    value: Mapping[Any, Any],
    models: tuple[type[BaseModel], ...],
    path: KeyPath,
    taking: Container[str],
) -> Iterator[UnknownKey]:
    for key, item in value.items():
        fields = [info for model in models for info in _fields(model, key)]
        if len(fields) == 1:
            if key not in {each.path[0] for each in alias_paths_of(fields[0])}:
                yield from nested_unknown_keys(item, fields[0].annotation, (*path, key), taking)
        elif not fields and not any(m.model_config.get("extra") in taking for m in models):
            yield UnknownKey((*path, key), models)


def _meant(value: Mapping[Any, Any], members: list[Any]) -> tuple[type[BaseModel], ...]:
    """The models that the mapping can be meant for; none if it can be meant for anything else."""
    models: list[type[BaseModel]] = []
    for member in members:
        if isinstance(member, type) and issubclass(member, BaseModel):
            if issubclass(member, RootModel):
                return ()
            models.append(member)
        elif get_origin(member) not in _LISTS and not is_plain_type(member):
            return ()
    return tuple(model for model in models if not _refuted(value, model))


def _refuted(value: Mapping[Any, Any], model: type[BaseModel]) -> bool:
    """Whether a tag in the mapping (``kind: adam``) says that it is another model's."""
    return any(
        get_origin(info.annotation) is Literal
        and any(value[s] not in get_args(info.annotation) for s in names if s in value)
        for name, info in model.model_fields.items()
        for names in [(name, *spellings_of(info))]
    )


def _fields(model: type[BaseModel], key: Any) -> list[FieldInfo]:
    """The fields of a model whose values stand at, or below, a key."""
    return [
        info
        for name, info in model.model_fields.items()
        if key == name
        or key in spellings_of(info)
        or any(each.path[0] == key for each in alias_paths_of(info))
    ]
