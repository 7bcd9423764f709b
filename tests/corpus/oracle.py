"""What argparse itself makes of a command line, and which of its arguments were given.

Nothing here knows how runsettings finds it out. The given arguments are those that a twin of the
parser, whose defaults have all been taken away, leaves in its namespace.
"""

from __future__ import annotations

import argparse
import contextlib
import enum
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .user_code import Again, Nothing

UNTOUCHED = object()
"""The default of a positional in the twin; argparse hands it on as it is."""


@dataclass(frozen=True)
class Outcome:
    """How one parse ended.

    Attributes:
        namespace: The arguments, if it ended well.
        rest: The words that the parser does not know.
        ended: The exit code or the error, if it did not end well.
        output: What was printed, to both streams.
        parsed: The very object that was returned.
    """

    namespace: dict[str, Any] | None
    rest: tuple[str, ...]
    ended: str | None
    output: str
    parsed: argparse.Namespace | None = None


def outcome_of(parse: Callable[[], Any]) -> Outcome:
    """Parse, and tell how it ended."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            parsed = parse()
        except SystemExit as error:
            return Outcome(None, (), f"exit {error.code!r}", output.getvalue())
        except Exception as error:  # noqa: BLE001 - the program may raise anything
            return Outcome(None, (), f"{type(error).__name__}: {error}", output.getvalue())
    namespace, rest = parsed if isinstance(parsed, tuple) else (parsed, ())
    return Outcome(dict(vars(namespace)), tuple(rest), None, output.getvalue(), namespace)


def ended_alike(found: Outcome, expected: Outcome) -> bool:
    """Whether two parses ended in the same way.

    Where the parser's own ``error`` raises, we hand it everything that is wrong: the class of what
    it raises is the same, and the text says more.
    """
    if found.ended == expected.ended or found.ended is None or expected.ended is None:
        return found.ended == expected.ended
    kind, _, text = found.ended.partition(": ")
    return kind == expected.ended.partition(": ")[0] and "in command line\n" in text


def given_in(parser: argparse.ArgumentParser, line: Sequence[str], method: str) -> set[str]:
    """The arguments that a command line sets, which the parser takes. It uses the parser up."""
    taken_away = parsers_in(parser)
    outer = {action.dest for action in parser._actions}
    for each in taken_away:
        each._defaults.clear()
        each._mutually_exclusive_groups.clear()
        for action in each._actions:
            if each is not parser and action.dest in outer and action.default != argparse.SUPPRESS:
                action.default = UNTOUCHED  # the default of a command replaces what was given
            elif action.option_strings or isinstance(action, argparse._SubParsersAction):
                action.default = argparse.SUPPRESS
            elif action.default is not argparse.SUPPRESS:
                action.default, action.choices = UNTOUCHED, None
    outcome = outcome_of(lambda: getattr(parser, method)(line))
    assert outcome.namespace is not None, f"the twin refuses {line}: {outcome}"
    rests = {
        action.dest
        for each in taken_away
        for action in each._actions
        if action.nargs == argparse.REMAINDER and not action.option_strings
    }
    close_files(outcome.namespace)
    return {
        name
        for name, value in outcome.namespace.items()
        # A positional for all the rest gets an empty list where there is none.
        if value is not UNTOUCHED and not (name in rests and value == [])
    }


def unclear_in(parser: argparse.ArgumentParser) -> set[str]:
    """The arguments whose actions do not set them, so that "given" says nothing of their value."""
    actions = [action for each in parsers_in(parser) for action in each._actions]
    return {action.dest for action in actions if type(action) in {Again, Nothing}}


def parsers_in(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """A parser and all those of its commands."""
    inner = [
        each
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for sub in action.choices.values()
        for each in parsers_in(sub)
    ]
    return [parser, *inner]


def flags_in(parser: argparse.ArgumentParser) -> set[str]:
    """Everything that may be named as what set an argument."""
    actions = [action for each in parsers_in(parser) for action in each._actions]
    return {name for action in actions for name in (*action.option_strings, action.dest)}


def same(left: Any, right: Any) -> bool:
    """Whether two values are equal and of the same types, at every depth; NaN is itself."""
    if isinstance(left, io.IOBase) and isinstance(right, io.IOBase):
        return left.name == right.name  # type: ignore[attr-defined]
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right or (left != left and right != right))


def config_of(namespace: dict[str, Any]) -> dict[str, Any]:
    """A namespace as somebody would write it down: dotted names nested, values as plain data."""
    config: dict[str, Any] = {}
    for name, value in namespace.items():
        *outer, last = name.split(".")
        inner = config
        for key in outer:
            inner = inner.setdefault(key, {})
        inner[last] = written(value)
    return config


def written(value: Any) -> Any:
    """A value as YAML has it."""
    if value is None or type(value) in {bool, int, float, str}:
        return value
    if isinstance(value, enum.Enum):
        text = str(value)
        return value.value if isinstance(value, int) else text
    if isinstance(value, dict):
        return {key: written(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [written(item) for item in value]
    if isinstance(value, io.IOBase):
        return value.name  # type: ignore[attr-defined]
    if isinstance(value, Path):
        return str(value)
    return f"{value.__module__}.{value.__qualname__}"


def close_files(namespace: dict[str, Any]) -> None:
    """Close what a type has opened."""
    for value in namespace.values():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, io.IOBase) and not each.name.startswith("<"):  # type: ignore[attr-defined]
                each.close()
