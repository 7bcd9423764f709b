"""Secrets never leave: what is known to be secret is taken out of every text.

Three things are masked: the live values themselves, wherever they turn up (a validator of the
user's may quote one); what a file writes behind the name of a secret, which may never have
become a value (a duplicate, a line with a syntax error); and the rest of a line whose key
sounds like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel, SecretBytes, SecretStr

from runsettings.resolution.options import OptionTable
from runsettings.values.diagnostic import Beaten, Diagnostic, Excerpt
from runsettings.values.did_you_mean import closest
from runsettings.values.directives import Append, Directive, Replace
from runsettings.values.rendering import LONGEST_SHOWN
from runsettings.values.tree import KeyPath, Leaf, Tree

MASK: Final = "***"
"""What is shown instead of a secret."""

_SHORTEST: Final = 4
"""Characters from which a value is worth hiding: masking every ``a`` hides the message."""

_TELLTALE: Final = r"(?i)(api[_-]?key|secret|token|passw(?:or)?d|credential)[\w.-]*[\"']?\s*[:=]\s*"

_QUOTED: Final = r"""(?P<quote>["'])(?P<text>(?:\\.|(?!(?P=quote)).)+)(?P=quote)"""
_WORDS: Final = r"[^\s\"'\[\]{},]+"
_ANOTHER_KEY: Final = r"""\s*["']?[\w.-]+["']?\s*[:=]|\s*\["""
_KEY: Final = r"""(?m)(?:^|[{,])[ \t]*["']?([\w.-]+)["']?[ \t]*[:=]"""
_ADDRESS: Final = r"""(://[^/\s:@'"]*:)([^/\s@'"]+)@"""
# Texts, not compiled patterns: they are for faults, and most programs have none.

_LINES_OF_A_VALUE: Final = 20
_MOST_KEYS: Final = 500
"""Unknown keys that are compared with the known ones; no honest file has more."""


def live_secrets(trees: Iterable[Tree], table: OptionTable) -> frozenset[str]:
    """Every secret value that any source sets, whether it counts or not.

    A password inside an address is one, whatever key the address is for.
    """
    found: set[str] = set()
    for tree in trees:
        for value in tree.data.values():
            if isinstance(value, str) and "://" in value:
                found.update(password for _, password in re.findall(_ADDRESS, value))
        for path in table.secrets:
            found.update(secret_texts(_part(tree, path)))
        for path in table.holding:
            part = _part(tree, path)
            found.update([part] if isinstance(part, str) else _held_texts(part, table.secret_names))
    return _as_shown(found)


def written_secrets(texts: Iterable[str], table: OptionTable) -> frozenset[str]:
    """What files write behind the name of a secret, whether or not it could be read.

    Args:
        texts: The files' texts, or lines of them.
        table: The options of the model that the files are for.
    """
    if not table.secret_names:
        return frozenset()
    texts = list(texts)
    names = {*table.secret_names, *_slips(texts, table)}
    key = re.compile(
        rf"(?i)(?<![\w-])(?:{'|'.join(map(re.escape, names))})(?![\w-])[\"'\]]*[ \t]*[:=]?[ \t]*"
    )
    return _as_shown(
        {
            written
            for text in texts
            for found in key.finditer(text)
            for written in _written(text, found.start(), found.end())
        }
    )


def secret_texts(value: Any) -> Iterator[str]:
    """The texts inside a value that is secret as a whole."""
    if isinstance(value, (SecretStr, SecretBytes)):
        value = value.get_secret_value()
    if isinstance(value, bytes):
        yield value.decode(errors="replace")
    elif isinstance(value, str):
        yield value
    else:
        for item in _items(value):
            yield from secret_texts(item)


def veiled(leaf: Leaf, table: OptionTable) -> Leaf:
    """The leaf with every secret in its value wrapped as pydantic wraps it."""
    path = leaf.path
    if any(path[: len(secret)] == secret for secret in table.secrets):
        return leaf._replace(value=_veil(leaf.value))
    if not table.is_secret(path):
        return leaf
    return leaf._replace(value=_veil_named(leaf.value, table.secret_names))


def redact(diagnostics: Sequence[Diagnostic], secrets: frozenset[str]) -> tuple[Diagnostic, ...]:
    """The same diagnostics without ``secrets`` and without what secret keys were set to."""
    # A part of a secret must not be replaced before the whole of it.
    ordered = sorted(secrets, key=len, reverse=True)
    return tuple(_redacted(diagnostic, ordered) for diagnostic in diagnostics)


def mask_addresses(text: str) -> str:
    """``text`` with the password of every address in it replaced (``https://me:***@host``)."""
    return re.sub(_ADDRESS, rf"\1{MASK}@", text) if "://" in text else text


def mask(text: str, secrets: Iterable[str]) -> str:
    """``text`` with every one of ``secrets`` replaced."""
    # Longest first: one may be the beginning of another, whose end would stay.
    for secret in sorted(secrets, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, MASK)
    return text


def covered(excerpt: Excerpt | None) -> Excerpt | None:
    """The line up to the marked place: what stands there is secret, or holds a secret."""
    if excerpt is None:
        return None
    return excerpt._replace(text=excerpt.text[: excerpt.column - 1] + MASK, width=len(MASK))


def _part(tree: Tree, path: KeyPath) -> Any:
    """The value at ``path``, or a text that stands where a mapping with that value should."""
    for end in range(1, len(path)):
        value = tree.get(path[:end])
        if isinstance(value, str):
            return value
    return tree.get(path)


def _as_shown(texts: Iterable[str]) -> frozenset[str]:
    """The texts in every form in which a message may show them: escaped, or both their ends."""
    found: set[str] = set()
    for text in texts:
        for form in {text, repr(text)[1:-1]}:
            found.add(form)
            if len(form) > LONGEST_SHOWN // 2:
                found.update((form[: LONGEST_SHOWN // 2 - 4], form[4 - LONGEST_SHOWN // 2 :]))
    return frozenset(text for text in found if len(text) >= _SHORTEST)


def _items(value: Any) -> Iterable[Any]:
    """What a container holds; nothing for anything else."""
    if isinstance(value, BaseModel):
        return value.__dict__.values()
    if isinstance(value, (Replace, Append)):
        return [value.value if isinstance(value, Replace) else value.items]
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, (list, tuple, set, frozenset)) else ()


def _held_texts(value: Any, names: frozenset[str]) -> Iterator[str]:
    """The secrets in a value of which only some parts are secret."""
    if isinstance(value, (SecretStr, SecretBytes)):
        yield from secret_texts(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from secret_texts(item) if key in names else _held_texts(item, names)
    else:
        for item in _items(value):
            yield from _held_texts(item, names)


def _slips(texts: Sequence[str], table: OptionTable) -> Iterator[str]:
    """Keys in the texts that are slips of a secret's name."""
    names = {*table.spelled, *(option.name for option in table.leaves()), *table.secret_names}
    keys = {key for text in texts for key in re.findall(_KEY, text)} - names
    for key in sorted(keys)[:_MOST_KEYS]:
        if closest(key, names) in table.secret_names:
            yield key


def _written(text: str, start: int, end: int) -> Iterator[str]:
    """The value behind a secret's name, which stands from ``start`` to ``end``."""
    line = text[text.rfind("\n", 0, start) + 1 :]
    first, *following = line.splitlines()[: _LINES_OF_A_VALUE + 1] or [""]
    rest = first[end - (len(text) - len(line)) :].strip()
    quoted = re.match(_QUOTED, rest)
    if quoted is not None:
        yield quoted["text"]
        return
    words = re.findall(_WORDS, rest)
    if words and rest[0] not in "|>":
        yield from (rest, rest.strip("\"'"), words[0])
        if rest[0] in "[{!&*":
            yield from (word.lstrip("!&*") for word in words)
        return
    indent = len(first) - len(first.lstrip())
    for number, below in enumerate(following):
        deeper = len(below) - len(below.lstrip()) > indent
        if not deeper and (below.strip() and (number or re.match(_ANOTHER_KEY, below))):
            return
        yield from (below.strip(), *re.findall(_WORDS, below))


def _veil(value: Any) -> Any:
    """A secret value, or what stands in its place, so that its repr shows nothing."""
    if value is None or isinstance(value, (SecretStr, SecretBytes, Directive)):
        return value
    if isinstance(value, Mapping):
        return {key: _veil(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_veil(item) for item in value]
    return SecretStr(value if isinstance(value, str) else str(value))


def _veil_named(value: Any, names: frozenset[str]) -> Any:
    """A value of which only some parts are secret, with these veiled."""
    if isinstance(value, Replace):
        return Replace(_veil_named(value.value, names))
    if isinstance(value, Append):
        return Append(_veil_named(value.items, names))
    if isinstance(value, Mapping):
        return {k: _veil(v) if k in names else _veil_named(v, names) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_veil_named(item, names) for item in value]
    return _veil(value) if isinstance(value, str) else value


def hidden(value: Any, secrets: frozenset[str]) -> Any:
    """``value`` with every one of ``secrets`` in its texts masked; itself if there is none."""
    if not secrets:
        return value
    if isinstance(value, str):
        return mask(value, secrets)
    if isinstance(value, Mapping):
        return {hidden(key, secrets): hidden(item, secrets) for key, item in value.items()}
    if type(value) is tuple:
        return tuple(hidden(item, secrets) for item in value)
    if isinstance(value, (list, set, frozenset)):
        kind = set if isinstance(value, (set, frozenset)) else list
        return kind(hidden(item, secrets) for item in value)
    return value


def _redacted(diagnostic: Diagnostic, secrets: Sequence[str]) -> Diagnostic:
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


def _redacted_excerpt(excerpt: Excerpt | None, secrets: Sequence[str]) -> Excerpt | None:
    if excerpt is None:
        return None
    text = excerpt.text
    found = re.search(_TELLTALE, text)
    if found is not None:
        text = text[: found.end()] + "*" * min(len(text) - found.end(), len(MASK))
    for secret in secrets:
        # As long as the secret, so that the caret stays where it points.
        text = text.replace(secret, "*" * len(secret))
    if text == excerpt.text:
        return excerpt
    width = min(excerpt.width, max(len(text) - excerpt.column + 1, 1))
    return excerpt._replace(text=text, width=width)
