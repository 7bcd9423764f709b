"""The summary of a run: the last value of everything logged, and what the script set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any


class Summary(MutableMapping[str, Any]):
    """A flat mapping; nested values have dotted keys. Keys can be read and set as attributes.

    Args:
        values: The values. `Run.log` puts logged values into this dict.
        change: Called with the values to set and the keys to remove; changes ``values``.
    """

    __slots__ = ("_change", "_values")

    _values: dict[str, Any]
    _change: Callable[[Mapping[str, Any], list[str]], None]

    def __init__(
        self, values: dict[str, Any], change: Callable[[Mapping[str, Any], list[str]], None]
    ) -> None:
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "_change", change)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._change({key: value}, [])

    def __delitem__(self, key: str) -> None:
        if key not in self._values:
            raise KeyError(key)
        self._change({}, [key])

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._values))

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Summary({self._values!r})"

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        try:
            return self._values[key]
        except KeyError:
            raise AttributeError(f"the summary has no {key!r} yet") from None

    def __setattr__(self, key: str, value: Any) -> None:
        self[key] = value

    def update(self, values: Any = (), /, **more: Any) -> None:
        """Set several values at once; nested mappings become dotted keys."""
        self._change({**dict(values), **more}, [])

    def as_dict(self) -> dict[str, Any]:
        """A copy of the values as a plain dict."""
        return dict(self._values)
