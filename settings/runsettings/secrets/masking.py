"""Masks the known secrets of a run or of settings, in values and in messages.

Other values must not change. A secret that is short or a single word can occur in unrelated texts.
In values, it is masked only if it is the whole value, and never in a key. In messages, it is always
masked.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from runsettings.secrets.forms import MASK, value_of_secret_name
from runsettings.secrets.search import TextSearch
from runsettings.values.diagnostic import Beaten, Diagnostic, Excerpt, Rule, Severity
from runsettings.values.directives import Append, Replace
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Origin
from runsettings.values.rendering import LONGEST_SHOWN
from runsettings.values.tree import Tree

SHORTEST_IN_VALUES: Final = 8
"""The smallest length, in characters, at which a secret is also masked inside a longer value."""

LONGEST_WORD: Final = 12
"""A secret with only letters, up to this number, is treated as a word that other texts may have."""

SHORTEST_IN_MESSAGES: Final = 4
"""The smallest length at which a secret is masked anywhere in a message; shorter ones in quotes."""

_WORD: Final = r"[^\s\"'\[\]{},]+"
_ENCODED: Final = r"\s*+[A-Za-z0-9+/=_-]{32,}+\s*+"
"""A line that is part of a key file, or is only a token."""

_MOST_SEARCHED: Final = 1_000
"""The number of characters after the name of a secret that are searched for words to mask."""


def is_distinct(secret: str) -> bool:
    """Whether a secret is unlikely to occur in unrelated texts: a key, not a short word.

    Args:
        secret: The secret.
    """
    is_word = secret.isalpha() and len(secret) <= LONGEST_WORD
    return len(secret) >= SHORTEST_IN_VALUES and not is_word


class SecretMask:
    """Masks secrets in values, messages and diagnostics.

    Args:
        secrets: The secrets as text. A single string is one secret. Empty ones are ignored.
    """

    def __init__(self, secrets: str | Iterable[str] = ()) -> None:
        self.secrets: frozenset[str] = frozenset()
        self._build(frozenset({secrets} if isinstance(secrets, str) else secrets) - {""})

    def add(self, secrets: Iterable[str]) -> None:
        """Add secrets to the mask.

        Args:
            secrets: The secrets. Empty ones are ignored.
        """
        texts = self.secrets.union(secrets) - {""}
        if texts != self.secrets:
            self._build(texts)

    def _build(self, secrets: frozenset[str]) -> None:
        self.secrets = secrets
        forms = {form for text in self.secrets for form in _forms(text)}
        self._in_values = TextSearch(filter(is_distinct, forms))
        self._in_messages = TextSearch(
            [
                *(form for form in forms if len(form) >= SHORTEST_IN_MESSAGES),
                *(repr(text) for text in self.secrets if len(text) < SHORTEST_IN_MESSAGES),
            ]
        )
        self._traces = tuple(form.encode() for form in self._in_values.texts)
        self._in_quotes = TextSearch(
            f"{quote}{text}{quote}" for text in self.short for quote in ("'", '"')
        )

    def __bool__(self) -> bool:
        return bool(self.secrets)

    def __repr__(self) -> str:
        return f"<{len(self.secrets)} secrets>"

    def text(self, value: str) -> str:
        """Mask the secrets in a text that is a value or part of a value."""
        if value in self.secrets:
            return MASK
        return self._in_values.replace(value, lambda _: MASK)

    def message(self, text: str) -> str:
        """Mask the secrets in a message for the user."""
        if text in self.secrets:
            return MASK
        return self._in_messages.replace(text, lambda _: MASK)

    def value(
        self, value: Any, path: KeyPath = (), *, numbers: bool = True
    ) -> tuple[Any, list[KeyPath]]:
        """Mask the secrets in a value.

        Args:
            value: Any tree of mappings, lists, tuples, sets and scalars.
            path: The path of the value.
            numbers: Whether to mask a number whose digits are a secret. Use ``False`` for metrics.

        Returns:
            The value, with its containers copied, and the masked paths of the secrets.
        """
        found: list[KeyPath] = []
        if not self:
            return value, found
        digits = self.secrets if numbers else frozenset()
        return self._masked(value, path, found, digits), found

    def record(self, value: Any) -> Any:
        """Mask the secrets inside the strings of a record of the journal.

        Short secrets are not masked, because one could be a word of the format. They are masked
        in the values before the record is made.
        """
        if isinstance(value, str):
            return self._in_values.replace(value, lambda _: MASK)
        if isinstance(value, dict):
            return {self.record(key): self.record(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.record(item) for item in value]
        return value

    def file(self, content: bytes) -> bytes:
        """Mask the secrets in the content of a file; a short one only if it is in quotes."""
        text = content.decode(errors="surrogateescape")
        text = self._in_values.replace(text, lambda _: MASK)
        text = self._in_quotes.replace(text, lambda _: f'"{MASK}"')
        return text.encode(errors="surrogateescape")

    def traces(self) -> tuple[bytes, ...]:
        """The bytes to search for in an encoded record. If it has none, `record` masks nothing."""
        return self._traces

    @property
    def short(self) -> frozenset[str]:
        """The secrets that are masked only if they are the whole value, and not in keys."""
        return frozenset(text for text in self.secrets if not is_distinct(text))

    def tree(self, tree: Tree) -> tuple[Tree, list[Diagnostic]]:
        """Mask the secrets in a tree.

        Returns:
            The masked tree, or the same tree if it has no secrets; and a warning for each secret.
        """
        data, found = self.value(tree.data)
        if not found:
            return tree, []
        clean = tree.with_data(data)
        clean.text = None  # excerpts would show the secret
        return clean, [secret_in_config(path, tree.origin(path)) for path in found]

    def diagnostics(self, diagnostics: Collection[Diagnostic]) -> tuple[Diagnostic, ...]:
        """Mask the secrets in diagnostics, and the values of names that sound like secrets."""
        # Cached: many diagnostics can show the same line, and that line may be very long.
        excerpt_text = functools.cache(self.line)
        named = functools.cache(_words_after_names)
        return tuple(
            [self._diagnostic(diagnostic, excerpt_text, named) for diagnostic in diagnostics]
        )

    def origin(self, origin: Origin) -> Origin:
        """Mask the secrets in the file and the call of an origin."""
        if not self:
            return origin
        call = origin.call and self.message(origin.call)
        return origin._replace(where=self.message(origin.where), call=call)

    def _path(self, path: KeyPath) -> KeyPath:
        return tuple(self.message(key) if isinstance(key, str) else key for key in path)

    def _masked(
        self, value: Any, path: KeyPath, found: list[KeyPath], digits: frozenset[str]
    ) -> Any:
        if isinstance(value, str):
            clean: Any = self.text(value)
        elif isinstance(value, Mapping):
            return {
                self._key(key, path, found): self._masked(item, (*path, key), found, digits)
                for key, item in value.items()
            }
        elif isinstance(value, (list, set, frozenset)) or type(value) is tuple:
            kind = tuple if type(value) is tuple else list if isinstance(value, list) else set
            items = enumerate(value)
            return kind(
                [self._masked(item, (*path, index), found, digits) for index, item in items]
            )
        elif isinstance(value, Append):
            return Append(self._masked(value.items, path, found, digits))
        elif isinstance(value, Replace):
            return Replace(self._masked(value.value, path, found, digits))
        elif digits and type(value) is int and str(value) in digits:
            clean = MASK  # a secret of digits, which YAML reads as a number
        else:
            return value
        if clean != value:
            found.append(self._path(path))
        return clean

    def _key(self, key: Any, path: KeyPath, found: list[KeyPath]) -> Any:
        if not isinstance(key, str):
            return key
        clean = self._in_values.replace(key, lambda _: MASK)
        if clean != key:
            found.append(self._path((*path, key)))
        return clean

    def _diagnostic(
        self,
        diagnostic: Diagnostic,
        excerpt_text: Callable[[str], str],
        named: Callable[[str], TextSearch],
    ) -> Diagnostic:
        excerpt = _excerpt(diagnostic.excerpt, excerpt_text)
        same = excerpt is diagnostic.excerpt
        if same and not self and not diagnostic.related:  # most of a check
            return diagnostic
        message, hint, origin = diagnostic.message, diagnostic.hint, diagnostic.origin
        if diagnostic.excerpt is not None and not same:
            # The message can quote words that follow the name of a secret in the line.
            written = named(diagnostic.excerpt.text)
            message = written.replace(message, lambda _: MASK)
            hint = hint and written.replace(hint, lambda _: MASK)
        return replace(
            diagnostic,
            path=self._path(diagnostic.path),
            message=self.message(message),
            hint=None if hint is None else self.message(hint),
            origin=None if origin is None else self.origin(origin),
            excerpt=excerpt,
            over=tuple(
                Beaten(self.origin(beaten.origin), self.message(beaten.shown))
                for beaten in diagnostic.over
            ),
            related=tuple(
                (self.origin(place), _excerpt(excerpt, excerpt_text))
                for place, excerpt in diagnostic.related
            ),
        )

    def line(self, text: str) -> str:
        """Mask the secrets in a line of a file, and the rest of the line after a secret's name."""
        start = value_of_secret_name(text)
        if re.fullmatch(_ENCODED, text):
            start = len(text) - len(text.lstrip())
        if start is not None and start < len(text):
            text = text[:start] + MASK
        return self._in_messages.replace(text, lambda _: MASK)


