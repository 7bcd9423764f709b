"""Types and actions such as training scripts write for their parsers.

The generated programs use them by name. The actions work without a default as well, because the
judge parses once more with all defaults taken away.
"""

from __future__ import annotations

import argparse
import enum
import json
import os
from pathlib import Path
from typing import Any

SHARED = [json, os, Path]
"""Modules and types that the generated programs use as they are."""


def str2bool(text: str | bool) -> bool:
    """The most common type function of public scripts."""
    if isinstance(text, bool):
        return text
    if text.lower() in ("yes", "true", "t", "1"):
        return True
    if text.lower() in ("no", "false", "f", "0"):
        return False
    raise argparse.ArgumentTypeError("a boolean is expected")


def plain_bool(text: str) -> bool:
    """A type function that takes texts only."""
    return {"true": True, "false": False}[text.lower()]


def int_or_none(text: str) -> int | None:
    """A number, or the word for none."""
    return None if text == "none" else int(text)


def ints(text: str) -> list[int]:
    """Numbers with commas between them."""
    return [int(part) for part in text.split(",")]


def pair(text: str) -> tuple[float, float]:
    """Two numbers with a comma between them."""
    first, second = text.split(",")
    return float(first), float(second)


def pairs(text: str) -> dict[str, str]:
    """Names and values: ``a=1,b=2``."""
    return dict(part.split("=") for part in text.split(","))


def fraction(text: str) -> float:
    """A number from 0 to 1."""
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def level(text: str) -> int:
    """A number that has a name."""
    return {"low": 1, "high": 2}[text]


def lower(text: str) -> str:
    """A text in small letters."""
    return text.lower()


def choice_of(*choices: Any) -> Any:
    """As ``make_choice_type_function`` of transformers: a text gives the choice it stands for."""
    by_text = {str(choice): choice for choice in choices}
    return lambda text: by_text.get(text, text)


def opened(mode: str = "r") -> Any:
    """A factory of open files, as ``argparse.FileType`` is one."""
    return lambda name: Path(name).open(mode, encoding="utf-8")


class Optimizer(enum.Enum):
    """Parsed by value."""

    ADAM = "adam"
    SGD = "sgd"

    def __str__(self) -> str:
        """What the command line takes."""
        return self.value


class Phase(enum.Enum):
    """Parsed by name."""

    WARM = 1
    MAIN = 2

    def __str__(self) -> str:
        """What the command line takes."""
        return self.name

    @classmethod
    def of(cls, name: str) -> Phase:
        """The member of that name."""
        try:
            return cls[name]
        except KeyError:
            raise argparse.ArgumentTypeError(f"no phase {name}") from None


class Size(enum.IntEnum):
    """A number with a name."""

    SMALL = 16
    LARGE = 32

    def __str__(self) -> str:
        """What the command line takes."""
        return str(self.value)


class KeyValue(argparse.Action):
    """``--kv a=1 b=2`` as a mapping."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Act on the values."""
        words = values if isinstance(values, list) else [values]
        known = dict(getattr(namespace, self.dest, None) or {})
        for word in words:
            key, _, value = word.partition("=")
            known[key] = value
        setattr(namespace, self.dest, known)


class InPlace(argparse.Action):
    """Changes its value without `setattr`."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Act on the values."""
        vars(namespace)[self.dest] = [values]


class Joined(argparse.Action):
    """Several words as one text."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Act on the values."""
        setattr(namespace, self.dest, "+".join(values))


class Length(argparse.Action):
    """Several words as a number."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Act on the values."""
        setattr(namespace, self.dest, len(values))


class Preset(argparse.Action):
    """Sets another argument beside its own."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Act on the values."""
        setattr(namespace, self.dest, values)
        setattr(namespace, f"{self.dest}_preset", 9.5)


class Again(argparse.Action):
    """Parses more words into the same namespace."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Act on the values."""
        parser.parse_known_args([f"--{values}", "again"], namespace)


class Nothing(argparse.Action):
    """Sets nothing."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Act on the values."""


class Switch(argparse.Action):
    """A switch of the script's own, written before there was `BooleanOptionalAction`."""

    def __init__(self, option_strings: Any, dest: str, **keywords: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **keywords)

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Act on the values."""
        setattr(namespace, self.dest, not option_string.startswith("--no-"))


class Lines(argparse.ArgumentParser):
    """A parser whose argument files have several words on a line."""

    def convert_arg_line_to_args(self, arg_line: str) -> list[str]:
        """The words of a line."""
        return arg_line.split()


class Raising(argparse.ArgumentParser):
    """A parser that raises where others exit."""

    def error(self, message: str) -> Any:
        """Raise the message."""
        raise ValueError(message)
