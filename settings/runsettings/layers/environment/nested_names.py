"""Splits the names of nested variables, such as ``OPTIM__LR``, into keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from runsettings.layers.scalar_types import union_members
from runsettings.layers.text_values import fields_of_type, is_mapping, types_of_key
from runsettings.values.positions import Branch, Mark


def split_name(written: str, delimiter: str, most: int) -> list[str]:
    """Split a variable's name into keys, in the case in which they are written.

    Args:
        written: The name without the field's prefix.
        delimiter: The text between keys, in any case.
        most: The greatest number of splits; -1 for no limit.
    """
    lengths = map(len, written.lower().split(delimiter.lower(), most))
    parts: list[str] = []
    start = 0
    for length in lengths:
        parts.append(written[start : start + length])
        start += length + len(delimiter)
    return parts


def in_written_case(value: Any, written: Sequence[str], annotations: Sequence[Any]) -> list[str]:
    """Rename keys of mappings in ``value`` to the case in which a variable writes them.

    pydantic-settings makes all keys lower case. ``T_TABLES__MyTable`` means the key ``MyTable``.
    The key of ``T_TABLES__MYTABLE`` stays lower case, because most variables are upper case.

    Args:
        value: The value of the field, which is changed.
        written: The keys as the variable writes them.
        annotations: The types that the value may have.

    Returns:
        The keys, as they are in ``value`` now.
    """
    keys: list[str] = []
    for part in written:
        if type(value) is not dict:
            return [*keys, part]
        lower = part.lower()
        # The search is only for keys that an earlier variable has renamed.
        key = lower if lower in value else next((k for k in value if k.lower() == lower), None)
        if key is None:
            return [*keys, part]
        members = [m for each in annotations for m in union_members(each)]
        in_mapping = any(map(is_mapping, members)) and not any(
            key in (fields_of_type(member) or ()) for member in members
        )
        if in_mapping and key != part and not part.isupper() and part not in value:
            value[part] = value.pop(key)
            key = part
        annotations = types_of_key(members, key)
        keys.append(key)
        value = value[key]
    return keys


def keys_inside(annotation: Any, trail: tuple[Any, ...] = ()) -> list[tuple[str, ...]]:
    """The keys that the models in a field's type have, and those inside of them."""
    found: list[tuple[str, ...]] = []
    for member in union_members(annotation):
        fields = {} if member in trail else fields_of_type(member) or {}
        for key, inner in fields.items():
            found += [(key,), *((key, *more) for more in keys_inside(inner, (*trail, member)))]
    return found


def having_key(
    types: Mapping[str, Any], name: str, delimiter: str, spell: Callable[[str], str]
) -> list[str]:
    """The prefixes of fields with a model that has the key which a nested variable names.

    Args:
        types: The type of each field, by the prefix of its variables.
        name: The variable's name, which begins with each of the prefixes.
        delimiter: The text between keys.
        spell: Gives a key the case in which names are compared.
    """
    return [
        prefix
        for prefix, annotation in types.items()
        if any(
            f"{name}{delimiter}".startswith(f"{prefix}{spell(key)}{delimiter}")
            for member in union_members(annotation)
            if isinstance(member, type) and issubclass(member, BaseModel)
            for field, info in member.model_fields.items()
            for key in (field, info.validation_alias)
            if isinstance(key, str)
        )
    ]


def mark_nested(branch: Branch, value: Any, keys: Sequence[str], mark: Mark) -> None:
    """Set the mark of the value that a nested variable set.

    Args:
        branch: The marks of the field, which are changed.
        value: The value of the field.
        keys: The keys that the variable names.
        mark: The mark to set.
    """
    for index, key in enumerate(keys):
        if type(value) is not dict or key not in value:
            return
        value = value[key]
        if index == len(keys) - 1:
            branch[key] = mark
            return
        inner = branch.get(key)
        if not isinstance(inner, Branch):
            inner = branch[key] = Branch(inner)
        branch = inner
