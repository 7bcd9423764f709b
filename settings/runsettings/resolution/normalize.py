"""Renames a source's keys to the model's field names, decodes its texts, finds unknown keys."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from runsettings._deferred import deferred
from runsettings.resolution.aliases import Lookup
from runsettings.resolution.options import OptionTable
from runsettings.values.directives import Replace
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Kind
from runsettings.values.positions import Branch
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from runsettings.resolution.normalizing import renamed_keys, text_decoding, unknown_keys
else:
    renamed_keys = deferred("runsettings.resolution.normalizing.renamed_keys")
    text_decoding = deferred("runsettings.resolution.normalizing.text_decoding")
    unknown_keys = deferred("runsettings.resolution.normalizing.unknown_keys")

_NAMED: Final = (Kind.VARIABLES, Kind.DOTENV, Kind.FLAGS)
"""Sources whose keys are the names of fields."""


class Normalizer:
    """Renames the keys of a model's sources to the model's field names.

    Args:
        model: The settings class; its pydantic-settings options decide how texts are decoded.
        table: Its options.
        known_elsewhere: Names that another program reads from the files that we share with it.
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
        # `_plain`: names whose values need no change from any source. `_flat`: those whose values
        # need no renaming inside.
        sets_itself = {
            name
            for name, (first, *more) in table.lookups.items()
            if not more and first.path is None and first.option.name == name
        }
        self._flat = frozenset(sets_itself) - table.nesting
        self._plain = self._flat - table.decoding - table.typing - self._containing
        self._model = model
        self._decoding = table.decoding | table.nesting | table.typing
        self._any_case = not model.model_config.get("case_sensitive")
        self._by_lower_case = {key.lower(): key for key in reversed(table.lookups)}

    @functools.cached_property
    def _decoder(self) -> text_decoding.TextDecoder:
        return text_decoding.TextDecoder(self._model, self._table)

    def normalize(self, reading: Reading) -> Reading:
        """Rename the keys of a reading to field names, decode its texts, find its unknown keys.

        The tree of ``reading`` is not changed.

        Returns:
            ``reading`` itself where there is nothing to do.
        """
        if self._table.renamed:
            reading = renamed_keys.with_current_names(reading, self._model)
        tree = reading.tree
        data = tree.data
        if data.keys() <= self._plain:
            return reading
        if reading.other_keys:
            reading = self._without_others(reading)
            tree, data = reading.tree, reading.tree.data
        any_case = tree.kind is Kind.INI or (tree.kind is Kind.OBJECT and self._any_case)
        if any_case and not data.keys() <= self._table.lookups.keys():
            tree = self._in_the_model_s_case(tree)
            data = tree.data
        reading = reading if tree is reading.tree else reading._replace(tree=tree)
        decoding = not data.keys().isdisjoint(self._decoding) and self._decoder.applies(tree)
        flat = data.keys() <= self._flat
        if flat and not decoding and not data.keys() & self._containing:
            return reading
        named = tree.kind in _NAMED
        renamed, marks = self._mapping(data, tree.marks, self._table, (), tree, named=named)
        result = tree.with_data(renamed, marks)
        diagnostics = list(reading.diagnostics)
        if decoding:
            diagnostics += self._decoder.decode(result)
            if self._table.renamed:  # in the JSON of a text
                decoded = renamed_keys.with_current_names(Reading(result), self._model)
                result = decoded.tree
                diagnostics += decoded.diagnostics
            data = self._with_decoded(data, result.data)
        if tree.kind is Kind.FLAGS:
            # Flags that are not keys of the model belong to the program.
            data = {key: value for key, value in data.items() if key in self._containing}
        diagnostics += unknown_keys.unknown_key_diagnostics(
            data, tree, self._table, self._known_elsewhere, reading.other_keys
        )
        return reading._replace(tree=result, diagnostics=tuple(diagnostics))

    def _without_others(self, reading: Reading) -> Reading:
        """The reading without keys that other models have and this one has not."""
        others = reading.other_keys - self._table.lookups.keys()
        data = {key: value for key, value in reading.tree.data.items() if key not in others}
        return reading._replace(tree=reading.tree.with_data(data))

    def _in_the_model_s_case(self, tree: Tree) -> Tree:
        """The tree with its top-level keys in the case of the model's own keys.

        All keys of an INI file are lower case.
        """
        lookups = self._table.lookups
        data: dict[str, Any] = {}
        marks = None if tree.marks is None else dict(tree.marks)
        for key, value in tree.data.items():
            known = key if key in lookups or not isinstance(key, str) else None
            written = key if known is not None else self._by_lower_case.get(key.lower(), key)
            if written != key and written in {*tree.data, *data}:
                continue  # the same key in the model's own case, or an earlier key, wins
            data[written] = value
            if marks is not None and key in marks:
                marks[written] = marks[key]
        return tree.with_data(data, marks)

    def _with_decoded(self, data: Mapping[str, Any], decoded: Mapping[str, Any]) -> dict[str, Any]:
        """The data with its own spellings of keys, and with decoded values instead of texts."""
        found = dict(data)
        for key, value in data.items():
            option = self._table.spelled.get(key)
            if not isinstance(value, dict) and option is not None and option.name in decoded:
                found[key] = decoded[option.name]
        return found

    def _mapping(
        self,
        data: Mapping[str, Any],
        marks: Mapping[str, Any] | None,
        table: OptionTable,
        path: KeyPath,
        tree: Tree,
        *,
        named: bool = False,
    ) -> tuple[dict[str, Any], Any]:
        """Rename the keys of one mapping to the names of fields.

        Args:
            data: Values by any key of a source.
            marks: Their marks.
            table: The options of the model.
            path: The path of the values in the source.
            tree: The source.
            named: Whether the keys are the names of fields already.

        Returns:
            The values by the names of fields, and their marks.
        """
        found: dict[str, Any] = {}
        moved: dict[str, Any] | None = None
        if marks is not None:
            moved = Branch(marks.here if isinstance(marks, Branch) else None)
        elif any(option.alias_paths for option in table.options.values()):
            moved = Branch()
        allowed = table.model.model_config.get("extra") == "allow"
        ranks: dict[str, int] = {}
        for key, value in data.items():
            mark = marks.get(key) if marks is not None else None
            own = table.options.get(key) if named else None
            lookups = table.lookups.get(key, ()) if own is None else (Lookup(0, own),)
            if not lookups and allowed:
                found[key] = value
            if not lookups and moved is not None and mark is not None:
                moved[key] = mark
            for lookup in lookups:
                rank, option, alias = lookup.rank, lookup.option, lookup.path
                inner, place = value, mark
                if alias is not None:
                    inner = alias.search_dict_for_path(dict(data))
                if inner is PydanticUndefined or ranks.get(option.name, rank) < rank:
                    continue  # no such part, or a spelling of higher precedence exists
                if alias is not None:
                    place = tree.origin((*path, *alias.path))
                if option.table is not None:
                    inner, place = self._nested(inner, place, option.table, (*path, key), tree)
                ranks[option.name] = rank
                found[option.name] = inner
                if moved is not None:
                    moved[option.name] = place
        return found, moved

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
