"""How large the values of top-level keys grow, write by write."""

from __future__ import annotations

from typing import Any

from runsettings.runconfig.rules.key_rules import MAX_VALUE_BYTES, size_bound, size_of
from runsettings.values.tree import MISSING


class Sizes:
    """Upper bounds of the sizes of top-level values.

    A write deep inside of a large value is not worth measuring all of it. A bound grows with
    each write, and the value is measured when the bound says that it may be too large.
    """

    def __init__(self) -> None:
        self._bounds: dict[str, int] = {}

    def forget(self) -> None:
        """Start anew: the values were changed, and measured, by somebody else."""
        self._bounds.clear()

    def grow(self, key: str, whole: Any, old: Any, new: Any, name: str) -> int:
        """The size of ``whole`` in bytes, or an upper bound of it, after a write inside of it.

        Args:
            key: The top-level key.
            whole: Its value before the write.
            old: What the write replaces, or `MISSING`.
            new: What it puts there.
            name: The innermost key that is written.
        """
        before = self._bounds.get(key)
        bound = size_bound(whole) if before is None else before
        bound += size_bound({name: new})
        if bound > MAX_VALUE_BYTES:
            freed = 0 if old is MISSING else size_of({name: old})
            bound = size_of(whole) - freed + size_of({name: new})
        if bound <= MAX_VALUE_BYTES:
            self._bounds[key] = bound
        return bound
