"""Trying a value before it is written: what would be wrong with it, on top and in its place.

What is wrong elsewhere already is no reason to refuse an edit, or nobody could repair a broken
file with one.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_settings import PydanticBaseSettingsSource

from runsettings.layers.base import Inputs, LayerSource
from runsettings.layers.call_site import find_caller
from runsettings.layers.settings_files.writing import SettingsFile
from runsettings.models.exporting import plain
from runsettings.models.layered import LayeredConfigDict, LayeredSettings
from runsettings.resolution.options import Option, value_type
from runsettings.resolution.resolve import SETTINGS_LAYERS
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.errors import SettingsError, SettingsWarning
from runsettings.values.origin import Layer
from runsettings.values.reading import Reading
from runsettings.values.tree import MISSING, KeyPath, Kind, Tree

REFUSED: Final = "the new value; nothing was written"
"""The subject of an error about a value that was to be set."""

_TYPED: Final = (bool, int, float, list, dict)
"""Values that TOML has and INI has not; all others are written as the text that was given."""


def checked_value(
    model: type[LayeredSettings], option: Option, text: str, file: SettingsFile
) -> Any:
    """The value to write for ``text``, once nothing speaks against it.

    Raises:
        SettingsError: Something does.
    """

    def tree(value: Any) -> Tree:
        data = value
        for key in reversed(option.path):
            data = {key: data}
        # As in an INI file, a text of a complex field is decoded.
        kind = Kind.INI if isinstance(value, str) else Kind.DOCUMENT
        return Tree(file.layer, file.where, data, kind=kind, directives=False)

    layers = list(layers_of(model))
    given = _decoded(option, text)
    on_top = [*layers, _Candidate(file.layer, tree(given))]
    found = _about(option.path, file, errors_of(model, on_top))
    if found:
        raise SettingsError(found, REFUSED)
    value: Any = text
    if file.typed:
        typed = _typed(model, option, tree(given))
        if isinstance(typed, _TYPED):
            on_top = [*layers, _Candidate(file.layer, tree(typed))]
            if not _about(option.path, file, errors_of(model, on_top)):
                value = typed
    # In its own place it may meet what only fails in combination.
    place = layers.index(file.layer) + 1
    in_place = [*layers[:place], _Candidate(file.layer, tree(value)), *layers[place:]]
    before = {_identity(diagnostic) for diagnostic in errors_of(model, layers)}
    found = [d for d in errors_of(model, in_place) if _identity(d) not in before]
    if found:
        raise SettingsError(found, REFUSED)
    return value


def _decoded(option: Option, text: str) -> Any:
    """The text, or the JSON in it for what is inside of a key, as nested variables have it."""
    if len(option.path) == 1 or not option.decodes:
        return text  # read as the texts of an INI file are
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


@dataclass(slots=True)
class _Candidate:
    """A layer with the one value that is to be set."""

    layer: Layer
    tree: Tree

    def read(self, inputs: Inputs) -> Sequence[Reading]:  # noqa: ARG002 - the protocol
        return (Reading(self.tree),)


def _typed(model: type[LayeredSettings], option: Option, tree: Tree) -> Any:
    """The value as data for a format with types, or `MISSING` where it must stay a text."""
    resolver = model._resolver()
    inputs = model._inputs(find_caller(), {})
    raw = resolver.gather(inputs, [_Candidate(tree.layer, tree)]).merged.get(option.path)
    try:
        return plain(TypeAdapter(value_type(option.info)).validate_python(raw))
    except ValidationError:
        return MISSING


def errors_of(
    model: type[LayeredSettings],
    layers: Sequence[Layer | LayerSource | PydanticBaseSettingsSource],
) -> list[Diagnostic]:
    """What is wrong with the settings of ``layers``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SettingsWarning)
            model.resolve(layers=layers)
    except SettingsError as error:
        return [diagnostic for diagnostic in error.diagnostics if diagnostic.is_error]
    return []


def _about(path: KeyPath, file: SettingsFile, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The faults of the value at ``path`` that ``file`` is to set."""
    return [
        # Whom it would beat is no matter: nothing is written.
        replace(diagnostic, over=())
        for diagnostic in found
        if diagnostic.path
        and (
            diagnostic.path[: len(path)] == path or path[: len(diagnostic.path)] == diagnostic.path
        )
        and (diagnostic.origin is None or diagnostic.origin == file.origin)
    ]


def _identity(diagnostic: Diagnostic) -> tuple[Any, ...]:
    return diagnostic.rule, diagnostic.path, diagnostic.message, diagnostic.origin


def config_of(model: type[LayeredSettings]) -> LayeredConfigDict:
    """The model's options."""
    return model.model_config  # type: ignore[return-value]


def layers_of(
    model: type[LayeredSettings],
) -> Sequence[Layer | LayerSource | PydanticBaseSettingsSource]:
    """The layers that the model reads, lowest first."""
    return config_of(model).get("layers", SETTINGS_LAYERS)
