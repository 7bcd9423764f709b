"""Writes YAML that every reader reads alike, whether it follows YAML 1.1 or 1.2.

A string that any reader would take for something else is quoted. A float has the form that YAML
1.1 and 1.2 both read as a float (``1.0e-05``). Plain words stay plain; all other strings are in
double quotes with escapes. PyYAML is not needed here: each run writes its config with this module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_./ -]*[A-Za-z0-9_/])?")
"""Strings that every YAML reader reads as strings, except for `_WORDS`."""

_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})

_CONSTANTS: Final = {
    "None": "null",
    "True": "true",
    "False": "false",
    "nan": ".nan",
    "inf": ".inf",
    "-inf": "-.inf",
}
"""How YAML writes what Python writes in this way."""

_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\0": "\\0",
}
_ODD: Final = re.compile(r'["\\]|[^\x20-\x7e\xa0-\u1fff\u2070-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe]')
"""Characters that are escaped: quotes, control characters, line breaks, special spaces, byte order
marks, code points that are no characters, and everything beyond the basic plane."""

_LONG_KEY: Final = 120
"""A longer key is written as ``? key``; without it, readers accept at most 1,024 characters."""


def yaml_text(data: Mapping[str, Any]) -> str:
    """JSON data as a YAML text, with a newline at the end."""
    lines: list[str] = []
    for key, value in data.items():
        _write_entry("", key, value, lines)
    return "\n".join(lines or ["{}"]) + "\n"


def quoted(text: str) -> str:
    """A string in double quotes."""
    return f'"{_ODD.sub(_escape, text)}"'


def portable_float(text: str) -> str:
    """A float in the form that YAML 1.1 and 1.2 both read as a float, with the same digits.

    YAML 1.1 wants a period, a digit before it if there is a sign, and a sign in the exponent:
    ``1e-3`` is a string there.

    Args:
        text: A finite float as Python or YAML 1.2 writes it.
    """
    mantissa, mark, exponent = text.lower().partition("e")
    sign = mantissa[:1] if mantissa[:1] in {"-", "+"} else ""
    whole, _, fraction = mantissa.removeprefix(sign).partition(".")
    written = f"{sign}{whole or '0'}.{fraction or '0'}"
    if mark:
        written += f"e{exponent if exponent[:1] in {'-', '+'} else '+' + exponent}"
    return written


def _write_entry(indent: str, key: str, value: Any, lines: list[str]) -> None:
    name = _key(key, indent)
    if isinstance(value, dict) and value:
        lines.append(f"{indent}{name}:")
        for inner, item in value.items():
            _write_entry(indent + "  ", inner, item, lines)
    elif isinstance(value, list) and value:
        lines.append(f"{indent}{name}:")
        _write_items(indent, value, lines)
    else:
        lines.append(f"{indent}{name}: {_scalar(value)}")


def _write_items(indent: str, items: list[Any], lines: list[str]) -> None:
    for item in items:
        if isinstance(item, (dict, list)) and item:
            # `- ` and the first line of the item share a line.
            inner: list[str] = []
            if isinstance(item, dict):
                for key, value in item.items():
                    _write_entry(indent + "  ", key, value, inner)
            else:
                _write_items(indent + "  ", item, inner)
            inner[0] = f"{indent}- {inner[0].removeprefix(indent + '  ')}"
            lines.extend(inner)
        else:
            lines.append(f"{indent}- {_scalar(item)}")


def _scalar(value: Any) -> str:
    """A scalar, or an empty mapping or list."""
    if isinstance(value, str):
        return _text(value)
    written = repr(value)
    if written in _CONSTANTS:
        return _CONSTANTS[written]
    return portable_float(written) if isinstance(value, float) else written


def _key(key: str, indent: str) -> str:
    text = _text(key)
    return text if len(text) <= _LONG_KEY else f"? {text}\n{indent}"


def _text(text: str) -> str:
    is_plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if is_plain else quoted(text)


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
