"""Copies of the containers that a source hands over, and a bound to how deep they are nested.

A program may go on changing the list that it passed; what was settled, its history and every
later `replace` must not change with it. The same walk bounds how deep values are nested:
merging, validating and freezing are recursive, and only file readers know a limit of their own.
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
    """A value is nested deeper than `MAX_DEPTH`, or contains itself; never leaves this module."""


def copy_containers(tree: Tree) -> tuple[Diagnostic, ...]:
    """Replace the containers in ``tree`` by copies.

    Args:
        tree: A tree whose top mapping may be changed.

    Returns:
        A diagnostic for each value that is nested too deep; it is taken out of the tree.
    """
    faults = []
    for key, value in tree.data.items():
        if type(value) in _COPIED or isinstance(value, BaseModel):
            try:
                tree.data[key] = _copied(value, MAX_DEPTH)
            except _TooDeepError:
                faults.append(too_deep((key,), tree))
    for fault in faults:
        del tree.data[str(fault.path[0])]
    return tuple(faults)


def too_deep(path: KeyPath, tree: Tree) -> Diagnostic:
    """The fault of a value that no recursive step can follow."""
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
