"""When two values of a config are the same, and how one is shown in a sentence."""

from __future__ import annotations

from typing import Any, Final

_LONGEST: Final = 120


def same_value(one: Any, other: Any) -> bool:
    """Whether two JSON trees are equal: NaN is NaN, 1 is 1.0, and neither is ``True``."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(same_value(value, other[key]) for key, value in one.items())
        )
    if isinstance(one, list):
        return (
            isinstance(other, list) and len(one) == len(other) and all(map(same_value, one, other))
        )
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other) or (one != one and other != other)  # noqa: PLR0124 - NaN


def show_value(value: Any) -> str:
    """A value as Python writes it, cut short where it would fill the screen."""
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"
