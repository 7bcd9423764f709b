"""Finds unknown keys: of a model, of nested models, and of models in lists, unions and mappings.

pydantic ignores some of these keys without an error. A key is unknown if none of the models that
the value can be meant for has it, and none of them takes further keys.
"""

from __future__ import annotations

import functools
import os
import types
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, get_args, get_origin

from pydantic import BaseModel, RootModel
from pydantic.fields import FieldInfo

from runsettings.composition.merge import Merged
from runsettings.layers.scalar_types import is_plain_type, union_members
from runsettings.layers.settings_files.layers import (
    KEYS_OF_PROGRAM,
    OWN_TABLE,
    TABLES_OF_COMMANDS,
)
from runsettings.layers.text_values import fields_of_type
from runsettings.resolution.aliases import alias_paths_of, spellings_of
from runsettings.resolution.normalizing.key_hints import elsewhere, list_of_keys
from runsettings.resolution.normalizing.union_kinds import other_kind_hint, refuted
from runsettings.resolution.options import Option, OptionTable, option_table
from runsettings.values.diagnostic import Diagnostic, Excerpt, Rule, Severity
from runsettings.values.did_you_mean import closest
from runsettings.values.directives import Append, Replace
from runsettings.values.excerpts import excerpt_of
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Kind, Layer
from runsettings.values.tree import Leaf, Tree

LISTS: Final = (list, set, frozenset, tuple, Sequence)

TAKING: Final = ("allow", "ignore")
"""Values of a model's ``extra`` under which it takes further keys."""


class UnknownKey(NamedTuple):
    """An unknown key, and the models that its mapping can be meant for."""

    path: KeyPath
    models: tuple[type[BaseModel], ...]


def unknown_keys(
    value: Any, annotation: Any, path: KeyPath = (), taking: Container[str] = TAKING
) -> Iterator[UnknownKey]:
    """The unknown keys in a value.

    Args:
        value: A raw value, not validated.
        annotation: The type that it will be validated against.
        path: The path to it.
        taking: Values of a model's ``extra`` under which further keys are not unknown.
    """
    if isinstance(value, (Replace, Append)):
        value = value.value if isinstance(value, Replace) else value.items
    if not isinstance(value, (dict, list, tuple)):
        return
    members = [m for m in union_members(annotation) if m is not types.NoneType]
    if isinstance(value, dict):
        models = models_meant(value, members)
        if models:
            yield from _in_mapping(value, models, path, taking)
        elif len(members) == 1:
            # pydantic reports unknown keys of a dataclass or typed dict, but not those further in.
            arguments = get_args(members[0])
            each_key = dict.fromkeys(value, arguments[1]) if len(arguments) == 2 else {}
            kinds = each_key or _fields_of_others(members[0])
            for key, item in value.items():
                if key in kinds:
                    yield from unknown_keys(item, kinds[key], (*path, key), taking)
        return
    lists = [m for m in members if get_origin(m) in LISTS]
    if len(lists) == 1:
        arguments = get_args(lists[0])
        of_each = get_origin(lists[0]) is tuple and arguments[1:] != (...,)
        of_items = arguments if of_each else arguments[:1] * len(value)
        for index, (item, kind) in enumerate(zip(value, of_items, strict=False)):
            yield from unknown_keys(item, kind, (*path, index), taking)


def unknown_key_diagnostics(
    data: Mapping[str, Any],
    tree: Tree,
    table: OptionTable,
    known_elsewhere: frozenset[str],
    other_keys: frozenset[str] = frozenset(),
) -> list[Diagnostic]:
    """A diagnostic for each unknown key of a source.

    Args:
        data: The source's values, with its own spellings of keys.
        tree: The source.
        table: The model's options.
        known_elsewhere: Names that another program reads from the files that we share with it. In
            code, where it takes them as arguments, they are warnings.
        other_keys: Keys of other models that the source is for as well.
    """
    shared = tree.layer.is_shared and tree.kind is Kind.INI

    @functools.cache  # a file may have thousands of unknown keys
    def spelled(models: tuple[type[BaseModel], ...]) -> dict[str, Option]:
        return {
            key: option for model in models for key, option in option_table(model).spelled.items()
        }

    found = [
        _without_effect(unknown.path, tree)
        if tree.layer is Layer.INIT and unknown.path[0] in known_elsewhere
        else _unknown_key(
            unknown,
            tree,
            table,
            spelled(unknown.models),
            other_keys if len(unknown.path) == 1 else (),
            lenient=shared or (tree.layer.is_environment and not _forbids(unknown)),
        )
        for unknown in unknown_keys(dict(data), table.model)
        if not (shared and unknown.path[0] in known_elsewhere)
    ]
    delimiter = str(table.model.model_config.get("env_nested_delimiter") or "")
    if len(delimiter) == 1 and tree.layer.is_environment:
        # With `_`, HOME_DIRECTORY may be meant for `home`, or for another program.
        found = [
            d
            for d in found
            if d.is_error or d.hint is not None or not _is_nested_name(d, delimiter)
        ]
    return found


