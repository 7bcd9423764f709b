"""Settings and config with the origin of every value, for the journal and back from it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from runsettings.composition.merge import Merged
from runsettings.runconfig.config import Config
from runsettings.values.directives import Append, Delete, Replace
from runsettings.values.key_paths import MISSING, KeyPath, format_path, leaves_of
from runsettings.values.origin import Layer
from runsettings.values.rendering import shown
from runsettings.values.tree import Leaf

_LONG: Final = 200
"""Characters of a value that lost, from which it is shortened."""

_MOST: Final = 20
"""The most values that are recorded as beaten by one value."""

Explained: TypeAlias = list[dict[str, Any]]
"""Settings as `Settings.explain` has them in JSON: ``key``, ``value``, ``history``."""


def config_record(config: Config) -> dict[str, Any]:
    """The journal's record of the whole config."""
    with config._store.reading() as store:
        leaves = list(store.leaves())
        origins = {format_path(leaf.path): leaf.origin.to_json() for leaf in leaves}
        record = {"type": "config", "values": config.as_dict(), "origins": origins}
        sources = store.trees()
        if len(sources) > 1:
            merged = Merged(sources, store.data)
            record |= _losers((leaf.path, merged.history(leaf.path)) for leaf in leaves)
        return record


def config_key_record(config: Config, key: str) -> dict[str, Any]:
    """The journal's record of one top-level key, which was set or removed.

    The record holds the config's own value: it is for writing, not for keeping.
    """
    with config._store.reading() as merged:
        value = merged.get((key,))
        if value is MISSING:
            return {"type": "config", "values": {}, "origins": {}, "removed": [key]}
        histories = [(path, merged.history(path)) for path, _ in leaves_of({key: value})]
        origins = {format_path(path): each[0].origin.to_json() for path, each in histories if each}
        losers = _losers((path, _without_changes(each)) for path, each in histories)
        return {"type": "config", "values": {key: value}, "origins": origins, **losers}


def _without_changes(history: Sequence[Leaf]) -> Sequence[Leaf]:
    """A history in which, of the values that code has set, the last two and the first are left.

    A key may change very often, and each change is a record.
    """
    last = len(history) - 1
    return [
        leaf
        for rank, leaf in enumerate(history)
        if rank in (0, 1, last) or leaf.origin.layer is not Layer.INIT
    ]


def _losers(histories: Iterable[tuple[KeyPath, Sequence[Leaf]]]) -> dict[str, Any]:
    """The member of a record with the values that leaves beat; none if there are no such values.

    A value that is set again in the same place, as by each resume of a run, is one value.
    """
    found = {}
    for path, history in histories:
        winner, *beaten = map(_recorded, history) if len(history) > 1 else (None,)
        unlike: list[dict[str, Any]] = []
        for each in beaten:
            if each != winner and each not in unlike and len(unlike) < _MOST:
                unlike.append(each)
        if unlike:
            found[format_path(path)] = unlike
    return {"losers": found} if found else {}


def _recorded(leaf: Leaf) -> dict[str, Any]:
    origin: dict[str, Any] = leaf.origin.to_json()
    return origin if isinstance(leaf.value, Delete) else {**origin, "value": _brief(leaf.value)}


def _brief(value: Any) -> Any:
    """A value that lost: itself if it is short, and else a text with its beginning and end."""
    if isinstance(value, Append):
        value = value.items
    elif isinstance(value, Replace):
        value = value.value
    if isinstance(value, (str, list, dict)) and len(repr(value)) > _LONG:
        return shown(value)
    return value


def settings_record(explained: Explained) -> dict[str, Any]:
    """The journal's record of all settings, each with the origin of its value."""
    origins, losers = {}, {}
    for entry in explained:
        winner, *beaten = entry["history"]
        origins[entry["key"]] = {k: v for k, v in winner.items() if k != "value"}
        if beaten:
            losers[entry["key"]] = [{**each, "value": _brief(each["value"])} for each in beaten]
    values = {entry["key"]: entry["value"] for entry in explained}
    return {"type": "settings", "values": values, "origins": origins, "losers": losers}


def recorded_origins(
    config: Mapping[str, Any], explained: Explained
) -> Iterator[Mapping[str, Any]]:
    """The origins of a run's values, and of the values that they beat.

    Args:
        config: The record of `config_record`.
        explained: What `provenance.explained` returns of the settings.
    """
    yield from config["origins"].values()
    yield from itertools.chain.from_iterable(config.get("losers", {}).values())
    yield from itertools.chain.from_iterable(entry["history"] for entry in explained)


def settings_file(explained: Explained) -> dict[str, Any]:
    """The content of ``settings.json``: each setting with its value and its history."""
    return {e["key"]: {"value": e["value"], "history": e["history"]} for e in explained}
