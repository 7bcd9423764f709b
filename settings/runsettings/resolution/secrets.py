"""Finds the secrets of a model in its sources and in the texts of files.

Three things are secret: the live values of secret fields; text that follows the name of a secret
field in a file, even if it never became a value (a duplicate, a line with a syntax error); and
passwords in addresses. `runsettings.secrets` masks them.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, SecretBytes, SecretStr

from runsettings.resolution.options import OptionTable
from runsettings.secrets.forms import passwords_in_addresses
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.did_you_mean import closest
from runsettings.values.directives import Append, Directive, Replace
from runsettings.values.key_paths import KeyPath
from runsettings.values.tree import Leaf, Tree

_SHORTEST: Final = 4
"""The least number of characters of a word that is treated as a secret after a secret's name."""

_WORDS: Final = r"[^\s\"'\[\]{},]+"
_KEY: Final = r"""(?m)(?:^|[{,])[ \t]*["']?([\w.-]+)["']?[ \t]*[:=]"""
_BEGINS_KEY: Final = r"""\s*["']?[\w.-]+["']?\s*[:=]|\s*\["""
# Not compiled here: only diagnostics need them, and most programs have none.

_MOST_WRITTEN: Final = 100_000
"""The most characters after the names of secrets that are searched for in diagnostics."""

_LINES_OF_A_VALUE: Final = 20
_MOST_KEYS: Final = 500
"""The greatest number of unknown keys that are compared with the names of secrets."""


def live_secrets(trees: Iterable[Tree], table: OptionTable) -> frozenset[str]:
    """Every secret value that any source sets, winning or not.

    A password inside an address is a secret in any key.

    Args:
        trees: The sources.
        table: The model's options.
    """
    found = set(_secrets_in_defaults(table))
    for tree in trees:
        for value in tree.data.values():
            if isinstance(value, str):
                found.update(passwords_in_addresses(value))
        for path in table.secrets:
            if path[0] in tree.data:  # few of many sources have it
                found.update(secret_texts(_part(tree, path)))
        for path in table.holding:
            part = _part(tree, path) if path[0] in tree.data else None
            found.update([part] if isinstance(part, str) else _held_texts(part, table.secret_names))
    return frozenset(found - {""})


def effective_secrets(settings: object, table: OptionTable) -> Iterator[str]:
    """The secrets that settings have, those of defaults included.

    Args:
        settings: The settings.
        table: Their options.
    """
    for path in (*table.secrets, *table.holding):
        value: Any = settings
        for name in path:
            inside = isinstance(value, Mapping)
            value = value.get(name) if inside else getattr(value, str(name), None)
        if path in table.secrets:
            yield from secret_texts(value)
        else:
            yield from _held_texts(value, table.secret_names)


@functools.lru_cache(maxsize=64)
def _secrets_in_defaults(table: OptionTable) -> frozenset[str]:
    """The passwords inside addresses that are defaults."""
    defaults = [option.info.default for option in table.leaves()]
    texts = [default for default in defaults if isinstance(default, str)]
    return frozenset(found for text in texts for found in passwords_in_addresses(text))


def mask_written(
    diagnostics: Sequence[Diagnostic], texts: Iterable[str], table: OptionTable
) -> list[Diagnostic]:
    """Mask in diagnostics what `written_secrets` finds.

    Args:
        diagnostics: The diagnostics of the files.
        texts: The files' texts, or lines of them.
        table: The options of the model that the files are for.
    """
    written = written_secrets(dict.fromkeys(texts), table)
    if sum(map(len, written)) > _MOST_WRITTEN:
        # Searching for so many takes too long, and some of them may be in the messages.
        return [_without_details(diagnostic) for diagnostic in diagnostics]
    return [*SecretMask(written).diagnostics(diagnostics)]


def _without_details(diagnostic: Diagnostic) -> Diagnostic:
    message = "the details are hidden: too much text follows the names of secrets in the files"
    return dataclasses.replace(
        diagnostic, path=(), message=message, hint=None, excerpt=None, over=(), related=()
    )


def written_secrets(texts: Iterable[str], table: OptionTable) -> frozenset[str]:
    """The texts that follow the name of a secret in files, whether or not they became values.

    Args:
        texts: The files' texts, or lines of them.
        table: The options of the model that the files are for.
    """
    if not table.secret_names:
        return frozenset()
    texts = list(texts)
    names = {*table.secret_names, *_misspelt_names(texts, table)}
    key = re.compile(
        rf"(?i)(?<![\w-])(?:{'|'.join(map(re.escape, names))})(?![\w-])[\"'\]]*[ \t]*[:=]?[ \t]*"
    )
    return frozenset(
        {
            written
            for text in texts
            for line, places in _lines_with(key, text)
            for written in _written(text, line, places)
            if len(written) >= _SHORTEST
        }
    )


def secret_texts(value: Any) -> Iterator[str]:
    """The texts inside a value that is secret as a whole."""
    if hasattr(type(value), "get_secret_value"):
        value = value.get_secret_value()
    if isinstance(value, bytes):
        yield value.decode(errors="replace")
    elif isinstance(value, str):
        yield value
    else:
        for item in _items(value):
            yield from secret_texts(item)


