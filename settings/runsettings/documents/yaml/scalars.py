"""The values of YAML scalars, by the core schema of YAML 1.2 or by the rules of YAML 1.1.

The core schema is in chapter 10.3 of the specification of YAML 1.2. Integers with underscores,
``10_000``, are numbers too, because the other YAML tools of this field read them as numbers.

YAML 1.1, which PyYAML follows, reads ``no`` as false, ``012`` as ten, ``1:20`` as eighty and
``1e-3`` as a string. `differs_in_yaml11` finds the scalars that the two read differently.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import yaml

from runsettings.documents.limits import MAX_DIGITS, number_problem

PREFIX: Final = "tag:yaml.org,2002:"
"""The meaning of ``!!`` at the beginning of a tag."""

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
"""The plain scalars that have a fixed value."""

_NUMBER: Final = re.compile(
    r"(?P<int>[-+]?(?:[0-9]+|[1-9][0-9]*(?:_[0-9]+)+))"
    r"|0o(?P<octal>[0-7]+)"
    r"|0x(?P<hex>[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
)
_DIGITS: Final = frozenset("0123456789+-.")


def resolve_plain(text: str) -> Any:
    """The value of a plain (unquoted, untagged) scalar under the YAML 1.2 core schema.

    Raises:
        ValueError: The text is a number that Python cannot hold; the message says why.
    """
    if text in WORDS:
        return WORDS[text]
    if text[0] not in _DIGITS:
        return text
    if len(text) <= MAX_DIGITS and text.isdecimal() and text.isascii():
        return int(text)
    number = _NUMBER.fullmatch(text)
    if number is None:
        return text
    if len(text) > MAX_DIGITS:
        raise ValueError(number_problem(text))
    kind = number.lastgroup
    if kind == "int":
        return int(text)
    if kind == "float":
        value = float(text)
        if math.isinf(value):
            raise ValueError(number_problem(text))
        return value
    return int(number["octal"], 8) if kind == "octal" else int(number["hex"], 16)


_RESOLVER_11: Final[Any] = yaml.resolver.Resolver()
_UNUSED_11: Final = frozenset({"merge", "value", "yaml"})
"""Types of YAML 1.1 for parts of the syntax: `<<`, `=` and `!`."""


@functools.lru_cache(maxsize=4096)
def resolve_plain_11(text: str) -> Any:
    """The value of a plain scalar as PyYAML's SafeLoader, which follows YAML 1.1, reads it.

    Raises:
        ValueError: The text is not a value of its type, or a number that Python cannot hold.
    """
    tag = _RESOLVER_11.resolve(yaml.ScalarNode, text, (True, False))
    kind = tag.removeprefix(PREFIX)
    if kind == "str" or kind in _UNUSED_11:
        return text
    if len(text) > MAX_DIGITS:
        raise ValueError(number_problem(text))
    value = yaml.constructor.SafeConstructor().construct_object(yaml.ScalarNode(tag, text))
    if kind == "float" and math.isinf(value) and "inf" not in text.lower():
        raise ValueError(number_problem(text))
    return value


class Schema(NamedTuple):
    """The rules by which plain scalars are read."""

    resolve: Callable[[str], Any]
    """The value of a plain scalar; raises `ValueError` for what Python cannot hold."""
    telling: frozenset[str]
    """First characters of the plain scalars that may be something other than a string."""


YAML12: Final = Schema(resolve_plain, frozenset({"", *"~nNtTfF.+-0123456789"}))
YAML11: Final = Schema(resolve_plain_11, frozenset(_RESOLVER_11.yaml_implicit_resolvers))


def resolve_tagged(tag: str, text: str, *, plain: bool, schema: Schema = YAML12) -> Any:
    """The value of a scalar with an explicit tag.

    Args:
        tag: The whole tag, ``tag:yaml.org,2002:int``, or ``!``.
        text: The scalar's text.
        plain: Whether it is unquoted.
        schema: How plain scalars are read.

    Raises:
        LookupError: The tag is not one of the safe tags.
        ValueError: The text is not a value of that type.
    """
    if tag in {"!", PREFIX + "str"}:
        return text
    kind = tag.removeprefix(PREFIX)
    if not tag.startswith(PREFIX) or kind not in _TYPES:
        raise LookupError(tag)
    value = schema.resolve(text) if plain or text else None
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


def differs_in_yaml11(text: str) -> str | None:
    """Describe the value that YAML 1.1 readers such as PyYAML give a plain scalar.

    Returns:
        A short description of their value (``false``, ``the integer 10``,
        ``the string '1e-3'``), or ``None`` if it is the same as ours.
    """
    try:
        ours = resolve_plain(text)
    except ValueError:
        return None
    try:
        theirs = resolve_plain_11(text)
    except ValueError:
        # `0b` and `1__` match YAML 1.1's patterns and then fail to convert.
        return "an error"
    if type(theirs) is type(ours) and (theirs == ours or theirs != theirs):  # noqa: PLR0124
        return None
    if isinstance(theirs, str):
        return f"the string {text!r}"
    if isinstance(theirs, bool):
        return str(theirs).lower()
    if isinstance(theirs, dt.date):
        return "a timestamp"
    return f"{'the integer' if isinstance(theirs, int) else 'the number'} {theirs!r}"
