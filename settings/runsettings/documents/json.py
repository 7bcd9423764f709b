"""Reads JSON with positions, and accepts what Python's `json` accepts, also ``NaN``.

Python's decoder reads the values. A second pass over the text finds their positions. It runs when
the first position is needed, or at once if the first pass found something to report.
"""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from json import JSONDecodeError, JSONDecoder
from typing import Any, Final, NamedTuple

from runsettings.documents.json_positions import JsonPositions
from runsettings.documents.limits import MAX_DEPTH, MAX_DIGITS, is_within_limits
from runsettings.documents.text_diagnostics import TextDiagnostics
from runsettings.values.diagnostic import Rule
from runsettings.values.origin import Kind, Layer
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

_SPACE: Final = " \t\r\n"
_OUTLINE: Final = re.compile(r'"(?:[^"\\]++|\\.)*+["\\]?|[\[\]{},]', re.DOTALL)
_CLOSERS: Final = {"{": "}", "[": "]"}
_COMMENTS: Final = ("//", "/*", "#")
_WORD: Final = re.compile(r"[-+.\w]++")
_WORDS: Final = {"True": "true", "False": "false", "None": "null"}
_AFTER_VALUE: Final = ("Expecting ',' delimiter", "Extra data")
"""Messages of Python's decoder after which the text up to the error is complete."""
_QUOTES: Final = 'put texts in double quotes, "like this"'
_MESSAGES: Final = {
    # The message does not repeat the text, which may be a secret: the excerpt masks it.
    "Expecting value": "this is not a JSON value",
    "Expecting property name enclosed in double quotes": "a key in double quotes is missing",
    "Expecting ':' delimiter": "the ':' after the key is missing",
    "Extra data": "nothing may follow the value",
    "Unterminated string starting at": "the quote that opens here is not closed",
    "Invalid control character at": "a line break or control character is not allowed in a string",
    "Invalid \\escape": "invalid escape sequence",
    "Invalid \\uXXXX escape": "four hexadecimal digits must follow '\\u'",
}
"""The messages of Python's decoder, and ours for them."""


def read(text: str, layer: Layer, where: str) -> Reading:
    """Read a JSON text. Never raises for what it holds.

    Args:
        text: The text; an empty one is an empty object.
        layer: The layer that its values belong to.
        where: Its name in origins.

    Returns:
        Its values with their positions, and its diagnostics. After a syntax error, these are the
        top-level keys before it.
    """
    diagnostics = TextDiagnostics(text, layer, where)
    readable, data, decoder, complete = _decode(diagnostics)
    tree = Tree(layer, where, text=text, kind=Kind.DOCUMENT, directives=False)
    if decoder.repeated or decoder.refused:
        tree.marks = JsonPositions(diagnostics, decoder.repeated, decoder.refused).of(data)
    else:
        # The values are read again, because those in the tree may have been changed.
        tree.marks = lambda: JsonPositions(diagnostics, decoder.repeated, decoder.refused).of(
            json.loads(readable)
        )
    if not complete and isinstance(data, dict) and data:
        # The value of the last top-level key may be incomplete.
        pairs = decoder.repeated.get(id(data)) or list(data.items())
        del data[pairs[-1][0]]
    if isinstance(data, dict):
        tree.data = data
    else:
        tree.marks = None
        if not diagnostics.found:
            kind = "an array" if isinstance(data, list) else "a single value"
            message = f"the top level must be an object, {{…}}; it is {kind}"
            diagnostics.add_at(Rule.SYNTAX, message, len(text) - len(text.lstrip(_SPACE)))
    return Reading(tree, diagnostics.in_order())


class _Decoder(JSONDecoder):
    """Python's decoder, with a record of what the second pass has to report.

    Attributes:
        repeated: Objects that set a key twice, by identity: all their keys and values.
        refused: Numbers that Python cannot hold, as text, by identity. The text is the value.
    """

    def __init__(self, *, watching: bool = True) -> None:
        self.repeated: dict[int, list[tuple[str, Any]]] = {}
        self.refused: dict[int, str] = {}
        super().__init__(
            object_pairs_hook=self._object,
            parse_int=self._integer if watching else None,
            parse_float=self._float,
        )

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            self.repeated[id(found)] = pairs
        return found

    def _integer(self, written: str) -> int | str:
        return int(written) if len(written) <= MAX_DIGITS else self._refuse(written)

    def _float(self, written: str) -> float | str:
        number = float(written)
        if len(written) > MAX_DIGITS or math.isinf(number):
            return self._refuse(written)
        return number

    def _refuse(self, written: str) -> str:
        self.refused[id(written)] = written
        return written


