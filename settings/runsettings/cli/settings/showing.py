"""Makes the output of ``show``, ``explain`` and ``get``. Importing it loads pydantic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from pydantic_settings import NoDecode

from runsettings._deferred import deferred
from runsettings.cli.printing import one_line
from runsettings.models import provenance
from runsettings.models.exporting import json_value
from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import options
from runsettings.resolution.options import Option
from runsettings.resolution.validation_errors import show_value
from runsettings.values.key_paths import MISSING, KeyPath, format_path, put_at, value_at
from runsettings.values.origin import Layer, Origin
from runsettings.values.rendering import printable
from runsettings.values.tree import Leaf

if TYPE_CHECKING:
    from runsettings.models.editing import find_option
    from runsettings.values.tree import Tree
else:
    find_option = deferred("runsettings.models.editing", "find_option")


def settings_rows(settings: LayeredSettings, *, changed: bool) -> list[tuple[str, str, str, str]]:
    """Key, value, layer and origin of each setting.

    Args:
        settings: The settings.
        changed: Whether to leave out settings at their defaults.
    """
    rows, whole = [], provenance.to_dict(settings)
    for option, origin in _leaves(settings, changed=changed):
        value = _json_value(settings, option.path, whole)
        if isinstance(value, list) and isinstance(provenance.get(settings, option.path), tuple):
            value = tuple(value)  # as `explain` shows it
        shown = show_value(value, secret=options(type(settings)).is_secret(option.path))
        # The origin of a default, `Settings.project`, would only repeat the key.
        text = "" if origin.layer is Layer.DEFAULT else origin.place
        rows.append((format_path(option.path), shown, origin.layer.label, text))
    return rows


def settings_data(settings: LayeredSettings, *, origins: bool, changed: bool) -> dict[str, Any]:
    """The settings as nested JSON data.

    Args:
        settings: The settings.
        origins: Whether to return an object with value and origin for each dotted key instead.
        changed: Whether to leave out settings at their defaults.
    """
    whole = provenance.to_dict(settings)
    leaves = (
        Leaf(option.path, _json_value(settings, option.path, whole), origin)
        for option, origin in _leaves(settings, changed=changed)
    )
    return data_of(leaves, origins=origins)


def data_of(leaves: Iterable[Leaf], *, origins: bool) -> dict[str, Any]:
    """Leaves as nested JSON data.

    Args:
        leaves: The leaves; their values are JSON.
        origins: Whether to return an object with value and origin for each dotted key instead.
    """
    data: dict[str, Any] = {}
    for path, value, origin in leaves:
        if origins:
            data[format_path(path)] = {"value": value, "origin": origin.to_json()}
        else:
            put_at(data, path, value)
    return data


def plain_value(settings: LayeredSettings, key: str) -> str:
    """A value as ``set`` accepts it; the mask for a secret, and an empty text for ``None``.

    Args:
        settings: The settings.
        key: A key; ``"optim.lr"`` reaches inside.

    Raises:
        SettingsError: There is no such key.
    """
    path = provenance.locate(settings, key)
    value = _json_value(settings, path, provenance.to_dict(settings))
    option = options(type(settings)).find(path)
    commas = option is not None and NoDecode in option.info.metadata
    if commas and isinstance(value, list) and all(isinstance(item, str) for item in value):
        text = ",".join(value)
        if not text.startswith("[") and [part.strip() for part in text.split(",") if part] == value:
            return text
    return one_line(value)


def refuse_variable(model: type[LayeredSettings], key: str) -> None:
    """Refuse the name of an environment variable, with a hint that names its key.

    Args:
        model: The settings class.
        key: A key, or the name of a variable.

    Raises:
        SettingsError: The key is a variable's name.
    """
    if options(model).set_by(key) is not None:
        find_option(model, key)


def chain_of_files(sources: Iterable[Tree], *, composed_only: bool = False) -> list[str]:
    """The files that values were read from, one on each line, the highest first.

    Args:
        sources: The sources, lowest first.
        composed_only: Whether to return nothing where no file is composed.
    """
    files = [
        Origin(tree.layer, tree.where, used_by=tree.used_by, profile=tree.profile)
        for tree in sources
        if tree.kind.is_file
    ]
    if composed_only and not any(each.used_by or each.profile for each in files):
        return []
    return [printable(each.place) for each in dict.fromkeys(reversed(files))]


def _leaves(settings: LayeredSettings, *, changed: bool) -> Iterator[tuple[Option, Origin]]:
    for option in options(type(settings)).leaves():
        origin = provenance.origin(settings, option.path)
        if not (changed and origin.layer is Layer.DEFAULT):
            yield option, origin


def _json_value(settings: LayeredSettings, path: KeyPath, whole: dict[str, Any]) -> Any:
    """The value at ``path`` as JSON; ``whole`` is `LayeredSettings.to_dict`."""
    value = value_at(whole, tuple(key if isinstance(key, int) else str(key) for key in path))
    if value is MISSING:  # inside a nested model that is absent, or not dumped by its class
        value = json_value(provenance.get(settings, path))
    return provenance.hide(settings, value)
