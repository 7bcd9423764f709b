"""Comparisons of what a run has with what a filter says, by the types of both."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

from runsettings.journal.replay import StoredRun
from runsettings.values.tree import MISSING

Filter: TypeAlias = Callable[[StoredRun], bool]
"""Whether a run is chosen."""

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
    """A value as a filter writes it: unquoted, it is a number, a word or a text as needed."""

    text: str
    value: Any
    quoted: bool

    def equals(self, other: Any) -> bool:
        """Whether a run's value is meant; ``1`` is ``1.0``, and not ``true``."""
        if isinstance(other, str):
            return other == self.text
        if self.quoted or isinstance(other, bool) or other is None:
            return not self.quoted and other is self.value
        return _is_number(self.value) and other == self.value

    def compares(self, other: Any) -> bool:
        """Whether there is an order between this and a run's value."""
        if isinstance(other, str):
            return self.quoted or isinstance(self.value, str)
        return not self.quoted and _is_number(other) and _is_number(self.value)


def equals(get: Callable[[StoredRun], Any], literal: Literal, *, wanted: bool) -> Filter:
    """Equality; a list is asked for its elements, so that ``tags = x`` means to have the tag."""

    def chosen(run: StoredRun) -> bool:
        value = get(run)
        if value is MISSING:
            return False
        values = value if isinstance(value, list) else [value]
        return any(map(literal.equals, values)) is wanted

    return chosen


def ordered(
    get: Callable[[StoredRun], Any], order: Callable[[Any, Any], bool], literal: Literal
) -> Filter:
    """Order; there is none between a text and a number, nor where the run has nothing."""

    def chosen(run: StoredRun) -> bool:
        value = get(run)
        if value is MISSING or not literal.compares(value):
            return False
        return order(value, literal.text if isinstance(value, str) else literal.value)

    return chosen


def contains(get: Callable[[StoredRun], Any], part: str, *, wanted: bool) -> Filter:
    """Part of a text, in any case; of a list, part of any element."""

    def chosen(run: StoredRun) -> bool:
        value = get(run)
        if value is MISSING:
            return False
        values = value if isinstance(value, list) else [value]
        return any(part in str(each).casefold() for each in values) is wanted

    return chosen


def plain(text: str) -> Any:
    """What an unquoted word means: a number, ``true``, ``false``, ``null``, or itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text):
        number = float(text)
        # Beyond 2**53 the digits say more than a float does.
        whole = text.lstrip("+-").isdigit() and len(text) < 400
        return int(text) if whole and math.isfinite(number) else number
    return text


def kind_of(value: Any) -> str:
    """What to call a value's type in a sentence."""
    if isinstance(value, bool):
        return "true or false"
    if _is_number(value):
        return "a number"
    if value is None:
        return "null"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "several keys"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
