"""Limits of the readers, against hostile files. Ordinary files stay far below each of them."""

from __future__ import annotations

from itertools import chain
from typing import Any, Final

MAX_BYTES: Final = 32 * 1024 * 1024
"""The largest file that is read, in bytes. A larger file holds data, not settings."""

MAX_DEPTH: Final = 100
"""How deep values may be nested: merging and freezing them are recursive."""

ALIAS_BUDGET: Final = 100_000
"""How many values the aliases of a YAML text may expand to, besides one for each character of the
text. A "billion laughs" text of nine levels expands to a billion values."""

MAX_DIGITS: Final = 3_500
"""The most characters of a number. Python refuses to turn an integer of more than 4,300
decimal digits into text or back, and 3,500 hexadecimal digits are nearly as many."""

MAX_DIAGNOSTICS: Final = 1_000
"""The most diagnostics of one text. Nobody reads more, and a hostile text has millions."""


_LARGEST_INTEGER: Final = 10**MAX_DIGITS
_CONTAINERS: Final = frozenset({dict, list})


def is_within_limits(data: Any) -> bool:
    """Whether values are nested no deeper than `MAX_DEPTH`, with integers within `MAX_DIGITS`.

    Args:
        data: Nested ``dict`` and ``list`` objects.
    """
    level = [data] if isinstance(data, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        # All values of a level at once: most containers are small.
        nodes = (node.values() if isinstance(node, dict) else node for node in level)
        values = [*chain.from_iterable(nodes)]
        kinds = set(map(type, values))
        inner = []
        if not _CONTAINERS.isdisjoint(kinds):
            inner = [value for value in values if type(value) in _CONTAINERS]
        if int in kinds:
            numbers = [value for value in values if type(value) is int]
            if max(numbers) >= _LARGEST_INTEGER or min(numbers) <= -_LARGEST_INTEGER:
                return False
        if not inner:
            return True
        level = inner
    return False


def number_problem(written: str) -> str:
    """The message about a number that a reader rejects.

    Args:
        written: The number as it is written.
    """
    if len(written) > MAX_DIGITS:
        return f"a number of {len(written):,} characters is too long to read"
    return "the number is too large for a float"
