"""Makes trees of values whose origins differ: leaves, and the config that a run recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runsettings.values.directives import Delete
from runsettings.values.key_paths import KeyPath, format_path, leaves_of
from runsettings.values.origin import Layer, Origin
from runsettings.values.positions import Branch
from runsettings.values.tree import Leaf, Tree


def trees_of(leaves: Iterable[Leaf]) -> list[Tree]:
    """Put leaves into as few trees as possible; of equal paths, the later leaf is higher.

    Args:
        leaves: The leaves, lowest first. A tree is of the layer of its first leaf; each leaf
            keeps its own origin.
    """
    trees: list[Tree] = []
    for leaf in leaves:
        layer, where = leaf.origin.layer, leaf.origin.where
        if not trees or trees[-1].layer is not layer or not put_leaf(trees[-1], leaf):
            trees.append(Tree(layer, where, {}, Branch(leaf.origin)))
            put_leaf(trees[-1], leaf)
    return trees


def put_leaf(tree: Tree, leaf: Leaf) -> bool:
    """Add a leaf with its origin to a tree that is still being made.

    Args:
        tree: The tree; its marks are a `Branch`.
        leaf: The leaf.

    Returns:
        Whether it was added: not if the tree sets its path, or a value around it, already.
    """
    node: dict[Any, Any] = tree.data
    marks: Any = tree.marks
    for key in leaf.path[:-1]:
        if key not in node:
            node[key], marks[key] = {}, Branch(leaf.origin)
        elif not isinstance(marks[key], Branch):
            return False
        node, marks = node[key], marks[key]
    if leaf.path[-1] in node:
        return False
    node[leaf.path[-1]], marks[leaf.path[-1]] = leaf.value, leaf.origin
    return True


def recorded_trees(
    layer: Layer,
    where: str,
    values: dict[str, Any],
    origins: Mapping[str, Mapping[str, Any]],
    losers: Mapping[str, Sequence[Mapping[str, Any]]],
) -> list[Tree]:
    """The config that a run recorded, with the origins that it recorded, above what it beat.

    Args:
        layer: The layer of the trees, and of values without a recorded origin.
        where: The name of the source of these.
        values: The config.
        origins: The origin of each leaf as JSON, by its path as text.
        losers: What each leaf beat, the highest first: each an origin as JSON, and its value.
    """
    beaten: list[Tree] = []
    for path, _ in leaves_of(values) if losers else ():
        for rank, loser in enumerate(reversed(losers.get(format_path(path), ()))):
            if len(beaten) <= rank:
                beaten.append(Tree(layer, where, {}, Branch()))
            value = loser["value"] if "value" in loser else Delete()
            put_leaf(beaten[rank], Leaf(path, value, Origin.from_json(loser)))
    return [*beaten, Tree(layer, where, values, _recorded_marks(values, (), origins))]


def _recorded_marks(
    node: Mapping[str, Any], path: KeyPath, origins: Mapping[str, Mapping[str, Any]]
) -> Branch:
    marks = Branch()
    for key, value in node.items():
        here = (*path, key)
        if isinstance(value, dict) and value:
            marks[key] = _recorded_marks(value, here, origins)
        else:
            stored = origins.get(format_path(here))
            marks[key] = Origin.from_json(stored) if stored is not None else None
    return marks
