"""libyaml's events, with line numbers as editors count them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import yaml

from runsettings.documents.text_diagnostics import TextDiagnostics

PARSER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser, or PyYAML's own parser if PyYAML was built without libyaml."""

_BREAKS_OF_11: Final = ("\x85", "\u2028", "\u2029")
"""YAML 1.1, and so libyaml, ends a line at these characters. No editor does, and an origin must
have the line number that the user sees."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A position, with the 0-based numbers of PyYAML's marks."""

    line: int
    column: int
    index: int


def open_events(diagnostics: TextDiagnostics, parser: Any = PARSER) -> Callable[[], Any]:
    """Make a function that returns the next event of a text, and ``None`` after the last.

    The function raises `yaml.YAMLError` if the text is not YAML, and `ValueError` if it has
    characters that cannot be encoded.

    Args:
        diagnostics: Holds the text, and computes lines and columns.
        parser: The class of the parser.
    """
    get: Callable[[], Any] = parser(diagnostics.text).get_event
    if any(char in diagnostics.text for char in _BREAKS_OF_11):
        return _recounted(get, diagnostics)
    return get


def _recounted(get: Callable[[], Any], diagnostics: TextDiagnostics) -> Callable[[], Any]:
    def mark_at(offset: int) -> _Mark:
        line, column = diagnostics.locate(offset)
        return _Mark(line - 1, column - 1, offset)

    def get_event() -> Any:
        event = get()
        if event is not None:
            event.start_mark = mark_at(event.start_mark.index)
            event.end_mark = mark_at(event.end_mark.index)
        return event

    return get_event
