"""Reports everything that is wrong with a command line, where argparse stops at the first."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from runsettings.composition.overrides import Overrides
from runsettings.layers.flags.command_line_reading import ReadWords, read_words
from runsettings.layers.flags.namespace import GivenNamespace, take_overrides
from runsettings.layers.flags.settings_flags import OTHER_LAYERS, SETTINGS_KEYS
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.origin import Layer
from runsettings.values.rendering import render_problems


def explain_command_line(
    parser: argparse.ArgumentParser, words: Sequence[str], message: str, *, strict: bool
) -> str:
    """Everything that is wrong with a command line, and with the settings that have its flags.

    Args:
        parser: The parser. It is not changed.
        words: The command line, which the parser refuses.
        message: What argparse says of it. It is the first diagnostic if it is not about the words
            alone: an action of the program's own may have said it.
        strict: Whether words that the parser does not know are wrong.

    Returns:
        The text of all diagnostics.
    """
    read = read_words(parser, words, strict=strict)
    found = [each.found for each in read.refused]
    if not any(each.told in message for each in read.refused):
        found.insert(0, Diagnostic.of(Rule.BAD_VALUE, (), message))
    others = [each for each in _errors_of_settings(read) if each not in found]
    is_flag = [each.origin is not None and each.origin.layer is Layer.FLAG for each in others]
    subject = "command line" if all(is_flag) else "command line and settings"
    return render_problems([*found, *others], subject)


def refused_words(parser: argparse.ArgumentParser, words: Sequence[str]) -> list[Diagnostic]:
    """Everything that argparse refuses in a command line, words that are not known left aside.

    Args:
        parser: The parser. It is not changed.
        words: The command line.
    """
    return [each.found for each in read_words(parser, words, strict=False).refused]


def _errors_of_settings(read: ReadWords) -> list[Diagnostic]:
    """What is wrong with settings of all layers, without arguments whose words are wrong."""
    arguments = dict(vars(read.settings))
    overrides = tuple(take_overrides(arguments))
    given = GivenNamespace({name: read.flags[name] for name in arguments}, **arguments)
    given._overrides = overrides
    actions = [action for parser in read.parsers for action in parser._actions]
    given._settings_keys = frozenset().union(
        *(vars(action).get(SETTINGS_KEYS, ()) for action in actions)
    )
    found = Overrides(overrides).read()[1]
    for action in actions:
        for errors_of_layers in vars(action).get(OTHER_LAYERS, ()):
            found += [each for each in errors_of_layers(given) if each not in found]
    return [each for each in found if each.key not in read.wrong]
