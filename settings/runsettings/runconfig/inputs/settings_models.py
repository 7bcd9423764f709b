"""Reads layered settings as a config in which every value keeps its origin and its losers.

Settings are validated, so their values may differ from what the sources set: a text became a
number, a validator changed it. The winning leaf of a path is the validated value with the origin of
the source that set it; the values that it beat are shown as their sources set them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from runsettings._deferred import deferred
from runsettings.runconfig.inputs.leaf_trees import put_leaf
from runsettings.secrets.masking import SecretMask
from runsettings.values.directives import Append, Delete, Replace
from runsettings.values.errors import SettingsError
from runsettings.values.key_paths import KeyPath, leaves_of
from runsettings.values.origin import Layer, Origin, PlacedText
from runsettings.values.positions import Branch
from runsettings.values.tree import Leaf, Tree

if TYPE_CHECKING:
    from pydantic_settings import BaseSettings

    from runsettings.composition.profiles import Profiles
    from runsettings.models import exporting, provenance, resolving
else:
    # pydantic: a config of plain data needs none of it.
    exporting = deferred("runsettings.models.exporting")
    provenance = deferred("runsettings.models.provenance")
    resolving = deferred("runsettings.models.resolving")

_RESOLUTION: Final = "__resolution__"
"""The slot in which only layered settings keep where their values came from."""


def is_settings(value: Any) -> TypeGuard[BaseSettings]:
    """Whether a value is an instance of `LayeredSettings` that was resolved."""
    return hasattr(type(value), _RESOLUTION) and hasattr(value, _RESOLUTION)


def settings_among(inputs: Any) -> Iterator[BaseSettings]:
    """The layered settings among the inputs of a config, which may be lists.

    Args:
        inputs: The inputs, which were read without an error: no list contains itself.
    """
    if isinstance(inputs, (list, tuple)):
        for each in inputs:
            yield from settings_among(each)
    elif is_settings(inputs):
        yield inputs


def placed(settings: BaseSettings, key: str) -> Any:
    """The value of a key that names files, each text of it with the place that sets it.

    Args:
        settings: The settings.
        key: The key.

    Returns:
        The value: a text becomes a `PlacedText`, and a sequence a tuple of them.
    """
    value = getattr(settings, key)
    if not value or not isinstance(value, (str, tuple, list)):
        return value
    if isinstance(value, str):
        return PlacedText(value, provenance.origin(settings, key))
    return tuple(
        PlacedText(each, provenance.origin(settings, (key, index)))
        for index, each in enumerate(value)
    )


def settings_trees(
    settings: BaseSettings, data: Mapping[str, Any], profiles: Profiles
) -> tuple[list[Tree], list[Tree]]:
    """The sources of layered settings as trees of a config.

    Args:
        settings: The settings.
        data: Their validated values as plain JSON types.
        profiles: The chosen profiles; it learns of those that the settings' own files have.

    Returns:
        The defaults of the model's fields, above what was set for another kind of a union, which
        stand below all other inputs of the config; and the other sources, lowest first. Merged,
        all of them are ``data``.
    """
    mask = SecretMask(provenance.secrets(settings))
    profiles.known |= {tree.profile for tree in resolving.sources(settings) if tree.profile}
    defaults = Tree(Layer.DEFAULT, type(settings).__name__, marks=Branch())
    winners: dict[Layer, Tree] = {}
    beaten: list[Tree] = []
    beaten_by_defaults: list[Tree] = []
    for path, value in leaves_of(data):
        winner, *losers = _history(settings, path)
        is_default = winner.origin.layer is Layer.DEFAULT
        below = beaten_by_defaults if is_default else beaten
        for rank, loser in enumerate(reversed(losers)):
            removed = isinstance(loser.value, Delete)
            shown = loser.value if removed else mask.value(_plain(loser.value))[0]
            tree = defaults
            if is_default or loser.origin.layer is not Layer.DEFAULT:
                if len(below) <= rank:
                    below += (_tree(loser.origin) for _ in range(rank + 1 - len(below)))
                tree = below[rank]
            # A source that sets a value around it is a loser of this value alone here.
            put_leaf(tree, Leaf(path, shown, loser.origin))
        tree = defaults
        if not is_default:
            tree = winners.setdefault(winner.origin.layer, _tree(winner.origin))
        # Merged as it is, an empty mapping would keep what it beat.
        kept = Replace({}) if value == {} and tree is not defaults else value
        put_leaf(tree, Leaf(path, kept, winner.origin))
    above = [*beaten, *(winners[layer] for layer in sorted(winners))]
    return [*beaten_by_defaults, defaults], above


def _history(settings: BaseSettings, path: KeyPath) -> Sequence[Leaf]:
    """The history of a value, or of the nearest value around it that a source sets."""
    for end in range(len(path), 0, -1):
        with contextlib.suppress(SettingsError):  # inside a value that the model does not look into
            found = provenance.history(settings, path[:end])
            if found:
                return [
                    leaf._replace(path=path) if leaf.path == path[:end] else leaf for leaf in found
                ]
    return [Leaf(path, None, Origin(Layer.DEFAULT, type(settings).__name__))]


def _tree(origin: Origin) -> Tree:
    return Tree(origin.layer, origin.where, {}, Branch(origin))


def _plain(value: Any) -> Any:
    """A value of a source as plain JSON types, to show it."""
    if isinstance(value, Append):
        value = value.items
    elif isinstance(value, Replace):
        value = value.value
    return exporting.json_value(value)
