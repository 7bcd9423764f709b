"""Flattens a model into a table: its keys, the spellings of each, and the values each takes.

Every source, the flags, the schema and the documentation read this table, so that a model's
fields are walked once.
"""

from __future__ import annotations

import enum
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args, get_origin

from pydantic import AliasPath, BaseModel, Json, RootModel, Strict
from pydantic.fields import FieldInfo

from runsettings._deferred import deferred
from runsettings.layers.renamed import has_old_names, old_names_of
from runsettings.layers.scalar_types import decodes, has_fixed_types, is_plain_type, union_members
from runsettings.resolution.aliases import Lookup, add_lookups, alias_paths_of, spellings_of
from runsettings.values.key_paths import KeyPath, format_path

if TYPE_CHECKING:
    from runsettings.layers.text_values import fields_of_type, needs_typing
else:
    fields_of_type = deferred("runsettings.layers.text_values", "fields_of_type")
    needs_typing = deferred("runsettings.layers.text_values", "needs_typing")


class Option:
    """One key of a model.

    Attributes:
        name: The field's name, under which its values are merged.
        path: The names from the root model to this field.
        info: pydantic's description of the field.
        owner: The model that has the field.
        spellings: Other names that a source may use for it: its aliases.
        alias_paths: Paths into other keys where a source may have its value.
        variables: Environment variables that set it; at the top level only.
        secret: Whether its value must never be shown.
        decodes: Whether a text in an INI file or flag is decoded before validation.
        typed: Whether a text may need conversion before pydantic validates it.
        choices: The values it may have, where there is a fixed set.
        table: The options of the nested model that it holds, if it holds exactly one.
    """

    # A plain class, as `OptionTable`: generating methods would take time at import.
    def __init__(
        self,
        path: KeyPath,
        owner: type[BaseModel],
        variables: Sequence[str],
        facts: _Facts,
        table: OptionTable | None,
    ) -> None:
        self.name = name = str(path[-1])
        self.path = path
        self.info = info = owner.model_fields[name]
        self.owner = owner
        by_alias = owner.model_config.get("validate_by_alias") is not False
        self.spellings = spellings_of(info) if by_alias else ()
        self.alias_paths = alias_paths_of(info) if by_alias else ()
        self.variables = tuple(variables)
        _, self.secret, json, typed, plain, _, _, self.choices = facts
        self.decodes = not plain or decodes(info.metadata)
        self.typed = _is_typed(info, owner, json=json, typed=typed)
        self.table = table

    @property
    def type(self) -> Any:
        """The type of its values, without validators."""
        if any(isinstance(item, Strict) for item in self.info.metadata):
            return Annotated[self.info.annotation, Strict()]
        return self.info.annotation


