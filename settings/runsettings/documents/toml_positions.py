"""Where the keys and values of a TOML text stand.

`tomllib` gives values and no places. This scan walks over the same text beside it: it knows
where keys and values begin and end, and leaves to `tomllib` what they mean and whether they
are right. On a text that is no TOML it ends early, with what it found.
"""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from typing import Any, Final

from runsettings.documents.limits import MAX_DEPTH, MAX_DIGITS
from runsettings.documents.text_diagnostics import Faults
from runsettings.values.diagnostic import Rule
from runsettings.values.tree import Branch, KeyPath, Mark, Position, SequenceMarks, pack, unpack

_BLANKS: Final = re.compile(r"[ \t]*+")
_LINES: Final = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]++")
_BASIC: Final = re.compile(r'"(?:[^"\\\n]++|\\.)*+"')
_LITERAL: Final = re.compile(r"'[^'\n]*+'")
_LONG_BASIC: Final = re.compile(r'"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}', re.DOTALL)
_LONG_LITERAL: Final = re.compile(r"'''(?:[^']++|'(?!''))*+'{3,5}")
_BARE_VALUE: Final = re.compile(r"[^,\]}#\r\n]++")
_STRINGS: Final = (('"""', _LONG_BASIC), ("'''", _LONG_LITERAL), ('"', _BASIC), ("'", _LITERAL))


class _LostError(Exception):
    """The text is not what the scan expects."""


class _RefusedError(Exception):
    """The text goes beyond a limit."""

    def __init__(self, rule: Rule, message: str, offset: int) -> None:
        super().__init__(message)
        self.refusal = rule, message, offset