class _Decoded(NamedTuple):
    """The part of a text that could be decoded."""

    text: str
    data: Any
    decoder: _Decoder
    complete: bool
    """Whether no mapping or list was still open at the end of that part."""


def _decode(diagnostics: TextDiagnostics) -> _Decoded:
    """Decode the text, or the part before an error; report the error."""
    text = diagnostics.text
    decoder = _Decoder(watching=False)
    if not text.strip(_SPACE):
        return _Decoded("{}", {}, decoder, complete=True)
    with suppress(ValueError, RecursionError):
        data = decoder.decode(text)
        if is_within_limits(data):
            return _Decoded(text, data, decoder, complete=True)
    error: JSONDecodeError | None = None
    try:
        _Decoder().decode(text)  # a number that is too long does not end this one
    except JSONDecodeError as found:
        error = found
    except RecursionError:
        pass  # values nested too deep
    return _decode_before(error, diagnostics)


def _decode_before(error: JSONDecodeError | None, diagnostics: TextDiagnostics) -> _Decoded:
    """Decode the part before a syntax error or before values nested too deep; report them."""
    text = diagnostics.text
    stop = len(text) if error is None else error.pos
    opened: list[str] = []
    # Up to here, the text with its open brackets closed is JSON.
    complete = 0
    for found in _OUTLINE.finditer(text, 0, stop):
        char = found[0]
        if char in _CLOSERS:
            if len(opened) == MAX_DEPTH:
                message = f"values are nested more than {MAX_DEPTH} levels deep"
                diagnostics.add_at(Rule.TOO_DEEP, message, found.start())
                break
            opened.append(char)
            complete = found.end()
        elif char == ",":
            complete = found.start()
        elif char in "]}":
            opened.pop()
            complete = found.end()
    else:
        if error is None or error.msg in _AFTER_VALUE:
            complete = stop
        if error is not None:
            _add_syntax_error(error, _CLOSERS[opened[-1]] if opened else "", diagnostics)
    closers = "".join(_CLOSERS[char] for char in reversed(opened))
    readable = (text[:complete] + closers).strip(_SPACE) or "{}"
    decoder = _Decoder()
    return _Decoded(readable, decoder.decode(readable), decoder, complete=not opened)


def _add_syntax_error(error: JSONDecodeError, closer: str, diagnostics: TextDiagnostics) -> None:
    """Report the error of the decoder.

    Args:
        error: The error.
        closer: The bracket that closes the innermost container; empty at the top level.
        diagnostics: Holds the text; receives the diagnostic.
    """
    text, at, expected = diagnostics.text, error.pos, error.msg
    if expected in _AFTER_VALUE and _WORD.match(text, at):
        # The decoder may have taken the beginning of a longer word, as in 012, for a value.
        start = at
        while start and _WORD.match(text[start - 1]):
            start -= 1
        if start < at:
            at, expected = start, "Expecting value"
    word = _WORD.match(text, at)
    message = _MESSAGES.get(expected.removesuffix(": "), expected)
    hint: str | None = None
    before = text[:at].rstrip(_SPACE)
    if text.startswith(_COMMENTS, at):
        message, hint = "JSON has no comments", "remove it"
    elif text.startswith(closer or ",", at) and before.endswith(","):
        message, at = f"a ',' is not allowed before {closer!r}", len(before) - 1
        hint = "remove it"
    elif text.startswith("{", at) and before.endswith("{"):
        hint = "if this is a template, fill it in first"
    elif text.startswith("'", at) or (word is not None and "property name" in expected):
        hint = _QUOTES if word is None else "put keys in double quotes too"
    elif expected.startswith("Expecting ',' delimiter"):
        message = f"',' or {closer!r} is missing"
    elif expected == "Expecting value" and at == len(text):
        message = "a value is missing"
    elif expected == "Expecting value" and word is not None and word[0][0].isalpha():
        hint = f"write {_WORDS[word[0]]}" if word[0] in _WORDS else _QUOTES
    elif expected == "Expecting value" and word is not None:
        hint = "write numbers as in 10, -0.5 and 1e-3"
    diagnostics.add_at(Rule.SYNTAX, message, at, hint=hint)
