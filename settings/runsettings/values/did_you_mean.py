"""Did you mean: the known name that a person most likely meant."""

from __future__ import annotations

from collections.abc import Iterable

_CLOSE = 0.72
"""difflib's ratio from which a name counts as a slip of the same name: two letters in seven."""


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` is most likely a slip of, or ``None``.

    Case, dashes and underscores are looked through first: ``Run-Name`` is ``run_name``.
    """
    # Imported when something is misspelt, which is not on the path of a good run.
    from difflib import get_close_matches

    plain: dict[str, str] = {}
    for candidate in known:
        plain.setdefault(_plain(candidate), candidate)
    wanted = _plain(name)
    if wanted in plain:
        return plain[wanted]
    # `tags` is what init() calls `run_tags`, and `dir` `root_dir`.
    longer = [candidate for candidate in plain if candidate.endswith(f"_{wanted}")]
    if len(longer) == 1:
        return plain[longer[0]]
    # A short name has few letters to be wrong in: `if` is no slip of `id`.
    found = get_close_matches(wanted, plain, n=1, cutoff=_CLOSE if len(wanted) > 3 else 0.8)
    return plain[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """``did you mean 'offline'?``, or ``None`` where nothing is close."""
    candidate = closest(name, known)
    return None if candidate is None else f"did you mean {candidate!r}?"


def _plain(name: str) -> str:
    return name.casefold().replace("-", "_").strip("_ ")
