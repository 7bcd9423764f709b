"""What a run writes down about its settings and config, with the origin of every value."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from runsettings.journal.replay import StoredRun
from runsettings.models.settings import Settings
from runsettings.runconfig.config import Config
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import MISSING, Branch, KeyPath, Tree, format_path, leaves_of

CONFIG: Final = "config.yaml"
SETTINGS: Final = "settings.json"
METADATA: Final = "wandb-metadata.json"
SUMMARY: Final = "wandb-summary.json"

Explained: TypeAlias = list[dict[str, Any]]
"""Settings as `Settings.explain` tells them in JSON: ``key``, ``value``, ``history``."""


class Sourced(NamedTuple):
    """Values as JSON, and where each leaf was set, by dotted path."""

    values: dict[str, Any]
    origins: dict[str, dict[str, str | int]]

    def record(self, kind: str) -> dict[str, Any]:
        """The journal's record of them."""
        return {"type": kind, "values": self.values, "origins": self.origins}


def sourced_config(config: Config) -> Sourced:
    """The whole config."""
    with config._store.reading() as merged:
        origins = {format_path(leaf.path): leaf.origin.to_json() for leaf in merged.leaves()}
        return Sourced(config.as_dict(), origins)


def sourced_key(config: Config, key: str) -> Sourced | None:
    """One top-level key of the config, or ``None`` if there is no such key.

    The value is the config's own: it is for writing down, not for keeping.
    """
    with config._store.reading() as merged:
        value = merged.get((key,))
        if value is MISSING:
            return None
        origins = {}
        for path, _ in leaves_of({key: value}):
            origin = merged.origin(path)
            if origin is not None:
                origins[format_path(path)] = origin.to_json()
        return Sourced({key: value}, origins)


def explain_settings(settings: Settings) -> Explained:
    """Each setting with its value and history, secrets masked."""
    explained: Explained = json.loads(settings.explain(as_json=True))
    return explained


def sourced_settings(explained: Explained) -> Sourced:
    """All settings, with the origins of what counts."""
    return Sourced(
        {entry["key"]: entry["value"] for entry in explained},
        {
            entry["key"]: {k: v for k, v in entry["history"][0].items() if k != "value"}
            for entry in explained
        },
    )


def settings_paper(explained: Explained) -> bytes:
    """``settings.json``: each setting with its value, its origin, and what it beat."""
    return _paper({e["key"]: {"value": e["value"], "history": e["history"]} for e in explained})


def summary_paper(summary: Mapping[str, Any], step: int, started: float) -> bytes:
    """``wandb-summary.json``, with W&B's own three keys."""
    now = time.time()
    own = {"_step": max(step - 1, 0), "_runtime": now - started, "_timestamp": now}
    return _paper({**summary, **own})


def metadata_paper(facts: Mapping[str, Any]) -> bytes:
    """``wandb-metadata.json``."""
    return _paper(facts)


def earlier_config(run: StoredRun) -> Tree:
    """The config of a run that is resumed, as the lowest source, with the origins it had."""
    return Tree(
        Layer.DEFAULT,
        f"run {run.id}",
        run.config,
        _marks(run.config, (), run.config_origins),
    )


def _marks(
    node: Mapping[str, Any], path: KeyPath, origins: Mapping[str, Mapping[str, Any]]
) -> Branch:
    marks = Branch()
    for key, value in node.items():
        here = (*path, key)
        if isinstance(value, dict) and value:
            marks[key] = _marks(value, here, origins)
        else:
            stored = origins.get(format_path(here))
            marks[key] = _origin(stored) if stored is not None else None
    return marks


def _origin(stored: Mapping[str, Any]) -> Origin:
    layer = next((layer for layer in Layer if layer.label == stored.get("layer")), Layer.INIT)
    return Origin(
        layer,
        str(stored.get("where", "")),
        stored.get("line"),
        stored.get("column"),
        stored.get("call"),
    )


def _paper(content: Mapping[str, Any]) -> bytes:
    # Half a surrogate pair, as in a file name that is no UTF-8, becomes the escape that JSON has.
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    return text.encode(errors="backslashreplace")
