"""Makes the output of ``show``, ``explain`` and ``get`` for a config."""

from __future__ import annotations

from typing import Any

from runsettings.cli.printing import one_line
from runsettings.runconfig.config import Config
from runsettings.secrets import live
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import SettingsError
from runsettings.values.json_trees import copy_tree
from runsettings.values.key_paths import format_path, leaves_of, put_at
from runsettings.values.rendering import shown


def config_rows(config: Config) -> list[tuple[str, str, str, str]]:
    """Key, value, layer and place of each leaf."""
    mask = live.mask()
    leaves = [
        (path, mask.message(shown(value)), config.origin(path))
        for path, value in leaves_of(config.as_dict())
    ]
    return [(format_path(path), value, at.layer.label, at.place) for path, value, at in leaves]


def config_data(config: Config, *, origins: bool) -> dict[str, Any]:
    """The config as nested JSON data.

    Args:
        config: The config.
        origins: Whether to return an object with value and origin for each dotted key instead.
    """
    data: dict[str, Any] = {}
    for path, value in leaves_of(_masked(config.as_dict())):
        if origins:
            data[format_path(path)] = {"value": value, "origin": config.origin(path).to_json()}
        else:
            put_at(data, path, copy_tree(value))
    return data


def config_value(config: Config, key: str) -> str:
    """A value on one line; an empty text for ``None``.

    Args:
        config: The config.
        key: A key; ``"optim.lr"`` reaches inside.

    Raises:
        SettingsError: There is no such key.
    """
    _known(config, key)
    value: Any = _masked(config.as_dict())
    for part in key.split("."):
        value = value[part]
    return one_line(value)


def explain_config(config: Config, key: str | None) -> str:
    """Where the value of a key, or of all keys, comes from, and what it beat, as text.

    Args:
        config: The config.
        key: A key; ``"optim.lr"`` reaches inside.

    Raises:
        SettingsError: There is no such key.
    """
    _known(config, key)
    return config.explain(key)


def explained_data(config: Config, key: str | None) -> list[dict[str, Any]]:
    """The same as JSON data: an object for each leaf, as `LayeredSettings.explain` makes it.

    Args:
        config: The config.
        key: A key; ``"optim.lr"`` reaches inside.

    Raises:
        SettingsError: There is no such key.
    """
    _known(config, key)
    below = tuple(key.split(".")) if key else ()
    return [
        {
            "key": format_path(path),
            "value": value,
            "history": [
                {**leaf.origin.to_json(), "value": _masked(leaf.value)}
                for leaf in config.history(path)
            ],
        }
        for path, value in leaves_of(_masked(config.as_dict()))
        if path[: len(below)] == below
    ]


def _masked(value: Any) -> Any:
    """A value without the secrets that are known, such as those of variables in references."""
    return live.mask().value(value)[0]


def _known(config: Config, key: str | None) -> None:
    """Refuse a key that the config does not have; ``None`` stands for all keys.

    Raises:
        SettingsError: There is no such key.
    """
    try:
        if key is not None:
            config.origin(key)
    except KeyError as error:
        raise SettingsError.of(Rule.UNKNOWN_KEY, str(error.args[0]), subject="config") from None
