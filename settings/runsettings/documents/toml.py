"""Reads TOML: `tomllib` reads the values, and a scan of the same text finds their positions.

The scan runs when the first position is needed, or at once if `tomllib` found an error.
"""

from __future__ import annotations

import functools
import math
import re
import tomllib
from bisect import bisect_right
from typing import Any, Final

from runsettings.documents.limits import MAX_DEPTH, MAX_DIGITS, is_within_limits
from runsettings.documents.text_diagnostics import TextDiagnostics
from runsettings.documents.toml_positions import Positions
from runsettings.values.diagnostic import Rule
from runsettings.values.origin import Kind, Layer
from runsettings.values.positions import Position
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_WORD: Final = re.compile(r"[^\W\d]\w*")
_CAPITALS: Final = ("True", "TRUE", "False", "FALSE")
_NOTHING: Final = ("none", "null", "nil")
_LEADING_ZERO: Final = re.compile(r"[=\[,{ \t][-+]?0$")
_REPEATED: Final = ("Cannot overwrite", "Cannot declare", "Cannot redefine", "Cannot mutate", "Dup")


def read(text: str, layer: Layer, where: str) -> Reading:
    """Read a TOML text. Never raises for what it holds.

    Args:
        text: The text.
        layer: The layer that its values belong to.
        where: Its name in origins.

    Returns:
        Its values with their positions, and its diagnostics. After a syntax error, these are the
        values before it.
    """
    diagnostics = TextDiagnostics(text, layer, where)
    positions = functools.cache(lambda: Positions(diagnostics))
    # `tomllib` takes quadratic time for a key of many parts: the scan rejects it before.
    dotted = any(line.count(".") > MAX_DEPTH for line in text.split("\n"))
    refused = dotted and positions().refusal is not None
    data = ValueError() if refused else _loads(text)
    if isinstance(data, Exception) or not is_within_limits(data):
        data = _read_before(diagnostics, positions())
    tree = Tree(
        layer,
        where,
        data,
        lambda: positions().marks,
        text=text,
        kind=Kind.DOCUMENT,
        directives=False,
    )
    return Reading(tree, diagnostics.in_order())


def _loads(text: str) -> dict[str, Any] | Exception:
    """The values of a text, or the error of `tomllib`."""
    try:
        return tomllib.loads(text, parse_float=_float)
    except (ValueError, RecursionError) as error:
        return error


def _float(written: str) -> float:
    number = float(written)
    if len(written) > MAX_DIGITS or (math.isinf(number) and "inf" not in written):
        raise ValueError
    return number


def _read_before(diagnostics: TextDiagnostics, positions: Positions) -> dict[str, Any]:
    """Report the first error, and read the text before the statement with the error."""
    text = diagnostics.text
    end = len(text)
    if positions.refusal is not None:
        rule, message, offset = positions.refusal
        diagnostics.add_at(rule, message, offset)
        end = _statement(positions, offset)
    try:
        return tomllib.loads(text[:end])
    except (ValueError, RecursionError) as error:
        end = _statement(positions, _add_error(diagnostics, positions, error))
    try:
        return tomllib.loads(text[:end])
    except (ValueError, RecursionError):
        return {}


def _statement(positions: Positions, offset: int) -> int:
    """The offset at which the statement around ``offset`` begins."""
    before = bisect_right(positions.statements, offset)
    return positions.statements[before - 1] if before else 0


def _add_error(diagnostics: TextDiagnostics, positions: Positions, error: Exception) -> int:
    """Add a diagnostic for an error of `tomllib`, and return its offset."""
    if isinstance(error, RecursionError):
        diagnostics.add(Rule.TOO_DEEP, "values are nested too deep", Position(1, 1))
        return 0
    message = str(error)
    found = _PLACE.search(message)
    if found is None:
        diagnostics.add(Rule.SYNTAX, f"not TOML: {message}", Position(1, 1))
        return 0
    message = message[: found.start()]
    line, column = found.groups()
    position = (
        Position(int(line), int(column)) if line else diagnostics.locate(len(diagnostics.text))
    )
    offset = diagnostics.offset(position)
    if message.startswith(_REPEATED):
        start = _statement(positions, max(offset - 1, 0))
        for path, at, first in positions.repeated:
            if at >= start:
                width = len(str(path[-1]))
                diagnostics.add(
                    Rule.DUPLICATE_KEY,
                    f"{path[-1]!r} is set twice",
                    diagnostics.locate(at),
                    width,
                    path=path,
                    hint="keep one of them",
                    related=(first, width),
                )
                return at
    message, hint = _explained(message, diagnostics.text, offset)
    diagnostics.add(Rule.SYNTAX, message, position, hint=hint)
    return offset


def _explained(message: str, text: str, offset: int) -> tuple[str, str | None]:
    """The message and hint for an error of `tomllib`."""
    found = _WORD.match(text, offset)
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    if message.startswith("Expected '='"):
        return "a '=' is missing after this key", "write it as `key = value`"
    if message == "Invalid value" and offset >= len(text.rstrip()):
        return "the text ends before a value", "give the value, or close the bracket"
    if message == "Invalid value" and found is not None:
        word = found[0]
        if word in _CAPITALS:
            return "this is not a TOML value", f"write {word.lower()}, in small letters"
        if word.lower() in _NOTHING:
            return "TOML has no value for nothing", "leave the key out"
        # The word can be a secret: it is not repeated.
        return "this is not a TOML value", 'put texts in quotes, "like this"'
    if message.startswith(("Expected newline", "Unclosed")) and _LEADING_ZERO.search(line):
        return "a number cannot begin with 0", "remove the zeros, or put it in quotes"
    if message.startswith("Unclosed"):
        return "a ',' or the closing bracket is missing", None
    return f"not TOML: {message[:1].lower()}{message[1:]}", None
