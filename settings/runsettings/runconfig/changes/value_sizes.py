"""The sizes of top-level values: a write to a nested key must not measure all of a large value."""

from __future__ import annotations

from typing import Any

from runsettings.runconfig.rules.key_rules import grown_size, size_bound, too_large
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.key_paths import KeyPath, value_at
from runsettings.values.origin import Origin


class ValueSizes:
    """Upper bounds of the sizes of the top-level values that nested keys were written to."""

    def __init__(self) -> None:
        self._bounds: dict[str, int] = {}

    def forget(self, key: Any) -> None:
        """Forget the bound of a top-level key, whose whole value was set or removed."""
        self._bounds.pop(key, None)

    def check(
        self, data: dict[str, Any], path: KeyPath, value: Any, origin: Origin
    ) -> list[Diagnostic]:
        """A diagnostic if a write to a nested key makes the top-level value too large.

        Args:
            data: The data of the config before the write.
            path: The path that is written.
            value: The new value.
            origin: Where it is written.
        """
        top = str(path[0])
        whole = data[top]
        bound = self._bounds.get(top) or size_bound(whole)
        size = grown_size(bound, whole, value_at(data, path), {str(path[-1]): value})
        found = too_large(size, top, origin)
        if not found:
            self._bounds[top] = size
        return found
