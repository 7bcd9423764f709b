"""Masks the live secrets of a run or of settings, in values and in messages.

Other values must stay as they are. A secret that is short or a single word can be a part of many
texts, so in values it is masked only if it is the whole value, and never in a key. In messages, it
is masked too.
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
"""Characters from which a secret is also masked inside of a longer value, such as an address."""

LONGEST_WORD: Final = 12
"""Up to so many letters and nothing else, a secret can be a word that other texts have as well."""

SHORTEST_IN_MESSAGES: Final = 4
"""Characters from which a secret is masked anywhere in a message; a shorter one where quoted."""

_WORD: Final = r"[^\s\"'\[\]{},]+"
_ENCODED: Final = r"\s*+[A-Za-z0-9+/=_-]{32,}+\s*+"
"""A line that is a part of a key file, or a token alone."""

_MOST_SEARCHED: Final = 1_000
"""Characters after the name of a secret in which words are looked for that a message may quote."""


def is_distinct(secret: str) -> bool:
    """Whether a text that contains a secret hardly does so by chance: a key, not a short word."""
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
        """Mask these texts as well, from now on."""
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
        """Mask the secrets in a text that is a value, or a part of one."""
        if value in self.secrets:
            return MASK
        return self._in_values.replace(value, lambda _: MASK)

    def message(self, text: str) -> str:
        """Mask the secrets in a text for people."""
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
            numbers: Whether a number can be a secret of digits. A metric cannot.

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

        Short secrets stay, because one could be a word of the format. They are masked in the
        values before a record is made of them.
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
        """The bytes to search for in an encoded record: without them, `record` masks nothing."""
        return self._traces

    @property
    def short(self) -> frozenset[str]:
        """The secrets that are masked only if they are the whole value, and not in keys."""
        return frozenset(text for text in self.secrets if not is_distinct(text))

    def tree(self, tree: Tree) -> tuple[Tree, list[Diagnostic]]:
        """Mask the secrets in a tree.

        Returns:
            The masked tree, or the same tree if it has no secret; and a warning for each secret.
        """
        data, found = self.value(tree.data)
        if not found:
            return tree, []
        clean = tree.with_data(data)
        clean.text = None  # excerpts would show the secret
        return clean, [secret_in_config(path, tree.origin(path)) for path in found]

    def diagnostics(self, diagnostics: Collection[Diagnostic]) -> tuple[Diagnostic, ...]:
        """Mask the secrets in diagnostics, and the values of names that sound like secrets."""
        # Many diagnostics can show the same line, and that line may be the whole text.
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
            clean = MASK  # a key of digits alone, which YAML reads as a number
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
            # The message can quote what the line has after the name of a secret.
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
        """Mask the secrets in a line of a file, and what follows the name of a secret there."""
        start = value_of_secret_name(text)
        if re.fullmatch(_ENCODED, text):
            start = len(text) - len(text.lstrip())
        if start is not None:
            text = text[:start] + "*" * min(len(text) - start, len(MASK))
        # As long as the secret, so that the caret stays in the right column.
        return self._in_messages.replace(text, lambda length: "*" * length)


def _words_after_names(line: str) -> TextSearch:
    """The words after the first name of a secret in a line of a file."""
    start = value_of_secret_name(line)
    words = [] if start is None else re.findall(_WORD, line[start : start + _MOST_SEARCHED])
    return TextSearch(word for word in words if len(word) >= SHORTEST_IN_MESSAGES)


def _excerpt(excerpt: Excerpt | None, masked: Callable[[str], str]) -> Excerpt | None:
    """The excerpt with its text masked."""
    if excerpt is None:
        return None
    text = masked(excerpt.text)
    width = min(excerpt.width, max(len(text) - excerpt.column + 1, 1))
    return excerpt if text == excerpt.text else excerpt._replace(text=text, width=width)


def mask_excerpt_from_column(excerpt: Excerpt | None) -> Excerpt | None:
    """Mask the line from the marked column on: the value there is or contains a secret."""
    if excerpt is None:
        return None
    return excerpt._replace(text=excerpt.text[: excerpt.column - 1] + MASK, width=len(MASK))


def secret_in_config(path: KeyPath, origin: Origin) -> Diagnostic:
    """The warning that a secret in a run config was masked.

    Args:
        path: The masked path of the value.
        origin: Where it was set.
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
    """The forms that a secret can have: escaped by Python or JSON, or shortened to its ends."""
    forms: set[str] = set()
    escaped = (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
    for form in {text, repr(text)[1:-1], *escaped}:
        forms.add(form)
        if len(form) > LONGEST_SHOWN // 2:
            forms |= {form[: LONGEST_SHOWN // 2 - 4], form[4 - LONGEST_SHOWN // 2 :]}
    return forms
