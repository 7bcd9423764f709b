"""Live secrets stay out of the run config, and out of everything that is said about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any, Final

from runsettings.runconfig.inputs.json_values import MASK
from runsettings.values.diagnostic import Beaten, Diagnostic, Excerpt, Rule, Severity
from runsettings.values.directives import Append, Replace
from runsettings.values.origin import Origin
from runsettings.values.tree import KeyPath, Tree

_LONG: Final = 8
"""From this length on, a secret is also found inside of a longer text, such as a URL. A shorter
one would be found in ordinary words."""


def found_secret(path: KeyPath, origin: Origin) -> Diagnostic:
    """The warning that a secret was blotted out."""
    return Diagnostic(
        Rule.SECRET_IN_CONFIG,
        Severity.WARNING,
        path,
        f"holds a live secret; {MASK} is kept instead",
        origin,
        hint="take it out: the config is stored and shown",
    )


class Secrets:
    """The live secrets of a run, and how to blot them out.

    Args:
        values: The secrets as text. Empty ones are none.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        # A lone string would be taken apart into its letters.
        texts = {values} if isinstance(values, str) else set(values)
        # The longest first: one may be the beginning of another, whose end would stay.
        self._values = tuple(sorted(texts - {""}, key=len, reverse=True))
        self._long = tuple(value for value in self._values if len(value) >= _LONG)

    def __bool__(self) -> bool:
        return bool(self._values)

    def __repr__(self) -> str:
        return f"<{len(self._values)} secrets>"

    def masked(self, text: str) -> str:
        """``text`` without any secret."""
        if text in self._values:
            return MASK
        for secret in self._long:
            text = text.replace(secret, MASK)
        return text

    def mask_tree(self, tree: Tree) -> tuple[Tree, list[Diagnostic]]:
        """The tree without secrets, and a warning for each that was in it."""
        found: list[KeyPath] = []
        data = self._masked_value(tree.data, (), found) if self else tree.data
        if not found:
            return tree, []
        clean = tree.with_data(data)
        clean.text = None  # the secret stands in the text, which excerpts are cut from
        return clean, [found_secret(path, tree.origin(path)) for path in found]

    def mask_value(self, value: Any, path: KeyPath) -> tuple[Any, list[KeyPath]]:
        """The value without secrets, and the paths where they were."""
        found: list[KeyPath] = []
        return (self._masked_value(value, path, found) if self else value), found

    def mask_diagnostics(self, diagnostics: Collection[Diagnostic]) -> list[Diagnostic]:
        """The diagnostics without secrets in any of their texts."""
        return [self._masked_diagnostic(fault) for fault in diagnostics] if self else [*diagnostics]

    def _masked_value(self, value: Any, path: KeyPath, found: list[KeyPath]) -> Any:
        if isinstance(value, dict):
            return {
                self._masked_key(key, path, found): self._masked_value(item, (*path, key), found)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [
                self._masked_value(item, (*path, index), found) for index, item in enumerate(value)
            ]
        if isinstance(value, Append):
            return Append(self._masked_value(value.items, path, found))
        if isinstance(value, Replace):
            return Replace(self._masked_value(value.value, path, found))
        if isinstance(value, str):
            clean = self.masked(value)
        elif type(value) is int and str(value) in self._values:
            clean = MASK  # a key of digits alone, which YAML reads as a number
        else:
            return value
        if clean != value:
            found.append(self._clean_path(path))
        return clean

    def _masked_key(self, key: Any, path: KeyPath, found: list[KeyPath]) -> Any:
        if not isinstance(key, str):
            return key
        clean = self.masked(key)
        if clean != key:
            found.append(self._clean_path((*path, key)))
        return clean

    def _clean_path(self, path: KeyPath) -> KeyPath:
        return tuple(self.masked(key) if isinstance(key, str) else key for key in path)

    def _masked_diagnostic(self, fault: Diagnostic) -> Diagnostic:
        related = tuple(
            (self.mask_origin(origin), self._masked_excerpt(excerpt))
            for origin, excerpt in fault.related
        )
        return replace(
            fault,
            path=self._clean_path(fault.path),
            message=self._within(fault.message),
            hint=None if fault.hint is None else self._within(fault.hint),
            origin=None if fault.origin is None else self.mask_origin(fault.origin),
            excerpt=self._masked_excerpt(fault.excerpt),
            over=tuple(
                Beaten(self.mask_origin(beaten.origin), self._within(beaten.shown))
                for beaten in fault.over
            ),
            related=related,
        )

    def mask_origin(self, origin: Origin) -> Origin:
        """The origin without secrets in the name of its file or the words of its call."""
        call = origin.call and self._within(origin.call)
        return origin._replace(where=self._within(origin.where), call=call)

    def _masked_excerpt(self, excerpt: Excerpt | None) -> Excerpt | None:
        if excerpt is None:
            return None
        clean = self._within(excerpt.text)
        # The columns of a changed line point nowhere any more.
        return excerpt if clean == excerpt.text else None

    def _within(self, text: str) -> str:
        """A sentence of ours without secrets, the short ones where they stand quoted."""
        for secret in self._values:
            if secret in self._long:
                text = text.replace(secret, MASK)
            else:
                text = text.replace(repr(secret), repr(MASK))
        return text
