"""What a YAML scalar means: the core schema of YAML 1.2 (chapter 10.3 of its specification).

YAML 1.1, which PyYAML follows, reads ``no`` as false, ``012`` as ten, ``1:20`` as eighty and
``1e-3`` as a string. `differs_in_yaml11` tells where the two disagree, for the checks.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from runsettings.documents.limits import MAX_DIGITS

PREFIX: Final = "tag:yaml.org,2002:"
"""What ``!!`` in front of a tag stands for."""

WORDS: Final[dict[str, Any]] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
"""The plain scalars that are a constant."""

TELLING: Final = frozenset({"", *"~nNtTfF.+-0123456789"})
"""First characters of the plain scalars that may be something other than a string."""

_NUMBER: Final = re.compile(
    r"(?P<int>[-+]?[0-9]+)"
    r"|0o(?P<octal>[0-7]+)"
    r"|0x(?P<hex>[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
)
_DIGITS: Final = frozenset("0123456789+-.")


def resolve_plain(text: str) -> Any:
    """The value of a plain (unquoted, untagged) scalar under the YAML 1.2 core schema.

    Raises:
        ValueError: The text is a number with more characters than the limit.
    """
    if text in WORDS:
        return WORDS[text]
    if text[0] not in _DIGITS:
        return text
    if len(text) > MAX_DIGITS and _NUMBER.fullmatch(text):
        raise ValueError("too many digits")
    if text.isdecimal() and text.isascii():
        return int(text)
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    kind = number.lastgroup
    if kind == "int":
        return int(text)
    if kind == "float":
        return float(text)
    return int(number["octal"], 8) if kind == "octal" else int(number["hex"], 16)


def resolve_tagged(tag: str, text: str, *, plain: bool) -> Any:
    """The value of a scalar with an explicit tag.

    Args:
        tag: The whole tag, ``tag:yaml.org,2002:int``, or ``!``.
        text: The scalar's text.
        plain: Whether it is unquoted.

    Raises:
        LookupError: The tag is none of the safe ones.
        ValueError: The text is no value of that type.
    """
    if tag in {"!", PREFIX + "str"}:
        return text
    kind = tag.removeprefix(PREFIX)
    if not tag.startswith(PREFIX) or kind not in _TYPES:
        raise LookupError(tag)
    value = resolve_plain(text) if plain or text else None
    if kind == "float" and type(value) is int:
        return float(value)
    if type(value) is not _TYPES[kind]:
        raise ValueError(text)
    return value


_TYPES: Final[dict[str, type]] = {
    "int": int,
    "float": float,
    "bool": bool,
    "null": type(None),
}

_RESOLVER_11: Final[Any] = yaml.resolver.Resolver()
_YAML11: Final = (
    (re.compile(r"yes|Yes|YES|on|On|ON"), "true"),
    (re.compile(r"no|No|NO|off|Off|OFF"), "false"),
)


def differs_in_yaml11(text: str) -> str | None:
    """What YAML 1.1 readers such as PyYAML make of a plain scalar, if it is something else.

    Returns:
        A short description of the other reading (``false``, ``the integer 10``,
        ``the string '1e-3'``), or ``None`` where both agree.
    """
    for words, meaning in _YAML11:
        if words.fullmatch(text):
            return meaning
    return _described(text)


def _described(text: str) -> str | None:
    tag = _RESOLVER_11.resolve(yaml.ScalarNode, text, (True, False))
    kind = str(tag).removeprefix(PREFIX)
    try:
        ours = resolve_plain(text)
    except ValueError:
        return None
    if kind == "str":
        return None if isinstance(ours, str) else f"the string {text!r}"
    if kind not in _TYPES:
        # The others (`<<`, `=`, `&`) are marks of YAML itself, not readings of a value.
        return "a timestamp" if kind == "timestamp" else None
    try:
        theirs = yaml.constructor.SafeConstructor().construct_object(yaml.ScalarNode(tag, text))
    except ValueError:
        # `0b` and `1__` match YAML 1.1's patterns and then fail to convert.
        return "an error"
    if type(theirs) is type(ours) and (theirs == ours or theirs != theirs):  # noqa: PLR0124
        return None
    noun = {"int": "the integer ", "float": "the number "}.get(kind, "")
    return f"{noun}{theirs!r}"
