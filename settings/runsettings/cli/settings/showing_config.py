"""Makes the output of ``show``, ``explain`` and ``get`` for a config; importing it is slow."""

from __future__ import annotations

from typing import Any

from runsettings.cli.printing import one_line
from runsettings.cli.settings.showing import data_of
from runsettings.runconfig.config import Config
from runsettings.secrets import live
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import SettingsError
from runsettings.values.key_paths import format_path, leaves_of
from runsettings.values.rendering import shown
from runsettings.values.tree import Leaf


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
    values = _masked(config.as_dict())
    leaves = (Leaf(path, value, config.origin(path)) for path, value in leaves_of(values))
    return data_of(leaves, origins=origins)


def config_value(config: Config, key: str) -> str:
    """The value of a known key on one line; an empty text for ``None``."""
    value: Any = _masked(config.as_dict())
    for part in key.split("."):
        value = value[part]
    return one_line(value)


def explained_data(config: Config, key: str | None) -> list[dict[str, Any]]:
    """What explains a known key, or all keys: an object for each leaf, as for settings."""
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


def require_key(config: Config, key: str) -> None:
    """Refuse a key that the config does not have.

    Args:
        config: The config.
        key: A key; ``"optim.lr"`` reaches inside.

    Raises:
        SettingsError: There is no such key.
    """
    try:
        config.origin(key)
    except KeyError as error:
        raise SettingsError.of(Rule.UNKNOWN_KEY, str(error.args[0]), subject="config") from None
