"""Checks the keys and values of the merged config in one walk.

Nearly every config breaks no rule. So the walk tests all keys of a mapping together and adds up an
upper bound of the size of the values. It examines single keys and values only if a test fails.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import chain, product
from typing import Any, Final

from runsettings.composition.merge import Merged
from runsettings.runconfig.inputs.json_values import (
    DEEPEST,
    TOO_LARGE_INT,
    key_as_text,
)
from runsettings.values.diagnostic import Diagnostic, Excerpt, Rule, Severity
from runsettings.values.excerpts import excerpt_of
from runsettings.values.key_paths import MISSING, KeyPath, nested_text, value_at
from runsettings.values.origin import Origin
from runsettings.values.rendering import printable

MAX_VALUE_BYTES: Final = 10_000_000
"""The largest value of a top-level key, in bytes of its JSON."""

_SCALAR_BYTES: Final = 26
"""The longest float, boolean or null as JSON, with its comma."""
_CHARACTER_BYTES: Final = 6
"""The longest form of a character in JSON, ``\\u0000``."""
_LARGE_INT: Final = 10**20
_FEW_PARTS: Final = 6
_SHOWN_KEYS: Final = 3
"""How many further keys a message shows."""


def check_rules(merged: Merged, setting_names: Collection[str] = frozenset()) -> list[Diagnostic]:
    """The diagnostics about the keys and values of a merged config.

    Args:
        merged: The config. Its values are plain JSON types; its keys may have any type.
        setting_names: The names of settings, which do not belong in a run config.
    """
    walk = _Walk(merged)
    walk.check_keys(merged.data, ())
    for key, value in merged.data.items():
        bound = walk.measure(value, (key,))
        if bound > MAX_VALUE_BYTES and type(key) is str:
            walk.check_size(value, (key,))
    for name in merged.data.keys() & setting_names:
        walk.add(
            Rule.SETTING_IN_CONFIG,
            (name,),
            "is the name of a setting; here it is a value of the run config",
            hint=f"to set it, pass {name}= to init()",
            severity=Severity.NOTE,
        )
    walk.diagnostics += [_bad_append(merged, path) for path in merged.bad_appends]
    return walk.diagnostics


def keys_that_meet(key: str, others: Collection[str]) -> str | None:
    """The key of ``others`` that equals ``key`` when dashes become underscores.

    Args:
        key: The key.
        others: The keys to compare with.

    Returns:
        Another key, or ``None``.
    """
    parts = key.replace("-", "_").split("_")
    if len(parts) > _FEW_PARTS:
        plain = "_".join(parts)
        alike: Iterable[str] = (other for other in others if other.replace("-", "_") == plain)
    else:
        # A lookup of the few spellings of one key is faster than a search of thousands of keys.
        alike = (
            "".join(chain.from_iterable(zip(parts, (*marks, ""), strict=True)))
            for marks in product("_-", repeat=len(parts) - 1)
        )
    return next((other for other in alike if other != key and other in others), None)


def size_of(value: Any) -> int:
    """The size of a value as compact JSON in UTF-8, in bytes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), skipkeys=True)
    return len(text.encode(errors="replace"))


def size_bound(value: Any) -> int:
    """An upper bound of `size_of`, which is much faster."""
    return _Walk(Merged((), {})).measure(value, ())


def grown_size(bound: int, whole: Any, old: Any, new: dict[str, Any]) -> int:
    """The size of a value after a write to a key in it, or an upper bound within the limit.

    Measuring all of a large value for each write would be slow. So an upper bound grows with each
    write, and the value is measured only if the bound exceeds the limit.

    Args:
        bound: An upper bound of the size of ``whole``, in bytes.
        whole: The value before the write.
        old: The value that is replaced, or `MISSING`.
        new: The key that is written, with its value.

    Returns:
        Bytes.
    """
    bound += size_bound(new)
    if bound <= MAX_VALUE_BYTES:
        return bound
    freed = 0 if old is MISSING else size_of(dict.fromkeys(new, old))
    return size_of(whole) - freed + size_of(new)


def too_large(size: int, key: str, origin: Origin | None) -> list[Diagnostic]:
    """An error if the value of a top-level key is too large.

    Args:
        size: Its size as JSON, in bytes.
        key: The key.
        origin: Where it was set.
    """
    if size <= MAX_VALUE_BYTES:
        return []
    message = f"is {size:,} bytes as JSON; at most {MAX_VALUE_BYTES:,} are kept"
    hint = "save it as a file, and name the file here"
    return [Diagnostic(Rule.VALUE_TOO_LARGE, Severity.ERROR, (key,), message, origin, hint)]


