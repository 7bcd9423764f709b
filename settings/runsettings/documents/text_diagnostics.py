"""Collects the diagnostics of one text, each with its position and its line."""

from __future__ import annotations

import functools
import sys
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from runsettings.documents.limits import MAX_DIAGNOSTICS
from runsettings.values.diagnostic import Diagnostic, Excerpt, Rule, Severity
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Layer, Origin
from runsettings.values.positions import Position, pack


class TextDiagnostics:
    """The diagnostics of one text.

    Args:
        text: The whole text.
        layer: The layer that it belongs to.
        where: Its native name, usually a file as the user would name it.
        columns: Whether origins have a column; excerpts always have one.
    """

    def __init__(self, text: str, layer: Layer, where: str, *, columns: bool = True) -> None:
        self.text = text
        self.layer = layer
        self.where = where
        self.columns = columns
        self.found: list[Diagnostic] = []
        # Cached: many diagnostics can be in one line, and that line may be the whole text.
        self._line: tuple[int, str] = (0, "")

    @functools.cached_property
    def starts(self) -> list[int]:
        """The offset at which each line begins; computed when the first position is needed."""
        text = self.text
        if "\r" in text:
            text = text.replace("\r\n", " \n").replace("\r", "\n")
        # `split` removes the line break before each further line; a character takes its place.
        lengths = map(len, text.replace("\n", "\n.").split("\n"))
        starts = [*accumulate(lengths, initial=1)][:-1]
        starts[0] = 0
        return starts

    @functools.cached_property
    def packed(self) -> Callable[[int], int]:
        """A function that makes a packed position of a 0-based offset (`positions.pack`).

        It is fast for readers that call it in the order of the text: most offsets are in the same
        line as the one before or in the next line, and need no search.
        """
        starts, last = self.starts, len(self.starts)
        one_line = pack(1, 0)
        line, begin, end, base = 0, 0, -1, 0

        def packed(offset: int) -> int:
            nonlocal line, begin, end, base
            if not begin <= offset < end:
                line += 1
                if line >= last or not starts[line - 1] <= offset < starts[line]:
                    line = bisect_right(starts, offset)
                begin = starts[line - 1]
                end = starts[line] if line < last else sys.maxsize
                base = line * one_line - begin
            return base + offset + 1

        return packed

    def packed_in_order(self, offsets: Sequence[int]) -> list[int]:
        """The packed positions of many offsets that rise; faster than `packed` for each.

        Args:
            offsets: 0-based offsets, at least one.
        """
        ends = self._ends
        line = bisect_right(self.starts, offsets[0])
        begin, end = self.starts[line - 1], ends[line]
        one_line = pack(1, 0)
        base = line * one_line - begin + 1
        found: list[int] = []
        append = found.append
        for offset in offsets:
            while offset >= end:
                line += 1
                base += one_line + begin - end
                begin, end = end, ends[line]
            append(base + offset)
        return found

    @functools.cached_property
    def _ends(self) -> list[int]:
        """The offset behind each 1-based line; the last line has no end."""
        return [*self.starts, sys.maxsize]

    def locate(self, offset: int) -> Position:
        """The 1-based line and column of a character's 0-based offset."""
        line = bisect_right(self.starts, offset)
        return Position(line, offset - self.starts[line - 1] + 1)

    def offset(self, position: Position) -> int:
        """The 0-based offset of a position; the end of the text for a position after it."""
        if position.line > len(self.starts):
            return len(self.text)
        return min(self.starts[position.line - 1] + position.column - 1, len(self.text))

    def line(self, number: int) -> str:
        """A 1-based line without its break."""
        if number != self._line[0]:
            starts = self.starts
            begin = starts[number - 1] if number <= len(starts) else len(self.text)
            end = starts[number] if number < len(starts) else len(self.text)
            self._line = number, self.text[begin:end].rstrip("\r\n")
        return self._line[1]

    def _shown(self, position: Position, width: int = 1) -> tuple[Origin, Excerpt]:
        """A position as an origin, and the line there with ``width`` characters marked."""
        shown = self.line(position.line)
        width = max(1, min(width, len(shown) - position.column + 1))
        return (
            Origin(
                self.layer, self.where, position.line, position.column if self.columns else None
            ),
            Excerpt(shown, position.line, position.column, width),
        )

    def add(
        self,
        rule: Rule,
        message: str,
        position: Position,
        width: int = 1,
        *,
        path: KeyPath = (),
        hint: str | None = None,
        related: tuple[Position, int] | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Add a diagnostic.

        Args:
            rule: What kind it is.
            message: What is wrong, without position or hint.
            position: Where it is.
            width: How many characters are wrong.
            path: The key that it concerns.
            hint: What to do next.
            related: A further position that belongs to it, and its width.
            severity: How much it matters.
        """
        if len(self.found) > MAX_DIAGNOSTICS:
            return
        if len(self.found) == MAX_DIAGNOSTICS:
            message, hint, related = "the problems from here on are not listed", None, None
        origin, excerpt = self._shown(position, width)
        further = () if related is None else (self._shown(*related),)
        self.found.append(
            Diagnostic(
                rule,
                severity,
                path,
                message,
                origin=origin,
                hint=hint,
                excerpt=excerpt,
                related=further,
            )
        )

    def add_at(self, rule: Rule, message: str, offset: int, *, hint: str | None = None) -> None:
        """Add a diagnostic at an offset.

        Args:
            rule: What kind it is.
            message: What is wrong, without position or hint.
            offset: 0-based offset of the character.
            hint: What to do next.
        """
        self.add(rule, message, self.locate(offset), hint=hint)

    def in_order(self) -> tuple[Diagnostic, ...]:
        """All diagnostics, in the order of the text."""
        return tuple(sorted(self.found, key=lambda found: (found.line or 0, found.column or 0)))