def keys_of_other_kinds(
    merged: Merged, table: OptionTable, found: Iterable[Diagnostic]
) -> Iterator[Diagnostic]:
    """A diagnostic for each key that another member of a union has than the one that is chosen.

    One source has the key, and another one the tag: each of them is right alone.

    Args:
        merged: The merged values.
        table: The model's options.
        found: What is known to be wrong, which is not reported again.
    """
    known = {each.path for each in found}
    for option in table.containing:
        for unknown in unknown_keys(merged.get(option.path), option.type, option.path):
            path, source = unknown.path, merged.winner(unknown.path)
            if path in known or source is None or source.layer is Layer.DEFAULT:
                continue
            hint = other_kind_hint(path, option.type, path[len(option.path) :], merged)
            if hint is not None:
                lenient = source.layer.is_environment and not _forbids(unknown)
                yield Diagnostic.of(
                    Rule.UNKNOWN_KEY,
                    path,
                    f"is not a key of {' or '.join(each.__name__ for each in unknown.models)}",
                    source.origin(path, key=True),
                    hint,
                    None if table.is_secret(path) else excerpt_of(source, path, key=True),
                    severity=Severity.WARNING if lenient else None,
                )


def unknown_variable_diagnostics(
    leaves: Sequence[Leaf], variables: Iterable[str], known_elsewhere: frozenset[str]
) -> list[Diagnostic]:
    """A warning for each variable whose name is probably misspelt.

    Args:
        leaves: Variables with the model's prefix that set nothing.
        variables: The names of the variables that set a key.
        known_elsewhere: Variables that another program reads.
    """
    variables = list(variables)
    # The prefix that all have in common says nothing about which is meant.
    names = [*variables, *(str(leaf.path[-1]) for leaf in leaves)]
    common = os.path.commonprefix([name.upper() for name in names])  # noqa: RUF071 - no paths
    start = common.rfind("_") + 1
    named = {variable[start:]: variable for variable in variables}
    prefix = common[:start]

    def meant(name: str) -> str | None:
        found = closest(name, named)
        if found is None:
            return None
        elsewhere = [each[start:] for each in known_elsewhere if each.startswith(prefix)]
        other = closest(name, elsewhere)
        return None if other is not None and closest(name, (found, other)) == other else found

    return [
        Diagnostic.of(
            Rule.UNKNOWN_KEY,
            leaf.path,
            "is not a variable that sets anything",
            leaf.origin,
            f"did you mean {named[variable]!r}?",
            severity=Severity.WARNING,
        )
        for leaf in leaves
        if (name := str(leaf.path[-1])).upper() not in known_elsewhere
        # A variable that is not close to any name belongs to another program.
        and (variable := meant(name[start:])) is not None
    ]


def _forbids(unknown: UnknownKey) -> bool:
    """Whether nested models have ``extra="forbid"``, which counts whatever the source is."""
    nested = unknown.models if len(unknown.path) > 1 else ()
    return bool(nested) and all(m.model_config.get("extra") == "forbid" for m in nested)


def _is_nested_name(diagnostic: Diagnostic, delimiter: str) -> bool:
    """Whether the key is a part of a variable's name, and not of the JSON in its value."""
    where = "" if diagnostic.origin is None else diagnostic.origin.where
    return f"{delimiter}{diagnostic.path[-1]}".casefold() in where.casefold()


