"""The line of text beside a fault, and how much of it to mark."""

from __future__ import annotations

import functools
import re
from typing import Final

from runsettings.values.diagnostic import Excerpt
from runsettings.values.key_paths import KeyPath
from runsettings.values.tree import Tree

_QUOTED: Final = r'"(?:[^"\\]|\\.)*"|\'(?:[^\']|\'\')*\''
_PLAIN: Final = r".*?(?=\s+#|\s*[,\]}](?:\s|$)|\s*$)"
_KEY: Final = rf"{_QUOTED}|[^\s:=]+"
_BREAK: Final = r"\r\n|\r|\n"
# Texts, not compiled patterns: programs without a fault, which is most, do not pay for them.

_LONGEST_TOKEN: Final = 400
"""Characters in which the end of a token is looked for; no more are shown anyway."""


_NEAR: Final = 32
"""Lines up to which counting from the start is quicker than knowing where all lines begin."""


def line_of(text: str, line: int) -> str:
    """The 1-based ``line`` of ``text`` without its break, or an empty string past the end."""
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
    """Where each line begins: a file with many faults is asked for a line by each of them."""
    return [0, *(found.end() for found in re.finditer(_BREAK, text))]


def excerpt_at(text: str, line: int, column: int, width: int | None = None) -> Excerpt:
    """The excerpt for a place in ``text``; without ``width`` the token there is measured."""
    shown = line_of(text, line)
    if width is None:
        rest = shown[column - 1 : column - 1 + _LONGEST_TOKEN]
        token = re.match(_QUOTED, rest) or re.match(_PLAIN, rest)
        width = len(token[0]) if token else 1
    return Excerpt(shown, line, column, max(width, 1))


def excerpt_of(tree: Tree, path: KeyPath, *, key: bool = False) -> Excerpt | None:
    """The excerpt for the value at ``path`` (or its key), where the source is a text."""
    position = tree.position(path, key=key)
    if tree.text is None or position is None or not position.line:
        return None
    if not key:
        return excerpt_at(tree.text, position.line, position.column)
    shown = line_of(tree.text, position.line)
    token = re.match(_KEY, shown[position.column - 1 :][:_LONGEST_TOKEN])
    return Excerpt(shown, position.line, position.column, len(token[0]) if token else 1)
