"""Makes trees of overrides, and finds those that do not fit what is below them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from runsettings.composition.merge import Merged, merge
from runsettings.composition.overrides import (
    SET_FLAG,
    UNSET_FLAG,
    Override,
    Overrides,
    value_of,
)
from runsettings.layers.call_site import find_caller
from runsettings.layers.flags.namespace import overrides_of
from runsettings.layers.known_arguments import known_arguments
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.directives import Append, Delete, Reference
from runsettings.values.key_paths import MISSING, KeyPath, format_path, leaves_of, value_at
from runsettings.values.origin import Layer, Origin
from runsettings.values.positions import Branch
from runsettings.values.tree import Tree

ReadMounted: TypeAlias = Callable[[str, Layer, KeyPath, Origin], Sequence[Tree]]
"""Reads a file under a key, for the origin that names it."""


@known_arguments()
def overrides(texts: Iterable[str], *, unset: Iterable[str] = ()) -> Overrides:
    """Make a config input of overrides, as ``--set`` and ``--unset`` give them.

    Args:
        texts: ``"optim.lr=0.1"``, ``"model=@model/resnet.yaml"``, ``"tags+=night"``, ``"+new=1"``;
            later ones beat earlier ones.
        unset: Keys to remove, after all others.

    Returns:
        An input for ``config=`` and `Config.load`, to be put above what it overrides.

    Raises:
        TypeError: ``texts`` is one text instead of several.
    """
    if isinstance(texts, str) or isinstance(unset, str):
        raise TypeError("overrides takes a list of texts, such as ['optim.lr=0.1']")
    caller = find_caller("overrides")
    call = Origin(Layer.INIT, caller.where, caller.line)
    words = [*((SET_FLAG, text) for text in texts), *((UNSET_FLAG, text) for text in unset)]
    return Overrides(words, call)


def profiles_in(inputs: Any, levels: int) -> list[tuple[str, Origin]]:
    """The profiles that flags among the inputs choose."""
    if isinstance(inputs, (list, tuple)) and levels:
        return [each for item in inputs for each in profiles_in(item, levels - 1)]
    if isinstance(inputs, Overrides):
        return inputs.profiles
    if isinstance(inputs, argparse.Namespace):
        return Overrides(overrides_of(inputs)).profiles
    return []


def override_trees(
    overrides: Sequence[Override], below: Sequence[Tree], flags: Sequence[Tree], read: ReadMounted
) -> tuple[list[Tree], list[Diagnostic]]:
    """The overrides as trees, lowest first, and an error for each that does not fit.

    Args:
        overrides: The overrides in their order.
        below: All trees below them, lowest first.
        flags: The trees of the flags that were given beside them.
        read: Reads the file that an override names.
    """
    lower = merge(below if overrides else ())
    known: Any = lower.data
    trees: list[Tree] = []
    found: list[Diagnostic] = []
    for each in overrides:
        if not each.sign:
            found += _unknown(each, known)
        elif each.sign == "+":
            found += _existing(each, lower)
        found += _conflicts(each, flags)
        # A file replaces what is below.
        value = Delete() if each.file is not None else each.value
        data: Any = value
        marks: Any = Branch(each.origin) if isinstance(value, dict) else each.origin
        for key in reversed(each.path):
            branch = Branch(each.origin)
            branch[str(key)] = marks
            data, marks = {str(key): data}, branch
        trees.append(Tree(each.origin.layer, each.origin.where, data, marks))
        if each.file is not None:
            trees += read(each.file, each.origin.layer, each.path, each.origin)
        if each.sign:
            known = merge([*below, *trees]).data
    return trees, found


def _unknown(override: Override, known: Any) -> Iterator[Diagnostic]:
    """An error for each key that nothing below has."""
    paths = [override.path]
    if isinstance(override.value, dict):
        paths = [(*override.path, *path) for path, _ in leaves_of(override.value)] or paths
    for path in paths:
        node = known
        for index, key in enumerate(path):
            if isinstance(node, Reference) or (index >= len(override.path) and not node):
                break  # it may stand for any mapping
            if not isinstance(node, dict) or key not in node:
                keys = node if isinstance(node, dict) else {}
                around = format_path(path[:index])
                message = f"nothing below sets a key {key!r}" + (f" in {around}" if around else "")
                adding = f"+{format_path(override.path)}=… adds a key"
                hint = did_you_mean(str(key), [k for k in keys if isinstance(k, str)])
                yield Diagnostic.of(
                    Rule.UNKNOWN_KEY, path, message, override.origin, hint or adding
                )
                break
            node = node[key]


def _existing(override: Override, lower: Merged) -> Iterator[Diagnostic]:
    """An error if something below has the key that is added; a list or a mapping adds to it."""
    if isinstance(override.value, (dict, list, Append)):
        return
    path, name = override.path, format_path(override.path)
    value, winner = value_at(lower.data, path), lower.winner(path)
    if value is MISSING or value is None:
        return
    message = "adds a key that is already set" + (f" by {winner.origin(path)}" if winner else "")
    hint = f"write {name}=… to replace the value, or ++{name}=… to set it in any case"
    yield Diagnostic.of(Rule.BAD_OVERRIDE, path, message, override.origin, hint)


def _conflicts(override: Override, flags: Sequence[Tree]) -> Iterator[Diagnostic]:
    """An error for each key that a flag sets to another value."""
    values: list[tuple[KeyPath, Any]] = [((), override.value)]
    if isinstance(override.value, dict):
        values = list(leaves_of(override.value))
    for inner, value in values:
        path = (*override.path, *inner)
        for tree in flags:
            given = value_at(tree.data, path)
            if given is MISSING or (override.file is None and _is_same(given, value)):
                continue
            origin = tree.origin(path)
            message = f"is set by an override and, to something else, by {origin}"
            yield Diagnostic.of(
                Rule.OVERRIDE_CONFLICT, path, message, override.origin, "give only one of them"
            )


def _is_same(given: Any, value: Any) -> bool:
    """Whether a flag and an override give the same value, as far as their types are known."""
    if isinstance(given, (list, tuple)) and isinstance(value, list):
        return len(given) == len(value) and all(map(_is_same, given, value))
    # The flag may have a type that the override does not know of.
    return str(given) == str(value) or _read(given) == value


def _read(given: Any) -> Any:
    """A text, as flags of models are, as an override would read it; any other value as it is."""
    if not isinstance(given, str):
        return given
    try:
        return value_of(given)
    except ValueError:
        return given


def override_secrets(trees: Sequence[Tree], is_secret: Callable[[Tree], bool]) -> list[Diagnostic]:
    """An error for each override whose value is a live secret.

    Args:
        trees: The trees of the overrides.
        is_secret: Whether a tree has a live secret.
    """
    return [
        Diagnostic.of(
            Rule.SECRET_IN_OVERRIDE,
            next(iter(tree.leaves())).path,
            "is a secret, which other users can see among the processes",
            next(iter(tree.leaves())).origin,
            "pass it by a variable or a file",
        )
        for tree in trees
        if is_secret(tree)
    ]