class Places:
    """The marks of one TOML text.

    Args:
        faults: Holds the text, and tells lines and columns.

    Attributes:
        marks: Of the same shape as the values.
        statements: The offset at which each header and each ``key = value`` begins.
        repeated: Keys and tables that are set twice: path, offset, first position.
        refusal: The rule, sentence and offset of the first place beyond a limit, if any.
    """

    def __init__(self, faults: Faults) -> None:
        self.text = faults.text
        self.locate = faults.locate
        self.marks = Branch()
        self.statements: list[int] = []
        self.repeated: list[tuple[KeyPath, int, Position]] = []
        self.refusal: tuple[Rule, str, int] | None = None
        self._at = 0
        # Tables that have a header of their own, by identity; `marks` keeps them alive.
        self._declared: set[int] = set()
        # What a lost scan is about, `tomllib` says better.
        with suppress(_LostError):
            try:
                self._scan()
            except _RefusedError as error:
                self.refusal = error.refusal

    def _scan(self) -> None:
        table: Branch = self.marks
        path: KeyPath = ()
        while True:
            self._skip(_LINES)
            if self._at >= len(self.text):
                return
            self.statements.append(self._at)
            if self.text.startswith("[[", self._at):
                table, path = self._header(2)
            elif self.text.startswith("[", self._at):
                table, path = self._header(1)
            else:
                self._pair(table, path, 0)

    def _header(self, width: int) -> tuple[Branch, KeyPath]:
        start = self._at
        self._at += width
        parts = self._key()
        self._expect("]" * width)
        place = self.locate(start)
        if len(parts) > MAX_DEPTH:
            raise _too_deep(start)
        table = self.marks
        for name, offset in parts[:-1]:
            table = self._enter(table, name, offset, place)
        name, offset = parts[-1]
        path = tuple(part for part, _ in parts)
        mark = pack(*place, *self.locate(offset))
        present = table.get(name)
        if width == 2:
            if not isinstance(present, SequenceMarks):
                present = table[name] = SequenceMarks(mark)
            present.append(Branch(mark))
            return present[-1], path
        if isinstance(present, (SequenceMarks, int)):
            self.repeated.append((path, offset, _key_position(present)))
            return Branch(mark), path
        if isinstance(present, Branch):
            if id(present) in self._declared:
                self.repeated.append((path, offset, _key_position(present)))
                return Branch(mark), path
        else:
            present = table[name] = Branch()
        # A table that was only implied until now gets the place of its own header.
        present.here = mark
        self._declared.add(id(present))
        return present, path

    def _pair(self, table: Branch, path: KeyPath, depth: int) -> None:
        """A key and its value, into ``table``."""
        parts = self._key()
        self._expect("=")
        self._skip(_BLANKS)
        if depth + len(path) + len(parts) > MAX_DEPTH:
            raise _too_deep(parts[0][1])
        for name, offset in parts[:-1]:
            table = self._enter(table, name, offset, self.locate(offset))
        name, offset = parts[-1]
        mark = pack(0, 0, *self.locate(offset))
        value = self._value(mark, depth + len(path) + len(parts))
        if name in table:
            whole = (*path, *(part for part, _ in parts))
            self.repeated.append((whole, offset, _key_position(table[name])))
        else:
            table[name] = value

    def _enter(self, table: Branch, name: str, offset: int, place: Position) -> Branch:
        """The table of that name, made where it is only implied."""
        present = table.get(name)
        if isinstance(present, SequenceMarks) and present and isinstance(present[-1], Branch):
            return present[-1]
        if isinstance(present, Branch):
            return present
        if present is not None:
            raise _LostError
        implied = table[name] = Branch(pack(*place, *self.locate(offset)))
        return implied

    def _value(self, key_mark: int, depth: int) -> Any:
        """The mark, or marks, of the value that begins here."""
        if depth > MAX_DEPTH:
            raise _too_deep(self._at)
        mark = key_mark | pack(*self.locate(self._at))
        if self.text.startswith("[", self._at):
            return self._array(mark, depth)
        if self.text.startswith("{", self._at):
            return self._inline_table(mark, depth)
        for opening, pattern in _STRINGS:
            if self.text.startswith(opening, self._at):
                self._match(pattern)
                return mark
        start = self._at
        written = self._match(_BARE_VALUE).rstrip()
        if len(written) > MAX_DIGITS:
            message = f"a number of {len(written):,} characters is too long to read"
            raise _RefusedError(Rule.BAD_VALUE, message, start)
        return mark

    def _array(self, mark: int, depth: int) -> SequenceMarks:
        marks = SequenceMarks(mark)
        self._at += 1
        while True:
            self._skip(_LINES)
            if self._accept("]"):
                return marks
            marks.append(self._value(0, depth + 1))
            self._skip(_LINES)
            if not self._accept(","):
                self._expect("]")
                return marks

    def _inline_table(self, mark: int, depth: int) -> Branch:
        marks = Branch(mark)
        self._at += 1
        while True:
            # Line breaks here are allowed by TOML 1.1 alone; `tomllib` judges.
            self._skip(_LINES)
            if self._accept("}"):
                return marks
            self._pair(marks, (), depth)
            self._skip(_LINES)
            if not self._accept(","):
                self._expect("}")
                return marks

    def _key(self) -> list[tuple[str, int]]:
        """The parts of a dotted key, each with its offset."""
        parts = []
        while True:
            self._skip(_BLANKS)
            start = self._at
            if self.text.startswith('"', start):
                name = _unescaped(self._match(_BASIC))
            elif self.text.startswith("'", start):
                name = self._match(_LITERAL)[1:-1]
            else:
                name = self._match(_BARE_KEY)
            parts.append((name, start))
            self._skip(_BLANKS)
            if not self._accept("."):
                return parts

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self._at)
        self._at = match.end() if match else self._at

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self._at)
        if match is None:
            raise _LostError
        self._at = match.end()
        return match[0]

    def _accept(self, token: str) -> bool:
        if not self.text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True

    def _expect(self, token: str) -> None:
        self._skip(_BLANKS)
        if not self._accept(token):
            raise _LostError


def _too_deep(offset: int) -> _RefusedError:
    message = f"values are nested more than {MAX_DEPTH} levels deep"
    return _RefusedError(Rule.TOO_DEEP, message, offset)


def _unescaped(quoted: str) -> str:
    if "\\" not in quoted:
        return quoted[1:-1]
    try:
        return str(tomllib.loads(f"key = {quoted}")["key"])
    except tomllib.TOMLDecodeError:
        raise _LostError from None


def _key_position(marks: Any) -> Position:
    mark: Mark = marks if isinstance(marks, int) else marks.here
    value, key = unpack(mark) if isinstance(mark, int) else (Position(1, 1), None)
    return key or value
