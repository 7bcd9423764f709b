"""Settings and config with the origin of every value, for the journal and back from it."""

from __future__ import annotations

from typing import Any, TypeAlias

from runsettings.journal.replay import StoredRun
from runsettings.models import provenance
from runsettings.models.settings import Settings
from runsettings.runconfig.config import Config
from runsettings.runconfig.inputs.leaf_trees import recorded_tree
from runsettings.values.key_paths import MISSING, format_path, leaves_of
from runsettings.values.origin import Layer
from runsettings.values.tree import Tree

Explained: TypeAlias = list[dict[str, Any]]
"""Settings as `Settings.explain` has them in JSON: ``key``, ``value``, ``history``."""


def config_record(config: Config) -> dict[str, Any]:
    """The journal's record of the whole config."""
    with config._store.reading() as merged:
        origins = {format_path(leaf.path): leaf.origin.to_json() for leaf in merged.leaves()}
        return {"type": "config", "values": config.as_dict(), "origins": origins}


def config_key_record(config: Config, key: str) -> dict[str, Any]:
    """The journal's record of one top-level key, which was set or removed.

    The record holds the config's own value: it is for writing, not for keeping.
    """
    with config._store.reading() as merged:
        value = merged.get((key,))
        if value is MISSING:
            return {"type": "config", "values": {}, "origins": {}, "removed": [key]}
        origins = {
            format_path(path): origin.to_json()
            for path, _ in leaves_of({key: value})
            if (origin := merged.origin(path)) is not None
        }
        return {"type": "config", "values": {key: value}, "origins": origins}


def explain_settings(settings: Settings) -> Explained:
    """Each setting with its value and its history, secrets masked."""
    return provenance.explained(settings)


def settings_record(explained: Explained) -> dict[str, Any]:
    """The journal's record of all settings, each with the origin of its value."""
    origins = {}
    for entry in explained:
        origins[entry["key"]] = {k: v for k, v in entry["history"][0].items() if k != "value"}
    values = {entry["key"]: entry["value"] for entry in explained}
    return {"type": "settings", "values": values, "origins": origins}


def settings_file(explained: Explained) -> dict[str, Any]:
    """The content of ``settings.json``: each setting with its value and its history."""
    return {e["key"]: {"value": e["value"], "history": e["history"]} for e in explained}


def config_tree(run: StoredRun) -> Tree:
    """The config of a stored run as a source of the lowest layer, with its recorded origins."""
    # Copies: the run's own change with each record, and the history of a key keeps this source.
    config, origins = dict(run.config), dict(run.config_origins)
    return recorded_tree(Layer.DEFAULT, f"run {run.id}", config, origins)