def _without_effect(path: KeyPath, tree: Tree) -> Diagnostic:
    return Diagnostic.of(
        Rule.UNKNOWN_KEY,
        path,
        "is a setting of the wandb client, and has no effect here",
        tree.origin(path, key=True),
        severity=Severity.WARNING,
    )


def _unknown_key(
    unknown: UnknownKey,
    tree: Tree,
    table: OptionTable,
    options: Mapping[str, Option],
    other_keys: Iterable[str],
    *,
    lenient: bool,
) -> Diagnostic:
    path, name = unknown.path, str(unknown.path[-1])
    excerpt = excerpt_of(tree, path, key=True)
    owner = " or ".join(model.__name__ for model in unknown.models)
    tables: tuple[str, ...] = ()
    if tree.layer is Layer.PYPROJECT and len(path) == 1:
        # The table is in the file; a class of this library that reads it is not known to users.
        config: Any = table.model.model_config
        names = tuple(config.get("pyproject_table") or (owner,))
        owner = f"[{'.'.join(names)}]"
        tables = TABLES_OF_COMMANDS if names == OWN_TABLE else ()
    meant = closest(name, [*options, *tables, *other_keys])
    if excerpt is not None and meant is not None and meant in options and options[meant].secret:
        excerpt = _without_value(excerpt)
    hint = None if meant is None or "." in name else f"did you mean {meant!r}?"
    if tables and name in KEYS_OF_PROGRAM:
        hint = f"it belongs to [{'.'.join(OWN_TABLE)}.program]"
    hint = hint or elsewhere(name, table, tree)
    if hint is None and not lenient:
        hint = list_of_keys(unknown.models, options)
    return Diagnostic.of(
        Rule.UNKNOWN_KEY,
        path,
        f"is not a key of {owner}",
        tree.origin(path, key=True),
        hint,
        excerpt,
        severity=Severity.WARNING if lenient else None,
    )


def _in_mapping(
    value: Mapping[Any, Any],
    models: tuple[type[BaseModel], ...],
    path: KeyPath,
    taking: Container[str],
) -> Iterator[UnknownKey]:
    for key, item in value.items():
        fields = [info for model in models for info in fields_by_key(model).get(key, ())]
        if len(fields) == 1:
            if key not in {each.path[0] for each in alias_paths_of(fields[0])}:
                yield from unknown_keys(item, fields[0].annotation, (*path, key), taking)
        elif not fields and not any(m.model_config.get("extra") in taking for m in models):
            yield UnknownKey((*path, key), models)


def models_meant(value: Mapping[Any, Any], members: list[Any]) -> tuple[type[BaseModel], ...]:
    """The models that a mapping can be meant for; none if another type may take it as well."""
    models: list[type[BaseModel]] = []
    for member in members:
        if isinstance(member, type) and issubclass(member, BaseModel):
            if issubclass(member, RootModel):
                return ()
            models.append(member)
        elif get_origin(member) not in LISTS and not is_plain_type(member):
            return ()
    if len(models) < 2:
        return tuple(models)  # the only model is meant even if a tag has a wrong value
    return tuple(model for model in models if not refuted(value, model))


def _fields_of_others(kind: Any) -> dict[str, Any]:
    """The keys of a dataclass or typed dict with their types; none for any other type."""
    is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
    return {} if is_model else fields_of_type(kind) or {}


@functools.lru_cache(maxsize=64)
def fields_by_key(model: type[BaseModel]) -> Mapping[Any, list[FieldInfo]]:
    """The fields of a model by key: a name, a spelling, or the first key of an alias path."""
    found: dict[Any, list[FieldInfo]] = {}
    by_alias = model.model_config.get("validate_by_alias") is not False
    for name, info in model.model_fields.items():
        heads = [each.path[0] for each in alias_paths_of(info)]
        for key in {name, *((*spellings_of(info), *heads) if by_alias else ())}:
            found.setdefault(key, []).append(info)
    return found


def _without_value(excerpt: Excerpt) -> Excerpt:
    """The line up to the key, without the value: a misspelt key may hold a secret."""
    end = excerpt.column - 1 + excerpt.width
    return excerpt._replace(text=excerpt.text[:end] + " …" * (len(excerpt.text) > end))
