"""Which flags of argparse were given, and which stand at their defaults.

A flag left at its default is no value: it must not beat a file. argparse does not tell the two
apart, so `parse_args` watches one parse and hands back a namespace that remembers.

How the watching works, in argparse of Python 3.11 to 3.13: `ArgumentParser._get_values` is
called once for each action that is about to be taken, for optionals only when they are given,
for positionals also when nothing is left for them. The action then writes to the namespace.
Afterwards the defaults that are strings are converted by a bare `_get_value`, and a subparser's
namespace is copied into the outer one. So what is written to the namespace between
`_get_values` and either of those is what the flag set, whatever the action's class does.
"""

from __future__ import annotations

import argparse
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from runsettings._deferred import deferred
from runsettings.layers.flags.namespace import (
    OVERRIDES,
    GivenNamespace,
    flags_of,
    given_class,
    given_of,
    overrides_of,
    settings_of,
    take_overrides,
)
from runsettings.layers.flags.parser_subclasses import (
    SnapshotRecord,
    arguments_of,
    bookkeeping,
    has_own_parse,
    other_sources,
)
from runsettings.layers.flags.recording import THREAD, Record, RecordedNamespace, recording
from runsettings.layers.flags.settings_flags import (
    MAPPING_FLAG,
    SETTINGS_FLAG,
    SETTINGS_KEYS,
    BoolFlag,
    name_of,
    prepared,
    without_kernel,
)
from runsettings.layers.known_arguments import known_arguments

if TYPE_CHECKING:
    from runsettings.layers.flags import command_line_diagnostics
else:
    command_line_diagnostics = deferred("runsettings.layers.flags.command_line_diagnostics")

_PARSING: Final = threading.RLock()
"""Held while a parser is watched: the watch is on the parser, which threads may share."""


@known_arguments()
def parse_args(
    parser: argparse.ArgumentParser,
    args: Sequence[str] | None = None,
    namespace: argparse.Namespace | None = None,
) -> GivenNamespace:
    """Parse like ``parser.parse_args`` and remember which arguments were given.

    Args:
        parser: Any argparse parser, with its subparsers and actions of any class; also one of a
            subclass, such as those of ConfigArgParse, jsonargparse, simple-parsing,
            typed-argument-parser and transformers.
        args: The command line, without the program; by default the process's, but not a kernel's.
        namespace: Attributes to start with; it is updated as argparse does.

    Returns:
        The arguments. Where the parser has a namespace class of its own, as jsonargparse has, it
        is of that class as well.

    Raises:
        SystemExit: The command line is wrong, or asks for help; as argparse does.
        TypeError: ``parser`` is no argparse parser.
    """
    return _watched(parser, "parse_args", args, namespace)[0]


@known_arguments()
def parse_known_args(
    parser: argparse.ArgumentParser,
    args: Sequence[str] | None = None,
    namespace: argparse.Namespace | None = None,
) -> tuple[GivenNamespace, list[str]]:
    """As `parse_args`, handing back the arguments that the parser does not know."""
    return _watched(parser, "parse_known_args", args, namespace)


@known_arguments()
def parse_intermixed_args(
    parser: argparse.ArgumentParser,
    args: Sequence[str] | None = None,
    namespace: argparse.Namespace | None = None,
) -> GivenNamespace:
    """As `parse_args`, for positionals between flags; see ``parser.parse_intermixed_args``."""
    return _watched(parser, "parse_intermixed_args", args, namespace)[0]


@known_arguments()
def parse_known_intermixed_args(
    parser: argparse.ArgumentParser,
    args: Sequence[str] | None = None,
    namespace: argparse.Namespace | None = None,
) -> tuple[GivenNamespace, list[str]]:
    """As `parse_intermixed_args`, handing back the arguments that the parser does not know."""
    return _watched(parser, "parse_known_intermixed_args", args, namespace)


_HOOKED: Final = ("_get_values", "_get_value", "_parse_known_args", "parse_known_args", "error")
"""The methods of a parser that are watched."""