def _words_after_names(line: str) -> TextSearch:
    """The words after the first name of a secret in a line of a file."""
    start = value_of_secret_name(line)
    words = [] if start is None else re.findall(_WORD, line[start : start + _MOST_SEARCHED])
    return TextSearch(word for word in words if len(word) >= SHORTEST_IN_MESSAGES)


def _excerpt(excerpt: Excerpt | None, masked: Callable[[str], str]) -> Excerpt | None:
    """The excerpt with its text masked. The mask does not tell how long the secret is."""
    if excerpt is None:
        return None
    text = masked(excerpt.text)
    if text == excerpt.text:
        return excerpt
    column = min(len(masked(excerpt.text[: excerpt.column - 1])) + 1, max(len(text), 1))
    width = min(excerpt.width, max(len(text) - column + 1, 1))
    return excerpt._replace(text=text, column=column, width=width)


def mask_excerpt_from_column(excerpt: Excerpt | None) -> Excerpt | None:
    """Mask an excerpt from its marked column on, where the value is or contains a secret.

    Args:
        excerpt: The excerpt, or ``None``.

    Returns:
        The masked excerpt, or ``None``.
    """
    if excerpt is None:
        return None
    return excerpt._replace(text=excerpt.text[: excerpt.column - 1] + MASK, width=len(MASK))


def secret_in_config(path: KeyPath, origin: Origin) -> Diagnostic:
    """Make the warning that a secret in a run config was masked.

    Args:
        path: The masked path of the value.
        origin: The origin of the value.

    Returns:
        The diagnostic.
    """
    return Diagnostic(
        Rule.SECRET_IN_CONFIG,
        Severity.WARNING,
        path,
        f"holds a live secret; {MASK} is kept instead",
        origin,
        hint="take it out: the config is stored and shown",
    )


def _forms(text: str) -> set[str]:
    """The forms in which a secret can occur: escaped by Python or JSON, or shortened."""
    forms: set[str] = set()
    escaped = (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    for form in {text, repr(text)[1:-1], *escaped}:
        forms.add(form)
        if len(form) > LONGEST_SHOWN // 2:
            forms |= {form[: LONGEST_SHOWN // 2 - 4], form[4 - LONGEST_SHOWN // 2 :]}
    return forms
