"""JSON with places. Accepts what Python's `json` accepts, ``NaN`` and ``Infinity`` included."""

from __future__ import annotations

import re
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined] # unknown to typeshed
from typing import Any, Final

from runsettings.documents.limits import MAX_DEPTH, MAX_DIGITS
from runsettings.documents.text_diagnostics import Faults
from runsettings.values.diagnostic import Rule
from runsettings.values.origin import Layer
from runsettings.values.reading import Reading
from runsettings.values.tree import Branch, Kind, Position, SequenceMarks, Tree, pack, unpack

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_NUMBER: Final = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD: Final = re.compile(r"-?[A-Za-z]+")
_CONSTANTS: Final[dict[str, Any]] = {
    "null": None,
    "true": True,
    "false": False,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}


def read(text: str, layer: Layer, where: str) -> Reading:
    """Read a JSON text. Never raises for what it holds.

    Args:
        text: The text; an empty one is an empty object.
        layer: The layer that its values belong to.
        where: Its name in origins.

    Returns:
        Its values with their places, and what is wrong with it. After a syntax error, the
        top-level keys in front of it count.
    """
    parser = _Parser(Faults(text, layer, where))
    faults = parser.faults
    try:
        parser.parse()
    except JSONDecodeError as error:
        faults.add_at(Rule.SYNTAX, _sentence(error.msg), error.pos)
        parser.drop_last()
    except _TooDeepError as error:
        message = f"values are nested more than {MAX_DEPTH} levels deep"
        faults.add_at(Rule.TOO_DEEP, message, error.offset)
    tree = Tree(layer, where, text=text, kind=Kind.DOCUMENT, directives=False)
    if parser.root:
        data, marks = parser.root[0], parser.root_marks[0]
        if isinstance(data, dict):
            tree.data, tree.marks = data, marks
        elif not faults.found:
            kind = "an array" if isinstance(data, list) else "a single value"
            message = f"the top level must be an object, {{…}}; it is {kind}"
            faults.add(Rule.SYNTAX, message, unpack(getattr(marks, "here", marks))[0])
    return Reading(tree, faults.diagnostics())


class _TooDeepError(Exception):
    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class _Parser:
    """One pass over the text with a stack of its own, so that no depth can overflow Python's."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.text = faults.text
        self.root: list[Any] = []
        self.root_marks: list[Any] = []
        self._keys: list[str | int] = []
        # The open containers: data, marks.
        self._open: list[tuple[Any, Any]] = [(self.root, self.root_marks)]
        self._at = 0

    def parse(self) -> None:
        """Fill `root` with the value of the text."""
        if self._next() == "":
            return
        self._value(self._at, 0)
        while len(self._open) > 1:
            data, _ = self._open[-1]
            char = self._next()
            closer = "}" if isinstance(data, dict) else "]"
            if char == closer:
                self._at += 1
                self._open.pop()
                self._keys.pop()
                continue
            if data:
                if char != ",":
                    raise JSONDecodeError(f"',' or {closer!r} is missing", self.text, self._at)
                comma = self._at
                self._at += 1
                if self._next() == closer:
                    message = f"a ',' cannot stand before {closer!r}"
                    raise JSONDecodeError(message, self.text, comma)
            self._member() if isinstance(data, dict) else self._value(self._at, 0)
        if self._next() != "":
            raise JSONDecodeError("nothing may follow the value", self.text, self._at)

    def drop_last(self) -> None:
        """Forget the last top-level key: it may hold half of what was meant."""
        if self.root and isinstance(self.root[0], dict) and self.root[0]:
            key, _ = self.root[0].popitem()
            del self.root_marks[0][key]

    def _next(self) -> str:
        """The next character that is no space; empty at the end."""
        match = _SPACE.match(self.text, self._at)
        self._at = match.end() if match else self._at
        return self.text[self._at : self._at + 1]

    def _member(self) -> None:
        """Read a key and the value after it."""
        start = self._at
        if self.text[start : start + 1] != '"':
            raise JSONDecodeError("a key in double quotes is missing", self.text, start)
        key, self._at = scanstring(self.text, start + 1, True)
        end = self._at
        if self._next() != ":":
            raise JSONDecodeError("the ':' after the key is missing", self.text, self._at)
        self._at += 1
        self._next()
        data, marks = self._open[-1]
        position = self.faults.locate(start)
        if key in data:
            first = marks[key] if isinstance(marks[key], int) else marks[key].here
            self.faults.add(
                Rule.DUPLICATE_KEY,
                f"{key!r} is set twice in one object",
                position,
                end - start,
                path=(*self._keys[1:], key),
                hint="keep one of them",
                related=(unpack(first)[1] or Position(1, 1), end - start),
            )
        self._value(self._at, pack(0, 0, *position), key)

    def _value(self, start: int, key_mark: int, key: str | None = None) -> None:
        """Read a scalar, or open a container, and put it into the innermost open one."""
        data, marks = self._open[-1]
        mark = key_mark | pack(*self.faults.locate(start))
        char = self.text[start : start + 1]
        value: Any
        here: Any = mark
        if char == "{":
            value, here = {}, Branch(mark)
        elif char == "[":
            value, here = [], SequenceMarks(mark)
        else:
            value, self._at = self._scalar(start, char, key, len(data))
        if key is None:
            data.append(value)
            marks.append(here)
        else:
            data[key] = value
            marks[key] = here
        if char and char in "{[":
            if len(self._open) > MAX_DEPTH:
                raise _TooDeepError(start)
            self._at = start + 1
            self._open.append((value, here))
            self._keys.append(len(data) - 1 if key is None else key)

    def _scalar(self, start: int, char: str, key: str | None, index: int) -> tuple[Any, int]:
        if char == '"':
            text, end = scanstring(self.text, start + 1, True)
            return text, end
        number = _NUMBER.match(self.text, start)
        if number is not None:
            written = number[0]
            if len(written) > MAX_DIGITS:
                message = f"a number of {len(written):,} characters is too long to read"
                self.faults.add(
                    Rule.BAD_VALUE,
                    message,
                    self.faults.locate(start),
                    len(written),
                    path=(*self._keys[1:], index if key is None else key),
                    hint="quote it if a text",
                )
                return written, number.end()
            _, fraction, exponent = number.groups()
            return (float if fraction or exponent else int)(written), number.end()
        word = _WORD.match(self.text, start)
        if word is not None and word[0] in _CONSTANTS:
            return _CONSTANTS[word[0]], word.end()
        if char == "":
            raise JSONDecodeError("a value is missing", self.text, start)
        # What it is may be a secret: the excerpt shows it, where it can be masked.
        raise JSONDecodeError("what stands here is no JSON value", self.text, start)


def _sentence(message: str) -> str:
    """A message of `scanstring`, in the words of this project; others are so already."""
    if message.startswith("Unterminated string"):
        return "the quote that opens here is not closed"
    if message.startswith("Invalid control character"):
        return "a line break or control character cannot stand in a string"
    return message[:1].lower() + message[1:].removesuffix(":")
