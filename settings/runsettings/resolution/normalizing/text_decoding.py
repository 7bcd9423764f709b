"""Decodes the texts of INI files, flags, variables and secret files by their fields' types.

JSON is decoded as pydantic-settings decodes a variable; `text_values` converts texts that pydantic
would refuse. A text means the same in each of these sources.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic_settings import BaseSettings, EnvSettingsSource

from runsettings.layers.copying import copy_containers
from runsettings.layers.environment.pydantic_source import not_decodable
from runsettings.layers.text_values import decoded, typed
from runsettings.resolution.options import Option, OptionTable
from runsettings.secrets.masking import mask_excerpt_from_column
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.excerpts import excerpt_of
from runsettings.values.origin import Kind
from runsettings.values.tree import Tree

_DECODED: Final = (Kind.INI, Kind.FLAGS, Kind.SECRETS)
"""Sources whose texts are not decoded when they are read."""

_TEXTS: Final = (*_DECODED, Kind.VARIABLES, Kind.DOTENV)


class TextDecoder:
    """Decodes the texts of one model's sources.

    Args:
        model: The settings class; its pydantic-settings options decide how texts are decoded.
        table: Its options.
    """

    def __init__(self, model: type[BaseSettings], table: OptionTable) -> None:
        self._model = model
        self._table = table
        self._source: EnvSettingsSource | None = None
        decoding = table.decoding | table.nesting | table.typing
        self._names = {
            kind: decoding if kind in _DECODED else table.typing if kind in _TEXTS else frozenset()
            for kind in Kind
        }

    def applies(self, tree: Tree) -> bool:
        """Whether the tree has texts to decode."""
        return not tree.data.keys().isdisjoint(self._names[tree.kind])

    def decode(self, tree: Tree) -> list[Diagnostic]:
        """Decode the texts in ``tree`` in place.

        Returns:
            A diagnostic for each text that cannot be decoded; its key is removed from ``tree``.
        """
        if self._source is None:
            source = EnvSettingsSource(self._model)
            source.env_vars = {}
            self._source = source  # assigned last, because other threads use it at once
        diagnostics: list[Diagnostic] = []
        self._decode_in(tree.data, self._table, tree, self._source, diagnostics)
        diagnostics += copy_containers(tree)
        return diagnostics

    def _decode_in(
        self,
        data: dict[str, Any],
        table: OptionTable,
        tree: Tree,
        source: EnvSettingsSource,
        diagnostics: list[Diagnostic],
    ) -> None:
        """Decode one mapping and the nested ones that flags (``--optim.betas``) make."""
        for name in data.keys() & (table.decoding | table.typing | table.nesting):
            option = table.options[name]
            if isinstance(data[name], dict) and option.table is not None:
                self._decode_in(data[name], option.table, tree, source, diagnostics)
                continue
            try:
                if option.decodes and tree.kind in _DECODED:
                    data[name] = _decoded(data[name], option, source)
            except (ValueError, RecursionError) as error:
                # Removed, or validation would report the same text a second time.
                del data[name]
                origin, excerpt = tree.origin(option.path), excerpt_of(tree, option.path)
                if self._table.is_secret(option.path):
                    excerpt = mask_excerpt_from_column(excerpt)
                diagnostics.append(not_decodable(option.path, origin, error, excerpt))
                continue
            if isinstance(data[name], dict) and option.table is not None:
                self._decode_in(data[name], option.table, tree, source, diagnostics)
            elif option.typed:
                strict = bool(option.owner.model_config.get("strict"))
                data[name] = typed(data[name], [option.type], strict=strict)


def _decoded(value: Any, option: Option, source: EnvSettingsSource) -> Any:
    """Decode a text, or the words of a flag that takes several, for one field."""
    if isinstance(value, str):
        return source.prepare_field_value(option.name, option.info, value, False)
    words = value if isinstance(value, list) else ()
    if len(words) == 1 and isinstance(words[0], str) and "," in words[0]:
        try:
            whole = source.prepare_field_value(option.name, option.info, words[0], False)
        except (ValueError, RecursionError):
            whole = None
        if isinstance(whole, str):
            return whole  # the field's own validator splits it, as it splits a variable's text
    return decoded(value, [option.type])
