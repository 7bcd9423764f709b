"""Immutable containers: the lists, dicts, sets and deques that settings hold.

A shallow or deep copy of one is an ordinary container that can be changed.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict, deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

from pydantic import BaseModel

from runsettings._deferred import deferred
from runsettings.values.errors import ImmutableError
from runsettings.values.immutability import LIST_CHANGES, plain_in_yaml, unchanging

if TYPE_CHECKING:
    from runsettings.values.diagnostic import Rule
else:
    Rule = deferred("runsettings.values.diagnostic", "Rule")

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
    """Refuse a change, with advice to use ``replace``.

    Args:
        what: What cannot be changed, as the subject of the message.

    Raises:
        ImmutableError: Always.
    """
    raise ImmutableError.of(
        Rule.IMMUTABLE,
        f"{what} cannot be changed in place",
        hint="make changed settings with settings.replace(key=value)",
    )


def deep_hash(value: Any) -> int:
    """Hash a frozen value; models and dataclasses without a hash are hashed by their fields.

    Raises:
        TypeError: The value holds an object that cannot be hashed.
    """
    if isinstance(value, tuple):
        return hash(tuple([deep_hash(item) for item in value]))
    try:
        return hash(value)
    except TypeError:
        if isinstance(value, BaseModel):
            parts = [*value.__dict__.values(), value.__pydantic_extra__ or None]
        elif dataclasses.is_dataclass(value):
            fields = dataclasses.fields(value)
            parts = [getattr(value, field.name, None) for field in fields if field.compare]
        else:
            raise
    return hash((type(value), *[deep_hash(part) for part in parts]))


def _refuse(container: Any) -> NoReturn:
    refuse(f"a {type(container).__mro__[1].__name__} in settings")


@unchanging(*LIST_CHANGES, refuse=_refuse, plain=list)
class FrozenList(list[Any]):
    """A list that refuses to change, and can be hashed."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return deep_hash(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenList, (list(self),))


def _hash_items(self: Mapping[Any, Any]) -> int:
    return hash(frozenset([(key, deep_hash(value)) for key, value in self.items()]))


@unchanging(*_DICT_CHANGES, refuse=_refuse, plain=dict)
class FrozenDict(dict[Any, Any]):
    """A dict that refuses to change, and can be hashed."""

    __slots__ = ()
    __hash__ = _hash_items  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenDict, (dict(self),))


@unchanging(
    *_DICT_CHANGES, refuse=_refuse, plain=lambda self: defaultdict(self.default_factory, self)
)
class FrozenDefaultDict(defaultdict[Any, Any]):
    """A default dict that refuses to change; reading a missing key does not add it."""

    __slots__ = ()
    __hash__ = _hash_items  # type: ignore[assignment]

    def __missing__(self, key: Any) -> Any:
        if self.default_factory is None:
            raise KeyError(key)
        return self.default_factory()

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenDefaultDict, (self.default_factory, dict(self)))


@unchanging(
    *_DICT_CHANGES, "move_to_end", refuse=_refuse, plain=lambda self: OrderedDict(self.items())
)
class FrozenOrderedDict(OrderedDict[Any, Any]):
    """An ordered dict that refuses to change, and can be hashed; see `frozen_ordered_dict`."""

    __slots__ = ()
    __hash__ = _hash_items  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return (frozen_ordered_dict, (dict(self),))


def frozen_ordered_dict(items: Mapping[Any, Any]) -> FrozenOrderedDict:
    """Make a `FrozenOrderedDict`; its own constructor cannot, because it sets items one by one."""
    frozen = FrozenOrderedDict()
    for key, value in items.items():
        OrderedDict.__setitem__(frozen, key, value)
    return frozen


@unchanging(*_SET_CHANGES, refuse=_refuse, plain=set)
class FrozenSet(set[Any]):
    """A set that refuses to change, and can be hashed."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenSet, (set(self),))


@unchanging(
    *LIST_CHANGES, *_DEQUE_CHANGES, refuse=_refuse, plain=lambda self: deque(self, self.maxlen)
)
class FrozenDeque(deque[Any]):
    """A deque that refuses to change, and can be hashed."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return deep_hash(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenDeque, (list(self), self.maxlen))


def support_yaml() -> None:
    """Make PyYAML write frozen containers as plain ones, if it is loaded."""
    plain_in_yaml(
        {
            FrozenList: "list",
            FrozenSet: "set",
            **dict.fromkeys((FrozenDict, FrozenDefaultDict, FrozenOrderedDict), "dict"),
        }
    )
