"""Turns libyaml's syntax errors into diagnostics with a hint."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from runsettings.documents.text_diagnostics import TextDiagnostics
from runsettings.values.diagnostic import Rule
from runsettings.values.positions import Position

_UNPRINTABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""Characters that YAML does not allow (chapter 5.1 of its specification)."""

_UNCLOSED: Final = {
    "while parsing a flow sequence": "[",
    "while parsing a flow mapping": "{",
    "while scanning a quoted scalar": "",
}
_CLOSERS: Final = {"[": "]", "{": "}"}

_NO_COLON: Final = "could not find expected ':'"

_NAMES: Final = {"while scanning an alias": "*", "while scanning an anchor": "&"}

_OTHER_SEPARATOR: Final = re.compile(r"[\w.-]++\s*+(?P<odd>[=\uff1a])")
"""A key that another character than a colon follows: the equals sign of TOML, a wide colon."""

_NO_SPACE: Final = re.compile(
    r"[ \t]*+(?:-[ \t]++)*+[^\s:#'\"\[{]++:"
    r"(?P<odd>[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]++)?+(?=\S)"
)
"""A key whose colon is not followed by a space."""

_INDENTATION: Final = "check the indentation, and quote the value before it if it holds a ':'"

_HINTS: Final = (
    (
        "mapping values are not allowed",
        "a ':' is not allowed here",
        "quote the value if it holds one, or indent the key as the keys before it",
    ),
    ("found a tab character that violates indentation", "a tab cannot indent YAML", "use spaces"),
    ("did not find expected key", "a key is missing here", _INDENTATION),
    (
        "did not find expected '-' indicator",
        "a '-' is missing before this item",
        _INDENTATION,
    ),
    (
        "block sequence entries are not allowed",
        "a '-' item is not allowed here",
        "put it on a line of its own",
    ),
    (
        "did not find expected <document start>",
        "this line is indented less than the first key",
        "begin all keys of a mapping in the same column",
    ),
    ("found undefined tag handle", "the handle of this tag is not defined", "quote the value"),
    (
        "found unknown escape character",
        "this is not an escape sequence",
        "double it, or use single quotes",
    ),
    ("found incompatible YAML document", "the document needs a YAML version other than 1.x", None),
)
"""The beginning of libyaml's message, our message, and the hint."""


def add_syntax_error(diagnostics: TextDiagnostics, error: Exception) -> None:
    """Add a diagnostic for an error of libyaml or PyYAML.

    Args:
        diagnostics: Holds the text; receives the diagnostic.
        error: The error.
    """
    if isinstance(error, UnicodeEncodeError):
        message = f"the character U+{ord(diagnostics.text[error.start]):04X} is not a character"
        diagnostics.add_at(Rule.SYNTAX, message, error.start)
        return
    if isinstance(error, yaml.reader.ReaderError):
        _add_unprintable(diagnostics, error)
        return
    problem_mark = getattr(error, "problem_mark", None)
    context_mark = getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or error)
    context = str(getattr(error, "context", None) or "")
    position = _position(diagnostics, problem_mark or context_mark)
    begun = _position(diagnostics, context_mark or problem_mark)
    offset = diagnostics.offset(position)
    char = diagnostics.text[offset : offset + 1]
    if problem == "found character that cannot start any token":
        if char == "\t":
            message, hint = "a tab cannot indent YAML", "use spaces"
        elif diagnostics.text.startswith("{%", offset - 1):
            message, hint = "a template, {% … %}, is not YAML", "fill in the template first"
        else:
            message, hint = f"a value cannot start with {char!r}", "put it in quotes"
        diagnostics.add(Rule.SYNTAX, message, position, hint=hint)
    elif context in _NAMES:
        message = f"a value cannot start with {_NAMES[context]!r}"
        diagnostics.add(Rule.SYNTAX, message, begun, hint="put it in quotes")
    elif problem == _NO_COLON:
        # libyaml reports the position after the key, which can be some lines below it.
        if not add_missing_space(diagnostics, begun):
            width = len(diagnostics.line(begun.line)[begun.column - 1 :].split(" #")[0].rstrip())
            message = "a ':' is missing after this key"
            diagnostics.add(Rule.SYNTAX, message, begun, width, hint="write it as `key: value`")
    elif context in _UNCLOSED and "escape" not in problem:
        message = "the quote that opens here is not closed"
        if bracket := _UNCLOSED[context]:
            closer = _CLOSERS[bracket]
            message = (
                f"the {bracket!r} that opens here is not closed: no ',' or {closer!r} before line "
                f"{position.line}, column {position.column}"
            )
        diagnostics.add(Rule.SYNTAX, message, begun, related=(position, 1))
    else:
        for known, message, hint_or_none in _HINTS:
            if problem.startswith(known):
                diagnostics.add(Rule.SYNTAX, message, position, hint=hint_or_none)
                return
        message = f"{problem} {context}".strip()
        diagnostics.add(Rule.SYNTAX, f"not YAML: {message}", position)


def add_missing_space(diagnostics: TextDiagnostics, position: Position) -> bool:
    """Add a diagnostic if no colon follows a key, or no space the colon.

    Args:
        diagnostics: Holds the text; receives the diagnostic.
        position: A position in the line of the key.

    Returns:
        Whether a diagnostic was added.
    """
    line = diagnostics.line(position.line)
    found = _NO_SPACE.match(line)
    if found is None and (found := _OTHER_SEPARATOR.match(line)) is not None:
        offset = found.start("odd")
        message = f"{found['odd']!r} follows the key, not ':'"
        hint = "write it as `key: value`"
        diagnostics.add(Rule.SYNTAX, message, Position(position.line, offset + 1), hint=hint)
        return True
    if found is None:
        return False
    if odd := found["odd"]:
        message = f"U+{ord(odd[0]):04X} follows the ':', which looks like a space but is not one"
        hint, offset = "write an ordinary space", found.start("odd")
    else:
        message, hint, offset = (
            "no space follows the ':'",
            "write it as `key: value`",
            found.end() - 1,
        )
    diagnostics.add(
        Rule.SYNTAX, message, Position(position.line, offset + 1), len(odd or ":"), hint=hint
    )
    return True


def _position(diagnostics: TextDiagnostics, mark: Any) -> Position:
    # By the offset: libyaml counts more lines than editors do (see `events`).
    return diagnostics.locate(mark.index) if mark is not None else Position(1, 1)


def _add_unprintable(diagnostics: TextDiagnostics, error: yaml.reader.ReaderError) -> None:
    found = _UNPRINTABLE.search(diagnostics.text)
    if found is None:
        diagnostics.add(Rule.SYNTAX, f"not YAML: {error.reason}", Position(1, 1))
        return
    message = f"the character U+{ord(found[0]):04X} is not allowed in YAML"
    diagnostics.add_at(Rule.SYNTAX, message, found.start(), hint=r'write it as "\x.." in quotes')
