"""Merges several trees into one, and keeps the original trees.

The table in `combine` has the rules. Merging is associative: the order in which adjacent sources
are merged does not matter, because a value that overrides a lower one stays a `Replace` until the
end (`without_directives`). Origins are not copied. The sources are kept, and the winner at a path
is looked up in them when it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from runsettings._deferred import deferred
from runsettings.composition.sources import Sources
from runsettings.values.directives import Append, Delete, Directive, Reference, Replace
from runsettings.values.key_paths import MISSING, KeyPath, leaves_of, value_at
from runsettings.values.tree import Leaf, Tree

if TYPE_CHECKING:
    from runsettings.values.diagnostic import Diagnostic, Rule
    from runsettings.values.excerpts import excerpt_of
else:
    Diagnostic = deferred("runsettings.values.diagnostic", "Diagnostic")
    Rule = deferred("runsettings.values.diagnostic", "Rule")
    excerpt_of = deferred("runsettings.values.excerpts", "excerpt_of")

OnBadAppend: TypeAlias = Callable[[KeyPath], None]
"""Called with the path of an `Append` to a value that is not a list."""


class Merged(Sources):
    """Several sources merged into one tree, with the history of every value.

    Args:
        sources: The trees, lowest precedence first.
        data: The merged values, without directives.
        bad_appends: Paths at which an `Append` applies to a value that is not a list.
        ranked: The sources in the order of precedence, in which the values that are not merged
            are separate sources below the others; by default ``sources``.
    """

    __slots__ = ("bad_appends", "data", "sources")

    def __init__(
        self,
        sources: tuple[Tree, ...],
        data: dict[str, Any],
        bad_appends: tuple[KeyPath, ...] = (),
        ranked: tuple[Tree, ...] | None = None,
    ) -> None:
        super().__init__(sources if ranked is None else ranked)
        self.sources = sources
        self.data = data
        self.bad_appends = bad_appends

    def get(self, path: KeyPath) -> Any:
        """The winning value at ``path``, or `MISSING`."""
        return value_at(self.data, path)

    def with_above(self, source: Tree, held: tuple[Tree, ...]) -> Merged:
        """Merge one more source, without merging the others again.

        Args:
            source: The source. It has no `Append`, because the lists below are merged already.
            held: The highest sources, which stay above the new one. They have no directives.
        """
        data = _combine_mappings(self.data, source.data, (), None, lowest=True)
        for upper in held:
            data = _combine_mappings(data, upper.data, (), None, lowest=True)
        if source.directives:
            data = without_directives(data)
        sources, ranked = (
            (*trees[: len(trees) - len(held)], source, *trees[len(trees) - len(held) :])
            for trees in (self.sources, self.ranked)
        )
        return Merged(sources, data, (), ranked)

    def leaves(self) -> Iterator[Leaf]:
        """The winning leaves with their origins, in order."""
        for path, value in leaves_of(self.data):
            source = self.winner(path)
            assert source is not None
            yield Leaf(path, value, source.origin(path))


def merge(sources: Sequence[Tree]) -> Merged:
    """Merge sources.

    Args:
        sources: The trees, lowest precedence first. They are neither copied nor changed.

    Returns:
        The merged tree.
    """
    bad_appends: list[KeyPath] = []
    merged: dict[str, Any] = {}
    made: set[int] = set()
    for source in sources:
        # The first source needs no merging, and must not be changed by the next one.
        merged = (
            _combine_mappings(merged, source.data, (), bad_appends.append, lowest=True, made=made)
            if merged
            else source.data
        )
    if any(source.directives for source in sources):
        merged = without_directives(merged)
    if len(sources) < 2 and merged and merged is sources[0].data:
        merged = dict(merged)
    return Merged(tuple(sources), merged, tuple(bad_appends))


def merged_around(sources: Sources, path: KeyPath) -> dict[str, Any]:
    """The merged values of sources, reduced to the first two keys of a path.

    Args:
        sources: The sources.
        path: At least one key.

    Returns:
        Mappings with the same value at ``path`` as the merged tree. They may be a source's own.
    """
    keys = path[:2]
    trees = [*sources.setting(keys)]
    if len(trees) == 1 and not trees[0].directives:
        return trees[0].data
    return merge([tree.with_data(_reduced(tree.data, keys)) for tree in reversed(trees)]).data


def _reduced(data: dict[Any, Any], keys: KeyPath) -> dict[Any, Any]:
    """A mapping with only one key, in which a mapping has only the next key."""
    if keys[0] not in data:
        return {}
    value, inner = data[keys[0]], keys[1:]
    return {keys[0]: _reduced(value, inner) if inner and isinstance(value, dict) else value}


def combine(
    lower: Any,
    upper: Any,
    path: KeyPath = (),
    on_bad: OnBadAppend | None = None,
    *,
    lowest: bool = False,
) -> Any:
    """Merge the values of two adjacent sources at one path.

    Args:
        lower: The lower source's value, or `MISSING`.
        upper: The upper source's value.
        path: The path.
        on_bad: Called with the path of an `Append` to a value that is not a list.
        lowest: Whether no source is below ``lower``. A mapping that replaces another value then
            overrides no further source, and does not become a `Replace`.

    Returns:
        The merged value, by this table:

    ===============  ==========================  ==============================
    upper            lower                       merged
    ===============  ==========================  ==============================
    mapping          mapping                     merged key by key
    mapping          `Replace`                   `Replace` of the two merged
    mapping          anything else               `Replace` of upper
    `Append`         list                        the longer list
    `Append`         `Append`                    `Append` of both
    `Append`         anything else               the upper's list
    mapping          `Reference`                 lower, until it is looked up
    `Append`         `Reference`                 lower, until it is looked up
    anything else    anything                    upper
    any              nothing                     upper
    ===============  ==========================  ==============================
    """
    if lower is MISSING:
        return upper
    if isinstance(lower, Reference) and isinstance(upper, (dict, Append)):
        return lower
    if isinstance(upper, dict):
        if isinstance(lower, dict):
            return _combine_mappings(lower, upper, path, on_bad, lowest=lowest)
        if isinstance(lower, Replace):
            return Replace(_combine_mappings(lower.value, upper, path, on_bad, lowest=lowest))
        return upper if lowest else Replace(upper)
    if isinstance(upper, Append):
        if isinstance(lower, (list, tuple)):
            return [*lower, *upper.items]
        if isinstance(lower, Append):
            return Append([*lower.items, *upper.items])
        if on_bad is not None and not isinstance(lower, Delete):
            on_bad(path)
        return list(upper.items)
    return upper


def _combine_mappings(
    lower: dict[str, Any],
    upper: dict[str, Any],
    path: KeyPath,
    on_bad: OnBadAppend | None,
    *,
    lowest: bool,
    made: set[int] | None = None,
) -> dict[str, Any]:
    """Merge two mappings.

    Args:
        lower: The mapping of the lower source.
        upper: The mapping of the upper source.
        path: The path of both.
        on_bad: As in `combine`.
        lowest: As in `combine`.
        made: The ids of mappings that this merge has made, which need not be copied again.
    """
    if made is None:
        together = lower.copy()
    elif id(lower) in made:
        together = lower
    else:
        together = lower.copy()
        made.add(id(together))
    for key, value in upper.items():
        if isinstance(value, (dict, Append)) and key in together:
            below = together[key]
            if type(value) is not dict or type(below) is not dict:
                together[key] = combine(below, value, (*path, key), on_bad, lowest=lowest)
            elif made and id(below) in made and below.keys().isdisjoint(value):
                below.update(value)  # as when one more file is mounted
            else:  # as `combine`, but faster
                together[key] = _combine_mappings(
                    below, value, (*path, key), on_bad, lowest=lowest, made=made
                )
        else:
            together[key] = value
    return together


def without_directives(node: Any) -> Any:
    """Convert a value to plain data, by applying its directives as if no source were below.

    Args:
        node: The value.

    Returns:
        The value without directives.
    """
    if isinstance(node, Replace):
        node = node.value
    elif isinstance(node, Append):
        node = node.items
    if isinstance(node, dict):
        return {
            key: without_directives(value) if isinstance(value, (dict, list, Directive)) else value
            for key, value in node.items()
            if not isinstance(value, Delete)
        }
    if isinstance(node, list):
        return [
            without_directives(item) if isinstance(item, (dict, list, Directive)) else item
            for item in node
            if not isinstance(item, Delete)
        ]
    return node


def appends(node: Any) -> bool:
    """Whether there is an `Append` in a tree of values."""
    if isinstance(node, Mapping):
        return any(map(appends, node.values()))
    return isinstance(node, Append)


def append_diagnostics(merged: Merged) -> list[Diagnostic]:
    """Make an error for each `Append` to a value that is not a list.

    Args:
        merged: The merged sources.
    """
    return [
        Diagnostic.of(
            Rule.BAD_VALUE,
            path,
            "cannot append to a value that is not a list",
            source.origin(path),
            "replace the value instead",
            excerpt_of(source, path),
        )
        for path in merged.bad_appends
        if (source := merged.winner(path)) is not None
    ]
