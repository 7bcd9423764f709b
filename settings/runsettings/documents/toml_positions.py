"""Finds the positions of the keys and values of a TOML text, which `tomllib` does not report.

The scan finds where keys and values begin and end; `tomllib` decides what they mean and whether
they are valid. On a text that is not TOML, the scan ends early and keeps what it found.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final, NoReturn

from runsettings.documents.limits import MAX_DEPTH, MAX_DIGITS, number_problem
from runsettings.documents.text_diagnostics import TextDiagnostics
from runsettings.values.diagnostic import Rule
from runsettings.values.key_paths import KeyPath
from runsettings.values.positions import KEY_SHIFT, Branch, Mark, Position, SequenceMarks, unpack

_BLANKS: Final = re.compile(r"[ \t]*+")
_LINES: Final = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]++")
_BASIC: Final = re.compile(r'"(?:[^"\\\n]++|\\.)*+"')
_LITERAL: Final = re.compile(r"'[^'\n]*+'")
_LONG_BASIC: Final = re.compile(r'"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}', re.DOTALL)
_LONG_LITERAL: Final = re.compile(r"'''(?:[^']++|'(?!''))*+'{3,5}")
_BARE_VALUE: Final = re.compile(r"[^,\]}#\r\n]++")
_DIGITS: Final = r"[0-9]++(?:_[0-9]++)*+"
_EXPONENT: Final = rf"[eE][-+]?{_DIGITS}"
_FLOAT: Final = re.compile(rf"[-+]?{_DIGITS}(?:\.{_DIGITS}(?:{_EXPONENT})?|{_EXPONENT})")
_PLAIN_PAIR: Final = re.compile(
    rf"{_LINES.pattern}([A-Za-z0-9_-]++)[ \t]*+=[ \t]*+"
    r"""("[^"\\\n]*+"(?!")|'[^'\n]*+'(?!')|true|false|[-+.:_0-9]{1,100}+)"""
    r"(?=[ \t]*+(?:[#\r\n]|\Z))"
)
"""The most frequent statement: a bare key and a short scalar."""
_STRINGS: Final = (('"""', _LONG_BASIC), ("'''", _LONG_LITERAL), ('"', _BASIC), ("'", _LITERAL))


class _LostError(Exception):
    """The text is not what the scan expects."""


