"""Searches several sources, which are not merged, for the values that they set at a path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from runsettings.values.directives import Replace
from runsettings.values.key_paths import MISSING, KeyPath, value_at
from runsettings.values.origin import Origin
from runsettings.values.tree import Leaf, Tree

_FEW: Final = 8
"""Up to this number of sources are searched one by one for a key; more are indexed first."""


class Sources:
    """Several sources in their order of precedence.

    Args:
        ranked: The trees, lowest precedence first.
    """

    __slots__ = ("_with_key", "_with_two", "ranked")

    def __init__(self, ranked: tuple[Tree, ...]) -> None:
        self.ranked = ranked
        self._with_key: dict[Any, list[Tree]] | None = None
        self._with_two: dict[Any, _SecondKeys] = {}

    def setting(self, path: KeyPath) -> Iterable[Tree]:
        """The sources that may have a value at ``path``, highest first."""
        if not path:
            return reversed(self.ranked)
        first = self._with_first(path[0])
        if len(path) == 1 or len(first) < _FEW:
            return first
        # Many files can be mounted under one key. Most of them do not have the second key.
        found = self._with_two.get(path[0])
        if found is None:
            found = self._with_two[path[0]] = _by_second_key(first, path[0])
        return found.lists.get(path[1], found.others)

    def _with_first(self, key: Any) -> Sequence[Tree]:
        if len(self.ranked) < _FEW:
            return [source for source in reversed(self.ranked) if key in source.data]
        if self._with_key is None:
            self._with_key = {}
            for source in reversed(self.ranked):
                for each in source.data:
                    self._with_key.setdefault(each, []).append(source)
        return self._with_key.get(key, ())

    def winner(self, path: KeyPath) -> Tree | None:
        """The source with the winning value at ``path``, or ``None`` if no source has one."""
        for source in self.setting(path):
            if value_at(source.data, path) is not MISSING:
                return source
        return None

    def origin(self, path: KeyPath) -> Origin | None:
        """The origin of the winning value at ``path``, or ``None`` if no source has one."""
        source = self.winner(path)
        return None if source is None else source.origin(path)

    def history(self, path: KeyPath) -> tuple[Leaf, ...]:
        """Every value that a source sets at ``path``: the winner first, then the losers.

        This includes a source that sets a parent of ``path`` to a value without this key; its leaf
        has the parent's path.
        """
        found = []
        for source in self.setting(path):
            for end in range(len(path), 0, -1):
                value = value_at(source.data, path[:end])
                if value is MISSING:
                    continue
                if end == len(path) or not isinstance(value, (dict, list, tuple, Replace)):
                    found.append(Leaf(path[:end], value, source.origin(path[:end])))
                break
        return tuple(found)


class _SecondKeys(NamedTuple):
    """Sources with one first key."""

    lists: dict[Any, list[Tree]]
    """Those that may have a value below each second key."""
    others: list[Tree]
    """Those that may have one below any other second key: what they set is no mapping."""


def _by_second_key(sources: Iterable[Tree], first: Any) -> _SecondKeys:
    lists: dict[Any, list[Tree]] = {}
    others: list[Tree] = []
    for source in sources:
        part: Any = source.data[first]
        if type(part) is dict:
            for key in part:
                if key in lists:
                    lists[key].append(source)
                else:
                    lists[key] = [*others, source]
        else:
            others.append(source)
            for known in lists.values():
                known.append(source)
    return _SecondKeys(lists, others)
