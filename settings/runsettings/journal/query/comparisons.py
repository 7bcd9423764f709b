"""Compares a run's value with the value in a filter, by the types of both."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

from runsettings.journal.replay import StoredRun
from runsettings.values.key_paths import MISSING

Filter: TypeAlias = Callable[[StoredRun], bool]
"""A function that returns whether a run is selected."""

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
    """A value in a filter. If it is not quoted, it is compared by the type of the run's value."""

    text: str
    value: Any
    quoted: bool

    def equals(self, other: Any) -> bool:
        """Whether a run's value equals this; ``1`` equals ``1.0``, but not ``true``."""
        if isinstance(other, str):
            return other == self.text
        if self.quoted or isinstance(other, bool) or other is None:
            return not self.quoted and other is self.value
        return is_number(self.value) and other == self.value

    def compares(self, other: Any) -> bool:
        """Whether there is an order between this and a run's value."""
        if isinstance(other, str):
            return self.quoted or isinstance(self.value, str)
        return not self.quoted and is_number(other) and is_number(self.value)


def any_element(
    get: Callable[[StoredRun], Any], holds: Callable[[Any], bool], *, wanted: bool
) -> Filter:
    """A filter: a test is true for a value or, in a list, for any element (``tags = x``).

    Args:
        get: Returns the run's value, or `MISSING`.
        holds: The test.
        wanted: Whether to select the runs for which the test is true. False selects the runs
            with a value for which it is not.
    """

    def chosen(run: StoredRun) -> bool:
        value = get(run)
        if value is MISSING:
            return False
        return any(map(holds, value if isinstance(value, list) else [value])) is wanted

    return chosen


def ordered(
    get: Callable[[StoredRun], Any], order: Callable[[Any, Any], bool], literal: Literal
) -> Filter:
    """A filter by order. It is false if the run has no value, or for a string and a number.

    Args:
        get: Returns the run's value, or `MISSING`.
        order: The comparison.
        literal: The value to compare with.
    """

    def chosen(run: StoredRun) -> bool:
        value = get(run)
        if value is MISSING or not literal.compares(value):
            return False
        return order(value, literal.text if isinstance(value, str) else literal.value)

    return chosen


def plain(text: str) -> Any:
    """The value of an unquoted word: a number, ``true``, ``false``, ``null``, or a text."""
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        number = float(text)
        # A float cannot hold all digits of integers beyond 2**53.
        whole = text.lstrip("+-").isdigit() and len(text) < 400
        return int(text) if whole and math.isfinite(number) else number
    return text


def kind_of(value: Any) -> str:
    """The name of a value's type in a message."""
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
    """Whether a value is an integer or a float; a bool is neither."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
