"""A nested model that is a field's default, as the lowest source of its keys.

Where a source sets one key of a nested model, the others keep the values of the default, which
may be other ones than the model's own. ``nested_model_default_partial_update=False`` turns this
off: pydantic then makes the nested model anew.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Discriminator, RootModel, TypeAdapter
from pydantic_settings import BaseSettings
from pydantic_settings.sources import DefaultSettingsSource

from runsettings._deferred import deferred
from runsettings.composition.merge import appends, merge
from runsettings.resolution.aliases import as_expected
from runsettings.resolution.options import Option, OptionTable, option_table
from runsettings.values.directives import Append
from runsettings.values.key_paths import MISSING, put_at
from runsettings.values.origin import Layer, Origin
from runsettings.values.positions import Branch
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from runsettings.resolution.normalizing import union_kinds
else:
    union_kinds = deferred("runsettings.resolution.normalizing.union_kinds")


class DefaultModels:
    """The default instances of nested models that one class has.

    Args:
        model: The settings class.
        table: Its options.
        options: Arguments of the call, of which ``nested_model_default_partial_update`` counts.
    """

    def __init__(
        self, model: type[BaseSettings], table: OptionTable, options: Mapping[str, Any]
    ) -> None:
        name = "nested_model_default_partial_update"
        given = options.get(name)
        self._asked: Any = model.model_config.get(name) if given is None else given
        self._table = table
        self._model = model
        self._fields = {
            option.name: option.info.default
            for option in table.options.values()
            if self._asked is not False and _is_nested(option.info.default)
        }

    def below(self, trees: Sequence[Tree]) -> list[Tree]:
        """The trees, above the default instances that they change in part.

        Args:
            trees: The trees, lowest first; among them may be what an earlier call added.
        """
        if self._asked:
            trees = [self._plain(tree) if tree.layer is Layer.INIT else tree for tree in trees]
        if not self._fields:
            return [*trees]
        name = self._model.__name__
        trees = [tree for tree in trees if (tree.layer, tree.where) != (Layer.DEFAULT, name)]
        changed = {
            name
            for name in self._fields
            if any(isinstance(tree.data.get(name), dict) for tree in trees)
        }
        if not changed:
            return [*trees]
        found: dict[str, Any] = {}
        marks = Branch()
        said = merge(trees).data
        for name in changed - self._of_other_kinds(changed, said):
            default, table = self._fields[name], self._table.options[name].table
            data = _below(default, table, said[name])
            if not isinstance(data, dict):
                continue
            found[name] = _below(default, table) if self._asked else data
            origin = Origin(Layer.DEFAULT, f"{self._model.__name__}.{name}")
            marks[name] = _marks(default, origin)
        lowest = Tree(Layer.DEFAULT, self._model.__name__, found, marks, directives=False)
        return [lowest, *trees] if found else [*trees]

    def concern(self, tree: Tree) -> bool:
        """Whether `below` may depend on a tree."""
        return bool(self._asked) or not self._fields.keys().isdisjoint(tree.data)

    def _of_other_kinds(self, names: set[str], said: dict[str, Any]) -> set[str]:
        """The fields whose default is not of the kind that the sources' tag asks for."""
        tagged = {name for name in names if _is_tagged(self._table.options[name])}
        if not tagged:
            return tagged
        source = DefaultSettingsSource(self._model, nested_model_default_partial_update=True)
        source._set_current_state(as_expected(said, self._table))
        applying, expected = source(), self._table.expected
        return {n for n in tagged if expected[n] not in applying and n not in applying}

    def _plain(self, tree: Tree) -> Tree:
        """A call's values with mappings for the instances that replace a default in part."""
        data = dict(tree.data)
        for name, value in tree.data.items():
            option = self._table.options.get(name)
            if _is_nested(value) and option is not None:
                data[name] = _below(value, option.table)
            elif isinstance(value, dict):
                data[name] = TypeAdapter(dict[str, Any]).dump_python(value)
        return tree.with_data(data)


def _is_nested(value: Any) -> bool:
    is_model = isinstance(value, BaseModel) and not isinstance(value, RootModel)
    return is_model or (dataclasses.is_dataclass(value) and not isinstance(value, type))


def _is_tagged(option: Option) -> bool:
    """Whether a discriminator decides which model a value is meant for."""
    found = (option.info.discriminator, *option.info.metadata)
    return any(isinstance(each, (str, Discriminator)) for each in found)


