"""Excerpts: the line of text that a diagnostic shows, and which part of it to mark."""

from __future__ import annotations

import functools
import re
from typing import Final

from runsettings.values.diagnostic import Excerpt
from runsettings.values.key_paths import KeyPath
from runsettings.values.tree import Tree

_QUOTED: Final = r'"(?:[^"\\]++|\\.)*+"|\'(?:[^\']++|\'\')*+\''
_PLAIN: Final = r"(?:[^\s,\]}]++|[,\]}](?!\s|$)|(?!\s++(?:#|$|[,\]}](?:\s|$)))\s++)*+"
_KEY: Final = rf"{_QUOTED}|[^\s:=]+"
_BREAK: Final = r"\r\n|\r|\n"
# Strings, not compiled patterns: most programs have no diagnostic and need none of them.

_LONGEST_TOKEN: Final = 400
"""Characters in which the end of a token is searched; more are never shown."""

_NEAR: Final = 32
"""Up to this line, counting from the start is faster than finding the start of every line."""


def line_of(text: str, line: int) -> str:
    """One line of a text without its line break; an empty string past the end.

    Args:
        text: The text.
        line: 1-based number of the line.
    """
    if line > _NEAR:
        starts = _line_starts(text)
        if line > len(starts):
            return ""
        after = starts[line] if line < len(starts) else len(text)
        return text[starts[line - 1] : after].rstrip("\r\n")
    breaks = re.compile(_BREAK)
    start = 0
    for _ in range(line - 1):
        found = breaks.search(text, start)
        if found is None:
            return ""
        start = found.end()
    end = breaks.search(text, start)
    return text[start : end.start() if end else len(text)]


@functools.lru_cache(maxsize=1)
def _line_starts(text: str) -> list[int]:
    """The offset of each line. Cached, because each diagnostic of a file needs a line of it."""
    return [0, *(found.end() for found in re.finditer(_BREAK, text))]


def excerpt_at(text: str, line: int, column: int) -> Excerpt:
    """The excerpt for a position in a text, which marks the whole token.

    Args:
        text: The text.
        line: 1-based line.
        column: 1-based column.
    """
    shown = line_of(text, line)
    rest = shown[column - 1 : column - 1 + _LONGEST_TOKEN]
    token = re.match(_QUOTED, rest) or re.match(_PLAIN, rest)
    return Excerpt(shown, line, column, max(len(token[0]), 1) if token else 1)


def excerpt_of(tree: Tree, path: KeyPath, *, key: bool = False) -> Excerpt | None:
    """The excerpt for a value of a source.

    Args:
        tree: The source.
        path: The value's path.
        key: Whether to mark the key instead of the value.

    Returns:
        The excerpt, or ``None`` if the source is not a text.
    """
    position = tree.position(path, key=key)
    if tree.text is None or position is None or not position.line:
        return None
    if not key:
        return excerpt_at(tree.text, position.line, position.column)
    shown = line_of(tree.text, position.line)
    token = re.match(_KEY, shown[position.column - 1 :][:_LONGEST_TOKEN])
    return Excerpt(shown, position.line, position.column, len(token[0]) if token else 1)
