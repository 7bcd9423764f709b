"""An argparse namespace that records which arguments were given, and its values as trees."""

from __future__ import annotations

import argparse
import copy
import dataclasses
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Self

from runsettings.values.origin import Kind, Layer, Origin
from runsettings.values.tree import Tree

OVERRIDES: Final = "config_overrides"
"""The argument that has the words of the flags that `add_config_arguments` adds.

A subcommand has one of its own, with a period and a number behind it: argparse replaces the
arguments of the outer parser by those of the same name."""


class _GivenView:
    """``namespace.given``, unless the parser has an argument of that name.

    It is not a data descriptor, so that an attribute of the instance comes first.
    """

    def __get__(self, namespace: GivenNamespace | None, owner: type) -> Any:
        return self if namespace is None else given_of(namespace)


class GivenNamespace(argparse.Namespace):
    """An argparse namespace that remembers which of its arguments were given.

    It compares, prints and copies like a plain one; ``vars()`` shows the arguments and nothing
    else. `given` maps the name of each given argument to its flag, ``--lr``, or to the name of
    the positional. An argument that code assigns afterwards is no default any more and counts as
    given, by the name ``args.lr``.

    It is pickled and dumped as the plain namespace, so that it loads where runsettings is not
    installed. What `multiprocessing` passes to a process that it starts still knows what was given.

    Args:
        given: What to remember, by the names of the arguments.
        arguments: The arguments.
    """

    # Beside the instance's `__dict__`, so that `vars()` shows the arguments alone.
    __slots__ = (
        "_all_flags",
        "_bookkeeping",
        "_given_flags",
        "_other_sources",
        "_overrides",
        "_settings_flags",
        "_settings_keys",
    )

    given = _GivenView()

    def __init__(self, given: Mapping[str, str] | None = None, /, **arguments: Any) -> None:
        # Not through the plain constructor, which an argument called `self` would break.
        vars(self).update(arguments)
        self._given_flags = dict(given or {})
        self._all_flags: dict[str, str] = {}
        self._bookkeeping: frozenset[str] = frozenset()
        self._settings_flags: frozenset[str] = frozenset()
        self._settings_keys: frozenset[str] = frozenset()
        self._other_sources: dict[str, Origin] = {}
        self._overrides: tuple[tuple[str, str], ...] = ()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name not in GivenNamespace.__slots__:
            self._given_flags[name] = f"args.{name}"
            self._other_sources.pop(name, None)

    def __copy__(self) -> Self:
        twin: Self = _rebuilt(type(self), vars(self), self._told())
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin: Self = _rebuilt(type(self), copy.deepcopy(vars(self), memo), self._told())
        return twin

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        plain = _plain_class(type(self))
        context = sys.modules.get("multiprocessing.context")
        if context is not None and context.get_spawning_popen() is not None:
            # Only a process that is being started is sure to have runsettings.
            return _rebuilt_given, (plain, dict(vars(self)), self._told())
        return plain, (), dict(vars(self))

    def _told(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in GivenNamespace.__slots__}


def _plain_class(kind: type[argparse.Namespace]) -> type[Any]:
    """The class of a namespace without what is remembered."""
    return next(each for each in kind.__mro__ if not issubclass(each, GivenNamespace))


_KINDS: Final[dict[type, type[GivenNamespace]]] = {argparse.Namespace: GivenNamespace}
"""The classes that `given_class` made."""


def given_class(plain: type[Any]) -> type[GivenNamespace]:
    """A class of namespaces like ``plain`` that also remember what was given."""
    if plain not in _KINDS:
        _KINDS[plain] = type(plain.__name__, (GivenNamespace, plain), {"__slots__": ()})
    return _KINDS[plain]


def _rebuilt(kind: type[Any], arguments: Mapping[str, Any], told: Mapping[str, Any]) -> Any:
    twin = kind()
    vars(twin).update(arguments)
    for name, value in told.items():
        object.__setattr__(twin, name, dict(value) if isinstance(value, dict) else value)
    return twin


def _rebuilt_given(
    plain: type[argparse.Namespace], arguments: Mapping[str, Any], told: Mapping[str, Any]
) -> Any:
    return _rebuilt(given_class(plain), arguments, told)


def given_of(namespace: argparse.Namespace) -> Mapping[str, str]:
    """The flag of each argument that was given; empty for a plain namespace."""
    return MappingProxyType(getattr(namespace, "_given_flags", {}))


def flags_of(namespace: argparse.Namespace) -> Mapping[str, str]:
    """The flag of each argument, given or not; empty if another function parsed it."""
    known: Mapping[str, str] = getattr(namespace, "_all_flags", {})
    return known


def overrides_of(namespace: argparse.Namespace) -> Sequence[tuple[str, str]]:
    """The words of the flags that `add_config_arguments` adds, each with its flag, in order."""
    words: Sequence[tuple[str, str]] = getattr(namespace, "_overrides", ())
    return words or take_overrides(dict(vars(namespace)))


def take_overrides(arguments: dict[str, Any]) -> list[tuple[str, str]]:
    """Remove the words of these flags from arguments.

    Args:
        arguments: Arguments by name, which are changed.

    Returns:
        The words in order: those of a subcommand after those of the outer parser.
    """
    names = [name for name in arguments if name.partition(".")[0] == OVERRIDES]
    return [word for name in names for word in arguments.pop(name)]


def settings_of(namespace: argparse.Namespace) -> frozenset[str]:
    """The names of the arguments that `LayeredSettings.add_arguments` made."""
    names: frozenset[str] = getattr(namespace, "_settings_flags", frozenset())
    return names


