"""INI, as the wandb client writes its settings files.

Agrees with `configparser.RawConfigParser(strict=False)`: sections, ``key = value`` or
``key: value``, keys without regard to case, comments on lines of their own, indented lines
that continue a value, and no interpolation, so that ``%`` is an ordinary character. Unlike
`configparser`, it records every position, reports keys that are set twice, and continues after a
line that it cannot read. ``[DEFAULT]`` is an ordinary section: it sets nothing in others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from runsettings.documents.text_diagnostics import TextDiagnostics
from runsettings.values.diagnostic import Rule
from runsettings.values.origin import Kind, Layer
from runsettings.values.positions import Branch, Position, pack, unpack
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n?|\n|\Z)")
_DELIMITER: Final = re.compile("[=:]")


@dataclass(slots=True)
class Entry:
    """A key with its value, or the header of a section."""

    section: str
    key: str | None
    """In lower case; ``None`` for a header."""
    line: int
    """0-based number of its first line."""
    indent: int
    """Characters of space in front of it."""
    start: int = 0
    """0-based column of the value."""
    parts: list[str] = field(default_factory=list)
    """The lines of the value, without the space around them."""
    lines: list[int] = field(default_factory=list)
    """0-based numbers of these lines."""

    @property
    def value(self) -> str:
        """The value, its lines joined."""
        return "\n".join(self.parts).rstrip()


@dataclass(frozen=True, slots=True)
class Stray:
    """A line that is neither a header nor an entry of a section."""

    line: int
    indent: int
    message: str
    hint: str | None = None


def split_lines(text: str) -> list[str]:
    """The lines of a text with their breaks; only CR, LF and CRLF break a line."""
    return [line for line in _LINE.findall(text) if line]


def scan(lines: list[str]) -> Iterator[Entry | Stray]:
    """The headers, entries and stray lines, in order.

    An entry may get more lines until the next one is yielded.

    Args:
        lines: The lines of the text, with their line breaks.
    """
    section: str | None = None
    current: Entry | None = None
    indent = 0
    for number, line in enumerate(lines):
        text = line.strip()
        if not text:
            if current is not None:
                current.parts.append("")
            continue
        first = text[0]
        if first in "#;":
            continue
        here = 0 if line[0] == first else len(line) - len(line.lstrip())
        if "\0" in text:
            yield Stray(number, here, "a NUL character is not allowed in a settings file")
            continue
        if current is not None and here > indent:
            current.parts.append(text)
            current.lines.append(number)
            continue
        indent, current = here, None
        end = text.rfind("]") if first == "[" else -1
        if end > 1:
            section = text[1:end]
            yield Entry(section, None, number, here)
            continue
        found = _entry(text, section, number, here)
        if isinstance(found, Entry):
            current = found
        yield found


def _entry(text: str, section: str | None, number: int, indent: int) -> Entry | Stray:
    match = _DELIMITER.search(text)
    if match is None:
        return Stray(number, indent, "a line is neither a [section] nor `key = value`")
    delimiter = match.start()
    if section is None:
        hint = "put [default] on a line above it"
        return Stray(number, indent, "a line is outside of any section", hint)
    key = text[:delimiter].rstrip().lower()
    if not key:
        return Stray(number, indent, f"a line has no key before the {text[delimiter]!r}")
    value = text[delimiter + 1 :].lstrip()
    return Entry(section, key, number, indent, indent + len(text) - len(value), [value], [number])


def read(text: str, layer: Layer, where: str) -> Reading:
    """Read an INI text. Never raises for what it holds.

    Args:
        text: The text.
        layer: The layer that its values belong to.
        where: Its name in origins.

    Returns:
        ``{section: {key: text}}`` with positions, and its diagnostics.
    """
    diagnostics = TextDiagnostics(text, layer, where, columns=False)
    data: dict[str, Any] = {}
    marks: dict[str, Any] = {}
    entries: list[Entry] = []
    for found in scan(split_lines(text)):
        if isinstance(found, Stray):
            position = Position(found.line + 1, found.indent + 1)
            diagnostics.add(Rule.SYNTAX, found.message, position, _REST, hint=found.hint)
            continue
        if found.key is None:
            position = Position(found.line + 1, found.indent + 1)
            if found.section in data:
                first = marks[found.section].here
                _add_duplicate(diagnostics, found, position, unpack(first)[0])
            else:
                data[found.section] = {}
                marks[found.section] = Branch(pack(*position))
            continue
        entries.append(found)
        section = marks[found.section]
        if found.key in section:
            position = Position(found.line + 1, found.indent + 1)
            first = unpack(section[found.key])[1]
            _add_duplicate(diagnostics, found, position, first or position)
        section[found.key] = pack(found.line + 1, found.start + 1, found.line + 1, found.indent + 1)
        data[found.section][found.key] = ""
    for entry in entries:
        data[entry.section][entry.key] = entry.value
    return Reading(
        Tree(layer, where, data, marks, text=text, kind=Kind.INI, directives=False),
        diagnostics.in_order(),
    )


_REST: Final = 1 << 16
"""A width that reaches to the end of the line."""


def _add_duplicate(
    diagnostics: TextDiagnostics, entry: Entry, position: Position, first: Position
) -> None:
    name = entry.key if entry.key is not None else f"[{entry.section}]"
    path = (entry.section,) if entry.key is None else (entry.section, entry.key)
    what = "the section exists already" if entry.key is None else f"{name!r} is set twice"
    diagnostics.add(
        Rule.DUPLICATE_KEY,
        what,
        position,
        len(name),
        path=path,
        hint="keep one of them",
        related=(first, len(name)),
    )
