"""Parses the syntax of composed files that uses ``$``: directives and references.

A composed file has ``$config: 1`` as its first key. Any other file is plain data.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from runsettings.values.diagnostic import Rule
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.directives import (
    Append,
    Delete,
    Directive,
    Reference,
    Replace,
    Target,
)
from runsettings.values.key_paths import KeyPath
from runsettings.values.positions import Branch, SequenceMarks

Report: TypeAlias = Callable[[Rule, str, KeyPath, str | None], None]
"""Reports a rule, a message, the path in the file, and a hint."""

UNKNOWN_NAME: Final = "is not a name that composed files have"

DIRECTIVES: Final = ("$append", "$replace", "$delete")

_SCALARS: Final = frozenset({int, float, bool, type(None)})
_REFERENCE: Final = re.compile(r"\$?\$\{([^{}]*)(\}?)")
_INDEX: Final = re.compile(r"\[(\d{1,6})\]")


class ComposedText:
    """Parses the directives and references in the values of one composed file.

    Args:
        mount: The path under which the file is used; empty for the root.
        report: Called for each problem.

    Attributes:
        directives: Whether a directive was found.
        references: Whether a reference was found.
        replaced: The paths of mappings that are ``{$replace: …}``, outermost first.
    """

    def __init__(self, mount: KeyPath, report: Report) -> None:
        self._mount = mount
        self._report = report
        self.directives = False
        self.references = False
        self.replaced: list[KeyPath] = []

    def mapping(self, data: dict[Any, Any], at: KeyPath, inner: KeyPath) -> dict[Any, Any]:
        """Parse the values of a mapping.

        Args:
            data: The mapping from the file.
            at: The path of the mapping in the file.
            inner: The path of the mapping in the config, relative to the mount.

        Returns:
            A copy with directives and references.
        """
        values = {}
        for key, value in data.items():
            kind = type(value)
            if kind in _SCALARS or (kind is str and "${" not in value):
                values[key] = value
            else:
                values[key] = self._value(value, (*at, key), (*inner, key), inner)
        return values

    def _value(self, value: Any, at: KeyPath, inner: KeyPath, around: KeyPath) -> Any:
        kind = type(value)
        if kind is str:
            return self._text(value, at, around) if "${" in value else value
        if kind in _SCALARS:
            return value
        if kind is dict:
            names = [key for key in value if isinstance(key, str) and key[:1] == "$"]
            if names:
                return self._directive(value, names, at, inner)
            return self.mapping(value, at, inner)
        if kind is list:
            items = enumerate(value)
            return [self._value(item, (*at, i), (*inner, i), around) for i, item in items]
        if isinstance(value, Directive):
            self.directives = True
            if isinstance(value, Replace):
                return Replace(self.mapping(value.value, at, inner))
            if isinstance(value, Append):
                return Append(self._value(value.items, at, inner, around))
        return value

    def _directive(
        self, value: dict[Any, Any], names: list[str], at: KeyPath, inner: KeyPath
    ) -> Any:
        for name in names:
            if name not in DIRECTIVES:
                hint = did_you_mean(name, DIRECTIVES) or "allowed here: " + ", ".join(DIRECTIVES)
                self._report(Rule.UNKNOWN_DIRECTIVE, UNKNOWN_NAME, (*at, name), hint)
                return {}
        name = names[0]
        if len(value) > 1:
            message, hint = "must be the only key of its mapping", "move the other keys out of it"
            self._report(Rule.BAD_COMPOSITION, message, (*at, name), hint)
            return {}
        self.directives = True
        content = value[name]
        if name == "$append" and isinstance(content, list):
            return Append(self._value(content, (*at, name), inner, inner[:-1]))
        if name == "$replace" and isinstance(content, dict):
            self.replaced.append(at)
            return Replace(self.mapping(content, (*at, name), inner))
        if name == "$delete" and content is True:
            return Delete()
        takes = {"$append": "a list", "$replace": "a mapping", "$delete": "true"}[name]
        example = {"$append": "[item]", "$replace": "{key: value}", "$delete": "true"}[name]
        hint = f"write {{{name}: {example}}}"
        self._report(Rule.BAD_COMPOSITION, f"must be {takes}", (*at, name), hint)
        return {}

    def _text(self, text: str, at: KeyPath, around: KeyPath) -> Any:
        parts: list[str | Target] = []
        end = 0
        for found in _REFERENCE.finditer(text):
            parts.append(text[end : found.start()])
            end = found.end()
            if found[0].startswith("$$"):
                parts.append(found[0][1:])
                continue
            target = self._target(found, at, around) if found[2] else None
            if not found[2]:
                message, hint = "the reference is not closed with '}'", "`$${` is a dollar and '{'"
                self._report(Rule.SYNTAX, message, at, hint)
            if target is None:
                return text
            parts.append(target)
        parts = [part for part in (*parts, text[end:]) if part != ""]
        if not any(isinstance(part, Target) for part in parts):
            return "".join(map(str, parts))
        self.references = True
        return Reference(text, tuple(parts))

    def _target(self, found: re.Match[str], at: KeyPath, around: KeyPath) -> Target | None:
        name = found[1].strip()
        kind, colon, rest = name.partition(":")
        if colon:
            variable, _, default = rest.partition(":")
            if kind == "env" and variable:
                has_default = rest != variable
                return Target(found[0], variable=variable, default=default if has_default else None)
            message = f"{found[0]} is not a reference that composed files have"
            hint = "there are ${key.path}, ${.key}, ${env:NAME} and ${env:NAME:default}"
            self._report(Rule.BAD_COMPOSITION, message, at, hint)
            return None
        dots = len(name) - len(name.lstrip("."))
        base = (*self._mount, *around)
        if dots > len(base) + 1:
            message, hint = f"{found[0]} is above the root", "write fewer dots, or the whole path"
            self._report(Rule.UNKNOWN_REFERENCE, message, at, hint)
            return None
        keys = _INDEX.sub(r".\1", name[dots:]).split(".")
        if not all(keys):
            hint = "write ${key.path}"
            self._report(Rule.BAD_COMPOSITION, f"{found[0]} names no key", at, hint)
            return None
        start = base[: len(base) - dots + 1] if dots else ()
        return Target(found[0], (*start, *keys))


def copied_marks(marks: Any) -> Any:
    """Copy marks, which aliases or two uses of a file may share.

    Args:
        marks: The marks.

    Returns:
        The copy.
    """
    if isinstance(marks, dict):
        branch = Branch(getattr(marks, "here", None))
        branch.update(marks)
        for key, mark in marks.items():
            if type(mark) is not int:
                branch[key] = copied_marks(mark)
        return branch
    if isinstance(marks, list):
        items = SequenceMarks(getattr(marks, "here", None))
        items.extend(map(copied_marks, marks))
        return items
    return marks
