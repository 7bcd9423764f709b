"""Reads YAML by the core schema of YAML 1.2, from libyaml's events.

Anchors, aliases and ``<<`` work, and their values keep the position where they were written.
Duplicate keys are errors that show both positions, only safe tags are built, and the expansion of
aliases is limited. Keys keep their types (``1: x`` has the integer 1), so that a rule about keys
can reject them with their position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from runsettings.documents.limits import MAX_DEPTH
from runsettings.documents.text_diagnostics import TextDiagnostics
from runsettings.documents.yaml.building import build
from runsettings.documents.yaml.events import open_events
from runsettings.documents.yaml.scalars import YAML11, YAML12
from runsettings.documents.yaml.syntax_errors import add_missing_space
from runsettings.values.diagnostic import Rule
from runsettings.values.origin import Kind, Layer
from runsettings.values.positions import unpack
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree


@dataclass(frozen=True, slots=True)
class ScalarToken:
    """A scalar as it is written in the text."""

    text: str
    """Its value as text, without quotes and with escapes resolved."""
    style: str
    """``""`` if it is plain; otherwise ``'``, ``"``, ``|`` or ``>``."""
    line: int
    """1-based, as are the other lines and columns."""
    column: int
    end_line: int
    end_column: int
    index: int
    """0-based offset of its first character, which may be that of its tag or anchor."""
    end_index: int
    """0-based offset after its last character."""
    is_key: bool
    tag: str | None = None
    """Its explicit tag, if it has one."""


def read(text: str, layer: Layer, where: str, *, yaml11: bool = False) -> Reading:
    """Read a YAML text. Never raises for what it holds.

    Args:
        text: The text.
        layer: The layer that its values belong to.
        where: Its name in origins.
        yaml11: Whether to read plain scalars as PyYAML's SafeLoader does, by YAML 1.1.

    Returns:
        Its values with their positions, and its diagnostics. The tags ``!append``, ``!replace`` and
        ``!delete`` become directives.
    """
    diagnostics = TextDiagnostics(text, layer, where)
    documents, marks, directives = build(diagnostics, YAML11 if yaml11 else YAML12)
    tree = Tree(layer, where, text=text, kind=Kind.DOCUMENT, directives=directives)
    if documents and isinstance(documents[0], dict):
        tree.data, tree.marks = documents[0], marks[0]
    elif documents and documents[0] is not None:
        here = getattr(marks[0], "here", marks[0])
        position, _ = unpack(here)
        if not (isinstance(documents[0], str) and add_missing_space(diagnostics, position)):
            kind = "a list" if isinstance(documents[0], list) else "a single value"
            message = f"the top level must be a mapping of keys to values; it is {kind}"
            diagnostics.add(Rule.SYNTAX, message, position)
    return Reading(tree, diagnostics.in_order())


def scan_scalars(text: str) -> Iterator[ScalarToken]:
    """Every scalar of a YAML text, in order, with its exact position and style.

    It ends at the first syntax error, and where values are nested too deep, without an exception;
    `read` reports the error.
    """
    try:
        yield from _tokens(open_events(TextDiagnostics(text, Layer.FILE, "")))
    except (yaml.YAMLError, ValueError, OverflowError):
        return


def _tokens(get: Callable[[], Any]) -> Iterator[ScalarToken]:
    # For each open container: None in a sequence, else whether the next node is a key.
    awaiting: list[bool | None] = [None]
    while (event := get()) is not None:
        if isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            awaiting.pop()
            continue
        if not isinstance(event, NodeEvent):
            continue
        is_key = awaiting[-1]
        if is_key is not None:
            awaiting[-1] = not is_key
        if isinstance(event, ScalarEvent):
            yield _token(event, is_key=bool(is_key))
        elif isinstance(event, MappingStartEvent):
            awaiting.append(True)
        elif isinstance(event, SequenceStartEvent):
            awaiting.append(None)
        if len(awaiting) > MAX_DEPTH:
            return  # libyaml takes quadratic time for nested brackets; `read` reports the depth


def _token(event: Any, *, is_key: bool) -> ScalarToken:
    start, end = event.start_mark, event.end_mark
    return ScalarToken(
        event.value,
        event.style or "",
        start.line + 1,
        start.column + 1,
        end.line + 1,
        end.column + 1,
        start.index,
        end.index,
        is_key,
        event.tag,
    )