class Positions:
    """The marks of one TOML text.

    Args:
        diagnostics: Holds the text, and computes lines and columns.

    Attributes:
        marks: Of the same shape as the values.
        statements: The offset at which each header and each ``key = value`` begins.
        repeated: Keys and tables that are set twice: path, offset, first position.
        refusal: The rule, message and offset of the first value beyond a limit, if any.
        tables: The name of each table in a header or dotted key: the id of the marks around it,
            the name and its offset. A table can be named many times.
    """

    def __init__(self, diagnostics: TextDiagnostics) -> None:
        self.text = diagnostics.text
        self.packed = diagnostics.packed
        self.marks = Branch()
        self.statements: list[int] = []
        self.repeated: list[tuple[KeyPath, int, Position]] = []
        self.refusal: tuple[Rule, str, int] | None = None
        self.tables: list[tuple[int, str, int]] = []
        self._at = 0
        # The ids of tables that have a header of their own; `marks` keeps the tables alive.
        self._declared: set[int] = set()
        with suppress(_LostError):  # `tomllib` reports what is wrong
            self._scan()

    def _scan(self) -> None:
        text, packed = self.text, self.packed
        table: Branch = self.marks
        path: KeyPath = ()
        while True:
            plain = _PLAIN_PAIR.match(text, self._at)
            if plain is not None and plain[1] not in table and len(path) < MAX_DEPTH:
                key = plain.start(1)
                self.statements.append(key)
                table[plain[1]] = packed(key) << KEY_SHIFT | packed(plain.start(2))
                self._at = plain.end()
                continue
            self._skip(_LINES)
            if self._at >= len(text):
                return
            self.statements.append(self._at)
            if text.startswith("[[", self._at):
                table, path = self._header(2)
            elif text.startswith("[", self._at):
                table, path = self._header(1)
            else:
                self._pair(table, path, 0)

    def _header(self, width: int) -> tuple[Branch, KeyPath]:
        start = self._at
        self._at += width
        parts = self._key(start)
        self._expect("]" * width)
        position = self.packed(start)
        table = self.marks
        for name, offset in parts[:-1]:
            table = self._enter(table, name, offset, position)
        name, offset = parts[-1]
        path = tuple(part for part, _ in parts)
        mark = self.packed(offset) << KEY_SHIFT | position
        present = table.get(name)
        self.tables.append((id(table), name, offset))
        if width == 2:
            if not isinstance(present, SequenceMarks):
                present = table[name] = SequenceMarks(mark)
            present.append(Branch(mark))
            return present[-1], path
        if present is None:
            present = table[name] = Branch()
        elif not isinstance(present, Branch) or id(present) in self._declared:
            self.repeated.append((path, offset, _key_position(present)))
            return Branch(mark), path
        # The table was only implied so far, as `a` is by [a.b]; it gets the position of its header.
        present.here = mark
        self._declared.add(id(present))
        return present, path

    def _pair(self, table: Branch, path: KeyPath, depth: int) -> None:
        """Read a key and its value, and add them to ``table``."""
        parts = self._key(self._at)
        self._expect("=")
        self._skip(_BLANKS)
        depth += len(path) + len(parts)
        self._check_depth(depth, parts[0][1])
        for name, offset in parts[:-1]:
            table = self._enter(table, name, offset, self.packed(offset))
        name, offset = parts[-1]
        value = self._value(self.packed(offset) << KEY_SHIFT, depth)
        if name in table:
            whole = (*path, *(part for part, _ in parts))
            self.repeated.append((whole, offset, _key_position(table[name])))
        else:
            table[name] = value

    def _enter(self, table: Branch, name: str, offset: int, position: int) -> Branch:
        """The table of this name, made if it is only implied."""
        self.tables.append((id(table), name, offset))
        present = table.get(name)
        if present is None:
            present = table[name] = Branch(self.packed(offset) << KEY_SHIFT | position)
        elif isinstance(present, SequenceMarks) and present:
            present = present[-1]
        if not isinstance(present, Branch):
            raise _LostError
        return present

    def _value(self, key_mark: int, depth: int) -> Any:
        """The mark, or marks, of the value that begins here."""
        start = self._at
        self._check_depth(depth, start)
        mark = key_mark | self.packed(start)
        if self._accept("["):
            marks = SequenceMarks(mark)
            for _ in self._parts("]"):
                marks.append(self._value(0, depth + 1))
            return marks
        if self._accept("{"):
            table = Branch(mark)
            for _ in self._parts("}"):
                self._pair(table, (), depth)
            return table
        for opening, pattern in _STRINGS:
            if self.text.startswith(opening, start):
                self._match(pattern)
                return mark
        written = self._match(_BARE_VALUE).rstrip()
        if len(written) > MAX_DIGITS or _is_infinite(written):
            self._refuse(Rule.BAD_VALUE, number_problem(written), start)
        return mark

    def _parts(self, closer: str) -> Iterator[None]:
        """Yield at the beginning of each item of an array or inline table; then read its end."""
        # Only TOML 1.1 allows line breaks in inline tables; `tomllib` decides.
        self._skip(_LINES)
        while not self._accept(closer):
            yield
            self._skip(_LINES)
            if not self._accept(","):
                self._expect(closer)
                return
            self._skip(_LINES)

    def _key(self, statement: int) -> list[tuple[str, int]]:
        """The parts of a dotted key, each with its offset.

        Args:
            statement: The offset that is reported if there are too many parts.
        """
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
            self._check_depth(len(parts), statement)
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

    def _check_depth(self, depth: int, offset: int) -> None:
        if depth > MAX_DEPTH:
            message = f"values are nested more than {MAX_DEPTH} levels deep"
            self._refuse(Rule.TOO_DEEP, message, offset)

    def _refuse(self, rule: Rule, message: str, offset: int) -> NoReturn:
        self.refusal = rule, message, offset
        raise _LostError


def _is_infinite(written: str) -> bool:
    """Whether a value is a float that is too large. Integers and ``inf`` are not."""
    return _FLOAT.fullmatch(written) is not None and math.isinf(float(written))


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
