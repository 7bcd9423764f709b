"""Builds values and marks from libyaml's events, in one loop without recursion.

PyYAML's loaders make node objects first and resolve a tag for each, which takes most of their
time. Here, the first character of a plain scalar decides whether it can be anything but a string,
and a leaf costs only its value and one integer for its position.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from runsettings.documents.limits import MAX_DEPTH
from runsettings.documents.text_diagnostics import TextDiagnostics
from runsettings.documents.yaml.events import open_events
from runsettings.documents.yaml.scalars import YAML12, Schema
from runsettings.documents.yaml.special_cases import (
    AWAIT,
    CHARACTERS,
    COMPLEX,
    ITEM,
    ONE,
    Anchored,
    RareCases,
    Slot,
    with_key,
)
from runsettings.documents.yaml.syntax_errors import add_syntax_error
from runsettings.values.directives import Delete
from runsettings.values.positions import KEY_SHIFT, Branch, SequenceMarks


class Built(NamedTuple):
    """The values of a YAML text."""

    documents: list[Any]
    """At most one."""
    marks: list[Any]
    directives: bool
    """Whether a `Directive` is among the values."""


def build(diagnostics: TextDiagnostics, schema: Schema = YAML12) -> Built:
    """Build the values and marks of a YAML text.

    Args:
        diagnostics: Holds the text; receives what is wrong with it.
        schema: How plain scalars are read.
    """
    rare = RareCases(diagnostics, schema)
    data: list[Any] = []
    marks: list[Any] = []
    try:
        _run(rare, data, marks)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        add_syntax_error(diagnostics, error)
        if data and type(data[0]) is dict and data[0]:
            # The value of the last key may be incomplete.
            broken, _ = data[0].popitem()
            marks[0].pop(broken)
    return Built(data, marks, rare.directives)


def _run(rare: RareCases, root: list[Any], root_marks: list[Any]) -> None:
    get = open_events(rare.diagnostics)
    stack = rare.stack
    anchors = rare.anchors
    resolve, telling = rare.schema
    counting = "&" in rare.diagnostics.text  # only what an alias repeats has a budget
    data: Any = root
    marks: Any = root_marks
    key: Any = ITEM
    key_mark = 0
    slots: list[Slot] | None = None
    size = height = 0
    anchor: str | None = None
    tag: str | None = None
    value: Any
    try:
        while True:
            event = get()
            kind = event.__class__
            if kind is ScalarEvent:
                value = event.value
                start = event.start_mark
                mark = (start.line << 32 | start.column) + ONE
                if event.tag is not None:
                    value = rare.tagged(event, mark, data, key)
                elif not event.style and value[:1] in telling:
                    try:
                        value = resolve(value)
                    except ValueError as error:
                        rare.refused(event, mark, data, key, error)
                if counting:
                    length = len(event.value) // CHARACTERS
                    size += length
                    if event.anchor is not None:
                        anchors[event.anchor] = Anchored(value, mark, 1 + length, 0)
                if key is AWAIT:
                    key_mark = mark << KEY_SHIFT
                    key = value
                    if key in data or value == "<<":
                        key, slots = rare.odd_key(event, value, mark, data, marks, slots)
                elif key is ITEM:
                    data.append(value)
                    marks.append(mark)
                else:
                    data[key] = value
                    marks[key] = key_mark | mark
                    key = AWAIT
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                if slots is not None:
                    rare.settle(data, marks, slots)
                size += len(data)
                height += 1
                inner, inner_marks, inner_size, inner_height = data, marks, size, height
                inner_anchor, inner_tag = anchor, tag
                data, marks, key, slots, size, height, anchor, tag = stack.pop()
                size += inner_size
                height = max(height, inner_height)
                value = inner
                if inner_tag is not None:
                    value = rare.directed(inner_tag, inner)
                    if key is ITEM:
                        data[-1] = value
                    elif key is not COMPLEX:
                        data[key] = value
                if inner_anchor is not None and anchors[inner_anchor] is inner_marks:
                    anchors[inner_anchor] = Anchored(value, inner_marks, inner_size, inner_height)
                if key is COMPLEX:
                    key, slots = rare.complex_key(inner_marks, slots)
                elif key is not ITEM:
                    key = AWAIT
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                start = event.start_mark
                mark = (start.line << 32 | start.column) + ONE
                if len(stack) >= MAX_DEPTH:
                    rare.too_deep(mark, data, key)
                    return
                outer, outer_marks = data, marks
                if kind is MappingStartEvent:
                    data = {}
                    marks = Branch.__new__(Branch)
                else:
                    data = []
                    marks = SequenceMarks.__new__(SequenceMarks)
                if key is ITEM:
                    outer.append(data)
                    outer_marks.append(marks)
                    marks.here = mark
                elif key is AWAIT:
                    key = COMPLEX
                    marks.here = mark
                else:
                    outer[key] = data
                    outer_marks[key] = marks
                    marks.here = key_mark | mark
                stack.append((outer, outer_marks, key, slots, size, height, anchor, tag))
                tag = event.tag
                if tag is not None:
                    tag = rare.container_tag(tag, mark, kind is MappingStartEvent)
                anchor = event.anchor
                if anchor is not None:
                    anchors[anchor] = marks
                slots = None
                size = height = 0
                key = AWAIT if kind is MappingStartEvent else ITEM
            elif kind is AliasEvent:
                found = rare.alias(event, data, key)
                if found is None:
                    return
                value, here = found.value, found.mark
                size += found.size
                height = max(height, found.height)
                if key is ITEM:
                    data.append(value)
                    marks.append(here)
                elif key is not AWAIT:
                    data[key] = value
                    marks[key] = with_key(here, key_mark)
                    key = AWAIT
                elif isinstance(here, int) and not isinstance(value, Delete):
                    start = event.start_mark
                    mark = (start.line << 32 | start.column) + ONE
                    key_mark = mark << KEY_SHIFT
                    key = value
                    if key in data or value == "<<":
                        key, slots = rare.odd_key(event, value, mark, data, marks, slots)
                else:
                    key, slots = rare.complex_key(here, slots)
            elif kind is DocumentStartEvent:
                if root:
                    rare.second_document(event)
                    return
            elif kind is StreamEndEvent:
                return
    finally:
        # Also after an error: remove the slots from what was read so far.
        for outer, outer_marks, _, outer_slots, *_ in stack:
            if outer_slots is not None:
                rare.settle(outer, outer_marks, outer_slots)
        if slots is not None:
            rare.settle(data, marks, slots)
