"""Changes one key of a TOML text; comments, order, layout and other keys stay."""

from __future__ import annotations

import tomllib
from collections.abc import MutableMapping, Sequence
from typing import Any


def set_value(text: str, table: Sequence[str], key: str, value: Any) -> str:
    """Set a key of a table.

    An existing key keeps its line and the comment after it. A new key is added at the end of its
    table, and a new table at the end of the text.

    Args:
        text: The whole text.
        table: The table's keys, from the root: ``("tool", "runsettings")``.
        key: The key in it.
        value: A bool, number, string, date, or a list or mapping of these.

    Returns:
        The text with the value set.

    Raises:
        ValueError: The text is not TOML, or the value cannot be set without changing another.
    """
    import tomlkit  # its import takes 30 ms, and few programs write TOML

    expected = _parsed(text)
    _table_of(expected, table, make=True)[key] = value
    document = tomlkit.parse(text)
    node: Any = document
    for part in table:
        node = node.get(part) if isinstance(node, MutableMapping) else None
    if isinstance(node, MutableMapping):
        node[key] = _item(value)
        changed = tomlkit.dumps(document)
    else:
        new = tomlkit.document()
        header = tomlkit.key(list(table)).as_string()
        new[key] = _item(value)
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        changed = f"{text}{gap}[{header}]\n{tomlkit.dumps(new)}"
    return _checked(text, changed, expected, key)


def remove_value(text: str, table: Sequence[str], key: str) -> str:
    """Remove a key from a table; an empty table stays.

    Args:
        text: The whole text.
        table: The table's keys, from the root.
        key: The key in it.

    Returns:
        The text without the key; the same text if it was not there.

    Raises:
        ValueError: The text is not TOML, or the key cannot be removed without changing another.
    """
    import tomlkit  # as above

    expected = _parsed(text)
    if key not in _table_of(expected, table):
        return text
    del _table_of(expected, table)[key]
    document = tomlkit.parse(text)
    node: Any = document
    for part in table:
        node = node[part]
    del node[key]
    return _checked(text, tomlkit.dumps(document), expected, key)


def _item(value: Any) -> Any:
    """A value on one line: a mapping with a header of its own would end the table around it."""
    import tomlkit  # as above

    if isinstance(value, dict):
        table = tomlkit.inline_table()
        for key, item in value.items():
            table.append(key, _item(item))
        return table
    if isinstance(value, list):
        array = tomlkit.array()
        for item in value:
            array.append(_item(item))
        return array
    if value is None:
        raise ValueError("TOML has no null; leave it out, or set it in a settings.yaml")
    return tomlkit.item(value)


def _parsed(text: str) -> dict[str, Any]:
    return tomllib.loads(text.replace("\r\n", "\n"))


def _table_of(data: dict[str, Any], table: Sequence[str], *, make: bool = False) -> dict[str, Any]:
    node = data
    for part in table:
        inner = node.setdefault(part, {}) if make else node.get(part, {})
        if not isinstance(inner, dict):
            raise ValueError(f"{part!r} is there already, and is not a table")  # noqa: TRY004
        node = inner
    return node


def _checked(before: str, after: str, expected: dict[str, Any], key: str) -> str:
    """The edited text, with the line breaks of the old one.

    Raises:
        ValueError: It does not have the expected values.
    """
    if "\r\n" in before and "\n" not in before.replace("\r\n", ""):
        after = after.replace("\r\n", "\n").replace("\n", "\r\n")
    try:
        found = _parsed(after)
    except tomllib.TOMLDecodeError:
        found = {}
    if found != expected:
        # The value may be secret: the message must not repeat it.
        raise ValueError(f"{key!r} cannot be changed without changing others; edit it by hand")
    return after
