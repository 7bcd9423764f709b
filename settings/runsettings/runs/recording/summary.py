"""The summary of a run: the last value of everything logged, and what the script set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from runsettings.journal.aggregates import merge_summary

Change = Callable[[Mapping[str, Any], list[str]], None]
"""Sets values, whose nested keys become dotted, and removes flat keys."""


class Summary(MutableMapping[str, Any]):
    """The summary, nested as it was logged. Keys can be read and set as attributes.

    A dotted key reaches inside: ``summary["val.acc"]`` is ``summary["val"]["acc"]``.

    Args:
        values: The values, flat, with dotted keys for nested ones. `Run.log` puts logged values
            into this dict.
        change: Called with the values to set and the keys to remove; changes ``values``.
        own: Returns the values that are the run's own, such as ``_step``. They can be read, and
            are no items.
    """

    __slots__ = ("_change", "_nested", "_own", "_values")

    _values: dict[str, Any]
    _change: Change
    _own: Callable[[], Mapping[str, Any]]
    _nested: set[str]

    def __init__(
        self,
        values: dict[str, Any],
        change: Change,
        own: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        object.__setattr__(self, "_values", values)
        object.__setattr__(self, "_change", change)
        object.__setattr__(self, "_own", own)
        heads = {key.partition(".")[0] for key in values if "." in key}
        object.__setattr__(self, "_nested", heads)

    def note_nested(self, data: Mapping[str, Any]) -> None:
        """Note which keys of logged values, which ``values`` has already, have keys below them."""
        self._nested.update(
            key.partition(".")[0]
            for key, value in data.items()
            if type(value) is dict or key not in self._values
        )

    def flat(self, data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Values to set as the flat keys that they get, and the flat keys that they replace."""
        self._nested.update(key for key, value in data.items() if type(value) is dict)
        values: dict[str, Any] = {}
        merge_summary(values, data)
        return values, [key for name in data for key in self._below(name) if key not in values]

    def _below(self, key: str) -> list[str]:
        """The flat keys at and below a key."""
        return [name for name in self._values if name == key or name.startswith(f"{key}.")]

    def __getitem__(self, key: str) -> Any:
        if key in self._values or type(key) is not str:
            return self._values[key]
        start = len(key) + 1
        inner = {name[start:]: self._values[name] for name in self._below(key)}
        if not inner:
            return self._own()[key]
        return SummaryPart(inner, self._change, f"{key}.")

    def __setitem__(self, key: str, value: Any) -> None:
        self._change({key: value}, [])

    def __delitem__(self, key: str) -> None:
        removed = self._below(key)
        if not removed:
            raise KeyError(key)
        self._change({}, removed)

    def __iter__(self) -> Iterator[str]:
        heads = (
            head if dot and (head := key.partition(".")[0]) in self._nested else key
            for key in list(self._values)
            for dot in ("." in key,)
        )
        return iter(dict.fromkeys(heads))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Summary({self.as_dict()!r})"

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__"):
            raise AttributeError(key)
        try:
            return self[key]
        except KeyError:
            raise AttributeError(f"the summary has no {key!r} yet") from None

    def __setattr__(self, key: str, value: Any) -> None:
        self[key] = value

    def update(self, values: Any = (), /, **more: Any) -> None:
        """Set several values at once."""
        self._change({**dict(values), **more}, [])

    def as_dict(self) -> dict[str, Any]:
        """A copy of the values as plain dicts."""
        return {key: _plain(self[key]) for key in self}


class SummaryPart(dict[str, Any]):
    """A nested part of a summary: a dict, whose changes are changes of the summary.

    Its keys can be read and set as attributes, where they are not names of a dict's methods.

    Args:
        values: The values in it, with dotted keys for what is deeper.
        change: The summary's.
        prefix: The dotted key of the part, with a dot behind it.
    """

    def __init__(self, values: Mapping[str, Any], change: Change, prefix: str) -> None:
        self._change, self._prefix = change, prefix
        inner: dict[str, dict[str, Any]] = {}
        for key, value in values.items():
            head, dot, rest = key.partition(".")
            if dot:
                inner.setdefault(head, {})[rest] = value
            else:
                super().__setitem__(key, value)
        for head, part in inner.items():
            super().__setitem__(head, SummaryPart(part, change, f"{prefix}{head}."))

    def __setitem__(self, key: str, value: Any) -> None:
        self._change({f"{self._prefix}{key}": value}, [])
        super().__setitem__(key, value)

    def __getattr__(self, key: str) -> Any:
        if key in self:
            return self[key]
        raise AttributeError(f"{self._prefix[:-1]!r} of the summary has no {key!r} yet")

    def __setattr__(self, key: str, value: Any) -> None:
        if key in ("_change", "_prefix"):
            super().__setattr__(key, value)
        else:
            self[key] = value

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self._change({}, [f"{self._prefix}{key}"])

    def update(self, values: Any = (), /, **more: Any) -> None:
        """Set several values at once."""
        for key, value in {**dict(values), **more}.items():
            self[key] = value

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy or pickle is plain data.
        return (dict, (_plain(self),))


def _plain(value: Any) -> Any:
    return (
        {key: _plain(item) for key, item in value.items()} if type(value) is SummaryPart else value
    )
