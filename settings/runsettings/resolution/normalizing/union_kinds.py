"""Takes out what was set for another kind of a union, where a higher source says the kind.

The members of such a union have a tag: a key that is a ``Literal`` in all of them. A source that
sets the tag decides which member is meant. What lower sources set for another member is kept as
losing values: it must neither break the new kind nor pass into it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, get_args, get_origin

from runsettings.composition.merge import Merged, merge
from runsettings.layers.scalar_types import is_plain_type, union_members
from runsettings.layers.text_values import fields_of_type, types_of_key
from runsettings.resolution.options import OptionTable
from runsettings.values.directives import Replace
from runsettings.values.key_paths import MISSING, KeyPath
from runsettings.values.tree import Tree

_Others: TypeAlias = dict[int, list[KeyPath]]
"""By the index of a source: the paths of what it sets for another kind."""


def merge_kinds(trees: Sequence[Tree], table: OptionTable) -> Merged:
    """Merge sources without what they set for kinds that a higher source rules out.

    Args:
        trees: The sources, lowest first. They are not changed.
        table: The model's options.
    """
    others: _Others = {}
    for option in table.containing:
        _search(trees, option.path, [option.type], others)
    if not others:
        return merge(trees)
    parts = {index: _parts(trees[index].data, paths) for index, paths in others.items()}
    kept = [
        tree.with_data(parts[index][0]) if index in parts else tree
        for index, tree in enumerate(trees)
    ]
    ranked = [*(trees[index].with_data(parts[index][1]) for index in sorted(parts)), *kept]
    merged = merge(kept)
    return Merged(tuple(trees), merged.data, merged.bad_appends, tuple(ranked))


def refuted(value: Mapping[Any, Any], member: Any) -> bool:
    """Whether a tag in the mapping (``kind: adam``) shows that it is for another type.

    Args:
        value: A mapping that is not validated.
        member: A model, a dataclass or a typed dict.
    """
    return any(
        value[key] not in choices for key, choices in _literals(member).items() if key in value
    )


def other_kind_hint(path: KeyPath, annotation: Any, inside: KeyPath, merged: Merged) -> str | None:
    """Advice for a key that only other members of a union have.

    Args:
        path: The key's path.
        annotation: The type of the value that the key is inside of.
        inside: The path from that value to the key.
        merged: The values.
    """
    annotations = [annotation]
    for key in inside[:-1]:
        annotations = types_of_key(annotations, key)
    members = [m for each in annotations for m in union_members(each)]
    owners = [member for member in members if path[-1] in (fields_of_type(member) or ())]
    tags = (key for key in (_literals(owners[0]) if owners else ()))
    tag = next((key for key in tags if merged.get((*path[:-1], key)) is not MISSING), None)
    if tag is None:
        return None
    place = (*path[:-1], tag)
    names = " or ".join(owner.__name__ for owner in owners)
    return f"it is a key of {names}, but {merged.origin(place)} sets {tag} = {merged.get(place)!r}"


def _literals(member: Any) -> dict[str, list[Any]]:
    """The keys of a type that are a ``Literal``, with the values that each may have."""
    return {
        key: [
            each for choice in get_args(kind) for each in (choice, getattr(choice, "value", choice))
        ]
        for key, annotation in (fields_of_type(member) or {}).items()
        for kind in union_members(annotation)[:1]
        if get_origin(kind) is Literal
    }


def _search(
    trees: Sequence[Tree], path: KeyPath, annotations: Sequence[Any], others: _Others
) -> None:
    """Search the values at a path, and inside of them."""
    values = _mappings(trees, path, others)
    if len(values) < 2:
        return
    members = [m for each in annotations for m in union_members(each)]
    kinds = [member for member in members if fields_of_type(member) is not None]
    rest = [member for member in members if member not in kinds and not is_plain_type(member)]
    if not rest:
        kinds = members = _apart(values, path, kinds, others)
        values = _mappings(trees, path, others)
    for key in {key: None for value in values.values() for key in value}:
        inner = types_of_key(members, key)
        if inner:
            _search(trees, (*path, key), inner, others)


def _mappings(trees: Sequence[Tree], path: KeyPath, others: _Others) -> dict[int, Any]:
    """The mappings at a path that are merged, by the index of their source, highest first."""
    found: dict[int, Any] = {}
    for index in range(len(trees) - 1, -1, -1):
        value = trees[index].get(path)
        hidden = (path[: len(other)] == other for other in others.get(index, ()))
        if value is MISSING or any(hidden):
            continue
        inner = value.value if isinstance(value, Replace) else value
        if not isinstance(inner, dict):
            break
        found[index] = inner
        if inner is not value:
            break  # nothing below a `Replace` counts
    return found


def _apart(
    values: Mapping[int, Any], path: KeyPath, kinds: list[Any], others: _Others
) -> list[Any]:
    """Note what is set for other kinds than the highest tag's.

    Args:
        values: The mappings by the index of their source, highest first.
        path: Their path.
        kinds: The members of the union.
        others: Paths are added to it.

    Returns:
        The members that the values are meant for.
    """
    tagged_for: dict[int, list[Any]] = {}  # the members that the tags of a source leave
    tags = set.intersection(*(set(_literals(kind)) for kind in kinds)) if kinds else set()
    for index, value in values.items():
        tagged = {key: value[key] for key in tags & value.keys()}
        left = [kind for kind in kinds if not refuted(tagged, kind)]
        if tagged and left:  # a tag of no member is an error, which validation reports
            tagged_for[index] = left
    meant = kinds
    for index, left in tagged_for.items():
        both = [kind for kind in meant if kind in left]
        meant = both or meant
        if not both:
            value = values[index]
            right = {key for key in tags & value.keys() if not refuted({key: value[key]}, meant[0])}
            gone = [(*path, key) for key in value if key not in right]
            others.setdefault(index, []).extend(gone if right else [path])
    if meant == kinds:
        return kinds
    # A source without a tag was written for the kind below it. The new kind takes the keys that it
    # has as well, but not those that only other kinds have.
    known = {key for kind in meant for key in fields_of_type(kind) or ()}
    foreign = {key for kind in kinds for key in fields_of_type(kind) or ()} - known
    for index, value in values.items():
        below = [left for other, left in tagged_for.items() if other < index]
        same = bool(below) and any(kind in meant for kind in below[0])
        if index not in tagged_for and index < max(tagged_for) and not same:
            for key in foreign & value.keys():
                others.setdefault(index, []).append((*path, key))
    return _apart({i: v for i, v in values.items() if i not in others}, path, meant, others)


def _parts(node: Any, paths: Sequence[KeyPath]) -> tuple[Any, Any]:
    """A mapping without the values at some paths, and one with nothing else."""
    if isinstance(node, Replace):
        left, right = _parts(node.value, paths)
        return Replace(left), right
    left, right = dict(node), {}
    for head in {path[0]: None for path in paths}:
        inner = [path[1:] for path in paths if path[0] == head]
        if () in inner:
            right[head] = left.pop(head)
        else:
            left[head], right[head] = _parts(node[head], inner)
    return left, right
