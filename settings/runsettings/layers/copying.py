"""Copies the containers of a source, and refuses values that are nested too deep.

A program may change a list after passing it; settings and their history must not change with it.
Merging, validating and freezing are recursive, so that the same walk limits the depth of values.
Only the readers of files have a limit of their own.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from runsettings.documents.limits import MAX_DEPTH
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.directives import Append, Replace
from runsettings.values.key_paths import KeyPath
from runsettings.values.tree import Tree

_COPIED: Final = frozenset({dict, list, tuple, Append, Replace})


class _TooDeepError(Exception):
    """A value is nested deeper than `MAX_DEPTH`, or contains itself. Caught in this module."""


def copy_containers(tree: Tree) -> tuple[Diagnostic, ...]:
    """Replace the containers in ``tree`` by copies.

    Args:
        tree: A tree whose top mapping may be changed.

    Returns:
        A diagnostic for each value that is nested too deep; its key is removed from the tree.
    """
    found = []
    for key, value in tree.data.items():
        if type(value) in _COPIED or isinstance(value, BaseModel):
            try:
                tree.data[key] = _copied(value, MAX_DEPTH)
            except _TooDeepError:
                found.append(too_deep((key,), tree))
    for diagnostic in found:
        del tree.data[str(diagnostic.path[0])]
    return tuple(found)


def too_deep(path: KeyPath, tree: Tree) -> Diagnostic:
    """The diagnostic for a value that is nested too deep.

    Args:
        path: The path of the value.
        tree: The source.
    """
    return Diagnostic(
        Rule.TOO_DEEP,
        Severity.ERROR,
        path,
        f"is nested more than {MAX_DEPTH} levels deep, or contains itself",
        tree.origin(path),
    )


def _copied(value: Any, levels: int) -> Any:
    kind = type(value)
    if kind not in _COPIED:
        if not isinstance(value, BaseModel) or value.model_config.get("frozen"):
            return value
        copy = value.model_copy()
        for name, item in copy.__dict__.items():
            copy.__dict__[name] = _copied(item, levels - 1)
        return copy
    if levels <= 0:
        raise _TooDeepError
    if kind is dict:
        return {key: _copied(item, levels - 1) for key, item in value.items()}
    if kind is list:
        return [_copied(item, levels - 1) for item in value]
    if kind is tuple:
        return tuple([_copied(item, levels - 1) for item in value])
    if kind is Append:
        return Append(_copied(value.items, levels - 1))
    return Replace(_copied(value.value, levels - 1))
