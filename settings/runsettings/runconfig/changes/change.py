"""What a change of a config is, and what is said when one is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

from runsettings.runconfig.changes.equality import same_value, show_value
from runsettings.values.diagnostic import Beaten, Diagnostic, Rule, Severity
from runsettings.values.errors import ConfigError
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import MISSING, Branch, KeyPath, Tree, format_path


class Change(NamedTuple):
    """One accepted change of a config."""

    path: KeyPath
    value: Any
    """The new value as plain JSON types, or `MISSING` if the key was removed."""
    origin: Origin
    """The place that changed it."""


Observer: TypeAlias = Callable[[Change], None]


def differences(old: Any, new: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any, Any]]:
    """Each path at which two trees differ, with what was and what is there."""
    if old is new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in new.items():
            yield from differences(old.get(key, MISSING), value, (*path, key))
        for key in old.keys() - new.keys():
            yield (*path, key), old[key], MISSING
    elif not same_value(old, new):
        yield path, old, new


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
    becomes = "be removed" if new is MISSING else f"become {show_value(new)}"
    return Diagnostic(
        Rule.VALUE_CHANGED,
        Severity.ERROR,
        path,
        f"is {show_value(old)} and may not {becomes}",
        origin,
        hint="pass allow_val_change=True to allow it",
        over=(Beaten(first, show_value(old)),) if first is not None else (),
    )


def inside_list(path: KeyPath, origin: Origin) -> ConfigError:
    """The error about a change that no mapping of the config could take."""
    end = next((at for at, key in enumerate(path) if isinstance(key, int)), 1)
    return ConfigError.of(
        Rule.VALUE_CHANGED,
        "stands in a list, whose items cannot be changed alone, or in nothing any more",
        path=path[:-1],
        origin=origin,
        hint=f"assign the whole of {format_path(path[:end])}",
    )


def tree_at(path: KeyPath, value: Any, origin: Origin) -> Tree:
    """A source that says one thing."""
    data: Any = value
    for key in reversed(path):
        data = {key: data}
    return Tree(Layer.INIT, origin.where, data, Branch(origin))


def below(path: KeyPath, tree: Tree) -> Tree:
    """The tree moved below ``path``, marks and all."""
    if not path:
        return tree
    data: Any = tree.data
    marks: Any = tree.marks
    for key in reversed(path):
        branch = Branch()
        branch[str(key)] = marks
        data, marks = {key: data}, branch
    return tree.with_data(data, marks)