def settings_part(value: Any) -> GivenNamespace | None:
    """The flags in ``value`` that `LayeredSettings.add_arguments` made, if any were given.

    Args:
        value: Any value; a `GivenNamespace`, or a list that contains one, has such flags.
    """
    if isinstance(value, (list, tuple)):
        parts = [part for item in value if (part := settings_part(item)) is not None]
        return parts[-1] if parts else None
    names = settings_of(value)
    given = {
        name: flag for name, flag in getattr(value, "_given_flags", {}).items() if name in names
    }
    others = {
        name: origin
        for name, origin in getattr(value, "_other_sources", {}).items()
        if name in names
    }
    if not isinstance(value, GivenNamespace) or not (given or others):
        return None
    arguments = flat_arguments(value)
    part = GivenNamespace(given, **{name: arguments[name] for name in (*given, *others)})
    part._other_sources = others
    part._settings_keys = value._settings_keys
    return part


def argument_trees(namespace: argparse.Namespace, *, settings: bool = True) -> tuple[Tree, Tree]:
    """The defaults of a namespace, and the arguments that were given.

    A plain namespace does not record them: all of its arguments count as given.

    Args:
        namespace: The parsed arguments.
        settings: Whether to include the flags that `LayeredSettings.add_arguments` made.
    """
    arguments: Mapping[str, Any] = flat_arguments(namespace)
    if not settings and (ours := settings_of(namespace)):
        arguments = {name: value for name, value in arguments.items() if name not in ours}
    given = given_arguments(namespace, arguments)
    others = getattr(namespace, "_other_sources", {})
    defaults = {
        name: value
        for name, value in arguments.items()
        if name not in given.data and name not in others
    }
    known = flags_of(namespace)
    marks = {name: known.get(name) or _flag(name) for name in defaults}
    return command_line(Layer.DEFAULT, defaults, marks), given


def given_arguments(
    namespace: argparse.Namespace,
    arguments: Mapping[str, Any] | None = None,
) -> Tree:
    """The arguments that were given; all of a plain namespace.

    Args:
        namespace: The parsed arguments.
        arguments: The arguments to choose from; all of the namespace if left out.
    """
    arguments = flat_arguments(namespace) if arguments is None else arguments
    if not isinstance(namespace, GivenNamespace):
        marks = {name: _flag(name) for name in arguments}
        return command_line(Layer.FLAG, dict(arguments), marks)
    flags = namespace._given_flags
    given = {name: value for name, value in arguments.items() if name in flags}
    return command_line(Layer.FLAG, given, flags)


def source_trees(
    namespace: argparse.Namespace, layer: Layer | None = None, *, settings: bool = True
) -> list[Tree]:
    """What the parser read from files and variables of its own, as ConfigArgParse does.

    Args:
        namespace: What was parsed.
        layer: The layer of the trees; that of each source if left out.
        settings: Whether to take in the flags that `LayeredSettings.add_arguments` made.

    Returns:
        A tree for each file and one for all variables, lowest precedence first.
    """
    sources: Mapping[str, Origin] = getattr(namespace, "_other_sources", {})
    if not sources:
        return []
    arguments = flat_arguments(namespace)
    left_out = frozenset() if settings else settings_of(namespace)
    found: dict[tuple[bool, str], Tree] = {}
    for name, origin in sources.items():
        if name in left_out or name not in arguments:
            continue
        of_file = origin.layer.is_file
        where = origin.where if of_file else "the process's environment"
        kind = Kind.OBJECT if of_file else Kind.VARIABLES
        tree = found.setdefault(
            (not of_file, where),
            Tree(layer or origin.layer, where, {}, {}, kind=kind, directives=False),
        )
        tree.data[name] = arguments[name]
        tree.marks[name] = origin if layer is None else origin._replace(layer=layer)  # type: ignore[index]
    return [found[key] for key in sorted(found, key=lambda key: key[0])]


def flat_arguments(namespace: argparse.Namespace) -> dict[str, Any]:
    """The arguments by their names, those of nested namespaces by dotted ones.

    jsonargparse nests namespaces. simple-parsing makes dataclasses of the flags ``--config.lr``.
    What a parser notes beside the arguments is left out.
    """
    arguments = vars(namespace)
    if noted := getattr(namespace, "_bookkeeping", ()):
        arguments = {name: value for name, value in arguments.items() if name not in noted}
    if not any(_is_nested(value) for value in arguments.values()):
        return arguments
    names = {*flags_of(namespace), *given_of(namespace)}
    outer = {name[:end] for name in names for end, char in enumerate(name) if char == "."}
    return dict(_flattened(arguments.items(), "", outer))


def _is_nested(value: Any) -> bool:
    return isinstance(value, argparse.Namespace) or dataclasses.is_dataclass(value)


def _flattened(
    items: Iterable[tuple[str, Any]], prefix: str, outer: set[str]
) -> Iterator[tuple[str, Any]]:
    for key, value in items:
        name = f"{prefix}{key}"
        if isinstance(value, argparse.Namespace):
            yield from _flattened(vars(value).items(), f"{name}.", outer)
        elif name in outer and dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = ((each.name, getattr(value, each.name)) for each in dataclasses.fields(value))
            yield from _flattened(fields, f"{name}.", outer)
        else:
            yield name, value


def command_line(layer: Layer, data: dict[str, Any], marks: Mapping[str, str]) -> Tree:
    """The values of flags as a tree.

    Args:
        layer: The layer of the tree.
        data: The values by key.
        marks: The flag of each key.
    """
    return Tree(layer, "command line", data, dict(marks), kind=Kind.FLAGS, directives=False)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
