"""Finds old names of fields in the values of a source, and gives them their current names.

Only models with a field that is `Renamed` need this. The fields may be at any depth, also those of
models in lists, unions and mappings.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Mapping
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel

from runsettings.layers.renamed import (
    Renamed,
    conflict_diagnostic,
    old_names_of,
    renamed_diagnostic,
)
from runsettings.layers.scalar_types import union_members
from runsettings.resolution.aliases import spellings_of
from runsettings.resolution.normalizing.unknown_keys import LISTS, fields_by_key, models_meant
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.directives import Append, Replace
from runsettings.values.excerpts import excerpt_of
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Kind
from runsettings.values.positions import Branch, SequenceMarks
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree


class OldName(NamedTuple):
    """A use of an old name."""

    path: KeyPath
    """The key path as the source has it."""
    now: str
    """The current name."""
    renamed: Renamed
    present: KeyPath | None
    """The path of the current name, if the same mapping has it as well."""
    differs: bool
    """Whether both have different values."""


def with_current_names(reading: Reading, model: type[BaseModel]) -> Reading:
    """Give the old names in a reading their current names, with a diagnostic for each.

    The tree of ``reading`` is not changed.

    Args:
        reading: A source.
        model: The model that its values are for.
    """
    tree = reading.tree
    walk = _Walk(any_case=tree.kind is Kind.INI, tree=tree)
    data, marks = walk.value(tree.data, tree.marks, (model,), ())
    if not walk.found:
        return reading
    found = [_diagnostic(each, tree) for each in walk.found]
    diagnostics = (*reading.diagnostics, *found)
    return reading._replace(tree=tree.with_data(data, marks), diagnostics=diagnostics)


def old_names_in(value: Any, annotation: Any, *, any_case: bool = False) -> list[OldName]:
    """The uses of old names in a value.

    Args:
        value: A raw value.
        annotation: The type that it is for.
        any_case: Whether the case of keys makes no difference, as in INI files.
    """
    walk = _Walk(any_case=any_case)
    walk.value(value, None, (annotation,), ())
    return walk.found


def _diagnostic(found: OldName, tree: Tree) -> Diagnostic:
    origin = tree.origin(found.path, key=True)
    excerpt = excerpt_of(tree, found.path, key=True)
    if found.present is None or not found.differs:
        return renamed_diagnostic(found.renamed, found.path, found.now, origin, excerpt)
    other = tree.origin(found.present, key=True), excerpt_of(tree, found.present, key=True)
    return conflict_diagnostic(found.path, found.now, origin, other, excerpt)


class _Walk:
    """Copies values, with their marks, under the current names of keys."""

    def __init__(self, *, any_case: bool, tree: Tree | None = None) -> None:
        self._any_case = any_case
        self._tree = tree
        self.found: list[OldName] = []
        self._dropped: set[KeyPath] = set()  # the current name is there as well

    def value(
        self, value: Any, marks: Any, annotations: tuple[Any, ...], path: KeyPath
    ) -> tuple[Any, Any]:
        """The value and its marks under the current names."""
        if isinstance(value, Replace):
            inner, marks = self.value(value.value, marks, annotations, path)
            return Replace(inner), marks
        if isinstance(value, Append):
            items, marks = self._items(value.items, marks, annotations, path)
            return Append(items), marks
        members = [
            member
            for annotation in annotations
            for member in union_members(annotation)
            if member is not types.NoneType
        ]
        if isinstance(value, (list, tuple)):
            items, marks = self._items(value, marks, annotations, path)
            return (items if isinstance(value, list) else tuple(items)), marks
        if not isinstance(value, dict):
            return value, marks
        models = models_meant(value, members)
        if models:
            return self._mapping(value, marks, models, path)
        arguments = get_args(members[0]) if len(members) == 1 else ()
        if len(arguments) != 2:
            return value, marks
        return self._copied(value, marks, dict.fromkeys(value, (arguments[1],)), path)

    def _items(
        self, items: Any, marks: Any, annotations: tuple[Any, ...], path: KeyPath
    ) -> tuple[list[Any], Any]:
        members = [member for each in annotations for member in union_members(each)]
        lists = [member for member in members if get_origin(member) in LISTS]
        arguments = get_args(lists[0]) if len(lists) == 1 else ()
        if not (len(arguments) == 1 or arguments[1:] == (...,)):
            return list(items), marks
        is_marked = isinstance(marks, list) and len(marks) == len(items)
        moved = SequenceMarks(getattr(marks, "here", None)) if is_marked else marks
        copied = []
        for index, item in enumerate(items):
            mark = marks[index] if is_marked else None
            inner, mark = self.value(item, mark, (arguments[0],), (*path, index))
            copied.append(inner)
            if is_marked:
                moved.append(mark)
        return copied, moved

    def _mapping(
        self, value: dict[Any, Any], marks: Any, models: tuple[type[BaseModel], ...], path: KeyPath
    ) -> tuple[dict[Any, Any], Any]:
        """One mapping that is meant for one of some models."""
        names: dict[Any, str] = {}
        for key, item in value.items():
            known = _old_name(key, models, any_case=self._any_case)
            if known is None:
                continue
            now, renamed = known
            fields = [info for model in models for info in fields_by_key(model).get(now, ())]
            spelled = {now, *(name for info in fields for name in spellings_of(info))}
            others = [other for other in value if other in spelled]
            present = (*path, others[0]) if others else None
            differs = present is not None and value[others[0]] != item
            self.found.append(OldName((*path, key), now, renamed, present, differs))
            if present is not None:
                self._dropped.add((*path, key))
            names[key] = now
        annotations = {}
        for key in value:
            now = names.get(key, key)
            infos = [info for model in models for info in fields_by_key(model).get(now, ())]
            annotations[key] = tuple(info.annotation for info in infos)
        return self._copied(value, marks, annotations, path, names)

    def _copied(
        self,
        value: dict[Any, Any],
        marks: Any,
        annotations: Mapping[Any, tuple[Any, ...]],
        path: KeyPath,
        names: Mapping[Any, str] | None = None,
    ) -> tuple[dict[Any, Any], Any]:
        if marks is None and not path and names and self._tree is not None:
            # The origin of an argument of a call has its name.
            marks = {key: self._tree.origin((key,)) for key in names}
        is_marked = isinstance(marks, Mapping)
        moved: Any = Branch(getattr(marks, "here", None)) if is_marked else marks
        copied: dict[Any, Any] = {}
        for key, item in value.items():
            if (*path, key) in self._dropped:
                continue
            mark = marks.get(key) if is_marked else None
            inner, mark = self.value(item, mark, annotations[key], (*path, key))
            now = names.get(key, key) if names else key
            copied[now] = inner
            if is_marked:
                moved[now] = mark
        return copied, moved


def _old_name(
    key: Any, models: tuple[type[BaseModel], ...], *, any_case: bool
) -> tuple[str, Renamed] | None:
    if any(key in fields_by_key(model) for model in models):
        return None
    for model in models:
        for old, known in _old_names(model).items():
            if key == old or (any_case and key == old.lower()):
                return known
    return None


@functools.lru_cache(maxsize=64)
def _old_names(model: type[BaseModel]) -> Mapping[str, tuple[str, Renamed]]:
    """The old names of a model's fields, each with the key to use now."""
    by_name = model.model_config.get("validate_by_name") or model.model_config.get(
        "populate_by_name"
    )
    return {
        renamed.name: (
            name if by_name or not spellings_of(info) else spellings_of(info)[0],
            renamed,
        )
        for name, info in model.model_fields.items()
        for renamed in old_names_of(info)
    }
