"""What settings' flags can do beyond argparse: further texts, bools with a value, mappings' keys.

``--quiet=false`` is ``--no-quiet``, and ``--bands.low 3`` sets a key of the mapping ``bands``,
whose keys no parser can know beforehand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from runsettings.layers.text_values import BOOL_WORDS, typed

SETTINGS_FLAG: Final = "_is_settings_flag"
"""The attribute of an action whose argument is a setting. Being the action's, it goes along to
the parsers that have the action's parser among their ``parents``."""

SETTINGS_KEYS: Final = "_settings_keys"
"""The attribute of the flag ``--settings-file``: the keys of all models that its files are for."""

MAPPING_FLAG: Final = "_is_mapping_flag"
"""The attribute of an action whose value is a mapping with keys of the user's own."""


OTHER_LAYERS: Final = "_other_layers"
"""The attribute of the flag ``--settings-file``: functions that take the flags that were given
and return what is wrong with the settings of all layers, one for each model."""


_KERNELS: Final = ("ipykernel_launcher.py", "colab_kernel_launcher.py")
"""The scripts that start the kernel of a notebook."""


class Choices(list[str]):
    """The choices of a flag. A further text is one if the type takes it, as of a variable.

    A validator may take more than the choices: `mode` takes ``dryrun``.

    Args:
        texts: The choices.
        annotation: The type.
    """

    __slots__ = ("annotation",)

    def __init__(self, texts: Iterable[str], annotation: Any) -> None:
        super().__init__(texts)
        self.annotation = annotation

    def __contains__(self, text: object) -> bool:
        return super().__contains__(text) or _is_taken(text, self.annotation)


def _is_taken(text: object, annotation: Any) -> bool:
    """Whether a type takes a text, by its validators too."""
    try:
        TypeAdapter(annotation).validate_python(typed(text, [annotation]))
    except ValidationError:
        return False
    return True


class BoolFlag(argparse.BooleanOptionalAction):
    """``--quiet`` and ``--no-quiet``, and ``--quiet=false`` with any word that its type takes."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """As in argparse, with the word behind the equals sign."""
        name, separator, word = (option_string or "").partition("=")
        if separator:
            is_negative = name.startswith("--no-") and name in self.option_strings
            value = BOOL_WORDS.get(word.lower())
            setattr(namespace, self.dest, word if value is None else value is not is_negative)
        else:
            super().__call__(parser, namespace, values, option_string)


class _OptionStrings(dict[str, argparse.Action]):
    """A parser's flags, among which ``--quiet=false`` is one.

    It is found by argparse's question for the whole word, and stays out of help and abbreviations.
    """

    def __contains__(self, word: object) -> bool:
        return super().__contains__(word) or self._bool_of(word) is not None

    def __missing__(self, word: str) -> argparse.Action:
        action = self._bool_of(word)
        if action is None:
            raise KeyError(word)
        return action

    def _bool_of(self, word: object) -> argparse.Action | None:
        if not isinstance(word, str):
            return None
        name, separator, value = word.partition("=")
        action = self.get(name) if separator else None
        if not isinstance(action, BoolFlag):
            return None
        setting = vars(action).get(SETTINGS_FLAG, bool)
        return action if value.lower() in BOOL_WORDS or _is_taken(value, setting) else None


def take_bool_words(parser: argparse.ArgumentParser) -> None:
    """Let the parser's `BoolFlag`s take a value behind an equals sign."""
    if isinstance(parser._option_string_actions, _OptionStrings):
        return
    # Groups have the very dict of their parser.
    flags = _OptionStrings(parser._option_string_actions)
    for container in (parser, *parser._action_groups, *parser._mutually_exclusive_groups):
        container._option_string_actions = flags


def without_kernel(args: Sequence[str] | None) -> Sequence[str] | None:
    """The arguments of a parse; in a notebook, the process's own are those of its kernel.

    Args:
        args: The arguments that were passed; ``None`` for those of the process.

    Returns:
        The same, or no arguments for those of a kernel.
    """
    file = PurePath(sys.argv[0] if sys.argv else "")
    is_kernel = file.name in _KERNELS or file.parts[-2:] == ("ipykernel", "__main__.py")
    return [] if args is None and is_kernel else args


def prepared(words: Sequence[str], parsers: Iterable[argparse.ArgumentParser]) -> list[str]:
    """A command line that the parsers understand.

    A word for a bool behind a `BoolFlag` (``--quiet false``) is joined to it, and keys of mappings
    that the command line names become flags of their parser.
    """
    flags: dict[str, argparse.Action] = {}
    mappings: list[tuple[str, argparse.Action, argparse.ArgumentParser]] = []
    for parser in parsers:
        if any(isinstance(action, BoolFlag) for action in parser._actions):
            take_bool_words(parser)
        flags.update(parser._option_string_actions)
        mappings += [
            (f"{option}.", action, parser)
            for action in parser._actions
            if MAPPING_FLAG in vars(action)
            for option in action.option_strings
        ]
    found: list[str] = []
    waiting = iter(words)
    for word in waiting:
        if word == "--":
            return [*found, word, *waiting]
        if found and isinstance(flags.get(found[-1]), BoolFlag) and _is_spoken(word):
            found[-1] += f"={word}"
            continue
        name = word.partition("=")[0]
        for prefix, action, parser in mappings:
            if name.startswith(prefix) and name not in flags:
                key = name.removeprefix(prefix)
                flags[name] = _add_key(parser, name, f"{action.dest}.{key}")
        found.append(word)
    return found


def _is_spoken(word: str) -> bool:
    """Whether the word is for a bool alone: ``1`` may well be the program's own argument."""
    return len(word) > 1 and word.lower() in BOOL_WORDS


def _add_key(parser: argparse.ArgumentParser, name: str, dest: str) -> argparse.Action:
    action = parser.add_argument(name, dest=dest, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    setattr(action, SETTINGS_FLAG, True)
    return action


def name_of(action: argparse.Action) -> str:
    """The name by which a person knows an action: the long flag, or the positional's."""
    for option in action.option_strings:
        if option.startswith("--"):
            return option
    if action.option_strings:
        return action.option_strings[0]
    return action.metavar if isinstance(action.metavar, str) else action.dest
