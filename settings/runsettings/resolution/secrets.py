"""Secrets never leave: what is known to be secret is taken out of every text.

Two things are masked: the live values themselves, wherever they turn up (a validator of the
user's may quote one), and the rest of a line that sets a secret key, because the value there
may be one that never became a value (a duplicate, a line with a syntax error).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic import SecretBytes, SecretStr

from runsettings.resolution.options import OptionTable
from runsettings.values.diagnostic import Beaten, Diagnostic, Excerpt
from runsettings.values.tree import MISSING, Tree

MASK: Final = "***"
"""What is shown instead of a secret."""

_SHORTEST: Final = 4
"""Characters from which a value is worth hiding: masking every ``a`` hides the message."""

_SECRET_LINE: Final = re.compile(
    r"(?i)(api[_-]?key|secret|token|passw(?:or)?d|credential)[\w.-]*[\"']?\s*[:=]\s*"
)


def live_secrets(trees: Iterable[Tree], table: OptionTable) -> frozenset[str]:
    """Every secret value that any source sets, whether it counts or not."""
    found: set[str] = set()
    for tree in trees:
        for path in table.secrets:
            value = tree.get(path)
            if value is not MISSING:
                found.update(secret_texts(value))
    return frozenset(text for text in found if len(text) >= _SHORTEST)


def secret_texts(value: Any) -> Iterable[str]:
    """The texts inside a value that is secret as a whole."""
    if isinstance(value, (SecretStr, SecretBytes)):
        value = value.get_secret_value()
    if isinstance(value, bytes):
        yield value.decode(errors="replace")
    elif isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from secret_texts(item)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from secret_texts(item)


def redact(diagnostics: Sequence[Diagnostic], secrets: frozenset[str]) -> tuple[Diagnostic, ...]:
    """The same diagnostics without ``secrets`` and without what secret keys were set to."""
    return tuple(_redacted(diagnostic, secrets) for diagnostic in diagnostics)


def mask(text: str, secrets: Iterable[str]) -> str:
    """``text`` with every one of ``secrets`` replaced."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, MASK)
    return text


def _redacted(diagnostic: Diagnostic, secrets: frozenset[str]) -> Diagnostic:
    return replace(
        diagnostic,
        path=tuple(mask(k, secrets) if isinstance(k, str) else k for k in diagnostic.path),
        message=mask(diagnostic.message, secrets),
        hint=None if diagnostic.hint is None else mask(diagnostic.hint, secrets),
        excerpt=_redacted_excerpt(diagnostic.excerpt, secrets),
        over=tuple(Beaten(b.origin, mask(b.shown, secrets)) for b in diagnostic.over),
        related=tuple(
            (origin, _redacted_excerpt(excerpt, secrets)) for origin, excerpt in diagnostic.related
        ),
    )


def _redacted_excerpt(excerpt: Excerpt | None, secrets: frozenset[str]) -> Excerpt | None:
    if excerpt is None:
        return None
    text = excerpt.text
    found = _SECRET_LINE.search(text)
    if found is not None:
        text = text[: found.end()] + "*" * min(len(text) - found.end(), len(MASK))
    for secret in secrets:
        # As long as the secret, so that the caret stays where it points.
        text = text.replace(secret, "*" * len(secret))
    if text == excerpt.text:
        return excerpt
    width = min(excerpt.width, max(len(text) - excerpt.column + 1, 1))
    return excerpt._replace(text=text, width=width)
