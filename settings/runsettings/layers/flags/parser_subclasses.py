"""Parsers of subclasses of argparse's that parse in a way of their own.

jsonargparse and simple-parsing make namespaces of their own, typed-argument-parser returns the
parser itself, and all but simple-parsing read files or variables. None of them is imported here.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runsettings._deferred import deferred
from runsettings.documents.files import read_file
from runsettings.documents.paths import several_files, shown_path, working_directory
from runsettings.layers.flags.namespace import flat_arguments
from runsettings.values.key_paths import MISSING, value_at
from runsettings.values.origin import Layer, Origin

if TYPE_CHECKING:
    from runsettings.layers.flags import command_line_reading
else:
    command_line_reading = deferred("runsettings.layers.flags.command_line_reading")

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
    arguments = {name: getattr(outcome, name) for name in names if hasattr(outcome, name)}
    # Tap also holds the arguments of a subcommand, and what `process_args` makes.
    others = outcome.as_dict() if hasattr(outcome, "as_dict") else {}
    return {**arguments, **dict(sorted(others.items()))}


def bookkeeping(arguments: Iterable[str], known: Mapping[str, str]) -> frozenset[str]:
    """What jsonargparse and simple-parsing note in a namespace beside the arguments.

    Args:
        arguments: The names in the namespace.
        known: The flags and positionals by the names of their arguments.
    """
    return frozenset(
        name
        for name in arguments
        if name not in known and (name == "subgroups" or str(name).startswith("__"))
    )


def other_sources(
    parser: Any,
    arguments: Mapping[str, Any],
    given: Mapping[str, str],
    words: Sequence[str] | None,
) -> dict[str, Origin]:
    """The arguments that the parser took from files and variables of its own.

    Args:
        parser: A parser that has parsed; those of ConfigArgParse, jsonargparse and Tap read such.
        arguments: What it returned.
        given: The arguments that were given as flags. ConfigArgParse and Tap make flags of their
            sources, which are not told apart there.
        words: The command line, without what the parser read elsewhere; by default the process's.
    """
    if texts := getattr(parser, "args_from_configs", None):
        return _of_tap(parser, texts, sys.argv[1:] if words is None else words)
    if hasattr(parser, "default_env"):
        sources = _of_jsonargparse(parser, arguments)
        return {name: origin for name, origin in sources.items() if name not in given}
    ask = getattr(parser, "get_source_to_settings_dict", None)
    return {} if ask is None else _of_configargparse(ask())


def _of_configargparse(sources: Mapping[str, Mapping[str, Any]]) -> dict[str, Origin]:
    found: dict[str, Origin] = {}
    for source, settings in sources.items():
        kind, _, file = source.partition("|")
        for key, (action, _value) in settings.items():
            if action is None:
                continue
            if kind == "environment_variables":
                found[action.dest] = Origin(Layer.ENV, key)
            elif kind == "config_file":
                found[action.dest] = Origin(Layer.FILE, file)
    return found


def _of_tap(
    parser: argparse.ArgumentParser, texts: Sequence[str], words: Sequence[str]
) -> dict[str, Origin]:
    """The sources of Tap, which reads flags from files. It keeps their texts, and no paths."""
    found: dict[str, Origin] = {}
    for index, text in enumerate(texts):
        where = f"{type(parser).__name__}(config_files=)[{index}]"
        read = _arguments_in(parser, shlex.split(text, comments=True))
        found.update(dict.fromkeys(read, Origin(Layer.FILE, where)))
    typed = _arguments_in(parser, words)
    return {name: origin for name, origin in found.items() if name not in typed}


def _arguments_in(parser: argparse.ArgumentParser, words: Sequence[str]) -> Collection[str]:
    """The arguments that have words."""
    return command_line_reading.read_words(parser, words, strict=False).flags


def _of_jsonargparse(parser: Any, arguments: Mapping[str, Any]) -> dict[str, Origin]:
    """The sources of jsonargparse, which does not name them: its files are read again."""
    found: dict[str, Origin] = {}
    cwd = os.fspath(working_directory())
    files = [os.fspath(file) for file in several_files(arguments.get("__default_config__"))]
    shown = [shown_path(file, cwd) for file in files]
    trees = [
        read_file(Path(file), Layer.FILE, where=where).tree
        for file, where in zip(files, shown, strict=True)
    ]
    prefix = f"{parser.env_prefix.replace('-', '_')}_" if isinstance(parser.env_prefix, str) else ""
    flat = flat_arguments(argparse.Namespace(**arguments))
    for action in parser._actions:
        name = action.dest
        path = tuple(name.split("."))
        variable = f"{prefix}{name}".replace(".", "__").upper()
        above = [tree for tree in trees if value_at(tree.data, path) is not MISSING]
        if parser.default_env and variable in os.environ:
            found[name] = Origin(Layer.ENV, variable)
        elif above:
            found[name] = above[-1].origin(path)
        elif files and name in flat and flat[name] != action.default:
            found[name] = Origin(Layer.FILE, shown[-1])  # in a form that only jsonargparse reads
    return found
