"""Brings sources to the model's own names, decodes their texts and finds their unknown keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_settings import BaseSettings

from runsettings.resolution.options import OptionTable
from runsettings.resolution.text_decoding import TextDecoder
from runsettings.resolution.unknown_keys import unknown_key_diagnostics
from runsettings.values.directives import Replace
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Kind
from runsettings.values.positions import Branch
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree


class Normalizer:
    """Brings the trees of one model's layers to the model's own names.

    Args:
        model: The settings class, whose pydantic-settings options decide how texts decode.
        table: Its options.
        known_elsewhere: Names that another program reads from files that it shares with us.
    """

    def __init__(
        self,
        model: type[BaseSettings],
        table: OptionTable,
        known_elsewhere: frozenset[str] = frozenset(),
    ) -> None:
        self._table = table
        self._known_elsewhere = known_elsewhere
        self._containing = frozenset(option.path[0] for option in table.containing)
        # Names whose values are handed on as they are, from any source and from typed ones.
        self._flat = frozenset(table.options) - table.nesting
        self._plain = self._flat - table.decoding - table.typing - self._containing
        self._decoder = TextDecoder(model, table)

    def normalize(self, reading: Reading) -> Reading:
        """The reading with names for spellings, and with diagnostics of its unknown keys.

        The tree that came in is not changed, and is handed on itself where nothing is to do.
        """
        tree = reading.tree
        data = tree.data
        if data.keys() <= self._plain:
            return reading
        if tree.kind is Kind.INI and not data.keys() <= self._table.spelled.keys():
            tree = self._in_own_case(tree)
            reading, data = reading._replace(tree=tree), tree.data
        decoding = self._decoder.applies(tree)
        flat = data.keys() <= self._flat
        if flat and not decoding and not data.keys() & self._containing:
            return reading
        renamed, marks = self._mapping(data, tree.marks, self._table, (), tree)
        result = tree.with_data(renamed, marks)
        diagnostics = list(reading.diagnostics)
        if decoding:
            diagnostics += self._decoder.decode(result)
            data = self._with_decoded(data, result.data)
        if tree.kind is Kind.FLAGS:
            # Flags that are no keys are the program's own.
            data = {key: value for key, value in data.items() if key in self._containing}
        diagnostics += unknown_key_diagnostics(data, tree, self._table, self._known_elsewhere)
        return reading._replace(tree=result, diagnostics=tuple(diagnostics))

    def _with_decoded(self, data: Mapping[str, Any], decoded: Mapping[str, Any]) -> dict[str, Any]:
        """The data as it is spelt, with values in the place of texts that were decoded."""
        found = dict(data)
        for key, value in data.items():
            option = self._table.spelled.get(key)
            if not isinstance(value, dict) and option is not None and option.name in decoded:
                found[key] = decoded[option.name]
        return found

    def _in_own_case(self, tree: Tree) -> Tree:
        """An INI file's tree with aliases in their own case: all its keys are in lower case."""
        spellings = {key.lower(): key for key in reversed(self._table.spelled)}
        names = {
            key: spellings.get(key, key) for key in tree.data if key not in self._table.spelled
        }
        return tree.with_data(
            {names.get(key, key): value for key, value in tree.data.items()},
            {names.get(key, key): mark for key, mark in (tree.marks or {}).items()},
        )

    def _mapping(
        self,
        data: Mapping[str, Any],
        marks: Mapping[str, Any] | None,
        table: OptionTable,
        path: KeyPath,
        tree: Tree,
    ) -> tuple[dict[str, Any], Any]:
        named: dict[str, Any] = {}
        moved: dict[str, Any] | None = None
        if marks is not None:
            moved = Branch(marks.here if isinstance(marks, Branch) else None)
        elif any(option.alias_paths for option in table.options.values()):
            moved = Branch()
        allowed = table.model.model_config.get("extra") == "allow"
        self._take_alias_paths(data, table, named, moved, path, tree)
        for key, value in data.items():
            option = table.spelled.get(key)
            if option is None:
                if moved is not None and marks is not None and key in marks:
                    moved[key] = marks[key]
                if allowed:
                    named[key] = value
                continue
            mark = marks.get(key) if marks is not None else None
            if option.name in named and key != option.name:
                continue  # two spellings of one key: the field's own name counts
            inner = value
            if option.table is not None:
                inner, mark = self._nested(value, mark, option.table, (*path, key), tree)
            named[option.name] = inner
            if moved is not None:
                moved[option.name] = mark
        return named, moved

    def _nested(
        self, value: Any, mark: Any, table: OptionTable, path: KeyPath, tree: Tree
    ) -> tuple[Any, Any]:
        inner = value.value if isinstance(value, Replace) else value
        if not isinstance(inner, dict):
            return value, mark
        marks = mark if isinstance(mark, Mapping) else None
        named, moved = self._mapping(inner, marks, table, path, tree)
        mark = mark if moved is None else moved
        return (Replace(named) if isinstance(value, Replace) else named), mark

    @staticmethod
    def _take_alias_paths(
        data: Mapping[str, Any],
        table: OptionTable,
        named: dict[str, Any],
        moved: Any,
        path: KeyPath,
        tree: Tree,
    ) -> None:
        """Fill fields whose alias is a path into another key."""
        for option in table.options.values():
            for alias in option.alias_paths:
                first = alias.path[0]
                if isinstance(first, str) and first in data:
                    part = alias.search_dict_for_path(dict(data))
                    if type(part).__name__ != "PydanticUndefinedType":
                        named.setdefault(option.name, part)
                        moved[option.name] = tree.origin((*path, *alias.path))
