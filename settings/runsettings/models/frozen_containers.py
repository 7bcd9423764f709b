"""Containers that refuse to change: the lists, dicts and sets that settings hold."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, TypeVar

from runsettings.values.diagnostic import Rule
from runsettings.values.errors import ImmutableError

_Container = TypeVar("_Container", bound=type)

_LIST_CHANGES: Final = (
    *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
    *("__setitem__", "__delitem__", "__iadd__", "__imul__"),
)
_DEQUE_CHANGES: Final = ("appendleft", "extendleft", "popleft", "rotate")
_DICT_CHANGES: Final = (
    *("clear", "pop", "popitem", "setdefault", "update"),
    *("__setitem__", "__delitem__", "__ior__"),
)
_SET_CHANGES: Final = (
    *("add", "discard", "remove", "pop", "clear", "update"),
    *("intersection_update", "difference_update", "symmetric_difference_update"),
    *("__iand__", "__ior__", "__isub__", "__ixor__"),
)


def refuse(what: str) -> NoReturn:
    """Refuse a change, and say how to make one.

    Raises:
        ImmutableError: Always.
    """
    raise ImmutableError.of(
        Rule.IMMUTABLE,
        f"{what} cannot be changed in place",
        hint="make changed settings with settings.replace(key=value)",
    )


def _unchanging(*methods: str) -> Callable[[_Container], _Container]:
    def decorate(cls: _Container) -> _Container:
        def refused(self: Any, *_args: Any, **_kwargs: Any) -> NoReturn:
            refuse(f"a {type(self).__mro__[1].__name__} in settings")

        for name in methods:
            setattr(cls, name, refused)
        return cls

    return decorate


@_unchanging(*_LIST_CHANGES)
class FrozenList(list[Any]):
    """A list that refuses to change, and can be hashed."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenList, (list(self),))


@_unchanging(*_DICT_CHANGES)
class FrozenDict(dict[Any, Any]):
    """A dict that refuses to change, and can be hashed."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenDict, (dict(self),))


@_unchanging(*_DICT_CHANGES, "move_to_end")
class FrozenOrderedDict(OrderedDict[Any, Any]):
    """An ordered dict that refuses to change, and can be hashed; made by `ordered`."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return (ordered, (dict(self),))


def ordered(items: Mapping[Any, Any]) -> FrozenOrderedDict:
    """``items`` in a dict whose constructor itself would be refused: it sets item by item."""
    frozen = FrozenOrderedDict()
    for key, value in items.items():
        OrderedDict.__setitem__(frozen, key, value)
    return frozen


@_unchanging(*_SET_CHANGES)
class FrozenSet(set[Any]):
    """A set that refuses to change, and can be hashed."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenSet, (set(self),))


@_unchanging(*_LIST_CHANGES, *_DEQUE_CHANGES)
class FrozenDeque(deque[Any]):
    """A deque that refuses to change, and can be hashed."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenDeque, (list(self), self.maxlen))
