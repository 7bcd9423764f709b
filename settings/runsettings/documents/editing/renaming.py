"""Renames keys in a text of any format; comments, order, layout and values stay."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

from runsettings.documents.files import Format, read_text
from runsettings.documents.text_diagnostics import TextDiagnostics
from runsettings.documents.toml_positions import Positions
from runsettings.documents.yaml.writing import quoted
from runsettings.values.directives import Replace
from runsettings.values.json_trees import copy_tree, same_value
from runsettings.values.key_paths import KeyPath, value_at
from runsettings.values.origin import Layer
from runsettings.values.positions import Position, position_in

_TOKEN: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'|[^\s:=\"'{}\[\],.]+")
_BARE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

_ALONE: Final = {
    Format.YAML: "{0}: 1",
    Format.JSON: "{{{0}: 1}}",
    Format.TOML: "{0} = 1",
    Format.INI: "[x]\n{0} = 1",
}
"""A quoted key as a text of its own."""


class Rename(NamedTuple):
    """A key to rename: the position of the key, its name, and its new name."""

    position: Position
    old: str
    new: str


def rename_keys(text: str, format_: Format, renames: Collection[Rename]) -> str:
    """Rename keys.

    Args:
        text: The whole text.
        format_: Its format.
        renames: The keys. One that is not where it should be is left as it is.

    Returns:
        The text with the new names.

    Raises:
        ValueError: Another key or a value would change with it.
    """
    layer, where = Layer.FILE, "text"
    tree = read_text(text, layer, where, format_).tree
    lines = TextDiagnostics(text, layer, where)
    wanted = {each.position: each for each in renames}
    offsets: dict[int, Rename] = {}
    expected: Any = copy_tree(tree.data)
    marks: Any = tree.marks
    scan = Positions(lines) if format_ is Format.TOML else None
    if scan is not None:
        marks = scan.marks
    # The innermost first: renaming an outer key would change the paths of those inside.
    for path, around, rename in sorted(
        _found(marks, wanted, ()), key=lambda found: len(found[0]), reverse=True
    ):
        at = [lines.offset(rename.position)]
        if scan is not None:
            written = (id(around), path[-1])
            at += [offset for table, name, offset in scan.tables if (table, name) == written]
        if any(_token(text, offset, rename, format_) is None for offset in at):
            continue
        holder: Any = value_at(expected, path[:-1])
        holder = holder.value if isinstance(holder, Replace) else holder
        if rename.new in holder:
            raise ValueError(f"{rename.new!r} is there already")
        holder[rename.new] = holder.pop(path[-1])
        offsets.update(dict.fromkeys(at, rename))
    pieces: list[str] = []
    end = 0
    for offset, rename in sorted(offsets.items()):
        token = _token(text, offset, rename, format_)
        assert token is not None
        pieces += [text[end:offset], _written(token, rename.new, format_)]
        end = offset + len(token)
    changed = "".join([*pieces, text[end:]])
    if not same_value(read_text(changed, layer, where, format_).tree.data, expected):
        raise ValueError("another key would change with it")
    return changed


def _found(
    marks: Any, wanted: Mapping[Position, Rename], path: KeyPath
) -> Iterator[tuple[KeyPath, Any, Rename]]:
    """The path of each key at a wanted position, with the marks around it."""
    if isinstance(marks, list):
        for index, item in enumerate(marks):
            yield from _found(item, wanted, (*path, index))
    elif isinstance(marks, Mapping):
        for key, mark in marks.items():
            here = getattr(mark, "here", mark)
            rename = wanted.get(position_in(here, key=True)) if isinstance(here, int) else None
            if rename is not None and str(key).lower() == rename.old.lower():
                yield (*path, key), marks, rename
            yield from _found(mark, wanted, (*path, key))


def _token(text: str, offset: int, rename: Rename, format_: Format) -> str | None:
    """The key as it is written at an offset; ``None`` if another one is there."""
    found = _TOKEN.match(text, offset)
    if found is None:
        return None
    token, name = found[0], found[0]
    if token[0] in "'\"":
        alone = _ALONE[format_].format(token)
        (name,) = read_text(alone, Layer.FILE, "key", format_).tree.data or ("",)
    if format_ is Format.INI:
        return token if name.lower() == rename.old.lower() else None
    return token if name == rename.old else None


def _written(token: str, name: str, format_: Format) -> str:
    """A name in the style of the key that it replaces."""
    if token[0] not in "'\"" and _BARE.fullmatch(name):
        return name
    if token[0] == "'" and name.isprintable() and not set(name) & {"'", "\\"}:
        return f"'{name}'"
    return quoted(name) if format_ is Format.YAML else json.dumps(name, ensure_ascii=False)
