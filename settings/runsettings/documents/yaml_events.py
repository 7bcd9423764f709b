"""libyaml's events, with the line breaks of YAML 1.2."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import yaml

PARSER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser, or PyYAML's own where that was built without."""

_BREAKS_OF_11: Final = ("\x85", "\u2028", "\u2029")
"""YAML 1.1, and so libyaml, ends a line at these. YAML 1.2 and editors do not, and an origin
must name the line that a person sees."""


def open_events(text: str, parser: Any = PARSER) -> Callable[[], Any]:
    """A function that gives the next event each time, and ``None`` after the last.

    It raises `yaml.YAMLError` where the text is no YAML, and `ValueError` where it is no text.
    """
    if any(char in text for char in _BREAKS_OF_11):
        return _shielded(text, parser)
    get: Callable[[], Any] = parser(text).get_event
    return get


def _shielded(text: str, parser: Any) -> Callable[[], Any]:
    # Characters for private use stand in for the breaks while libyaml reads.
    spare = (char for char in map(chr, range(0xE000, 0xF8FF)) if char not in text)
    stand_ins = dict(zip(_BREAKS_OF_11, spare, strict=False))
    back = {ord(stand_in): char for char, stand_in in stand_ins.items()}
    get = parser(
        text.translate({ord(char): stand_in for char, stand_in in stand_ins.items()})
    ).get_event

    def get_event() -> Any:
        event = get()
        if isinstance(event, yaml.ScalarEvent):
            event.value = event.value.translate(back)
        return event

    return get_event
