"""Computes the keys of each field: those that a source may use, and the one pydantic expects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import AliasChoices, AliasPath
from pydantic.fields import FieldInfo

from runsettings.values.key_paths import put_at

if TYPE_CHECKING:
    from runsettings.resolution.options import Option, OptionTable


class Lookup:
    """One way to find a field's value: under a key, or at a path that starts at the key.

    Attributes:
        rank: Its index in the order in which pydantic looks; the first that exists wins.
        option: The field.
        path: The path below the key, of a field with an `AliasPath`.
    """

    __slots__ = ("option", "path", "rank")

    # Not a named tuple: making one takes time at every start.
    def __init__(self, rank: int, option: Option, path: AliasPath | None = None) -> None:
        self.rank = rank
        self.option = option
        self.path = path


def add_lookups(table: OptionTable) -> None:
    """Fill in `OptionTable.lookups`, `expected` and `renaming`."""
    found: dict[str, list[Lookup]] = {}
    by_alias = table.model.model_config.get("validate_by_alias") is not False
    by_name = bool(
        table.model.model_config.get("validate_by_name")
        or table.model.model_config.get("populate_by_name")
    )
    aliases = [
        (option, [a for a in _aliases(option.info) if a is not None] if by_alias else [])
        for option in table.options.values()
    ]
    for option, choices in aliases:
        for rank, alias in enumerate(choices):
            if isinstance(alias, AliasPath):
                found.setdefault(str(alias.path[0]), []).append(Lookup(rank, option, alias))
            else:
                found.setdefault(str(alias), []).append(Lookup(rank, option))
    for option, choices in aliases:
        # A field's name works even where pydantic takes aliases only, unless another field has it
        # as an alias.
        if by_name or not choices or option.name not in found:
            found.setdefault(option.name, []).append(Lookup(len(choices), option))
    table.lookups = {key: tuple(lookups) for key, lookups in found.items()}
    for option, choices in aliases:
        texts = [alias for alias in choices if isinstance(alias, str)]
        # An alias that two fields share cannot hold the values of both.
        alone = [alias for alias in texts if len(found[alias]) == 1]
        named = [option.name] if by_name else []
        table.expected[option.name] = [*alone, *named, *texts, *choices, option.name][0]
        if table.expected[option.name] != option.name or (option.table and option.table.renaming):
            table.renaming = True


def as_expected(data: dict[str, Any], table: OptionTable) -> dict[str, Any]:
    """Move values to the keys at which pydantic looks for them.

    Args:
        data: Values by the names of fields.
        table: The options of the model.
    """
    if not table.renaming:
        return data
    found: dict[str, Any] = {}
    for name, value in data.items():
        option, key = table.options.get(name), table.expected.get(name, name)
        if option is not None and option.table is not None and type(value) is dict:
            value = as_expected(value, option.table)  # noqa: PLW2901 - the same value, renamed
        if isinstance(key, AliasPath):
            # A mapping with numbers for keys serves as a list with holes.
            put_at(found, tuple(key.path), value)
        else:
            found[key] = value
    return found


def spellings_of(info: FieldInfo) -> tuple[str, ...]:
    """The aliases of a field that are names."""
    return tuple(dict.fromkeys(alias for alias in _aliases(info) if isinstance(alias, str)))


def alias_paths_of(info: FieldInfo) -> tuple[AliasPath, ...]:
    """The aliases of a field that are paths into other values."""
    return tuple(alias for alias in _aliases(info) if isinstance(alias, AliasPath))


def _aliases(info: FieldInfo) -> Iterator[str | AliasPath | None]:
    alias = info.alias if info.validation_alias is None else info.validation_alias
    yield from alias.choices if isinstance(alias, AliasChoices) else [alias]
