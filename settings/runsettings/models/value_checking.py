"""Checks a value before it is written to a file: as the highest source, then in its own layer.

Errors that the settings have already do not prevent an edit, so that an edit can repair a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from runsettings.layers.settings_files.writing import SettingsFile
from runsettings.models.exporting import plain
from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import layers_of, resolver_of
from runsettings.models.validating import validated
from runsettings.resolution.options import Option, value_type
from runsettings.resolution.resolution import Resolution
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.errors import SettingsError
from runsettings.values.key_paths import MISSING, KeyPath
from runsettings.values.origin import Kind, Layer
from runsettings.values.tree import Tree

REFUSED: Final = "the new value; nothing was written"
"""The subject of an error about a value that was to be set."""

_TYPED: Final = (bool, int, float, list, dict)
"""Types that TOML has and INI does not; other values are written as the given text."""


def checked_value(
    model: type[LayeredSettings], option: Option, text: str, file: SettingsFile, now: Resolution
) -> Any:
    """Check a value, and return it in the form in which the file stores it.

    Args:
        model: The settings class.
        option: The key.
        text: The value, written as in a variable.
        file: The file.
        now: The resolution of all layers before the edit.

    Raises:
        SettingsError: The value is not valid, or causes a new error.
    """

    def tree(value: Any) -> Tree:
        data = value
        for key in reversed(option.path):
            data = {key: data}
        # A text is read as in an INI file: texts of complex fields are decoded.
        kind = Kind.INI if isinstance(value, str) else Kind.DOCUMENT
        return Tree(file.layer, file.where, data, kind=kind, directives=False)

    def errors_with(value: Any, index: int | None = None) -> list[Diagnostic]:
        resolver = resolver_of(model)
        return validated(model, resolver.add(now, tree(value), index), resolver).errors

    found = _about(option.path, file, errors_with(_decoded(option, text)))
    if found:
        raise SettingsError(found, REFUSED)
    value: Any = text
    if file.typed:
        typed = _typed(model, option, tree(_decoded(option, text)))
        if isinstance(typed, _TYPED) and not _about(option.path, file, errors_with(typed)):
            value = typed
    # In its own layer, it may cause errors in combination with other values.
    before = {_identity(diagnostic) for diagnostic in now.errors}
    in_place = errors_with(value, _place(model, file.layer, now))
    found = [diagnostic for diagnostic in in_place if _identity(diagnostic) not in before]
    if found:
        raise SettingsError(found, REFUSED)
    return value


def _decoded(option: Option, text: str) -> Any:
    """The text; for a nested key, the JSON in it, as a nested variable is decoded."""
    if len(option.path) == 1 or not option.decodes:
        return text  # decoded later, as the texts of an INI file are
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _typed(model: type[LayeredSettings], option: Option, tree: Tree) -> Any:
    """The value for a format with types, or `MISSING` where it must be written as text."""
    raw = resolver_of(model).normalized(tree).get(option.path)
    try:
        return plain(TypeAdapter(value_type(option.info)).validate_python(raw))
    except ValidationError:
        return MISSING


def _place(model: type[LayeredSettings], layer: Layer, now: Resolution) -> int:
    """The index of a new source of ``layer`` in `Resolution.unlocked`."""
    order = [each if isinstance(each, Layer) else None for each in layers_of(model)]
    above = order[order.index(layer) + 1 :]
    sources = now.unlocked
    return next((i for i, source in enumerate(sources) if source.layer in above), len(sources))


def _about(path: KeyPath, file: SettingsFile, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """The errors of the value at ``path`` that ``file`` is to set."""
    return [
        # Do not show what the value would beat, because nothing is written.
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