def _mapping(instance: Any, table: OptionTable | None, said: Any) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if isinstance(instance, BaseModel):
        fields = type(instance).model_fields
        for name, info in fields.items():
            option = None if table is None else table.options.get(name)
            value, inner = instance.__dict__[name], said
            if table is not None and option is None:
                continue  # the key of a subclass, which is not made
            if said is not None:
                inner = said.get(name, MISSING)
                is_own = name not in instance.model_fields_set and _is_same(value, info.default)
                if is_own and not isinstance(inner, dict):
                    continue
            data[name] = _below(value, option.table if option else None, inner)
        return {**data, **(instance.model_extra or {})}
    for field in dataclasses.fields(instance):
        if field.init and hasattr(instance, field.name):
            inner = said.get(field.name, MISSING) if isinstance(said, dict) else said
            data[field.name] = _below(getattr(instance, field.name), None, inner)
    return data


def _below(value: Any, table: OptionTable | None, said: Any = None) -> Any:
    """A value of a default, as a mapping if a source sets keys in it.

    Args:
        value: The value.
        table: The options of the one model that its field can hold; ``None`` for other types.
        said: What the sources set in its place. Inside, values that are the class's own defaults
            are left out. ``None`` for the whole value with mappings for all instances.
    """
    if said is not None and not isinstance(said, dict):
        return value
    if isinstance(value, RootModel):
        value = value.root
    if isinstance(value, BaseModel) and table is None:
        if said is not None and union_kinds.refuted(said, type(value)):
            return value  # the tag in what the sources set is that of another kind
        own = option_table(type(value))
        return as_expected(_mapping(value, own, None), own)
    if _is_nested(value):
        return _mapping(value, table, said)
    if isinstance(value, dict):
        return {
            key: _below(item, None, None if said is None else said.get(key, MISSING))
            for key, item in value.items()
        }
    return value


def _is_same(value: Any, default: Any) -> bool:
    """Whether a value is its default or an equal copy; without ``__eq__``, which may raise."""
    if value is default:
        return True
    if type(value) is not type(default):
        return False
    if isinstance(value, BaseModel):
        return _is_same(value.__dict__, default.__dict__)
    if isinstance(value, dict):
        return value.keys() == default.keys() and all(
            _is_same(value[key], default[key]) for key in value
        )
    return (
        isinstance(value, (list, tuple))
        and len(value) == len(default)
        and all(map(_is_same, value, default))
    )


def _marks(instance: Any, origin: Origin) -> Branch:
    """The places of an instance's values: its own where it sets them, else its class's."""
    branch = Branch(origin)
    if isinstance(instance, BaseModel):
        for name in type(instance).model_fields:
            value = getattr(instance, name)
            place = origin
            if name not in instance.model_fields_set:
                place = Origin(Layer.DEFAULT, f"{type(instance).__name__}.{name}")
            branch[name] = _marks(value, place) if isinstance(value, BaseModel) else place
    return branch


def default_values(table: OptionTable) -> Tree:
    """All defaults of a model that can be known before they are computed.

    Args:
        table: The model's options.
    """
    data: dict[str, Any] = {}
    marks = Branch()
    for option in table.leaves():
        default = option.info.get_default(call_default_factory=False)
        if option.info.default_factory is None and not option.info.is_required():
            put_at(data, option.path, default)
            where = Origin(Layer.DEFAULT, f"{option.owner.__name__}.{option.name}")
            put_at(marks, option.path, where)
    for name, option in table.options.items():
        default = option.info.default
        if _is_nested(default):
            data[name] = _below(default, option.table)
            marks[name] = _marks(default, Origin(Layer.DEFAULT, f"{table.model.__name__}.{name}"))
    return Tree(Layer.DEFAULT, table.model.__name__, data, marks, directives=False)


def on_default_lists(trees: list[Tree], table: OptionTable) -> list[Tree]:
    """Add the model's default lists as the lowest tree, where a tree appends to them.

    Args:
        trees: The trees, lowest precedence first.
        table: The model's options.

    Returns:
        ``trees`` itself where no tree appends to a default.
    """
    # Most trees have a few values, and most models many options.
    if not any(tree.directives and appends(tree.data) for tree in trees):
        return trees
    data: dict[str, Any] = {}
    marks: dict[str, Any] = {}
    for option in table.leaves():
        if any(isinstance(tree.get(option.path), Append) for tree in trees):
            default = option.info.get_default(call_default_factory=False)
            if isinstance(default, (list, tuple)):
                put_at(data, option.path, list(default))
                where = f"{option.owner.__name__}.{option.name}"
                put_at(marks, option.path, Origin(Layer.DEFAULT, where))
    if not data:
        return trees
    return [Tree(Layer.DEFAULT, table.model.__name__, data, marks, directives=False), *trees]