class OptionTable:
    """The options of one model, by name and by spelling.

    Attributes:
        model: The model.
        options: Its options by name, in order.
        spelled: Its options by every spelling of their keys, names included.
        decoding: Names whose texts are decoded.
        typing: Names whose texts are converted, or that hold a model with such names.
        nesting: Names that hold a nested model.
        secrets: Paths of all secret values, nested ones included.
        holding: Paths of values that contain secrets: lists or unions of models with secret
            fields.
        containing: Options, nested ones included, with models in a list, a union or a mapping.
        secret_names: Every spelling of the key of a secret, at any depth of the model.
        lookups: The fields that each key of a source sets. An alias beats another field's name.
        expected: The key or path at which pydantic looks for the value of each field.
        old: Its options by the names that they had before.
        renamed: Whether a field, at any depth, had another name before.
        renaming: Whether pydantic expects the value of a field, nested ones included, under another
            key than its name.
    """

    # Not a dataclass: generating its methods would take longer than importing this module.
    def __init__(self, model: type[BaseModel]) -> None:
        self.model = model
        self.options: dict[str, Option] = {}
        self.spelled: dict[str, Option] = {}
        self.decoding: frozenset[str] = frozenset()
        self.typing: frozenset[str] = frozenset()
        self.nesting: frozenset[str] = frozenset()
        self.secrets: tuple[KeyPath, ...] = ()
        self.holding: tuple[KeyPath, ...] = ()
        self.containing: tuple[Option, ...] = ()
        self.secret_names: frozenset[str] = frozenset()
        self.lookups: dict[str, tuple[Lookup, ...]] = {}
        self.expected: dict[str, str | AliasPath] = {}
        self.old: dict[str, Option] = {}
        self.renamed = False
        self.renaming = False

    def find(self, path: KeyPath) -> Option | None:
        """The option at ``path``, by any spelling or old name of its keys; ``None`` if none."""
        table: OptionTable | None = self
        option: Option | None = None
        for key in path:
            if table is None or not isinstance(key, str):
                return None
            option = table.spelled.get(key) or table.old.get(key)
            if option is None:
                return None
            table = option.table
        return option

    def nearest(self, path: KeyPath) -> Option | None:
        """The option that ``path`` is at or below."""
        for end in range(len(path), 0, -1):
            option = self.find(path[:end])
            if option is not None:
                return option
        return None

    def named(self, path: KeyPath) -> KeyPath:
        """The path under the model's field names, as far as the model has the keys."""
        option = self.nearest(path)
        return path if option is None else (*option.path, *path[len(option.path) :])

    def leaves(self) -> Iterator[Option]:
        """Every option that is not a nested model, nested ones included, in order."""
        for option in self.options.values():
            if option.table is None:
                yield option
            else:
                yield from option.table.leaves()

    def set_by(self, variable: str) -> str | None:
        """The key that an environment variable sets; ``None`` if it sets none, or is a key itself.

        Args:
            variable: A name that may be a variable.
        """
        if variable in self.spelled:
            return None
        options = (option for option in self.leaves() if variable in option.variables)
        return next((format_path(option.path) for option in options), None)

    def is_secret(self, path: KeyPath) -> bool:
        """Whether the value at ``path`` is secret, contains a secret, or is part of one."""
        return any(
            path[: len(secret)] == secret or secret[: len(path)] == path
            for secret in (*self.secrets, *self.holding)
        )


def option_table(
    model: type[BaseModel], variables: Mapping[str, list[str]] | None = None
) -> OptionTable:
    """Flatten ``model``.

    Args:
        model: Any pydantic model.
        variables: For each top-level field, the environment variables that set it.
    """
    return _table(model, (), variables or {}, (model,))


def _table(
    model: type[BaseModel],
    parent: KeyPath,
    variables: Mapping[str, list[str]],
    trail: tuple[type[BaseModel], ...],
) -> OptionTable:
    table = OptionTable(model)
    secrets: list[KeyPath] = []
    holding: list[KeyPath] = []
    containing: list[Option] = []
    secret_names: set[str] = set()
    known: dict[Any, _Facts] = {}  # many fields of a model have the same type
    for name, info in model.model_fields.items():
        path = (*parent, name)
        try:
            facts = known.get(info.annotation) or known.setdefault(
                info.annotation, _facts(info.annotation)
            )
        except TypeError:  # a type with an object in it that cannot be hashed
            facts = _facts(info.annotation)
        nested, secret, _, _, _, has_model, inside, _ = facts
        # A model that contains itself is flattened once; pydantic validates its deeper keys.
        inner = (
            _table(nested, path, {}, (*trail, nested)) if nested and nested not in trail else None
        )
        option = Option(path, model, variables.get(name, ()), facts, inner)
        table.options[name] = option
        for old in old_names_of(info):
            table.old[old.name] = option
            table.renamed = True
        if secret:
            secrets.append(path)
            secret_names.update((name, *option.spellings, *option.variables))
        if inner is not None:
            secrets.extend(inner.secrets)
            holding.extend(inner.holding)
            containing.extend(inner.containing)
            secret_names.update(inner.secret_names)
            table.renamed |= inner.renamed
        else:
            if has_model:
                containing.append(option)
                table.renamed = table.renamed or has_old_names(info.annotation)
            secret_names.update(inside)
            if inside:
                holding.append(path)
    for option in table.options.values():
        for spelling in (option.name, *option.spellings):
            table.spelled.setdefault(spelling, option)
    for option in table.options.values():  # a field's own name beats another's alias
        table.spelled[option.name] = option
    add_lookups(table)
    table.decoding = frozenset(o.name for o in table.options.values() if o.decodes)
    table.typing = frozenset(
        o.name for o in table.options.values() if o.typed or (o.table and o.table.typing)
    )
    table.nesting = frozenset(o.name for o in table.options.values() if o.table is not None)
    table.secrets, table.holding = tuple(secrets), tuple(holding)
    table.containing = tuple(containing)
    table.secret_names = frozenset(secret_names)
    return table


