"""Did you mean: finds the known name that a misspelt name most likely means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import eq
from typing import Any

_CLOSE = 0.72
"""difflib's ratio from which two names count as the same name, misspelt: two letters in seven."""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` most likely means, or ``None``.

    Case, dashes and underscores do not count: ``Run-Name`` is ``run_name``.

    Args:
        name: The unknown name.
        known: The names that exist.
    """
    # Imported only if a name is misspelt.
    from difflib import get_close_matches

    plain: dict[str, str] = {}
    for candidate in known:
        plain.setdefault(_plain(candidate), candidate)
    wanted = _plain(name)
    if wanted in plain:
        return plain[wanted]
    # A name in the singular or plural: `file` is `files`.
    for other in (f"{wanted}s", wanted.removesuffix("s")):
        if other in plain:
            return plain[other]
    # `tags` is what init() calls `run_tags`, and `dir` `root_dir`.
    longer = [candidate for candidate in plain if candidate.endswith(f"_{wanted}")]
    if len(longer) == 1:
        return plain[longer[0]]
    # Two letters that changed places are one mistake: `lgo` is `log`.
    letters = sorted(wanted)
    turned = [candidate for candidate in plain if sorted(candidate) == letters]
    if len(turned) == 1:
        return plain[turned[0]]
    # One wrong letter of three may be meant, if it is meant by one name alone: `mim` is `min`.
    near = [c for c in plain if len(c) == 3 == len(wanted) and sum(map(eq, c, wanted)) == 2]
    if len(near) == 1:
        return plain[near[0]]
    # One wrong letter makes a shorter name another name: `if` does not mean `id`.
    found = get_close_matches(wanted, plain, n=1, cutoff=_CLOSE if len(wanted) > 3 else 0.8)
    # A mistake rarely begins a name, and then it is one letter: `init` does not mean `reinit`.
    if not found or (found[0][:1] != wanted[:1] and abs(len(found[0]) - len(wanted)) > 1):
        return None
    return plain[found[0]]


def closest_path(text: str, node: Any) -> tuple[str, ...] | None:
    """The path in nested mappings that a text most likely means, or ``None``.

    Args:
        text: A path with periods or slashes, perhaps misspelt: ``optim.nam``.
        node: The mappings.
    """
    path: list[str] = []
    for part in text.replace("/", ".").split("."):
        if not isinstance(node, Mapping):
            return None
        key = part if part in node else closest(part, node)
        if key is None:
            return None
        path.append(key)
        node = node[key]
    return tuple(path)


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """The hint ``did you mean 'offline'?``, or ``None`` if no known name is close.

    Args:
        name: The unknown name.
        known: The names that exist.
    """
    candidate = closest(name, known)
    return None if candidate is None else f"did you mean {candidate!r}?"


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_").strip("_ ")
