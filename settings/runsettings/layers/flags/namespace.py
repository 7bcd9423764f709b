"""A namespace that remembers which of its arguments were given, and what it says as trees."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from runsettings.values.origin import Kind, Layer
from runsettings.values.tree import Tree


class _GivenView:
    """``namespace.given``, unless a flag of that very name lives in the namespace.

    Not a data descriptor, so that an attribute of the instance comes first.
    """

    def __get__(self, namespace: GivenNamespace | None, owner: type) -> Any:
        return self if namespace is None else given_of(namespace)


class GivenNamespace(argparse.Namespace):
    """An argparse namespace that remembers which of its arguments were given.

    It compares, prints, copies and pickles like a plain one; ``vars()`` shows the arguments
    and nothing else. `given` maps the name of each given argument to its flag, ``--lr``, or to
    the name of the positional. An argument that code assigns afterwards is no default any more
    and counts as given, by the name ``args.lr``.

    Args:
        given: What to remember, by the names of the arguments.
        arguments: The arguments.
    """

    # Beside the instance's `__dict__`, so that `vars()` shows the arguments alone.
    __slots__ = ("_all_flags", "_given_flags", "_settings_flags")

    given = _GivenView()

    def __init__(self, given: Mapping[str, str] | None = None, /, **arguments: Any) -> None:
        # Not through the plain constructor, which an argument called `self` would break.
        vars(self).update(arguments)
        self._given_flags = dict(given or {})
        self._all_flags: dict[str, str] = {}
        self._settings_flags: frozenset[str] = frozenset()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name not in GivenNamespace.__slots__:
            self._given_flags[name] = f"args.{name}"


def given_of(namespace: argparse.Namespace) -> Mapping[str, str]:
    """The flag of each argument that is known to be given; empty for a plain namespace."""
    return MappingProxyType(getattr(namespace, "_given_flags", {}))


def flags_of(namespace: argparse.Namespace) -> Mapping[str, str]:
    """The place of each argument, given or not; empty if no parse of ours told."""
    known: Mapping[str, str] = getattr(namespace, "_all_flags", {})
    return known


def settings_of(namespace: argparse.Namespace) -> frozenset[str]:
    """The names of the arguments that `LayeredSettings.add_arguments` made."""
    names: frozenset[str] = getattr(namespace, "_settings_flags", frozenset())
    return names


def settings_part(value: Any) -> GivenNamespace | None:
    """The flags in ``value`` that `LayeredSettings.add_arguments` made, if any were given.

    Args:
        value: What may be a namespace of ours, or a list with one.
    """
    if isinstance(value, (list, tuple)):
        parts = [part for item in value if (part := settings_part(item)) is not None]
        return parts[-1] if parts else None
    names = settings_of(value)
    given = {
        name: flag for name, flag in getattr(value, "_given_flags", {}).items() if name in names
    }
    if not isinstance(value, GivenNamespace) or not given:
        return None
    return GivenNamespace(given, **{name: vars(value)[name] for name in given})


def argument_trees(
    namespace: argparse.Namespace,
    layer_defaults: Layer = Layer.DEFAULT,
    layer_given: Layer = Layer.FLAG,
    *,
    settings: bool = True,
) -> tuple[Tree, Tree]:
    """The defaults of a namespace, and what was given.

    A plain namespace does not know the two apart: all of it counts as given.

    Args:
        namespace: What was parsed.
        layer_defaults: The layer of what was left at its default.
        layer_given: The layer of what was given.
        settings: Whether to take in the flags that `LayeredSettings.add_arguments` made.
    """
    arguments: Mapping[str, Any] = vars(namespace)
    if not settings and (ours := settings_of(namespace)):
        arguments = {name: value for name, value in arguments.items() if name not in ours}
    given = given_arguments(namespace, arguments, layer_given)
    defaults = {name: value for name, value in arguments.items() if name not in given.data}
    known = flags_of(namespace)
    marks = {name: known.get(name) or _flag(name) for name in defaults}
    return command_line(layer_defaults, defaults, marks), given


def given_arguments(
    namespace: argparse.Namespace,
    arguments: Mapping[str, Any] | None = None,
    layer: Layer = Layer.FLAG,
) -> Tree:
    """What was given; all of a plain namespace.

    Args:
        namespace: What was parsed.
        arguments: The part of it to take; all of it if left out.
        layer: The layer of the tree.
    """
    arguments = vars(namespace) if arguments is None else arguments
    if not isinstance(namespace, GivenNamespace):
        return command_line(layer, dict(arguments), {name: _flag(name) for name in arguments})
    flags = namespace._given_flags
    given = {name: value for name, value in arguments.items() if name in flags}
    return command_line(layer, given, flags)


def command_line(layer: Layer, data: dict[str, Any], marks: Mapping[str, str]) -> Tree:
    """What flags say, as a tree; ``marks`` names the flag of each key."""
    return Tree(layer, "command line", data, dict(marks), kind=Kind.FLAGS, directives=False)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
