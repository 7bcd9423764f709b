"""YAML scalars that YAML 1.1 tools read differently from us, and how to write them for both.

A config is rarely read by one program alone. ``lr: 1e-3`` is a number here and a string to
PyYAML; ``no`` is a string here and false to Ansible; ``012`` is twelve here and ten there.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from runsettings.documents.yaml import ScalarToken, scan_scalars
from runsettings.documents.yaml_scalars import PREFIX, differs_in_yaml11, resolve_plain
from runsettings.values.diagnostic import Diagnostic, Excerpt, Rule, Severity
from runsettings.values.directive import Directive
from runsettings.values.excerpts import line_of
from runsettings.values.origin import Origin
from runsettings.values.tree import KeyPath, Tree, unpack

_TAGGED_INT: Final = PREFIX + "int"

_CANDIDATE: Final = re.compile(
    r"""
    (?: ^[ \t]* (?: -[ \t]+ )* | [:?\-][ \t]+ | [,\[{][ \t]* | &\S+[ \t]+ )
    (?P<token>
        (?: yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|=|<< )
        (?= [ \t]* (?: $ | [,\]}] ) | [ \t]+\# | [ \t]*: (?: [ \t] | $ ) )
      |
        # Numbers that both read alike are nearly all there are.
        (?! [-+]? (?: 0 | [1-9][0-9]* ) (?: \.[0-9]* (?: [eE][-+][0-9]+ )? )?
            (?: [ \t]* (?: $ | [,\]}] ) | [ \t]+\# ) )
        [-+]? \.? [0-9] [^,\[\]{}\r\n\#]*
    )
    """,
    re.VERBOSE | re.MULTILINE,
)
"""Where a scalar may stand that is read in two ways; more than are."""

_AFTER: Final = re.compile(r"[ \t]*(?::(?:[ \t].*)?)?$")
_BREAK: Final = re.compile(r"\r\n|\r|\n")


class Hazard(NamedTuple):
    """A scalar that is read in two ways."""

    text: str
    """As it is written."""
    line: int
    """1-based."""
    column: int
    """1-based."""
    path: KeyPath
    """Its key, if that is known."""


def find_hazards(tree: Tree) -> list[Hazard]:
    """The scalars of a YAML source that YAML 1.1 tools read differently, in order.

    Nearly every file has none, and a search of its text tells so. What the search finds is
    looked up among the tree's places; what is not there is settled by scanning the whole text.
    """
    text = tree.text
    if text is None:
        return []
    candidates = list(_CANDIDATE.finditer(text))
    if "!!int" in text:
        return scan_hazards(text, tree)
    if not candidates:
        return []
    known = _scalars(tree)
    starts = [0, *(match.end() for match in _BREAK.finditer(text))]
    found: list[Hazard] = []
    for candidate in candidates:
        offset = candidate.start("token")
        line = bisect_right(starts, offset)
        column = offset - starts[line - 1] + 1
        scalar = known.get((line, column))
        token = _AFTER.sub("", candidate["token"])
        if scalar is None or not _is(scalar.value, token):
            return scan_hazards(text, tree)
        if reading_of_others(token, is_key=scalar.is_key) is not None:
            found.append(Hazard(token, line, column, scalar.path))
    return found


def scan_hazards(text: str, tree: Tree | None = None) -> list[Hazard]:
    """The same by scanning every scalar of a text; paths are known for what ``tree`` holds."""
    tokens = list(hazardous_tokens(text))
    known = _scalars(tree) if tree is not None and tokens else {}
    return [
        Hazard(
            token.text,
            token.line,
            token.column,
            scalar.path if (scalar := known.get((token.line, token.column))) is not None else (),
        )
        for token in tokens
    ]


def hazardous_tokens(text: str) -> Iterator[ScalarToken]:
    """The scalars of a text that are read in two ways, with their exact extent."""
    for token in scan_scalars(text):
        if token.style or token.tag not in {None, _TAGGED_INT}:
            continue
        if reading_of_others(token.text, is_key=token.is_key) is not None:
            yield token


@functools.lru_cache(maxsize=4096)
def reading_of_others(text: str, *, is_key: bool = False) -> str | None:
    """What YAML 1.1 tools make of a plain scalar, if it is something else; in words."""
    if text == "=" or (text == "<<" and not is_key):
        return "an error"  # a type of YAML 1.1 that PyYAML itself cannot construct
    return differs_in_yaml11(text)


def for_both(text: str) -> str:
    """How to write a plain scalar so that YAML 1.1 and 1.2 read what we read now."""
    value = resolve_plain(text)
    if type(value) is int:
        return str(value)
    if type(value) is float:
        return _float_for_both(text)
    return f'"{text}"'


def hazard_diagnostics(tree: Tree) -> list[Diagnostic]:
    """A warning for each hazard of a YAML source."""
    text = tree.text
    if text is None:
        return []
    return [_diagnostic(hazard, tree, text) for hazard in find_hazards(tree)]


def _diagnostic(hazard: Hazard, tree: Tree, text: str) -> Diagnostic:
    value = resolve_plain(hazard.text)
    ours = f"the string {value!r}" if isinstance(value, str) else repr(value)
    theirs = reading_of_others(hazard.text, is_key=hazard.text != "<<")
    return Diagnostic(
        Rule.YAML_SCALAR,
        Severity.WARNING,
        hazard.path,
        f"{hazard.text} is {ours} here, and {theirs} to YAML 1.1 tools",
        Origin(tree.layer, tree.where, hazard.line, hazard.column),
        hint=f"write {for_both(hazard.text)}",
        excerpt=Excerpt(
            line_of(text, hazard.line), hazard.line, hazard.column, max(len(hazard.text), 1)
        ),
    )


class _Scalar(NamedTuple):
    value: Any
    path: KeyPath
    is_key: bool


def _scalars(tree: Tree) -> dict[tuple[int, int], _Scalar]:
    """Every scalar and key of a tree, by line and column."""
    found: dict[tuple[int, int], _Scalar] = {}
    waiting: list[tuple[Any, Any, KeyPath]] = [(tree.data, tree.marks, ())]
    while waiting:
        value, mark, path = waiting.pop()
        place = getattr(mark, "here", mark)
        if type(place) is int:
            at, key_at = unpack(place)
            if key_at is not None and path:
                found[key_at] = _Scalar(path[-1], path, is_key=True)
            if not isinstance(mark, (dict, list)):
                found[at] = _Scalar(value, path, is_key=False)
        if isinstance(value, Directive):
            value = getattr(value, "value", getattr(value, "items", None))
        if isinstance(mark, dict) and isinstance(value, dict):
            waiting += [(value.get(k), inner, (*path, k)) for k, inner in mark.items()]
        elif isinstance(mark, list) and isinstance(value, list):
            waiting += [
                (item, inner, (*path, index))
                for index, (item, inner) in enumerate(zip(value, mark, strict=False))
            ]
    return found


def _is(value: Any, token: str) -> bool:
    try:
        ours = resolve_plain(token)
    except ValueError:
        return False
    return type(value) is type(ours) and bool(value == ours)


def _float_for_both(text: str) -> str:
    """YAML 1.1 wants a period in a float, a digit before it if signed, and a signed exponent."""
    mantissa, mark, exponent = text.lower().partition("e")
    sign = mantissa[:1] if mantissa[:1] in {"-", "+"} else ""
    whole, _, fraction = mantissa.removeprefix(sign).partition(".")
    written = f"{sign}{whole or '0'}.{fraction or '0'}"
    if mark:
        written += f"e{exponent if exponent[:1] in {'-', '+'} else '+' + exponent}"
    return written
