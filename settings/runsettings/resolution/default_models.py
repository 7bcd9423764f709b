"""A nested model that is a field's default, as the lowest source of its keys.

Where a source sets one key of a nested model, the others keep the values of the default, which
may be other ones than the model's own. ``nested_model_default_partial_update=False`` turns this
off: pydantic then makes the nested model anew.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, RootModel, TypeAdapter
from pydantic_settings import BaseSettings
from pydantic_settings.sources import DefaultSettingsSource

from runsettings._deferred import deferred
from runsettings.composition.merge import merge
from runsettings.resolution.aliases import as_expected
from runsettings.resolution.options import Option, OptionTable, option_table
from runsettings.values.directives import Append
from runsettings.values.key_paths import put_at
from runsettings.values.origin import Layer, Origin
from runsettings.values.positions import Branch
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from runsettings.composition import references
    from runsettings.values.diagnostic import Diagnostic
else:
    references = deferred("runsettings.composition.references")


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
        for name in changed & self._applying(trees):
            option = self._table.options[name]
            found[name] = _data(self._fields[name], option)
            origin = Origin(Layer.DEFAULT, f"{self._model.__name__}.{name}")
            marks[name] = _marks(self._fields[name], origin)
        lowest = Tree(Layer.DEFAULT, self._model.__name__, found, marks, directives=False)
        return [lowest, *trees] if found else [*trees]

    def _applying(self, trees: Sequence[Tree]) -> set[str]:
        """The fields whose default is of the kind that the sources' tags, if any, ask for."""
        source = DefaultSettingsSource(self._model, nested_model_default_partial_update=True)
        said = as_expected(merge(trees).data, self._table)
        source._set_current_state(said)
        applying = source()
        expected = self._table.expected
        return {name for name in self._fields if expected[name] in applying or name in applying}

    def _plain(self, tree: Tree) -> Tree:
        """A call's values with mappings for the instances that replace a default in part."""
        data = dict(tree.data)
        for name, value in tree.data.items():
            option = self._table.options.get(name)
            if _is_nested(value) and option is not None:
                data[name] = _data(value, option)
            elif isinstance(value, dict):
                data[name] = TypeAdapter(dict[str, Any]).dump_python(value)
        return tree.with_data(data)


def _is_nested(value: Any) -> bool:
    is_model = isinstance(value, BaseModel) and not isinstance(value, RootModel)
    return is_model or (dataclasses.is_dataclass(value) and not isinstance(value, type))


def _data(instance: Any, option: Option) -> dict[str, Any]:
    """The instance as a mapping: by names where the field has options of its own."""
    if not isinstance(instance, BaseModel):
        return dataclasses.asdict(instance)
    data = instance.model_dump()
    return data if option.table is not None else as_expected(data, option_table(type(instance)))


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


def look_up(
    trees: Sequence[Tree], table: OptionTable, environ: Mapping[str, str]
) -> list[Diagnostic]:
    """Look up the references in sources, which can refer to the model's defaults as well.

    Args:
        trees: The sources, lowest first; their keys are the model's field names.
        table: The model's options.
        environ: The environment.

    Returns:
        An error for each reference that cannot be looked up.
    """
    return references.resolve_references([_defaults(table), *trees], environ, table.named)


def _defaults(table: OptionTable) -> Tree:
    """All defaults of a model that can be known before they are computed."""
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
            data[name] = _data(default, option)
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
    if not any(tree.directives for tree in trees):
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
