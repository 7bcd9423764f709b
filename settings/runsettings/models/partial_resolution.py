"""Resolves settings of which some are wrong, for questions about the others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from runsettings.layers.call_site import find_caller
from runsettings.models.layered import LayeredSettings
from runsettings.models.resolving import inputs_of, resolve_layers, validated
from runsettings.resolution.merge import merge
from runsettings.resolution.resolve import Resolution
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.errors import SettingsError
from runsettings.values.tree import KeyPath

_Settings = TypeVar("_Settings", bound=LayeredSettings)


def resolve_for_key(
    model: type[_Settings], key: str, *, args: Any = None
) -> tuple[_Settings, list[Diagnostic]]:
    """Resolve all layers to explain one key, even if other keys have errors.

    Args:
        model: The settings class.
        key: The key; ``optim.lr`` reaches inside.
        args: Parsed flags, of argparse or absl.

    Returns:
        The settings, without the values of keys that have errors, and these errors.

    Raises:
        SettingsError: The key itself is wrong, or the other keys are not valid without those
            that have errors. It tells everything at once.
    """
    resolution = resolve_layers(model, inputs_of(model, find_caller(), args=args))
    errors = resolution.errors
    if not errors:
        return resolution.settings, []
    wrong = {error.path for error in errors}
    asked = tuple(key.replace("-", "_").split("."))
    rest = None
    if not any(path and path[: len(asked)] == asked[: len(path)] for path in wrong):
        sources = [
            source.with_data(_without(source.data, wrong)) for source in resolution.merged.sources
        ]
        rest = validated(model, Resolution(merge(sources))).settings
    if rest is None:
        raise SettingsError(resolution.diagnostics)
    return rest, errors


def _without(data: dict[str, Any], paths: Collection[KeyPath]) -> dict[str, Any]:
    """Nested data without the values at ``paths``; ``data`` itself is not changed."""
    kept = {}
    for key, value in data.items():
        inside = {path[1:] for path in paths if path and path[0] == key}
        if () in inside:
            continue
        kept[key] = _without(value, inside) if inside and isinstance(value, dict) else value
    return kept
