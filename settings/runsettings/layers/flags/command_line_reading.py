"""Reads the words of a command line once more, with a twin of the parser that takes no action.

It converts values without side effects, and notes what argparse would refuse, where argparse
itself stops at the first.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Sequence
from typing import Any

from runsettings.layers.flags import refusals
from runsettings.layers.flags.conversion import UnknownConversionError, convert
from runsettings.layers.flags.namespace import OVERRIDES
from runsettings.layers.flags.refusals import Refusal
from runsettings.layers.flags.settings_flags import SETTINGS_FLAG, name_of


class ReadWords:
    """What is read of the words of a command line.

    Attributes:
        parsers: The parsers that read them: the parser itself, and that of each command.
        settings: The flags of settings, and those of `add_config_arguments`, with right words.
        flags: The flag or positional of each argument that has words.
        wrong: The arguments whose words are wrong.
        refused: Everything that argparse refuses.
    """

    def __init__(self) -> None:
        self.parsers: list[argparse.ArgumentParser] = []
        self.settings = argparse.Namespace()
        self.flags: dict[str, str] = {}
        self.wrong: set[str] = set()
        self.refused: list[Refusal] = []


def read_words(parser: argparse.ArgumentParser, words: Sequence[str], *, strict: bool) -> ReadWords:
    """Read a command line, without taking an action of the program's own.

    Args:
        parser: The parser. It is not changed.
        words: The command line.
        strict: Whether words that the parser does not know are wrong.
    """
    found = ReadWords()
    found.refused = _refused(parser, list(words), found, strict=strict, outer=())
    return found


def _refused(
    parser: argparse.ArgumentParser,
    words: list[str],
    found: ReadWords,
    *,
    strict: bool,
    outer: Sequence[str],
) -> list[Refusal]:
    """What is wrong with the words of one parser, and of the command among them.

    Args:
        parser: The parser.
        words: Its words; those that cannot be read are taken out.
        found: Receives what is read of them.
        strict: Whether unknown words are wrong.
        outer: The flags of the parsers around it.
    """
    refused: list[Refusal] = []
    while True:
        # The first passes find flags that are not known, or that argparse cannot read.
        problem = _Twin(parser, None, strict=strict, outer=outer).read(words)
        if problem is None:
            break
        refused.append(problem)
    found.parsers.append(parser)
    twin = _Twin(parser, found, strict=strict, outer=outer)
    twin.read(words)
    refused += twin.refused
    refused += refusals.left_out(parser, taken=twin.taken, given=twin.given)
    waiting = any(not a.option_strings and id(a) not in twin.taken for a in parser._actions)
    if strict and not waiting:  # a positional that misses a word would take the others
        flags = parser._option_string_actions
        rest = [word for word in twin.rest if word != "--"]
        refused += [refusals.unknown_word(word, refusals.meant_value(word, flags)) for word in rest]
    return refused


class _Twin:
    """A copy of a parser that takes no action.

    Args:
        parser: The parser.
        found: Receives what is read. If it is ``None``, no value is converted: flags and values
            are only told apart.
        strict: Whether unknown words are wrong.
        outer: The flags of the parsers around it.
    """

    def __init__(
        self,
        parser: argparse.ArgumentParser,
        found: ReadWords | None,
        *,
        strict: bool,
        outer: Sequence[str],
    ) -> None:
        self.refused: list[Refusal] = []
        self.given: set[int] = set()
        """The ``id`` of each action of the parser that has words."""
        self.taken: set[int] = set()
        """The same, with positionals that need no word."""
        self.rest: list[str] = []
        self._found = found
        self._outer = outer
        self._strict = strict
        twin: Any = object.__new__(type(parser))
        vars(twin).update(vars(parser))
        for name in ("_get_value", "_parse_known_args", "parse_known_args"):
            vars(twin).pop(name, None)  # what watches the parser itself
        copies = {id(action): copy.copy(action) for action in parser._actions}
        self._originals = {id(twin): number for number, twin in copies.items()}
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

    def read(self, words: list[str]) -> Refusal | None:
        """Read the words.

        Returns:
            The first flag that cannot be read. It is taken out of ``words``, or replaced by the
            flag that is meant.
        """
        self.refused.clear()
        try:
            namespace = argparse.Namespace() if self._found is None else self._found.settings
            _, self.rest = argparse.ArgumentParser._parse_known_args(
                self._twin, list(words), namespace, *self._intermixed()
            )
        except argparse.ArgumentError as error:
            refused = self._unreadable(words, error)
            if refused is None:
                self.refused.append(refusals.other(error))
            return refused
        # Behind `--` all words are positionals, also those that look like flags.
        flags = words[: words.index("--")] if "--" in words else words
        known = self._twin._option_string_actions
        unread = [word for word in self.rest if word.partition("=")[0] not in known]
        unknown = next((word for word in unread if self._is_flag(word)), None)
        if unknown is None or not self._strict or unknown not in flags:
            return None
        index = words.index(unknown)
        name, separator, value = unknown.partition("=")
        meant = refusals.meant_flag(name, self._twin._option_string_actions)
        if meant not in {None, name}:  # a flag that is known would be read again and again
            words[index] = f"{meant}{separator}{value}"
            return refusals.unknown_word(name, f"did you mean {meant!r}?")
        hint = f"write {name} before the command" if name in self._outer else self._inner(name)
        hint = hint or refusals.list_of_flags(name, self._twin._option_string_actions)
        self._take_out(words, index)
        return refusals.unknown_word(name, hint)

    def _take_out(self, words: list[str], index: int) -> None:
        """Take a flag out of the words, with its values if they cannot be positionals."""
        end = index + 1
        if all(action.option_strings for action in self._twin._actions):
            while end < len(words) and not self._is_flag(words[end]):
                end += 1
        del words[index:end]

    def _intermixed(self) -> tuple[bool, ...]:
        # Python 3.13 has a third parameter.
        code = argparse.ArgumentParser._parse_known_args.__code__
        return (False,) if code.co_argcount > 3 else ()

    def _is_flag(self, word: str) -> bool:
        if word == "--" or word[:1] not in self._twin.prefix_chars:
            return False
        try:
            return self._twin._parse_optional(word) is not None
        except argparse.ArgumentError:
            return True  # short for several flags

    def _inner(self, name: str) -> str | None:
        """A hint for a flag that a command has."""
        for action in self._twin._actions:
            if isinstance(action, argparse._SubParsersAction):
                for command, parser in action.choices.items():
                    if name in parser._option_string_actions:
                        return f"write {name} behind the command {command!r}"
        return None

    def _unreadable(self, words: list[str], error: argparse.ArgumentError) -> Refusal | None:
        """Take out the flag that is short for two others, or has a value but takes none."""
        for index, word in enumerate(words):
            if word[:1] not in self._twin.prefix_chars:
                continue
            try:
                found = self._twin._parse_optional(word)
            except argparse.ArgumentError:
                found = self._twin._get_option_tuples(word)  # Python 3.11 raises at once
            each = found if isinstance(found, list) else [found] if found else []
            if len(each) > 1:
                refused = refusals.ambiguous(word, [entry[1] for entry in each], error)
            elif any(_is_about(error, *entry) for entry in each):
                refused = refusals.needless_value(each[0][0], word, error)
            else:
                continue
            self._take_out(words, index)
            return refused
        return None

    def _error(self, message: str) -> Any:
        raise argparse.ArgumentError(None, message)

    def _count(self, action: argparse.Action, pattern: str) -> int:
        """How many words an action takes; as many as there are if it wants more."""
        try:
            return argparse.ArgumentParser._match_argument(self._twin, action, pattern)
        except argparse.ArgumentError as error:
            self.refused.append(refusals.missing_value(action, error))
            return len(pattern) - len(pattern.lstrip("A"))

    def _values(self, action: argparse.Action, strings: list[str]) -> Any:
        """Convert the values of an action, which is taken only if it is a flag of settings."""
        words = [word for word in strings if word != "--"]
        self.taken.add(self._originals[id(action)])
        if not action.option_strings and not words and action.nargs != 0:
            return argparse.SUPPRESS  # a positional with nothing left for it
        self.given.add(self._originals[id(action)])
        if self._found is None:
            return argparse.SUPPRESS
        self._found.flags[action.dest] = name_of(action)
        if isinstance(action, argparse._SubParsersAction):
            self._read_command(action, words, self._found)
            return argparse.SUPPRESS
        is_refused = any(each.found.path == (name_of(action),) for each in self.refused)
        if is_refused or not all(self._takes(action, word) for word in words):
            self._found.wrong.add(action.dest)
            return argparse.SUPPRESS
        if not _is_of_settings(action):
            return argparse.SUPPRESS
        return argparse.ArgumentParser._get_values(self._twin, action, strings)

    def _takes(self, action: argparse.Action, word: str) -> bool:
        """Whether an action takes a word, as far as that can be told without side effects."""
        function = self._twin._registry_get("type", action.type, action.type)
        try:
            value = convert(function, word)
            open_choice = action.choices is None or action.nargs == argparse.REMAINDER
            if open_choice or value in action.choices:  # type: ignore[operator]
                return True
        except UnknownConversionError:
            return True
        except Exception as error:  # noqa: BLE001 - the type is the user's own function
            self.refused.append(refusals.bad_type(action, function, word, error))
        else:
            self.refused.append(refusals.bad_choice(action, value))
        return False

    def _read_command(
        self, action: argparse._SubParsersAction[Any], words: list[str], found: ReadWords
    ) -> None:
        name, *inner = words
        if name not in action.choices:
            self.refused.append(refusals.bad_choice(action, name))
            return
        outer = [*self._outer, *self._twin._option_string_actions]
        self.refused += _refused(
            action.choices[name], inner, found, strict=self._strict, outer=outer
        )


def _is_of_settings(action: argparse.Action) -> bool:
    """Whether an action is of `LayeredSettings.add_arguments` or `add_config_arguments`."""
    return SETTINGS_FLAG in vars(action) or action.dest.partition(".")[0] == OVERRIDES


def _is_about(error: argparse.ArgumentError, action: argparse.Action | None, *value: Any) -> bool:
    """Whether an error is about a flag as `_parse_optional` read it, with a value."""
    if action is None or value[-1] is None:
        return False
    return argparse._get_action_name(action) == error.argument_name
