"""The config as a YAML file in W&B's form, ``files/config.yaml``.

What is written reads back as the same data in this library (YAML 1.2), in PyYAML and in the
W&B client (YAML 1.1): every string that either would take for something else is quoted, and
floats are written so that both see a float (``1.0e-05``). Strings are plain where they are
plain words; all others are double-quoted with escapes, the one style without surprises.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from runsettings.runconfig.inputs.wandb_form import VERSION_KEY

_PLAIN: Final = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_./ -]*[A-Za-z0-9_/])?")
"""Texts that no YAML reader takes for anything but themselves, `_WORDS` apart."""

_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})

_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\t": "\\t",
    "\r": "\\r",
    "\0": "\\0",
}
_ODD: Final = re.compile(r'["\\]|[^\x20-\x7e\xa0-\u1fff\u2070-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe]')
"""Characters that are escaped: quotes, controls, breaks and spaces of all kinds, byte order
marks, what is no character, and everything beyond the basic plane."""

_LONG_KEY: Final = 120
"""A longer key is written as ``? key``; readers give up on longer ones without it (1,024)."""


def write_yaml(config: Mapping[str, Any]) -> str:
    """A config as the text of a YAML file in W&B's form.

    Args:
        config: Plain JSON data, as a `Config`'s ``as_dict()``.
    """
    # A key of the config's own with the header's name would make two.
    lines = [] if VERSION_KEY in config else [f"{VERSION_KEY}: 1"]
    for key, value in config.items():
        lines.append(f"{_key(key, '')}:")
        lines.append("  desc: null")
        _write_entry("  ", "value", value, lines)
    return "\n".join(lines) + "\n"


def yaml_text(data: Mapping[str, Any]) -> str:
    """JSON data as YAML that readers of YAML 1.1 and 1.2 read alike."""
    lines: list[str] = []
    for key, value in data.items():
        _write_entry("", key, value, lines)
    return "\n".join(lines or ["{}"]) + "\n"


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
            # `- ` and the first line of what is inside share a line.
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
    if isinstance(value, str):
        return _text(value)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float):
        return _float(value)
    return "{}" if value == {} else "[]" if value == [] else str(value)


def _float(value: float) -> str:
    text = repr(value)
    if text in {"nan", "inf", "-inf"}:
        return {"nan": ".nan", "inf": ".inf", "-inf": "-.inf"}[text]
    mantissa, exponent, power = text.partition("e")
    # YAML 1.1 wants a period in every float: `1e-05` is a string there.
    return f"{mantissa}.0e{power}" if exponent and "." not in mantissa else text


def _key(key: str, indent: str) -> str:
    text = _text(key)
    return text if len(text) <= _LONG_KEY else f"? {text}\n{indent}"


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return f'"{_ODD.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