def with_wrapped_secrets(leaf: Leaf, table: OptionTable) -> Leaf:
    """Wrap every secret in a leaf's value in ``SecretStr``.

    Args:
        leaf: The leaf, under the model's names.
        table: The model's options.
    """
    path = leaf.path
    if any(path[: len(secret)] == secret for secret in table.secrets):
        return leaf._replace(value=_wrap(leaf.value))
    if not table.is_secret(path):
        return leaf
    return leaf._replace(value=_wrap_named(leaf.value, table.secret_names))


def _part(tree: Tree, path: KeyPath) -> Any:
    """The value at ``path``, or the text that is there in place of a parent mapping."""
    for end in range(1, len(path)):
        value = tree.get(path[:end])
        if isinstance(value, str):
            return value
    return tree.get(path)


def _items(value: Any) -> Iterable[Any]:
    """The items of a container or model; none for any other value."""
    if isinstance(value, BaseModel):
        return value.__dict__.values()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, field.name, None) for field in dataclasses.fields(value)]
    if isinstance(value, (Replace, Append)):
        return [value.value if isinstance(value, Replace) else value.items]
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, (list, tuple, set, frozenset)) else ()


def _held_texts(value: Any, names: frozenset[str]) -> Iterator[str]:
    """The secrets in a value of which only some parts are secret."""
    if hasattr(type(value), "get_secret_value"):
        yield from secret_texts(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from secret_texts(item) if key in names else _held_texts(item, names)
    else:
        for item in _items(value):
            yield from _held_texts(item, names)


def _misspelt_names(texts: Sequence[str], table: OptionTable) -> Iterator[str]:
    """Yield keys in the texts that are probably misspelt names of secrets."""
    names = {*table.spelled, *(option.name for option in table.leaves()), *table.secret_names}
    keys = {key for text in texts for key in re.findall(_KEY, text)} - names
    for key in sorted(keys)[:_MOST_KEYS]:
        if closest(key, names) in table.secret_names:
            yield key


def _lines_with(key: re.Pattern[str], text: str) -> Iterator[tuple[int, list[int]]]:
    """Yield the start of each line with a secret's name, and the offsets after these names."""
    start, places = 0, list[int]()
    for found in key.finditer(text):
        line = text.rfind("\n", start, found.start()) + 1
        if line > start and places:
            yield start, places
            places = []
        start = max(line, start)
        places.append(found.end())
    if places:
        yield start, places


def _written(text: str, start: int, places: Sequence[int]) -> Iterator[str]:
    """Yield the possible values after the names of secrets in a line.

    The parts of the line that belong to one name each do not overlap, so that this takes linear
    time however many names a line has.

    Args:
        text: The whole text.
        start: The offset of the line.
        places: The offsets after the names.
    """
    stop = text.find("\n", start)
    stop = len(text) if stop < 0 else stop
    continues = False
    for number, (place, end) in enumerate(zip(places, [*places[1:], stop], strict=True)):
        quoted = _quoted_text(text, place, stop)
        if quoted:
            yield quoted
            continues = False
            continue
        rest = text[place : end if number else stop].strip()
        words = re.findall(_WORDS, text[place:end])
        continues = not words or rest[0] in "|>"
        if not continues:
            yield from (rest, rest.strip("\"'"), words[0])
            if rest[0] in "[{!&*":
                yield from (word.lstrip("!&*") for word in words)
    if not continues:
        return
    first, *following = _lines_from(text, start)
    indent = len(first) - len(first.lstrip())
    for number, below in enumerate(following):
        deeper = len(below) - len(below.lstrip()) > indent
        if not deeper and (below.strip() and (number or re.match(_BEGINS_KEY, below))):
            return
        yield from (below.strip(), *re.findall(_WORDS, below))


def _lines_from(text: str, start: int) -> list[str]:
    """The line at ``start`` and the lines that its value may continue on."""
    end = start
    for _ in range(_LINES_OF_A_VALUE + 1):
        end = text.find("\n", end) + 1
        if end == 0:
            return text[start:].splitlines() or [""]
    return text[start:end].splitlines()


def _quoted_text(text: str, start: int, stop: int) -> str | None:
    """The text inside the quotes that begin at ``start``; ``None`` if they are not closed."""
    quote = text[start : start + 1]
    if quote not in {'"', "'"}:
        return None
    index = start + 1
    while index < stop:
        if text[index] == quote:
            return text[start + 1 : index]
        index += 2 if text[index] == "\\" else 1
    return None


def _wrap(value: Any) -> Any:
    """A secret value, or a wrong value of a secret field, wrapped so that its repr is masked."""
    if value is None or isinstance(value, (SecretStr, SecretBytes, Directive)):
        return value
    if isinstance(value, Mapping):
        return {key: _wrap(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_wrap(item) for item in value]
    return SecretStr(value if isinstance(value, str) else str(value))


def _wrap_named(value: Any, names: frozenset[str]) -> Any:
    """A value with its secret parts wrapped; ``names`` are the keys of secrets."""
    if isinstance(value, Replace):
        return Replace(_wrap_named(value.value, names))
    if isinstance(value, Append):
        return Append(_wrap_named(value.items, names))
    if isinstance(value, Mapping):
        return {k: _wrap(v) if k in names else _wrap_named(v, names) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_wrap_named(item, names) for item in value]
    return _wrap(value) if isinstance(value, str) else value
