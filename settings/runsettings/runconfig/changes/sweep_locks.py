"""The keys that a sweep locks: only the sweep can set them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from runsettings.runconfig.changes.sources import tree_of
from runsettings.values.diagnostic import Beaten, Diagnostic, Rule, Severity
from runsettings.values.excerpts import excerpt_of
from runsettings.values.json_trees import copy_tree, same_value
from runsettings.values.key_paths import MISSING, KeyPath, put_at
from runsettings.values.origin import Layer, Origin
from runsettings.values.rendering import shown
from runsettings.values.tree import Leaf, Tree


def check_locks(trees: Sequence[Tree], sweep: Tree) -> list[Diagnostic]:
    """Warn about each value that differs from the value of the sweep.

    Defaults of flags are ignored, because nobody set them.

    Args:
        trees: The inputs, which may include the sweep.
        sweep: The source whose keys are locked.
    """
    return [
        diagnostic
        for tree in trees
        if tree is not sweep and tree.layer is not Layer.DEFAULT
        for lock in sweep.leaves()
        for diagnostic in _refused(tree, lock)
    ]


def keep_locked(
    sweep: Tree, path: KeyPath, value: Any, read: Callable[[KeyPath], Any], origin: Origin
) -> tuple[Any, list[Diagnostic]]:
    """Keep the locked values in a value that is written.

    Args:
        sweep: The source whose keys are locked.
        path: The path that is written.
        value: The new value; `MISSING` for a removal.
        read: Returns the current value at a path.
        origin: Where it is written.

    Returns:
        The value to store at ``path``, with the locked values in it; the current value if
        all of it is locked. And a warning for each part that the sweep locks.
    """
    locks = [
        lock
        for lock in sweep.leaves()
        if lock.path[: len(path)] == path or path[: len(lock.path)] == lock.path
    ]
    if not locks:
        return value, []
    tree = tree_of(Leaf(path, value, origin))
    if not isinstance(value, dict) or len(locks[0].path) <= len(path):
        now = read(path)
        if value is MISSING:
            return now, [_refusal(tree, lock.path, MISSING, lock) for lock in locks]
        return now, [] if same_value(now, value) else [_refusal(tree, path, value, locks[0])]
    kept = copy_tree(value)
    for lock in locks:
        value = read(lock.path)
        if value is not MISSING:  # the sweep may have deleted it
            put_at(kept, lock.path[len(path) :], copy_tree(value))
    return kept, [diagnostic for lock in locks for diagnostic in _refused(tree, lock)]


def _refusal(tree: Tree, path: KeyPath, value: Any, lock: Leaf) -> Diagnostic:
    """The warning that a value of ``tree`` was ignored."""
    refused = "not removed" if value is MISSING else f"refused {shown(value)}"
    return Diagnostic(
        Rule.LOCKED_KEY,
        Severity.WARNING,
        path,
        f"is locked by the sweep; kept {shown(lock.value)}, {refused}",
        tree.origin(path),
        hint="leave it out, or take the key out of the sweep",
        excerpt=excerpt_of(tree, path),
        over=(Beaten(lock.origin, shown(lock.value)),),
    )


def _refused(tree: Tree, lock: Leaf) -> Iterator[Diagnostic]:
    for end in range(1, len(lock.path) + 1):
        value = tree.get(lock.path[:end])
        if value is MISSING:
            return
        if end == len(lock.path):
            if not same_value(value, lock.value):
                yield _refusal(tree, lock.path, value, lock)
        elif not isinstance(value, dict):
            yield _refusal(tree, lock.path[:end], value, lock)
            return
