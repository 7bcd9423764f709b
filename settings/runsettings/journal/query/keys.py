"""The keys of runs: ``state``, ``config.lr``, ``summary.loss``.

Filters, columns, sorting and grouping use the same keys. Where a run has no value for a key, the
value is `MISSING`, not ``None``: a config may hold ``null``.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from runsettings.journal.query.errors import QueryError, UnknownKeyError
from runsettings.journal.replay import StoredRun
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.key_paths import MISSING, value_at
from runsettings.values.rendering import printable

_MOST_HINTS: Final = 3
"""The largest number of keys in a hint."""


class Kind(enum.Enum):
    """The type of a key's values; it decides how they are parsed, compared and shown."""

    VALUE = enum.auto()
    """Any JSON value, as in config and summary."""
    TIME = enum.auto()
    """Seconds since 1970."""
    DURATION = enum.auto()
    """Seconds."""
    STATE = enum.auto()
    """One of a few words."""
    LIST = enum.auto()
    """A list of strings."""


class Key(NamedTuple):
    """A key of runs."""

    text: str
    kind: Kind
    get: Callable[[StoredRun], Any]
    """The run's value, or `MISSING`."""


def _attribute(name: str, kind: Kind = Kind.VALUE) -> Key:
    """The key of an attribute of `StoredRun`; a time of 0 means no value."""

    def get(run: StoredRun) -> Any:
        value = getattr(run, name)
        return MISSING if value in (None, "") or (kind is Kind.TIME and not value) else value

    return Key(name, kind, get)


def _exit_code(run: StoredRun) -> Any:
    return MISSING if run.exit is None else run.exit.get("code", MISSING)


ATTRIBUTES: Final[Mapping[str, Key]] = {
    key.text: key
    for key in (
        *map(_attribute, ("id", "name", "project", "entity", "group", "job_type")),
        _attribute("state", Kind.STATE),
        *(_attribute(name, Kind.TIME) for name in ("created", "started", "ended")),
        _attribute("runtime", Kind.DURATION),
        Key("steps", Kind.VALUE, lambda run: run.rows),
        _attribute("tags", Kind.LIST),
        *map(_attribute, ("notes", "mode", "host", "pid")),
        Key("exit_code", Kind.VALUE, _exit_code),
        Key("directory", Kind.VALUE, lambda run: str(run.directory)),
    )
}
"""All keys that are not in config, summary or metadata, in the order of JSON and CSV."""

STATES: Final = ("running", "finished", "failed", "killed", "crashed")

SECTIONS: Final = ("config", "summary", "metadata")
"""The parts of a run whose keys differ from run to run."""

_DEFAULT: Final = (
    *("id", "name", "project", "group", "job_type"),
    *("state", "created", "runtime", "steps", "tags"),
)


def find_key(text: str, runs: Iterable[StoredRun]) -> Key:
    """Find a key by name.

    Args:
        text: An attribute's name, or ``config.``, ``summary.`` or ``metadata.`` and a key there.
        runs: Runs, at least one of which must have the key. If empty, any key is accepted.

    Returns:
        The key.

    Raises:
        UnknownKeyError: There is no such attribute, or no run has such a key.
    """
    if text in ATTRIBUTES:
        return ATTRIBUTES[text]
    section, dot, name = text.partition(".")
    runs = list(runs)
    # A name may be empty: earlier versions could log such a key.
    if section in SECTIONS and dot:
        get = _getter(section, name)
        if not runs or any(get(run) is not MISSING for run in runs):
            return Key(text, Kind.VALUE, get)
        message = f"no run here has '{printable(text)}'"
    else:
        message = f"unknown key '{printable(text)}'"
    hint = _likely(text, name, runs)
    advice = hint or "use a run's attribute, config.KEY, summary.KEY or metadata.KEY"
    raise UnknownKeyError(f"{message} — {advice}")


def parse_keys(text: str, runs: Iterable[StoredRun]) -> list[Key]:
    """Find the keys of a comma-separated list.

    Args:
        text: The names of the keys; empty and repeated names are ignored.
        runs: As for `find_key`.

    Returns:
        The keys.

    Raises:
        UnknownKeyError: A key does not exist.
        QueryError: The list is empty.
    """
    names = key_names(text)
    if not names:
        raise QueryError("names no key")
    runs = list(runs)
    return [find_key(name, runs) for name in names]


def key_names(text: str) -> list[str]:
    """Return the names in a comma-separated list, without empty and repeated names.

    Args:
        text: The list.
    """
    return list(dict.fromkeys(name for name in map(str.strip, text.split(",")) if name))


def parse_order(text: str, runs: Iterable[StoredRun]) -> tuple[Key, bool]:
    """Find the key to sort by.

    Args:
        text: The name of the key; a ``-`` before it sorts in descending order.
        runs: As for `find_key`.

    Returns:
        The key, and whether to sort in descending order.

    Raises:
        UnknownKeyError: There is no such key.
    """
    return find_key(text.removeprefix("-"), runs), text.startswith("-")


def default_keys() -> list[Key]:
    """Return the keys of the default columns of a list of runs."""
    return [find_key(name, ()) for name in _DEFAULT]


def known_keys(runs: Iterable[StoredRun]) -> list[str]:
    """Return the names of all attributes, and of all leaves of the runs' configs and summaries.

    Args:
        runs: The runs.

    Returns:
        The names; those of config leaves and of summary leaves are sorted.
    """
    config: dict[str | None, Any] = {}
    summary: set[str] = set()
    for run in runs:
        _add_keys(config, run.config)
        summary.update(run.summary)
    names = (f"config.{name}" for name in _leaf_names(config))
    return [*ATTRIBUTES, *sorted(names), *sorted(f"summary.{name}" for name in summary)]


def _add_keys(tree: dict[str | None, Any], values: Mapping[str, Any]) -> None:
    """Add the keys of a config to a tree of keys, in which ``None`` marks a leaf.

    Most runs have the same keys, so that a tree takes less time than the path of each leaf.
    """
    for key, value in values.items():
        below = tree.get(key)
        if below is None:
            below = tree[key] = {}
        if value.__class__ is dict and value:
            _add_keys(below, value)
        else:
            below[None] = None


def _leaf_names(tree: dict[str | None, Any]) -> Iterator[str]:
    """The key paths of a tree of keys."""
    for key, below in tree.items():
        if key is None:
            continue
        if None in below:
            yield key
        for name in _leaf_names(below):
            yield f"{key}.{name}"


def _likely(text: str, name: str, runs: list[StoredRun]) -> str | None:
    """The hint for a key that no run has."""
    known = known_keys(runs)
    # `lr` probably means `config.lr` or `config.optim.lr`, and `config.loss` `summary.loss`.
    for bare in filter(None, (text, name)):
        meant = [key for section in SECTIONS if (key := f"{section}.{bare}") in known][:1]
        meant = meant or [key for key in known if key.endswith(f".{bare}")]
        if meant:
            names = " or ".join(f"'{printable(key)}'" for key in meant[:_MOST_HINTS])
            return f"did you mean {names}?"
    hint = did_you_mean(text, known)
    return None if hint is None else printable(hint)


def _getter(section: str, name: str) -> Callable[[StoredRun], Any]:
    path = tuple(name.split("."))

    def from_tree(run: StoredRun) -> Any:
        return value_at(getattr(run, section), path)

    def from_summary(run: StoredRun) -> Any:
        return run.summary.get(name, MISSING)

    return from_summary if section == "summary" else from_tree
