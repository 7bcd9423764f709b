"""What a config holds: its sources, and what they say together.

Every change becomes a source of its own above the others, so that ``merge`` of the sources is
at any time what the config holds, and the history of a key comes from one place.
"""

from __future__ import annotations

import copy
from typing import Any

from runsettings.resolution.merge import Merged, merge
from runsettings.runconfig.changes.change import inside_list
from runsettings.values.origin import Origin
from runsettings.values.tree import Branch, KeyPath, Tree, value_at


class Contents:
    """The sources of one config and their sum. Whoever calls holds the config's lock.

    Args:
        merged: The sources and what they say together.
        sweep: The uppermost source, if its keys are locked.
    """

    def __init__(self, merged: Merged, sweep: Tree | None = None) -> None:
        self.sweep = sweep
        self.data = merged.data
        self._trees = list(merged.sources)
        # What sources say is shared with them until the first change in place.
        self._owned = False
        # The source of the last single write, while nobody else has hold of it.
        self._written: Tree | None = None

    def merged(self) -> Merged:
        """The sources and what they say together."""
        return Merged(tuple(self._trees), self.data)

    def merged_with(self, lower: list[Tree], upper: list[Tree]) -> Merged:
        """What further sources would make of it: below all, and above all but the sweep."""
        written = [tree for tree in self._trees if tree is not self.sweep]
        top = [self.sweep] if self.sweep is not None else []
        return merge([*lower, *written, *upper, *top])

    def share(self) -> tuple[Tree, ...]:
        """The sources, lowest first; no later write changes them."""
        self._written = None
        return tuple(self._trees)

    def fork(self) -> Contents:
        """The same contents, which later writes to either do not change in the other."""
        self._owned = False
        return Contents(Merged(self.share(), self.data), self.sweep)

    def read(self, path: KeyPath) -> Any:
        """What stands at ``path``, or `MISSING`. Not to be changed."""
        return value_at(self.data, path)

    def outer(self, path: KeyPath, origin: Origin) -> dict[Any, Any]:
        """The mapping that holds what stands at ``path``.

        Raises:
            ConfigError: There is none, or it stands in a list; ``origin`` asked for it.
        """
        outer = self.read(path[:-1])
        if not isinstance(outer, dict) or any(isinstance(key, int) for key in path[:-1]):
            raise inside_list(path, origin)
        return outer

    def put(self, path: KeyPath, value: Any, tree: Tree) -> None:
        """Set what stands at ``path``; it has an `outer`, and ``tree`` is the source of it."""
        # The source keeps its own: later writes below would change it.
        self._own_outer(path)[path[-1]] = copy.deepcopy(value)
        self._record(tree, path)

    def remove(self, path: KeyPath, tree: Tree) -> None:
        """Remove what stands at ``path``; ``tree`` is the source that says so."""
        del self._own_outer(path)[path[-1]]
        self._record(tree, path)

    def _own_outer(self, path: KeyPath) -> dict[Any, Any]:
        if not self._owned:
            self.data = copy.deepcopy(self.data)
            self._owned = True
        outer: dict[Any, Any] = self.read(path[:-1])
        return outer

    def _record(self, tree: Tree, path: KeyPath) -> None:
        last = self._written
        if last is not None and len(path) == 1 and _is_same_line(last, tree, path[0]):
            # The same line in a loop: one source, however often it runs.
            last.data.update(tree.data)
            assert isinstance(last.marks, Branch)
            last.marks[str(path[0])] = tree.marks
            return
        self._trees.insert(len(self._trees) - (1 if self.sweep is not None else 0), tree)
        self._written = tree if len(path) == 1 else None


def _is_same_line(last: Tree, tree: Tree, key: str | int) -> bool:
    """Whether both are single writes of one line of code, and ``key`` is new to the first."""
    one, other = getattr(last.marks, "here", None), getattr(tree.marks, "here", None)
    return (
        isinstance(one, Origin)
        and isinstance(other, Origin)
        and (one.layer, one.where, one.line) == (other.layer, other.where, other.line)
        and key not in last.data
    )
