"""Changes of a config, and the errors about changes that are rejected."""

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
"""The registry of shown warnings; the interpreter shows each only once for a line."""


class Change(NamedTuple):
    """One accepted change of a config."""

    path: KeyPath
    value: Any
    """The new value as plain JSON types, or `MISSING` if the key was removed."""
    origin: Origin
    """Where it was changed."""


Observer: TypeAlias = Callable[[Change], None]


def merge_changes(
    old: Any, new: Any, path: KeyPath, changes: list[tuple[KeyPath, Any, Any]]
) -> Any:
    """Compare two trees, and make the tree of the config after the changes.

    Args:
        old: The tree before; not changed.
        new: The tree after the change.
        path: The path of both.
        changes: Receives the path, the old and the new value of each change; `MISSING` means
            no value.

    Returns:
        A tree equal to ``new`` that shares no container with it. Equal values stay the old
        ones: an update with 1.0 leaves 1 as it is.
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
        old: The current value.
        new: The rejected value; `MISSING` for a removal.
        origin: Where the change was tried.
        first: Where the current value was set.
    """
    if first is not None and first.call is not None:
        # The message shows the value after the call: `config.lr = 0.1`.
        first = first._replace(call=first.call.removesuffix(" ="))
    becomes = "be removed" if new is MISSING else f"become {shown(new)}"
    return Diagnostic(
        Rule.VALUE_CHANGED,
        Severity.ERROR,
        path,
        f"is {shown(old)} and may not {becomes}",
        origin,
        hint="pass allow_val_change=True to init(), or to config.update()",
        over=(Beaten(first, shown(old)),) if first is not None else (),
    )


def inside_list(path: KeyPath, origin: Origin) -> ConfigError:
    """The error about a write below a list, or below a key that was removed.

    Args:
        path: The path that was written to.
        origin: Where it was written.
    """
    end = next((at for at, key in enumerate(path) if isinstance(key, int)), 1)
    return ConfigError.of(
        Rule.VALUE_CHANGED,
        "is inside of a list, or was removed: nothing in it can be set or removed",
        path=path[:-1],
        origin=origin,
        hint=f"assign the whole of {format_path(path[:end])}",
    )


def show_warning(diagnostic: Diagnostic, origin: Origin) -> None:
    """Show a diagnostic as a Python warning, if its severity is a warning.

    Args:
        diagnostic: The diagnostic.
        origin: The line of the program that the warning is about.
    """
    if diagnostic.severity is Severity.WARNING:
        where, line = origin.where, origin.line or 0
        text = render(diagnostic)
        warnings.warn_explicit(text, SettingsWarning, where, line, registry=_SHOWN)
