"""A sweep decides some keys of the config, and nothing else may."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from runsettings.runconfig.comparing import same_value, show_value
from runsettings.values.diagnostic import Beaten, Diagnostic, Rule, Severity
from runsettings.values.excerpts import excerpt_of
from runsettings.values.origin import Layer
from runsettings.values.tree import MISSING, KeyPath, Leaf, Tree


def check_locks(trees: Sequence[Tree], sweep: Tree) -> list[Diagnostic]:
    """A warning for each value that is set to something else than the sweep has.

    Defaults of flags are nobody's wish and say nothing here.
    """
    return [
        fault
        for tree in trees
        if tree is not sweep and tree.layer is not Layer.DEFAULT
        for lock in sweep.leaves()
        for fault in _refused(tree, lock)
    ]


def locked_leaves(sweep: Tree, path: KeyPath) -> list[Leaf]:
    """The leaves of the sweep that a change at ``path`` would touch."""
    return [
        lock
        for lock in sweep.leaves()
        if lock.path[: len(path)] == path or path[: len(lock.path)] == lock.path
    ]


def refusal(tree: Tree, path: KeyPath, value: Any, lock: Leaf) -> Diagnostic:
    """The warning that ``value``, set by ``tree``, does not count."""
    return Diagnostic(
        Rule.LOCKED_KEY,
        Severity.WARNING,
        path,
        f"is locked by the sweep; kept {show_value(lock.value)}, refused {show_value(value)}",
        tree.origin(path),
        hint="leave it out, or take the key out of the sweep",
        excerpt=excerpt_of(tree, path),
        over=(Beaten(lock.origin, show_value(lock.value)),),
    )


def _refused(tree: Tree, lock: Leaf) -> Iterator[Diagnostic]:
    for end in range(1, len(lock.path) + 1):
        value = tree.get(lock.path[:end])
        if value is MISSING:
            return
        if end == len(lock.path):
            if not same_value(value, lock.value):
                yield refusal(tree, lock.path, value, lock)
        elif not isinstance(value, dict):
            yield refusal(tree, lock.path[:end], value, lock)
            return