def _watched(
    parser: object,
    method: str,
    args: Sequence[str] | None,
    namespace: argparse.Namespace | None,
) -> tuple[GivenNamespace, list[str]]:
    if not isinstance(parser, argparse.ArgumentParser):
        raise TypeError(f"expected an argparse.ArgumentParser first, got {type(parser).__name__}")
    args, parsers = without_kernel(args), _parsers(parser)
    if any(_facts(each).takes_more for each in parsers):
        args = prepared(sys.argv[1:] if args is None else args, parsers)
    start = {} if namespace is None else dict(vars(namespace))
    if namespace is not None and (earlier := overrides_of(namespace)):
        start[OVERRIDES] = earlier
    before = {} if namespace is None else dict(given_of(namespace))
    record: Record | SnapshotRecord
    if has_own_parse(parser):
        # It may make the namespace by itself: what is there before and after each flag is compared.
        record = SnapshotRecord()
        passed = {} if namespace is None else {"namespace": namespace}
    else:
        watched = RecordedNamespace()
        vars(watched).update(start)
        record = Record(watched)
        passed = {"namespace": watched}
    record.strict = "known" not in method
    with _PARSING, recording(record), _hooked(parsers):
        outcome = getattr(parser, method)(args, **passed)
        record.end()
    filled, rest = outcome if isinstance(outcome, tuple) else (outcome, [])
    arguments = arguments_of(filled)
    words = take_overrides(arguments)
    if namespace is not None:
        vars(namespace).update(arguments)
    others = other_sources(parser, arguments, record.given, args)
    given = {
        name: flag
        for name, flag in {**before, **record.given}.items()
        if record.has(name, arguments) and name not in others
    }
    plain = (
        argparse.Namespace
        if isinstance(filled, (RecordedNamespace, type(parser)))
        else type(filled)
    )
    told = given_class(plain)()
    vars(told).update(arguments)
    names, settings = _names_in(parsers)
    known = {
        **{name: f"args.{name}" for name in start},
        **(flags_of(namespace) if namespace is not None else {}),
        **names,
    }
    for name in arguments.keys() - known.keys():
        known[name] = f"set_defaults({name}=)"
    told._given_flags = given
    told._overrides = tuple(words)
    told._other_sources = others
    told._all_flags = known
    if has_own_parse(parser):
        told._bookkeeping = bookkeeping(arguments, names)
    told._settings_keys = frozenset().union(*(_facts(each).keys for each in parsers))
    told._settings_flags = (settings_of(namespace) if namespace else frozenset()) | settings
    return told, rest


@contextmanager
def _hooked(parsers: Sequence[argparse.ArgumentParser]) -> Iterator[None]:
    """Let the parsers, the outermost first, report to this thread's record; undone at the end."""
    before = [
        {name: vars(parser)[name] for name in _HOOKED if name in vars(parser)} for parser in parsers
    ]
    for parser in parsers:
        _hook(parser, parsers[0])
    try:
        yield
    finally:
        for parser, attributes in zip(parsers, before, strict=True):
            for name in _HOOKED:
                if name in attributes:
                    setattr(parser, name, attributes[name])
                else:
                    delattr(parser, name)


