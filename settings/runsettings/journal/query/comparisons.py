"""The conditions of filters, which compare a run's value with a literal by the types of both.

A condition is a function of a run. A store translates it to an SQL expression.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from runsettings.journal.query.keys import Key
from runsettings.journal.replay import StoredRun
from runsettings.values.key_paths import MISSING

_NUMBER: Final = re.compile(
    r"[-+]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|inf|nan)", re.ASCII
)

_WORDS: Final = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "null": None,
    "None": None,
}

ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Literal(NamedTuple):
    """A value in a filter. An unquoted literal is compared by the type of the run's value."""

    text: str
    value: Any
    quoted: bool

    @classmethod
    def of_text(cls, text: str) -> Literal:
        """Make a literal that equals only this text."""
        return cls(text, text, quoted=True)

    def equals(self, other: Any) -> bool:
        """Whether a run's value equals this literal; ``1`` equals ``1.0``, but not ``true``.

        Args:
            other: The run's value.
        """
        if isinstance(other, str):
            return other == self.text
        if self.quoted or isinstance(other, bool) or other is None:
            return not self.quoted and other is self.value
        return is_number(self.value) and other == self.value

    def compares(self, other: Any) -> bool:
        """Whether a run's value can be ordered before or after this literal.

        Args:
            other: The run's value.
        """
        if isinstance(other, str):
            return self.quoted or isinstance(self.value, str)
        return not self.quoted and is_number(other) and is_number(self.value)


@dataclass(frozen=True, slots=True)
class Present:
    """The condition that a run has a value for a key."""

    key: Key

    def __call__(self, run: StoredRun) -> bool:
        """Whether a run does."""
        return self.key.get(run) is not MISSING


@dataclass(frozen=True, slots=True)
class Comparison:
    """The condition that a run's value compares with a literal.

    It is false for a run without a value. ``<``, ``<=``, ``>`` and ``>=`` are false between a text
    and a number. The other signs compare each element of a list (``tags = x``): ``=`` and ``~``
    must match any element, ``!=`` and ``!~`` must match all of them.
    """

    key: Key
    sign: str
    """One of ``=``, ``!=``, ``~``, ``!~`` and those of `ORDER`."""
    literal: Literal

    def __call__(self, run: StoredRun) -> bool:
        """Whether the condition holds for a run."""
        value, literal = self.key.get(run), self.literal
        if value is MISSING:
            return False
        if self.sign in ORDER:
            known = literal.text if isinstance(value, str) else literal.value
            return literal.compares(value) and ORDER[self.sign](value, known)
        elements = value if isinstance(value, list) else [value]
        if self.sign in ("~", "!~"):
            part = literal.text.casefold()
            found = any(part in str(each).casefold() for each in elements)
        else:
            found = any(map(literal.equals, elements))
        return found is (self.sign in ("=", "~"))


@dataclass(frozen=True, slots=True)
class Negation:
    """A condition is false."""

    part: Filter

    def __call__(self, run: StoredRun) -> bool:
        """Whether it is for a run."""
        return not self.part(run)


@dataclass(frozen=True, slots=True)
class Joined:
    """The condition that all of some conditions hold, or any of them."""

    parts: Sequence[Filter]
    every: bool

    def __call__(self, run: StoredRun) -> bool:
        """Whether the condition holds for a run."""
        return (all if self.every else any)(part(run) for part in self.parts)


Filter: TypeAlias = Present | Comparison | Negation | Joined
"""A function that returns whether a run is selected."""


def plain(text: str) -> Any:
    """Parse an unquoted word: a number, ``true``, ``false``, ``null``, or a text.

    Args:
        text: The word.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        number = float(text)
        # A float cannot hold all digits of integers beyond 2**53.
        whole = text.lstrip("+-").isdigit() and len(text) < 400
        return int(text) if whole and math.isfinite(number) else number
    return text


def kind_of(value: Any) -> str:
    """Return the name of a value's type, for messages.

    Args:
        value: The value.
    """
    if isinstance(value, bool):
        return "true or false"
    if is_number(value):
        return "a number"
    if value is None:
        return "null"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "several keys"


def is_number(value: Any) -> bool:
    """Whether a value is an integer or a float, but not a bool.

    Args:
        value: The value.
    """
    return isinstance(value, (int, float)) and not isinstance(value, bool)
