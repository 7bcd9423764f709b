"""What argparse refuses, in words that say what to do."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterable, Sequence
from gettext import gettext
from typing import Any, Final, NamedTuple

from runsettings.layers.flags.settings_flags import BoolFlag, name_of
from runsettings.secrets.forms import is_secret_name, mask_addresses
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.did_you_mean import closest, did_you_mean
from runsettings.values.rendering import shown

_TYPES: Final = {"int": "an integer", "float": "a number", "complex": "a complex number"}
_MOST_CHOICES: Final = 20
"""Choices that a message lists; of more it shows the first."""


class Refusal(NamedTuple):
    """Something that argparse refuses.

    Attributes:
        found: The diagnostic.
        told: What argparse's own message about it contains.
    """

    found: Diagnostic
    told: str


def unknown_word(word: str, hint: str | None) -> Refusal:
    """A flag or another word that the parser does not know."""
    message = f"is not {'a flag' if word.startswith('-') else 'expected'}"
    found = Diagnostic.of(Rule.UNKNOWN_KEY, (mask_addresses(word),), message, None, hint)
    return Refusal(found, _told("unrecognized arguments: %s"))


def ambiguous(word: str, flags: Sequence[str], error: argparse.ArgumentError) -> Refusal:
    """A word that is short for several flags."""
    message = f"is short for {' and for '.join(flags)}"
    return _refusal(word.partition("=")[0], message, str(error), "write the flag in full")


def needless_value(action: argparse.Action, word: str, error: argparse.ArgumentError) -> Refusal:
    """A value behind a flag that takes none, or behind a flag for a bool: ``--amp=3``."""
    _, separator, value = word.partition("=")
    wanted = "takes no value" + ", or true or false" * isinstance(action, BoolFlag)
    got = _got(action, value if separator else word)
    return _refusal(name_of(action), f"{wanted}; {got}", str(error))


def missing_value(action: argparse.Action, error: argparse.ArgumentError) -> Refusal:
    """A flag that stands without its values."""
    wanted = "at least one value" if action.nargs == "+" else "a value"
    if isinstance(action.nargs, int) and action.nargs > 1:
        wanted = f"{action.nargs} values"
    return _refusal(name_of(action), f"needs {wanted}", str(error))


def bad_type(
    action: argparse.Action, function: Callable[[str], Any], word: str, error: Exception
) -> Refusal:
    """A word that the type function of its flag refuses."""
    kind = getattr(function, "__name__", repr(function))
    told = gettext("invalid %(type)s value: %(value)r") % {"type": kind, "value": word}
    if isinstance(error, argparse.ArgumentTypeError):
        message = told = str(error)
    elif isinstance(error, (TypeError, ValueError)):
        message = f"must be {_TYPES.get(kind) or f'a value for {kind}'}; {_got(action, word)}"
    else:
        # argparse does not catch it: the program would end with its traceback.
        message = f"cannot be read: {kind} raises {type(error).__name__}; {_got(action, word)}"
    return _refusal(name_of(action), message, str(argparse.ArgumentError(action, told)))


def bad_choice(action: argparse.Action, value: Any) -> Refusal:
    """A value that is none of the choices of its flag."""
    choices = list(action.choices) if isinstance(action.choices, Iterable) else []
    few = ", ".join(map(shown, choices))
    listed = few if len(choices) <= _MOST_CHOICES else shown(action.choices)
    hint = did_you_mean(value, map(str, choices)) if isinstance(value, str) else None
    told = _told("invalid choice: %(value)r (choose from %(choices)s)")
    told = str(argparse.ArgumentError(action, told))
    return _refusal(name_of(action), f"must be one of {listed}; {_got(action, value)}", told, hint)


def other(error: argparse.ArgumentError) -> Refusal:
    """What argparse says of the rest: a file of arguments that cannot be read."""
    found = Diagnostic.of(Rule.BAD_VALUE, (), str(error))
    return Refusal(found, str(error))


def left_out(
    parser: argparse.ArgumentParser, *, taken: Collection[int], given: Collection[int]
) -> list[Refusal]:
    """What is required and not there, and flags that exclude each other.

    Args:
        parser: The parser.
        taken: The ``id`` of each action that argparse takes, with or without words.
        given: The ``id`` of each action that has words.
    """
    required = _told("the following arguments are required: %s")
    refused = [
        Refusal(Diagnostic.of(Rule.MISSING_VALUE, (name_of(action),), "is required"), required)
        for action in parser._actions
        if action.required and id(action) not in taken
    ]
    for group in parser._mutually_exclusive_groups:
        actions = group._group_actions
        first, *others = [name_of(each) for each in actions if id(each) in given] or [""]
        if others:
            message = f"cannot be given together with {', '.join(others)}"
            refused.append(_refusal(first, message, _told("not allowed with argument %s")))
        elif group.required and not first:
            told = _told("one of the arguments %s is required")
            names = [name_of(each) for each in actions if each.help is not argparse.SUPPRESS]
            message = f"one of {', '.join(names)} is required"
            refused.append(Refusal(Diagnostic.of(Rule.MISSING_VALUE, (), message), told))
    return refused


def meant_flag(name: str, flags: Iterable[str]) -> str | None:
    """The flag that a misspelt one most likely means."""
    long = [flag for flag in flags if flag.startswith("--")]
    nested = [flag for flag in long if flag.endswith(f".{name.lstrip('-')}")]
    return closest(name, long) or (nested[0] if len(nested) == 1 else None)


def meant_value(word: str, flags: Iterable[str]) -> str | None:
    """The hint for a word that names a flag without its dashes: ``lr=2``."""
    name, separator, value = word.partition("=")
    flag = f"--{name}"
    # A value is not repeated where it may be a secret.
    return (
        f"did you mean {flag}={'…' if is_secret_name(name) else mask_addresses(value)}?"
        if (separator and flag in flags)
        else None
    )


def list_of_flags(name: str, flags: Iterable[str]) -> str | None:
    """A hint for a flag that none is close to: where a secret goes, or what lists the flags."""
    if is_secret_name(name.lstrip("-").replace("-", "_")):
        return "other users can see flags: pass a secret by a variable or a settings file"
    return "--help lists the flags" if "--help" in flags else None


def _refusal(name: str, message: str, told: str, hint: str | None = None) -> Refusal:
    return Refusal(Diagnostic.of(Rule.BAD_VALUE, (name,), message, None, hint), told)


def _told(message: str) -> str:
    """How a message of argparse's begins, in the user's language."""
    return gettext(message).partition("%")[0]


def _got(action: argparse.Action, value: Any) -> str:
    """A value as messages show it, without secrets."""
    return "got ***" if is_secret_name(action.dest) else f"got {mask_addresses(shown(value))}"