class _Walk:
    def __init__(self, merged: Merged) -> None:
        self._merged = merged
        self.diagnostics: list[Diagnostic] = []

    def measure(self, node: Any, path: KeyPath) -> int:
        """Check all values below ``node``.

        Returns:
            An upper bound of its size as JSON, in bytes.
        """
        kind = type(node)
        if kind is dict:
            if len(path) >= DEEPEST:
                self._too_deep(path)
                return 0
            size = 2 + self.check_keys(node, path)
            for key, value in node.items():
                inner = type(value)
                if inner is float or inner is bool:
                    size += _SCALAR_BYTES
                elif inner is str and value.isascii():
                    size += len(value) * _CHARACTER_BYTES + 3
                else:
                    size += self.measure(value, (*path, key))
            return size
        if kind is list:
            if len(path) >= DEEPEST:
                self._too_deep(path)
                return 0
            return 2 + sum(self.measure(item, (*path, at)) for at, item in enumerate(node))
        if kind is str:
            if not node.isascii():
                self._check_text(node, path)
            return len(node) * _CHARACTER_BYTES + 3
        if kind is int and not -_LARGE_INT < node < _LARGE_INT:
            if not -TOO_LARGE_INT < node < TOO_LARGE_INT:
                message = "an integer of more than 4,300 digits cannot be kept in a run config"
                self.add(Rule.NOT_SERIALIZABLE, path, message)
            return int(node.bit_length() // 3) + _SCALAR_BYTES
        return _SCALAR_BYTES

    def check_keys(self, node: dict[Any, Any], path: KeyPath) -> int:
        """Check the keys of one mapping.

        Returns:
            An upper bound of their size as JSON, in bytes.
        """
        together = "\n".join(node)
        if "." in together or "-" in together or "" in node or not together.isascii():
            self._look_closely(node, path)
        return len(together) * _CHARACTER_BYTES + 4 * len(node)

    def _look_closely(self, node: dict[Any, Any], path: KeyPath) -> None:
        plain: dict[str, str] = {}
        if with_period := [key for key in node if "." in key]:
            self._check_periods(node, path, with_period)
        for key in node:
            here = (*path, key)
            if not key:
                self.add(Rule.KEY_EMPTY, here, "a key must not be empty", key=True)
            if not key.isascii():
                self._check_text(key, here)
            first = plain.setdefault(key.replace("-", "_"), key)
            if first != key:
                message = f"{key!r} and {first!r} are one key after dashes become underscores"
                self.add(Rule.KEY_COLLISION, here, message, key=True, other=(*path, first))

    def _check_periods(self, node: dict[Any, Any], path: KeyPath, keys: list[str]) -> None:
        first, *others = keys
        message = f"the key {first!r} has a period, which separates nested keys"
        if others:
            shown = ", ".join(map(repr, others[:_SHOWN_KEYS]))
            more = len(others) - _SHOWN_KEYS
            message += f"; so have {shown}" + (f" and {more} more" if more > 0 else "")
        source = self._merged.winner((*path, first))
        hint = _without_period(first, "" if source is None else source.where)
        self.add(Rule.KEY_PERIOD, (*path, first), message, hint=hint, key=True)
        for key in keys:
            parts = tuple(key.split("."))
            if value_at(node, parts) is not MISSING:
                message = f"{key!r} and the nested {' > '.join(parts)} are one key"
                other = (*path, *parts)
                self.add(Rule.KEY_COLLISION, (*path, key), message, key=True, other=other)

    def check_size(self, value: Any, path: KeyPath) -> None:
        """Measure a value that may be too large."""
        try:
            size = size_of(value)
        except (ValueError, RecursionError):
            return  # an integer too long, or nesting too deep: reported already
        origin, excerpt = place_of(self._merged, path)
        for diagnostic in too_large(size, str(path[0]), origin):
            self.diagnostics.append(replace(diagnostic, excerpt=excerpt))

    def _check_text(self, text: str, path: KeyPath) -> None:
        try:
            text.encode()
        except UnicodeEncodeError:
            message = "half of a surrogate pair is not a character"
            self.add(Rule.NOT_SERIALIZABLE, path, message)

    def _too_deep(self, path: KeyPath) -> None:
        message = f"is nested deeper than {DEEPEST} levels"
        self.add(Rule.TOO_DEEP, path[:1], message)

    def add(
        self,
        rule: Rule,
        path: KeyPath,
        message: str,
        *,
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
        key: bool = False,
        other: KeyPath | None = None,
    ) -> None:
        """Add a diagnostic.

        Args:
            rule: What kind it is.
            path: The path that it is about.
            message: What is wrong.
            hint: What to do next.
            severity: How much it matters.
            key: Whether it is about the key, not the value.
            other: The path of another key that belongs to it.
        """
        origin, excerpt = place_of(self._merged, path, key=key)
        related: tuple[tuple[Origin, Excerpt | None], ...] = ()
        if other is not None:
            second, second_excerpt = place_of(self._merged, other, key=True)
            related = ((second, second_excerpt),) if second is not None else ()
        self.diagnostics.append(
            Diagnostic(
                rule,
                severity,
                _shown(path),
                message,
                origin,
                hint,
                excerpt,
                related=related,
            )
        )


def _without_period(key: str, file: str) -> str:
    """What to write instead of a key with a period in it, in a file of this name."""
    parts = key.split(".")
    if not all(parts) or all(part.lstrip("-").isdigit() for part in parts):
        return f"remove the period, as in {key.replace('.', '_')!r}"
    return f"nest it: {nested_text(parts, file)}"


def place_of(
    merged: Merged, path: KeyPath, *, key: bool = False
) -> tuple[Origin | None, Excerpt | None]:
    """The origin of the value at ``path``, and the excerpt of its line.

    Args:
        merged: The config.
        path: The value's path.
        key: Whether to return the position of the key.
    """
    tree = merged.winner(path)
    if tree is None:
        return None, None
    return tree.origin(path, key=key), excerpt_of(tree, path, key=key)


def _bad_append(merged: Merged, path: KeyPath) -> Diagnostic:
    origin, excerpt = place_of(merged, path)
    message = "items are to be appended, but the lower layers have no list here"
    hint = "set the whole list instead"
    return Diagnostic(Rule.BAD_VALUE, Severity.ERROR, path, message, origin, hint, excerpt)


def _shown(path: KeyPath) -> KeyPath:
    """A path with each key as printable text; keys may have any type."""
    return tuple(key if type(key) is int else printable(key_as_text(key)) or "''" for key in path)
