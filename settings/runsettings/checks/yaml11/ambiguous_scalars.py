"""YAML scalars that YAML 1.1 tools read differently from us, and how to write them for both.

A config is rarely read by one program alone. ``lr: 1e-3`` is a number here and a string to
PyYAML; ``no`` is a string here and false to Ansible; ``012`` is twelve here and ten there.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator
from typing import Any, Final, NamedTuple

from runsettings.documents.yaml.reader import ScalarToken, scan_scalars
from runsettings.documents.yaml.scalars import PREFIX, differs_in_yaml11, resolve_plain
from runsettings.documents.yaml.writing import portable_float, quoted
from runsettings.values.diagnostic import Diagnostic, Excerpt, Rule
from runsettings.values.directives import Directive
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Origin
from runsettings.values.positions import pack, unpack
from runsettings.values.tree import Tree

_TAGGED_INT: Final = PREFIX + "int"

_CANDIDATE: Final = re.compile(
    r"""
    # A single set to begin with lets the search skip what is none of it.
    [\r\n,\[{:?\-] (?: (?<= [\r\n,\[{] ) [ \t]* | [ \t]+ )
    (?: &[A-Za-z0-9_-]++[ \t]++ )? (?= [yYnNoO=<+\-.0-9] )
    (?P<token>
        (?: yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|=|<< )
        (?= [ \t]* (?: [\r\n,\]}] | \Z ) | [ \t]+\# | [ \t]*: (?: [ \t\r\n] | \Z ) )
      |
        # Numbers that both read alike are nearly all there are.
        (?! [-+]? (?: 0 | [1-9][0-9]* ) (?: \.[0-9]* (?: [eE][-+][0-9]+ )? )?
            (?: [ \t]* (?: [\r\n,\]}] | \Z ) | [ \t]+\# ) )
        [-+]? \.? [0-9] (?: [^,\[\]{}\r\n\#:] | : (?! [ \t\r\n] | \Z ) )*
    )
    """,
    re.VERBOSE,
)
"""Where a scalar may stand that is read in two ways; more than are."""

MOST_TOLD: Final = 100
"""Ambiguous scalars of one file that are told one by one."""

_BREAK: Final = re.compile(r"\r\n|\r|\n")

_PLACE: Final = (1 << 64) - 1
"""The part of a mark that is the value's own position."""


class AmbiguousScalar(NamedTuple):
    """A scalar that is read in two ways."""

    text: str
    """As it is written."""
    line: int
    """1-based."""
    column: int
    """1-based."""
    path: KeyPath
    """Its key, if that is known."""


def find_ambiguous(tree: Tree) -> list[AmbiguousScalar]:
    """The scalars of a YAML source that YAML 1.1 tools read differently, in order.

    Nearly every file has none, and a search of its text tells so. What the search finds is
    looked up among the tree's places; what is not there is settled by scanning the whole text.
    """
    text = tree.text
    if text is None:
        return []
    if "!!int" in text:
        return scan_ambiguous(text, tree)
    # As if a line ended before the text, so that its start needs no pattern of its own.
    candidates = list(_CANDIDATE.finditer(f"\n{text}"))
    if not candidates:
        return []
    starts = [0, *(match.end() for match in _BREAK.finditer(text))]
    places: dict[int, str] = {}
    for candidate in candidates:
        offset = candidate.start("token") - 1
        line = bisect_right(starts, offset)
        token = candidate["token"].rstrip(" \t")
        places[pack(line, offset - starts[line - 1] + 1)] = token
    known = _scalars(tree, places)
    found: list[AmbiguousScalar] = []
    for place, token in places.items():
        scalar = known.get(place)
        if scalar is None or not _is(scalar.value, token):
            return scan_ambiguous(text, tree)
        if reading_of_others(token, is_key=scalar.is_key) is not None:
            found.append(AmbiguousScalar(token, *unpack(place)[0], scalar.path))
    return found


def scan_ambiguous(text: str, tree: Tree | None = None) -> list[AmbiguousScalar]:
    """The same by scanning every scalar of a text; paths are known for what ``tree`` holds."""
    tokens = {pack(token.line, token.column): token for token in ambiguous_tokens(text)}
    known = _scalars(tree, tokens) if tree is not None and tokens else {}
    return [
        AmbiguousScalar(
            token.text,
            # A token may begin with an anchor or a tag; the scalar is its last part.
            token.end_line,
            token.end_column - len(token.text),
            known[place].path if place in known else (),
        )
        for place, token in tokens.items()
    ]


def ambiguous_tokens(text: str) -> Iterator[ScalarToken]:
    """The scalars of a text that are read in two ways, with their exact extent."""
    for token in scan_scalars(text):
        if token.style or token.tag not in {None, _TAGGED_INT}:
            continue
        if token.tag == _TAGGED_INT and not _is_int(token.text):
            continue  # the reader refuses it
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
        return portable_float(text)
    return quoted(text)


def scalar_diagnostics(tree: Tree) -> list[Diagnostic]:
    """A warning for each ambiguous scalar of a YAML source, and one for those beyond the first.

    A file of data can have hundreds of thousands, which no report should list.
    """
    text = tree.text
    if text is None:
        return []
    found = find_ambiguous(tree)
    if not found:
        return []
    lines = _BREAK.split(text)
    told = [_diagnostic(each, tree, lines[each.line - 1]) for each in found[:MOST_TOLD]]
    if len(found) > MOST_TOLD:
        message = f"{len(found) - MOST_TOLD:,} more scalars that YAML 1.1 tools read differently"
        origin = Origin(tree.layer, tree.where, found[MOST_TOLD].line)
        hint = "check --fix rewrites all of them"
        told.append(Diagnostic.of(Rule.YAML_SCALAR, (), message, origin, hint))
    return told


def _diagnostic(scalar: AmbiguousScalar, tree: Tree, line: str) -> Diagnostic:
    value = resolve_plain(scalar.text)
    ours = f"the string {value!r}" if isinstance(value, str) else repr(value)
    theirs = reading_of_others(scalar.text, is_key=scalar.text != "<<")
    return Diagnostic.of(
        Rule.YAML_SCALAR,
        scalar.path,
        f"{scalar.text} is {ours} here, and {theirs} to YAML 1.1 tools",
        Origin(tree.layer, tree.where, scalar.line, scalar.column),
        hint=f"write {for_both(scalar.text)}",
        excerpt=Excerpt(line, scalar.line, scalar.column, len(scalar.text)),
    )


class _Scalar(NamedTuple):
    value: Any
    path: KeyPath
    is_key: bool


def _scalars(tree: Tree, places: Container[int]) -> dict[int, _Scalar]:
    """The scalars and keys of a tree that stand at ``places``, which are packed positions."""
    found: dict[int, _Scalar] = {}

    def look(node: Any, marks: Any, path: KeyPath) -> None:
        # In the order of the document: an alias shares the places of its anchor, and comes later.
        for key, value, mark in _items(node, marks):
            place = mark if type(mark) is int else getattr(mark, "here", None)
            if type(place) is not int:
                continue
            if place >> 64 in places:
                found.setdefault(place >> 64, _Scalar(key, (*path, key), is_key=True))
            if place is not mark:
                look(value, mark, (*path, key))
            elif place & _PLACE in places:
                found.setdefault(place & _PLACE, _Scalar(value, (*path, key), is_key=False))

    look(tree.data, tree.marks, ())
    return found


def _items(node: Any, marks: Any) -> Iterable[tuple[Any, Any, Any]]:
    """The key, value and mark of each item of a mapping or list."""
    if isinstance(node, Directive):
        node = getattr(node, "value", getattr(node, "items", None))
    if isinstance(marks, dict) and isinstance(node, dict):
        # Keys that were found to be nobody's keep their marks.
        return ((key, node[key], mark) for key, mark in marks.items() if key in node)
    if isinstance(marks, list) and isinstance(node, list):
        return zip(range(len(node)), node, marks, strict=False)
    return ()


def _is(value: Any, token: str) -> bool:
    try:
        ours = resolve_plain(token)
    except ValueError:
        return False
    return type(value) is type(ours) and bool(value == ours)


def _is_int(text: str) -> bool:
    try:
        return type(resolve_plain(text)) is int
    except ValueError:
        return False