def _is_json(annotation: Any) -> bool:
    """Whether the type has pydantic's ``Json`` somewhere in it."""
    if annotation is Json or type(annotation) is Json:
        return True
    return any(_is_json(part) for part in get_args(annotation))


_Facts: TypeAlias = tuple[
    type[BaseModel] | None, bool, bool, bool, bool, bool, frozenset[str], tuple[Any, ...]
]


def _facts(annotation: Any) -> _Facts:
    """What a type says of its field.

    Returns:
        The one model that it holds; whether values are secret; whether they are pydantic's
        ``Json``; whether texts may have to be converted; whether the type takes a text without
        decoding; whether there can be models in values; the names of the secrets in these; the
        values that the type allows, if they are fixed.
    """
    has_model = _has_model(annotation)
    return (
        nested_model(annotation),
        holds_secret(annotation),
        _is_json(annotation),
        not has_fixed_types(annotation) and needs_typing(annotation),
        is_plain_type(annotation),
        has_model,
        frozenset(_secret_names(annotation, ()) if has_model else ()),
        choices_of(annotation),
    )


def _is_typed(info: FieldInfo, model: type[BaseModel], *, json: bool, typed: bool) -> bool:
    if json or any(map(_is_json, info.metadata)):
        return False  # its validator wants the text
    strict = bool(model.model_config.get("strict"))
    return typed or strict or any(isinstance(item, Strict) for item in info.metadata)


def nested_model(annotation: Any) -> type[BaseModel] | None:
    """The model in an annotation ``Model`` or ``Model | None``; ``None`` for any other."""
    members = [member for member in union_members(annotation) if member is not types.NoneType]
    if len(members) != 1 or not isinstance(members[0], type):
        return None
    # A root model has no keys of its own: its value is whatever its root is.
    is_model = issubclass(members[0], BaseModel) and not issubclass(members[0], RootModel)
    return members[0] if is_model else None


def _has_model(annotation: Any) -> bool:
    """Whether values of the type can be a model or another type with fields, or contain one."""
    if isinstance(annotation, type) and (
        issubclass(annotation, BaseModel)
        or hasattr(annotation, "__dataclass_fields__")
        or hasattr(annotation, "__required_keys__")  # a typed dict
        or hasattr(annotation, "_fields")  # a named tuple
    ):
        return True
    return any(_has_model(part) for part in get_args(annotation))


def holds_secret(annotation: Any) -> bool:
    """Whether a value of the type is, or contains, a secret outside of nested models."""
    if hasattr(annotation, "get_secret_value"):  # ``SecretStr``, and also ``Secret[str]``
        return True
    return any(holds_secret(part) for part in get_args(annotation))


def _secret_names(annotation: Any, trail: tuple[Any, ...]) -> set[str]:
    """The keys of secrets in the models and dataclasses that a value of the type can hold."""
    if annotation in trail:
        return set()
    fields = fields_of_type(annotation)
    if fields is None:
        return {name for part in get_args(annotation) for name in _secret_names(part, trail)}
    found = {name for name, inner in fields.items() if holds_secret(inner)}
    return found.union(*(_secret_names(inner, (*trail, annotation)) for inner in fields.values()))


def choices_of(annotation: Any) -> tuple[Any, ...]:
    """The values that a ``Literal`` or an enum allows, without ``None``; else none."""
    choices: list[Any] = []
    for member in union_members(annotation):
        if member is types.NoneType:
            continue
        if get_origin(member) is Literal:
            choices.extend(get_args(member))
        elif isinstance(member, type) and issubclass(member, enum.Enum):
            choices.extend(item.value for item in member)
        else:
            return ()
    return tuple(choice for choice in choices if choice is not None)


def value_type(info: FieldInfo) -> Any:
    """The type of a field with its validators, for validating one value outside of its model."""
    annotated: Any = info.annotation
    for metadata in info.metadata:
        annotated = Annotated[annotated, metadata]
    return annotated
