"""What the validators of `Settings` accept, as JSON Schema.

pydantic describes a field's type; what a validator adds is code, which no schema can be read
off. Each of these stands beside one validator of `models.settings`, and a test feeds both the
same instances.
"""

from __future__ import annotations

from typing import Any, Final

from runsettings.models.settings import BYTES, MAGIC, MODES, REINIT, SECONDS, Settings

# What `str.isprintable` refuses: control, format and separator characters, surrogates, and
# characters for private use. The space itself is printable.
_UNPRINTABLE: Final = (
    r"\u0000-\u001f\u007f-\u00a0\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u1680"
    r"\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u206f\u3000\ud800-\uf8ff\ufeff"
    r"\ufff9-\ufffb"
)
_END: Final = r"(?![\s\S])"
"""The end of the text. ``$`` is, in Python, also the place before a last line break."""

_IN_PROJECT: Final = rf"[^/\\#?%:{_UNPRINTABLE}]"
_IN_ID: Final = rf"[^/\\#?%:;,'{_UNPRINTABLE}]"
_VISIBLE_IN_ID: Final = rf"[^ /\\#?%:;,'{_UNPRINTABLE}]"


def any_case(word: str) -> str:
    """A pattern for a word in whatever case: schema patterns have no flags."""
    return "".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in word)


def words(*known: str) -> str:
    """A pattern for one of some words in whatever case, and nothing else."""
    return f"^(?:{'|'.join(map(any_case, known))}){_END}"


TRUE: Final = ("1", "true", "t", "yes", "y", "on")
FALSE: Final = ("0", "false", "f", "no", "n", "off")

_BREAKS: Final = r"\n-\r\u001c-\u001e\u0085\u2028\u2029"
"""What `str.splitlines` takes for the end of a line."""

_TAG: Final = rf"\s*(?:[^,\s](?:[^,{_BREAKS}]{{0,62}}[^,\s])?)?\s*"
_NAMES_TEXT: Final = {"type": "string"}
_NAMES: Final = {"anyOf": [{"type": "array", "items": {"type": "string"}}, _NAMES_TEXT]}
_OR_NULL: Final = {"type": "null"}
_VARIABLE: Final = r"\$(?:[A-Z_][A-Z0-9_]*|\{[A-Za-z0-9_]+\})"
_PATH: Final = {
    "type": "string",
    "pattern": rf"^(?![\s\S]*{_VARIABLE}(?:/|{_END}))[^\u0000]*{_END}",
}
_PATHS_TEXT: Final = {
    "type": "string",
    "pattern": rf"^(?![\s\S]*{_VARIABLE}(?:/|\s*(?:,|{_END})))[^\u0000]*{_END}",
}

FIELDS: Final[dict[str, dict[str, Any]]] = {
    "project": {
        "anyOf": [
            {
                "type": "string",
                "maxLength": 128,
                "pattern": rf"^ *(?! ){_IN_PROJECT}+{_END}",
            },
            _OR_NULL,
        ]
    },
    "run_id": {
        "anyOf": [
            {
                "type": "string",
                "maxLength": 128,
                "pattern": (
                    rf"^(?!\.\.?{_END}){_VISIBLE_IN_ID}(?:{_IN_ID}*{_VISIBLE_IN_ID})?{_END}"
                ),
            },
            _OR_NULL,
        ]
    },
    "run_tags": {
        "anyOf": [
            {
                "type": "array",
                "items": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 64,
                    "pattern": rf"^[^{_BREAKS}]*{_END}",
                },
            },
            {"type": "string", "pattern": rf"^{_TAG}(?:,{_TAG})*{_END}"},
        ]
    },
    "config_include_keys": _NAMES,
    "config_exclude_keys": _NAMES,
    "config_paths": {"anyOf": [{"type": "array", "items": _PATH}, _PATHS_TEXT]},
    "config_schema": {"anyOf": [_PATH, {"type": ["object", "null"]}]},
    "sweep_param_path": {"anyOf": [_PATH, _OR_NULL]},
    "root_dir": {"anyOf": [_PATH, _OR_NULL]},
    "mode": {
        "enum": ["online", "offline", "disabled", *MODES],
    },
    "reinit": {
        "anyOf": [
            {"type": ["boolean", "null"]},
            {"enum": [0, 1, *REINIT]},
            {"type": "string", "pattern": words(*TRUE, *FALSE)},
        ]
    },
    "anonymous": {
        "anyOf": [
            {"enum": ["never", "allow", "must", True, False]},
            {"type": "string", "pattern": words("true", "false")},
        ]
    },
    "resume": {
        "anyOf": [
            {"enum": ["allow", "must", "never", "auto", True, False, None]},
            {"type": "string", "pattern": words(*TRUE, *FALSE)},
        ]
    },
    "magic": {
        "anyOf": [
            {"type": ["boolean", "string", "null"]},
            {"enum": [0, 1]},
            {
                "type": "object",
                "properties": {name: {"type": "boolean"} for name in MAGIC},
                "additionalProperties": False,
            },
        ]
    },
    "base_url": {
        "type": "string",
        "format": "uri",
        # A scheme, no user name or password, a host, and no spaces.
        "pattern": (
            rf"^{any_case('http')}[sS]?://(?::?@)?"
            rf"(?:[^ {_UNPRINTABLE}/?#@:\[\]]+|\[[0-9A-Fa-f:.]+\])"
            rf"(?::[^ {_UNPRINTABLE}/?#@\[\]]*)?(?:[/?#][^ {_UNPRINTABLE}]*)?{_END}"
        ),
    },
    "api_key": {
        "anyOf": [
            {
                "type": "string",
                "format": "password",
                "writeOnly": True,
                "pattern": rf"^[^ {_UNPRINTABLE}]+{_END}",
            },
            _OR_NULL,
        ]
    },
    "finish_timeout": {
        "anyOf": [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": rf"^{SECONDS}{_END}"},
        ]
    },
    "store_file_limit": {
        "anyOf": [
            {"type": "integer", "minimum": 0, "exclusiveMaximum": 10**15},
            {"type": "string", "pattern": rf"^{BYTES}{_END}"},
        ]
    },
    "store": {
        "anyOf": [
            {
                "type": "string",
                "format": "password",
                "writeOnly": True,
                "pattern": (
                    rf"^(?:sqlite:///+[^/{_UNPRINTABLE}][^{_UNPRINTABLE}]*"
                    rf"|(?:postgres|postgresql|postgresql\+psycopg)://[^{_UNPRINTABLE}]*){_END}"
                ),
            },
            _OR_NULL,
        ]
    },
}
"""For each field of `Settings` with a validator, what it accepts."""


def field_schemas(model: type[Any]) -> dict[str, dict[str, Any]]:
    """The schemas that hold for a model: those of fields that it has from `Settings`."""
    if not issubclass(model, Settings):
        return {}
    return {
        name: schema
        for name, schema in FIELDS.items()
        if model.model_fields[name].annotation == Settings.model_fields[name].annotation
        and model.model_fields[name].metadata == Settings.model_fields[name].metadata
    }
