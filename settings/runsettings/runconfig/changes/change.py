"""A change of a config, and the errors about changes that are refused."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

from runsettings.values.diagnostic import Beaten, Diagnostic, Rule, Severity
from runsettings.values.errors import ConfigError, SettingsWarning
from runsettings.values.json_trees import copy_tree, same_value
from runsettings.values.key_paths import MISSING, KeyPath, format_path
from runsettings.values.origin import Origin
from runsettings.values.rendering import render, shown

_SHOWN: Final[dict[Any, Any]] = {}
"""Where the interpreter notes the warnings that it has shown, each once for a line."""


class Change(NamedTuple):
    """One accepted change of a config."""

    path: KeyPath
    value: Any
    """The new value as plain JSON types, or `MISSING` if the key was removed."""
    origin: Origin
    """The place that changed it."""


Observer: TypeAlias = Callable[[Change], None]


def merge_changes(
    old: Any, new: Any, path: KeyPath, changes: list[tuple[KeyPath, Any, Any]]
) -> Any:
    """Compare two trees, and make the tree that a config holds after the changes.

    Args:
        old: The tree before; not changed.
        new: The tree that it is to become.
        path: The path of both.
        changes: Receives the path, the old and the new value of each change; `MISSING` stands
            for no value.

    Returns:
        A tree equal to ``new`` that shares no container with it. A value that equals the old
        one is the old one: an update with 1.0 leaves 1 as it is.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        merged = {
            key: merge_changes(old.get(key, MISSING), value, (*path, key), changes)
            for key, value in new.items()
        }
        changes += [((*path, key), old[key], MISSING) for key in old if key not in new]
        return merged
    if old is not MISSING and same_value(old, new):
        return old
    changes.append((path, old, new))
    return copy_tree(new)


def refused_change(
    path: KeyPath, old: Any, new: Any, origin: Origin, first: Origin | None
) -> Diagnostic:
    """The error about a value that may not change.

    Args:
        path: The value's path.
        old: What it is.
        new: What it was to become; `MISSING` if it was to be removed.
        origin: The place that tried to change it.
        first: The place that set it.
    """
    if first is not None and first.call is not None:
        # The place of an assignment is shown with the value behind it: `config.lr = 0.1`.
        first = first._replace(call=first.call.removesuffix(" ="))
    becomes = "be removed" if new is MISSING else f"become {shown(new)}"
    return Diagnostic(
        Rule.VALUE_CHANGED,
        Severity.ERROR,
        path,
        f"is {shown(old)} and may not {becomes}",
        origin,
        hint="pass allow_val_change=True to allow it",
        over=(Beaten(first, shown(old)),) if first is not None else (),
    )


def inside_list(path: KeyPath, origin: Origin) -> ConfigError:
    """The error about a write to ``path`` whose parent is inside of a list, or was removed."""
    end = next((at for at, key in enumerate(path) if isinstance(key, int)), 1)
    return ConfigError.of(
        Rule.VALUE_CHANGED,
        "is inside of a list, or was removed: nothing in it can be set or removed",
        path=path[:-1],
        origin=origin,
        hint=f"assign the whole of {format_path(path[:end])}",
    )


def show_warning(diagnostic: Diagnostic, origin: Origin) -> None:
    """Show a diagnostic as a warning at the line ``origin`` of a program, if it is one."""
    if diagnostic.severity is Severity.WARNING:
        where, line = origin.where, origin.line or 0
        text = render(diagnostic)
        warnings.warn_explicit(text, SettingsWarning, where, line, registry=_SHOWN)
