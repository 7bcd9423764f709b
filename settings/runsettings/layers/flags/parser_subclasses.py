"""Parsers of subclasses of argparse's that parse in a way of their own.

jsonargparse and simple-parsing make namespaces of their own, typed-argument-parser returns the
parser itself, and ConfigArgParse reads files and variables. None of them is imported here.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from runsettings.layers.flags.namespace import flat_arguments
from runsettings.values.origin import Layer, Origin

_METHODS: Final = ("parse_args", "parse_known_args", "_parse_known_args")

_CLASH_MARK: Final = "\u200b"
"""What jsonargparse puts before a name that its namespace has a method of."""


def has_own_parse(parser: argparse.ArgumentParser) -> bool:
    """Whether the parser's class replaces a method of argparse's that parses."""
    kind = type(parser)
    return any(
        getattr(kind, name) is not getattr(argparse.ArgumentParser, name) for name in _METHODS
    )


class SnapshotRecord:
    """What one watched parse of such a parser has seen.

    The namespace is compared before and after each flag: it may be of any class, and nested.
    """

    def __init__(self) -> None:
        self.given: dict[str, str] = {}
        self.action: argparse.Action | None = None
        self.flag = ""
        self.converting = False
        self.strict = True
        self.words: list[str] | None = None
        self._namespace = argparse.Namespace()
        self._before: dict[str, Any] = {}
        self._inner: dict[str, bool] = {}
        self._inner_given: dict[str, str] = {}

    def begin(self, action: argparse.Action, flag: str) -> None:
        """From here on, what changes in the namespace is what this flag sets."""
        self.end()
        self.action, self.flag = action, flag
        self._before = dict(flat_arguments(self._namespace))
        self._inner_given = {}
        self._inner = {}

    def end(self) -> None:
        """No flag is being acted on any more."""
        if self.action is None:
            return
        changed = [
            name
            for name, value in flat_arguments(self._namespace).items()
            if name not in self._before or not _is_unchanged(value, self._before[name])
        ]
        self.given.update((name, self.flag) for name in changed if name not in self._inner)
        if not changed:
            self.given[self.action.dest] = self.flag
        self.given.update(self._inner_given)
        self.action = None

    def has(self, name: str, arguments: Mapping[str, Any]) -> bool:
        """Whether the argument, or the object that it is a part of, was returned."""
        return name in arguments or name.partition(".")[0] in arguments

    @contextmanager
    def inside(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace
    ) -> Iterator[None]:
        """A parser fills a namespace: the outermost, or that of a subcommand."""
        if self.action is None or not isinstance(self.action, argparse._SubParsersAction):
            self.end()
            self._namespace = namespace
            yield
            self.end()
            return
        # What the outer parser had seen goes on once the inner one is done.
        outer = (self._namespace, self.given, self.action, self.flag, self._before)
        self._namespace, self.given, self.action = namespace, {}, None
        try:
            yield
            self.end()
        finally:
            names, given = list(flat_arguments(self._namespace)), self.given
            self._namespace, self.given, self.action, self.flag, self._before = outer
        choices = self.action.choices or {}
        prefix = next((name for name, each in choices.items() if each is parser), "")
        for full in ("", f"{prefix}."):  # jsonargparse nests the arguments of a subcommand
            self._inner |= dict.fromkeys((full + name for name in names), True)
            self._inner_given |= {full + name: flag for name, flag in given.items()}


def _is_unchanged(value: Any, before: Any) -> bool:
    # Some parsers copy all containers at each flag.
    if value is before:
        return True
    return type(value) is type(before) and type(value) in (list, dict) and bool(value == before)


def arguments_of(outcome: Any) -> dict[str, Any]:
    """The arguments by name: those of a namespace, or of a parser that holds them itself."""
    if not isinstance(outcome, argparse.ArgumentParser):
        return {
            name.removeprefix(_CLASH_MARK) if isinstance(name, str) else name: value
            for name, value in vars(outcome).items()
        }
    names = [action.dest for action in outcome._actions if action.dest != argparse.SUPPRESS]
    return {name: getattr(outcome, name) for name in names if hasattr(outcome, name)}


def other_sources(parser: Any) -> dict[str, Origin]:
    """The arguments that ConfigArgParse took from its files and from variables."""
    ask = getattr(parser, "get_source_to_settings_dict", None)
    if ask is None:
        return {}
    found: dict[str, Origin] = {}
    for source, settings in ask().items():
        kind, _, file = source.partition("|")
        for key, (action, _value) in settings.items():
            if action is None:
                continue
            if kind == "environment_variables":
                found[action.dest] = Origin(Layer.ENV, key)
            elif kind == "config_file":
                found[action.dest] = Origin(Layer.FILE, file)
    return found
