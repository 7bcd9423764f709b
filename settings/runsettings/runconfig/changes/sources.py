"""The sources of a config: the inputs that it was loaded from, and the writes after that.

Of all writes to one key, the first and the last few are kept. So neither memory nor the time to
find an origin grows with the number of writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple, Self

from runsettings.composition.merge import Merged, merge
from runsettings.runconfig.inputs.leaf_trees import trees_of
from runsettings.values.directives import Delete
from runsettings.values.json_trees import copy_tree
from runsettings.values.key_paths import MISSING, KeyPath, leaves_of
from runsettings.values.origin import Layer, Origin
from runsettings.values.positions import Branch
from runsettings.values.tree import Leaf, Tree

_KEPT: Final = 6
"""Writes to one key that are kept: the first, and the last five."""


class _Write(NamedTuple):
    number: int
    """A higher number beats a lower one. Writes with negative numbers lose to the loaded inputs."""
    leaf: Leaf


class Sources:
    """The sources of one config. The caller holds the config's lock.

    Args:
        loaded: The sources that the config was loaded from, lowest first, without the sweep.
        sweep: The source whose keys are locked; it beats all others.
    """

    def __init__(self, loaded: Iterable[Tree] = (), sweep: Tree | None = None) -> None:
        self.sweep = sweep
        self._loaded = tuple(loaded)
        self._highest = self._lowest = 0
        self._writes: dict[KeyPath, list[_Write]] = {}
        # By the path of a mapping: the writes to its nested keys.
        self._inside: dict[KeyPath, list[_Write]] = {}

    def copy(self) -> Self:
        """The same sources; later writes to either do not change the other."""
        twin = type(self)(self._loaded, self.sweep)
        twin._highest, twin._lowest = self._highest, self._lowest
        twin._writes = {path: [*writes] for path, writes in self._writes.items()}
        twin._inside = {path: [*writes] for path, writes in self._inside.items()}
        return twin

    def add(self, leaf: Leaf, *, lowest: bool = False) -> None:
        """Add a write.

        Args:
            leaf: Path, value and origin. A mapping that replaces another is a `Replace`, a
                removed key a `Delete`. Nobody may change the value after that.
            lowest: Put it below all other sources instead of above them.
        """
        if lowest:
            self._lowest -= 1
        else:
            self._highest += 1
        write = _Write(self._lowest if lowest else self._highest, leaf)
        _keep(self._writes.setdefault(leaf.path, []), write)
        for end in range(1, len(leaf.path)):
            _keep(self._inside.setdefault(leaf.path[:end], []), write)

    def add_changes(
        self,
        changes: Iterable[tuple[KeyPath, Any, Any]],
        lower: Sequence[Tree],
        incoming: Merged,
        origin: Origin,
    ) -> None:
        """Add the changes of an update, and the defaults that lost to existing values.

        Args:
            changes: Path, old and new value of each change.
            lower: The inputs that only set missing keys.
            incoming: All inputs.
            origin: The origin of a change that no input has, such as a removed key.
        """
        changed = set()
        for path, _, value in changes:
            changed.add(path)
            written = Delete() if value is MISSING else copy_tree(value)
            for at, leaf in leaves_of({path[-1]: written}, path[:-1]):
                self.add(Leaf(at, leaf, incoming.origin(at) or origin))
        for leaf in chain.from_iterable(tree.leaves() for tree in reversed(lower)):
            if not any(leaf.path[:end] in changed for end in range(1, len(leaf.path) + 1)):
                self.add(leaf, lowest=True)

    def about(self, path: KeyPath) -> Merged:
        """The sources that set ``path`` or a key above or below it, without merged data."""
        found = list(self._inside.get(path, ()))
        for end in range(1, len(path) + 1):
            found += self._writes.get(path[:end], ())
        return Merged(self._in_order(found), {})

    def merged_with(
        self, lower: Sequence[Tree], upper: Sequence[Tree], data: dict[str, Any]
    ) -> tuple[dict[str, Any], Merged]:
        """Merge inputs into the part of ``data`` whose top-level keys they have.

        Args:
            lower: Inputs that only set missing keys, lowest first.
            upper: Inputs that beat everything but the sweep.
            data: The merged data of the sources.

        Returns:
            That part of ``data``, and the result of the merge.
        """
        names = {key for tree in (*lower, *upper) for key in tree.data}
        part = {key: value for key, value in data.items() if key in names}
        trees = [*lower, Tree(Layer.INIT, "", part, directives=False), *upper]
        if (sweep := self.sweep) is not None:
            trees.append(sweep.with_data({k: v for k, v in sweep.data.items() if k in names}))
        return part, merge(trees)

    def trees(self) -> tuple[Tree, ...]:
        """All sources, lowest first; merged, they are the data of the config."""
        return self._in_order(write for writes in self._writes.values() for write in writes)

    def _in_order(self, writes: Iterable[_Write]) -> tuple[Tree, ...]:
        ordered = sorted(writes, key=lambda write: write.number)
        lower = trees_of(write.leaf for write in ordered if write.number < 0)
        upper = trees_of(write.leaf for write in ordered if write.number > 0)
        sweep = () if self.sweep is None else (self.sweep,)
        return (*lower, *self._loaded, *upper, *sweep)


def tree_of(leaf: Leaf) -> Tree:
    """A source that sets one path."""
    return trees_of([leaf])[0]


def moved_below(path: KeyPath, tree: Tree) -> Tree:
    """Move the values of a tree below ``path``, with their positions.

    Args:
        path: The path of the mapping to move them into.
        tree: The tree, which is not changed.
    """
    data: Any = tree.data
    marks: Any = tree.marks
    for key in reversed(path):
        branch = Branch()
        branch[str(key)] = marks
        data, marks = {key: data}, branch
    return tree.with_data(data, marks) if path else tree


def _keep(writes: list[_Write], write: _Write) -> None:
    writes.insert(0 if write.number < 0 else len(writes), write)
    if len(writes) > _KEPT:
        del writes[1]
