"""Finds everything that is wrong with a command line, where argparse stops at the first.

A twin of the parser reads the words once more. It takes no action: it converts values without
side effects, and notes what argparse would refuse.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable, Sequence
from gettext import gettext
from typing import Any, NamedTuple

from runsettings.layers.flags.conversion import UnknownConversionError, convert
from runsettings.layers.flags.settings_flags import OTHER_LAYERS, name_of
from runsettings.secrets.forms import mask_addresses
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.did_you_mean import closest
from runsettings.values.rendering import render_problems, shown

_TYPES = {int: "an integer", float: "a number", complex: "a complex number"}


class _Refused(NamedTuple):
    """Something that argparse refuses.

    Attributes:
        found: The diagnostic.
        message: What argparse says of it, or how that begins.
    """

    found: Diagnostic
    message: str


def command_line_diagnostics(
    parser: argparse.ArgumentParser, words: Sequence[str], message: str, *, strict: bool
) -> list[Diagnostic]:
    """Everything that is wrong with a command line, and with the other layers of its settings.

    Args:
        parser: The parser. It is not changed.
        words: The command line, which the parser refuses.
        message: What argparse says of it. It is the first diagnostic if it is not about the words
            alone: an action of the program's own may have said it.
        strict: Whether words that the parser does not know are wrong.
    """
    seen: set[str] = set()
    refused = _refused(parser, list(words), seen, strict=strict, outer=())
    found = [each.found for each in refused]
    if not any(message.startswith(each.message) for each in refused):
        found.insert(0, Diagnostic.of(Rule.BAD_VALUE, (), message))
    for action in parser._actions:
        for ask in vars(action).get(OTHER_LAYERS, ()):
            if action.dest not in seen:  # a file that a flag names may correct the others
                found += [each for each in ask() if each.key not in seen and each not in found]
    return found


def end_with(
    parser: argparse.ArgumentParser, error: Callable[[str], Any], found: Sequence[Diagnostic]
) -> Any:
    """End the program with exit code 2, as argparse does, or as the parser's class does.

    Args:
        parser: The parser that refuses the command line.
        error: Its method ``error``; one of the program's own is called with the whole text.
        found: What is wrong.
    """
    flags = [each for each in found if each.origin is None]
    subject = "command line" if len(flags) == len(found) else "command line and settings"
    text = render_problems(found, subject)
    if getattr(error, "__func__", None) is not argparse.ArgumentParser.error:
        return error(text)
    more = f"\n\nAll flags: {parser.prog} --help" if parser.add_help else ""
    return parser.exit(2, f"{parser.prog}: error: {text}{more}\n")


def _refused(
    parser: argparse.ArgumentParser,
    words: list[str],
    seen: set[str],
    *,
    strict: bool,
    outer: Sequence[str],
) -> list[_Refused]:
    """What is wrong with the words of one parser, and of the command among them."""
    refused: list[_Refused] = []
    while True:
        # The first passes find flags that are not known, or that argparse cannot read.
        twin = _Twin(parser, strict=strict, converting=False, outer=outer)
        problem = twin.read(words)
        if problem is None:
            break
        refused.append(problem)
    twin = _Twin(parser, strict=strict, converting=True, outer=outer)
    twin.read(words)
    seen |= twin.seen
    refused += twin.refused
    refused += _left_out(parser, twin.seen)
    if strict and not refused:
        refused += [_unknown(word, None) for word in twin.rest]
    return refused


class _Twin:
    """A copy of a parser that takes no action.

    Args:
        parser: The parser.
        strict: Whether unknown words are wrong.
        converting: Whether to convert values; otherwise only the words are told apart.
        outer: The flags of the parsers around it.
    """

    def __init__(
        self,
        parser: argparse.ArgumentParser,
        *,
        strict: bool,
        converting: bool,
        outer: Sequence[str],
    ) -> None:
        self.refused: list[_Refused] = []
        self.seen: set[str] = set()
        self.rest: list[str] = []
        self._strict = strict
        self._converting = converting
        self._outer = outer
        twin: Any = object.__new__(type(parser))
        vars(twin).update(vars(parser))
        for name in ("_get_value", "_parse_known_args", "parse_known_args"):
            vars(twin).pop(name, None)  # what watches the parser itself
        copies = {id(action): copy.copy(action) for action in parser._actions}
        for action in copies.values():
            action.required = False
        twin._actions = list(copies.values())
        flags = parser._option_string_actions
        twin._option_string_actions = type(flags)()
        for name, action in flags.items():
            twin._option_string_actions[name] = copies.get(id(action), action)
        twin._mutually_exclusive_groups = []
        twin._get_values = self._values
        twin._match_argument = self._count
        twin.error = self._error
        self._twin = twin

    def read(self, words: list[str]) -> _Refused | None:
        """Read the words.

        Returns:
            The first flag that cannot be read. It is taken out of ``words``, or replaced by the
            flag that is meant.
        """
        self.refused.clear()
        try:
            _, self.rest = argparse.ArgumentParser._parse_known_args(
                self._twin, list(words), argparse.Namespace(), *self._intermixed()
            )
        except argparse.ArgumentError as error:
            index = self._unreadable(words, error)
            if index is None:
                self.refused.append(_of_error(error))
                return None
            del words[index]
            return _of_error(error)
        unknown = next((word for word in self.rest if self._is_flag(word)), None)
        if unknown is None or not self._strict or unknown not in words:
            return None
        index = words.index(unknown)
        name, separator, value = unknown.partition("=")
        meant = _meant(name, self._twin._option_string_actions)
        if meant is not None and (not separator or meant.startswith("--")):
            words[index] = f"{meant}{separator}{value}"
            return _unknown(name, f"did you mean {meant!r}?")
        hint = f"write {name} before the command" if name in self._outer else self._inner(name)
        end = index + 1
        if not any(not action.option_strings for action in self._twin._actions):
            while end < len(words) and not self._is_flag(words[end]):
                end += 1  # its values
        del words[index:end]
        return _unknown(name, hint)

    def _intermixed(self) -> tuple[bool, ...]:
        # Python 3.13 has a third parameter.
        code = argparse.ArgumentParser._parse_known_args.__code__
        return (False,) if code.co_argcount > 3 else ()

    def _is_flag(self, word: str) -> bool:
        return word[:1] in self._twin.prefix_chars and self._twin._parse_optional(word) is not None

    def _inner(self, name: str) -> str | None:
        """A hint for a flag that a command has."""
        for action in self._twin._actions:
            if isinstance(action, argparse._SubParsersAction):
                for command, parser in action.choices.items():
                    if name in parser._option_string_actions:
                        return f"write {name} behind the command {command!r}"
        return None

    def _unreadable(self, words: Sequence[str], error: argparse.ArgumentError) -> int | None:
        """Which word is an abbreviation of two flags, or has a value that its flag cannot have."""
        for index, word in enumerate(words):
            if word[:1] not in self._twin.prefix_chars:
                continue
            try:
                found = self._twin._parse_optional(word)
            except argparse.ArgumentError:
                return index
            each = found if isinstance(found, list) else [found] if found else []
            if len(each) > 1 or any(
                entry[0] is not None
                and entry[-1] is not None
                and argparse._get_action_name(entry[0]) == error.argument_name
                for entry in each
            ):
                return index
        return None

    def _error(self, message: str) -> Any:
        raise argparse.ArgumentError(None, message)

    def _count(self, action: argparse.Action, pattern: str) -> int:
        """How many words an action takes; as many as there are if it wants more."""
        try:
            return argparse.ArgumentParser._match_argument(self._twin, action, pattern)  # type: ignore[attr-defined,no-any-return]
        except argparse.ArgumentError as error:
            self._refuse(action, f"{error.message}", error)
            self.seen.add(action.dest)
            return len(pattern) - len(pattern.lstrip("A"))

    def _refuse(
        self,
        action: argparse.Action,
        message: str,
        error: argparse.ArgumentError,
        hint: str | None = None,
    ) -> None:
        found = Diagnostic.of(Rule.BAD_VALUE, (name_of(action),), message, None, hint)
        self.refused.append(_Refused(found, str(error)))

    def _values(self, action: argparse.Action, strings: list[str]) -> Any:
        """Convert the values of an action, which is then not taken."""
        words = [word for word in strings if word != "--"]
        if action.option_strings or words:
            self.seen.add(action.dest)
        elif action.nargs != 0:
            return argparse.SUPPRESS  # a positional with nothing left for it
        if not self._converting or any(e.found.path == (name_of(action),) for e in self.refused):
            return argparse.SUPPRESS
        if isinstance(action, argparse._SubParsersAction):
            self._read_command(action, words)
            return argparse.SUPPRESS
        for word in words:
            value = self._value(action, word)
            if value is argparse.SUPPRESS:
                break
            if action.choices is not None and value not in action.choices:
                self._refuse_choice(action, value)
                break
        return argparse.SUPPRESS

    def _value(self, action: argparse.Action, word: str) -> Any:
        """The value of a word; nothing if it is wrong or cannot be told."""
        function = self._twin._registry_get("type", action.type, action.type)
        try:
            return convert(function, word)
        except (argparse.ArgumentTypeError, TypeError, ValueError) as error:
            own = isinstance(error, argparse.ArgumentTypeError)
            kind = getattr(function, "__name__", repr(function))
            told = (
                str(error)
                if own
                else gettext("invalid %(type)s value: %(value)r") % {"type": kind, "value": word}
            )
            wanted = _TYPES.get(function) or f"a value for {kind}"
            message = str(error) if own else f"must be {wanted}"
            if shown(word) not in message:
                message += f"; got {mask_addresses(shown(word))}"
            self._refuse(action, message, argparse.ArgumentError(action, told))
        except UnknownConversionError:
            pass  # whether it is right cannot be told without side effects
        except Exception:  # noqa: BLE001 - the program's own function, which argparse does not catch
            pass  # argparse shows it once all else is right
        return argparse.SUPPRESS

    def _refuse_choice(self, action: argparse.Action, value: Any) -> None:
        choices = [str(choice) for choice in action.choices or ()]
        meant = closest(str(value), choices) if isinstance(value, str) else None
        message = (
            f"must be one of {', '.join(map(shown, action.choices or ()))}; got {mask_addresses(shown(value))}"
        )
        hint = None if meant is None else f"did you mean {meant!r}?"
        told = gettext("invalid choice: %(value)r (choose from %(choices)s)").partition("%")[0]
        self._refuse(action, message, argparse.ArgumentError(action, told), hint)

    def _read_command(self, action: argparse._SubParsersAction[Any], words: list[str]) -> None:
        name, *inner = words
        if name not in action.choices:
            self._refuse_choice(action, name)
            return
        outer = [*self._outer, *self._twin._option_string_actions]
        self.refused += _refused(action.choices[name], inner, self.seen, strict=self._strict, outer=outer)


def _left_out(parser: argparse.ArgumentParser, seen: set[str]) -> list[_Refused]:
    """What is required and not there, and flags that exclude each other."""
    required = gettext("the following arguments are required: %s").partition("%")[0]
    refused = [
        _Refused(
            Diagnostic.of(Rule.MISSING_VALUE, (name_of(action),), "is required"),
            required,
        )
        for action in parser._actions
        if action.required and action.dest not in seen
    ]
    for group in parser._mutually_exclusive_groups:
        names = [name_of(action) for action in group._group_actions]
        given = [name_of(action) for action in group._group_actions if action.dest in seen]
        if len(given) > 1:
            first, *others = given
            # argparse names the one that comes later on the command line.
            message = f"cannot be given together with {', '.join(others)}"
            refused.append(_Refused(Diagnostic.of(Rule.BAD_VALUE, (first,), message), "argument "))
        elif group.required and not given:
            told = gettext("one of the arguments %s is required").partition("%")[0]
            message = f"one of {', '.join(names)} is required"
            refused.append(_Refused(Diagnostic.of(Rule.MISSING_VALUE, (), message), told))
    return refused


def _unknown(word: str, hint: str | None) -> _Refused:
    is_flag = word.startswith("-")
    found = Diagnostic.of(
        Rule.UNKNOWN_KEY, (word,), f"is not {'a flag' if is_flag else 'expected'}", None, hint
    )
    return _Refused(found, gettext("unrecognized arguments: %s").partition("%")[0])


def _of_error(error: argparse.ArgumentError) -> _Refused:
    path = () if error.argument_name is None else (error.argument_name,)
    return _Refused(Diagnostic.of(Rule.BAD_VALUE, path, str(error.message)), str(error))


def _meant(name: str, flags: Sequence[str]) -> str | None:
    """The flag that a misspelt one most likely means."""
    long = [flag for flag in flags if flag.startswith("--")]
    nested = [flag for flag in long if flag.endswith(f".{name.lstrip('-')}")]
    return closest(name, long) or (nested[0] if len(nested) == 1 else None)

