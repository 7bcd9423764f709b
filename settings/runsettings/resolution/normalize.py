"""Keys as the model calls them: spellings become names, texts are decoded, strangers stand out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_settings import BaseSettings

from runsettings.resolution.options import Option, OptionTable
from runsettings.resolution.text_decoding import TextDecoder
from runsettings.resolution.unknown_keys import variants_diagnostics
from runsettings.values.directives import Replace
from runsettings.values.reading import Reading
from runsettings.values.tree import MISSING, Branch, KeyPath, Leaf, Tree


class Normalizer:
    """Brings the trees of one model's layers to the model's own names.

    Args:
        model: The settings class, whose pydantic-settings options decide how texts decode.
        table: Its options.
    """

    def __init__(self, model: type[BaseSettings], table: OptionTable) -> None:
        self._table = table
        self._variants = frozenset(option.path[0] for option in table.variants)
        # Names whose values are handed on as they are, from any source and from typed ones.
        self._flat = frozenset(table.options) - table.nesting
        self._plain = self._flat - table.decoding - table.typing - self._variants
        self._decoder = TextDecoder(model, table)

    def normalize(self, reading: Reading) -> Reading:
        """The reading with names for spellings; keys of nobody are among its strangers.

        The tree that came in is not changed, and is handed on itself where nothing is to do.
        """
        tree = reading.tree
        data = tree.data
        if data.keys() <= self._plain:
            return reading
        decoding = self._decoder.applies(tree)
        variants = data.keys() & self._variants
        if not decoding and not variants and data.keys() <= self._flat:
            return reading
        strangers = list(reading.strangers)
        diagnostics = list(reading.diagnostics)
        renamed, marks = self._mapping(data, tree.marks, self._table, (), tree, strangers)
        result = tree.with_data(renamed, marks)
        if decoding:
            diagnostics += self._decoder.decode(result)
        if variants:
            diagnostics += variants_diagnostics(result, self._table)
        return Reading(result, tuple(diagnostics), tuple(strangers))

    def _mapping(
        self,
        data: Mapping[str, Any],
        marks: Mapping[str, Any] | None,
        table: OptionTable,
        path: KeyPath,
        tree: Tree,
        strangers: list[Leaf],
    ) -> tuple[dict[str, Any], Any]:
        named: dict[str, Any] = {}
        moved: dict[str, Any] | None = None
        if marks is not None:
            moved = Branch(marks.here if isinstance(marks, Branch) else None)
        allowed = table.model.model_config.get("extra") == "allow"
        taken = self._take_alias_paths(data, table, named, marks, moved)
        for key, value in data.items():
            option = table.spelled.get(key)
            if option is None:
                if moved is not None and marks is not None and key in marks:
                    moved[key] = marks[key]
                if allowed:
                    named[key] = value
                elif key not in taken and not _ignores(table):
                    here = (*path, key)
                    strangers.append(Leaf(here, MISSING, tree.origin(here, key=True)))
                continue
            mark = marks.get(key) if marks is not None else None
            if option.name in named and key != option.name:
                continue  # two spellings of one key: the field's own name counts
            inner = value
            if option.table is not None:
                inner, mark = self._nested(value, mark, option, (*path, key), tree, strangers)
            named[option.name] = inner
            if moved is not None:
                moved[option.name] = mark
        return named, moved

    def _nested(
        self,
        value: Any,
        mark: Any,
        option: Option,
        path: KeyPath,
        tree: Tree,
        strangers: list[Leaf],
    ) -> tuple[Any, Any]:
        assert option.table is not None
        inner_marks = mark if isinstance(mark, Mapping) else None
        if isinstance(value, Replace):
            inner, moved = self._mapping(
                value.value, inner_marks, option.table, path, tree, strangers
            )
            return Replace(inner), moved if moved is not None else mark
        if isinstance(value, dict):
            inner, moved = self._mapping(value, inner_marks, option.table, path, tree, strangers)
            return inner, moved if moved is not None else mark
        return value, mark

    @staticmethod
    def _take_alias_paths(
        data: Mapping[str, Any],
        table: OptionTable,
        named: dict[str, Any],
        marks: Mapping[str, Any] | None,
        moved: Any,
    ) -> set[str]:
        """Fill fields whose alias is a path into another key; the keys that were used."""
        taken: set[str] = set()
        for option in table.options.values():
            for alias in option.alias_paths:
                first = alias.path[0]
                if isinstance(first, str) and first in data:
                    part = alias.search_dict_for_path(dict(data))
                    taken.add(first)
                    if type(part).__name__ != "PydanticUndefinedType":
                        named.setdefault(option.name, part)
                        if moved is not None and marks is not None:
                            moved[option.name] = marks.get(first)
        return taken


def _ignores(table: OptionTable) -> bool:
    return table.model.model_config.get("extra") == "ignore"