def _parsers(root: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """A parser and all below it, each once: aliases name one parser twice."""
    seen: dict[int, argparse.ArgumentParser] = {}
    waiting = [root]
    while waiting:
        parser = waiting.pop()
        if id(parser) in seen:
            continue
        seen[id(parser)] = parser
        for action in _facts(parser).subparsers:
            waiting.extend(action.choices.values())
    return list(seen.values())


class _Facts(NamedTuple):
    """What is known of a parser's own actions."""

    actions: int
    """How many actions there were: a parser gets more, and loses none."""
    names: dict[str, str]
    """The flag or positional behind each argument."""
    settings: frozenset[str]
    """The arguments that are settings."""
    keys: frozenset[str]
    """The keys of all models that a settings file is for."""
    subparsers: tuple[argparse._SubParsersAction[Any], ...]
    takes_more: bool
    """Whether a flag takes more than argparse lets it take."""


_KNOWN: Final[weakref.WeakKeyDictionary[argparse.ArgumentParser, _Facts]] = (
    weakref.WeakKeyDictionary()
)


def _facts(parser: argparse.ArgumentParser) -> _Facts:
    """What is known of a parser's own actions, looked up once for each parser."""
    actions = parser._actions
    known = _KNOWN.get(parser)
    if known is None or known.actions != len(actions):
        names: dict[str, str] = {}
        for action in actions:
            names.setdefault(action.dest, name_of(action))
        known = _KNOWN[parser] = _Facts(
            len(actions),
            names,
            frozenset(action.dest for action in actions if SETTINGS_FLAG in vars(action)),
            frozenset().union(*(vars(action).get(SETTINGS_KEYS, ()) for action in actions)),
            tuple(a for a in actions if isinstance(a, argparse._SubParsersAction)),
            any(isinstance(a, BoolFlag) or MAPPING_FLAG in vars(a) for a in actions),
        )
    return known


def _hook(parser: Any, root: argparse.ArgumentParser) -> None:
    own_error = parser.error
    get_values, get_value = parser._get_values, parser._get_value
    parse_known_args, parse_words = parser.parse_known_args, parser._parse_known_args

    def watch_words(strings: Any, namespace: Any, *more: Any, **options: Any) -> Any:
        record: Record | SnapshotRecord | None = getattr(THREAD, "record", None)
        if record is None:
            return parse_words(strings, namespace, *more, **options)
        if parser is root:
            record.words = strings
        with record.inside(parser, namespace):
            return parse_words(strings, namespace, *more, **options)

    def watch_values(action: argparse.Action, strings: list[str]) -> Any:
        record: Record | SnapshotRecord | None = getattr(THREAD, "record", None)
        if record is None:
            return get_values(action, strings)
        record.end()
        is_given = bool(action.option_strings) or any(string != "--" for string in strings)
        record.converting = True
        try:
            values = get_values(action, strings)
        finally:
            record.converting = False
        if is_given:
            # The caller is argparse's `take_action`, which knows how the flag was written,
            # abbreviations spelt out; nothing else that it calls is told.
            if len(action.option_strings) == 1:
                record.begin(action, action.option_strings[0])
            else:
                typed = sys._getframe(1).f_locals.get("option_string")
                name = typed.partition("=")[0] if isinstance(typed, str) else name_of(action)
                record.begin(action, name)
        return values

    def watch_value(action: argparse.Action, string: str) -> Any:
        record: Record | SnapshotRecord | None = getattr(THREAD, "record", None)
        if record is not None and not record.converting:
            record.end()  # the defaults are being converted: all flags are behind us
        return get_value(action, string)

    def watch_subparser(args: Any = None, namespace: Any = None) -> Any:
        record: Record | SnapshotRecord | None = getattr(THREAD, "record", None)
        if record is None or isinstance(record, SnapshotRecord):
            return parse_known_args(args, namespace)
        record.end()
        outer, record.given = record.given, {}
        around = record.namespace
        # `_SubParsersAction` passes no namespace and copies the one it gets.
        inside = record.namespace = RecordedNamespace() if namespace is None else namespace
        try:
            return parse_known_args(args, inside)
        finally:
            record.end()
            record.namespace = around
            # What was given before the subcommand is lost where the copy holds a default.
            kept = {name: flag for name, flag in outer.items() if name not in vars(inside)}
            record.given = {**kept, **record.given}

    def report(message: str, *more: Any, **options: Any) -> Any:
        record: Record | SnapshotRecord | None = getattr(THREAD, "record", None)
        if record is not None and record.words is not None and not getattr(THREAD, "plain", False):
            words, record.words = record.words, None  # tell it once if `error` returns
            explain = command_line_diagnostics.explain_command_line
            # The first pass of `parse_intermixed_args` takes no positionals.
            all_of_it = not any(each.nargs == argparse.SUPPRESS for each in root._actions)
            message = explain(root, words, message, strict=record.strict and all_of_it)
        return own_error(message, *more, **options)

    parser.error = report
    parser._get_values, parser._get_value = watch_values, watch_value
    parser._parse_known_args = watch_words
    parser.parse_known_args = parse_known_args if parser is root else watch_subparser


def _names_in(
    parsers: Sequence[argparse.ArgumentParser],
) -> tuple[dict[str, str], frozenset[str]]:
    """The flag or positional behind each argument, and which arguments are settings."""
    if len(parsers) == 1:
        return _facts(parsers[0])[1:3]
    names: dict[str, str] = {}
    settings: frozenset[str] = frozenset()
    for parser in parsers:
        facts = _facts(parser)
        names = {**facts.names, **names}
        settings |= facts.settings
    return names, settings
