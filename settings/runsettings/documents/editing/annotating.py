"""Writes into a file which schema it has, in the form that editors read."""

from __future__ import annotations

import json
import re
from typing import Final

from runsettings.documents.files import Format, read_text
from runsettings.values.origin import Layer

_SCHEMA: Final = "$schema"
_YAML: Final = re.compile(r"^#[ \t]*yaml-language-server:[ \t]*\$schema=[^\r\n]*", re.MULTILINE)
_TOML: Final = re.compile(r"^#:schema[ \t][^\r\n]*", re.MULTILINE)
_OPENED: Final = re.compile(r"\s*\{(\s*)")


def annotate(text: str, format_: Format, schema: str) -> str:
    """Name the schema of a file.

    YAML gets the comment of the YAML language server, TOML that of taplo, JSON the key
    ``$schema``. One that is there already is replaced.

    Args:
        text: The whole text.
        format_: Its format.
        schema: The path of the schema, from the directory of the file.

    Returns:
        The text with the name of the schema; all values are the same.

    Raises:
        ValueError: The text is not valid, or editors know no schema in this format.
    """
    before = read_text(text, Layer.FILE, "text", format_)
    for found in before.diagnostics:
        if found.is_error:
            line = "" if found.line is None else f"line {found.line}: "
            raise ValueError(f"{line}{found.message}")
    if not schema.isprintable():
        raise ValueError("the path of the schema has characters that cannot be written")
    if format_ is Format.YAML:
        changed = _with_comment(text, _YAML, f"# yaml-language-server: $schema={schema}")
    elif format_ is Format.TOML:
        changed = _with_comment(text, _TOML, f"#:schema {schema}")
    elif format_ is Format.JSON:
        changed = _with_key(text, schema)
    else:
        raise ValueError("editors know no schema for INI files")
    after = read_text(changed, Layer.FILE, "text", format_).tree.data
    if {**before.tree.data, _SCHEMA: None} != {**after, _SCHEMA: None}:
        raise ValueError("the values would change with it")
    return changed


def _with_comment(text: str, pattern: re.Pattern[str], comment: str) -> str:
    """The text with the comment in its first line, or in the place of another one."""
    found = pattern.search(text)
    if found is not None:
        return text[: found.start()] + comment + text[found.end() :]
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{comment}{newline}{text}"


def _with_key(text: str, schema: str) -> str:
    """The JSON text with the key ``$schema``, first if it is new."""
    tree = read_text(text, Layer.FILE, "text", Format.JSON).tree
    written = json.dumps(schema, ensure_ascii=False)
    position = tree.position((_SCHEMA,))
    if position is not None and isinstance(tree.data.get(_SCHEMA), str):
        lines = text.splitlines(keepends=True)
        start = sum(map(len, lines[: position.line - 1])) + position.column - 1
        _, end = json.JSONDecoder().raw_decode(text, start)
        return text[:start] + written + text[end:]
    opened = _OPENED.match(text)
    if opened is None:
        raise ValueError("must be a mapping to have a schema")
    gap = opened[1]
    rest = text[opened.end() :]
    separator = "" if rest.startswith("}") else f",{gap or ' '}"
    return f'{text[: opened.end()]}"{_SCHEMA}": {written}{separator}{rest}'
