"""libyaml's events, with lines counted as people see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import yaml

from runsettings.documents.text_diagnostics import TextDiagnostics

PARSER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser, or PyYAML's own where that was built without."""

_BREAKS_OF_11: Final = ("\x85", "\u2028", "\u2029")
"""YAML 1.1, and so libyaml, ends a line at these. What PyYAML writes relies on it; but no editor
counts a line there, and an origin must name the line that a person sees."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A position, with the 0-based numbers of PyYAML's marks."""

    line: int
    column: int
    index: int


def open_events(diagnostics: TextDiagnostics, parser: Any = PARSER) -> Callable[[], Any]:
    """A function that gives the text's next event each time, and ``None`` after the last.

    It raises `yaml.YAMLError` where the text is no YAML, and `ValueError` where it is no text.
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
