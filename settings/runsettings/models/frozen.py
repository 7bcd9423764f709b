"""Deep immutability: what settings hold cannot be changed through them either.

Lists stay lists and dicts stay dicts, as their annotations promise and serializers expect;
they only refuse to change. A nested model that is not frozen by its own class is copied into
a twin of its class that is.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, TypeVar, get_args, get_origin
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ConfigDict

from runsettings.layers.plain_types import is_plain_type
from runsettings.resolution.options import union_members
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import ImmutableError

_Container = TypeVar("_Container", bound=type)

_LIST_CHANGES: Final = (
    *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
    *("__setitem__", "__delitem__", "__iadd__", "__imul__"),
)
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


@_unchanging(*_SET_CHANGES)
class FrozenSet(set[Any]):
    """A set that refuses to change, and can be hashed."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenSet, (set(self),))


def is_immutable_type(annotation: Any) -> bool:
    """Whether values of the type need no freezing."""
    for member in union_members(annotation):
        origin = get_origin(member)
        if origin in (tuple, frozenset):
            if not all(part is ... or is_immutable_type(part) for part in get_args(member)):
                return False
        elif not is_plain_type(member):
            return False
    return True


def freeze(value: Any) -> Any:
    """``value``, or a deeply frozen copy of it if it could change.

    Objects of foreign classes are handed on as they are: what they promise is their own.
    """
    kind = type(value)
    if kind is list:
        return FrozenList([freeze(item) for item in value])
    if kind is dict:
        return FrozenDict({key: freeze(item) for key, item in value.items()})
    if kind is set:
        return FrozenSet(value)
    if kind is tuple:
        return tuple([freeze(item) for item in value])
    if isinstance(value, BaseModel) and not isinstance(value, FrozenTwin):
        return _frozen_model(value)
    if isinstance(value, tuple) and hasattr(value, "_make"):  # a named tuple keeps its class
        return value._make([freeze(item) for item in value])
    return value


def freeze_extra(model: BaseModel) -> None:
    """Freeze what a model holds beside its fields, where its class allows that."""
    if model.__pydantic_extra__:
        object.__setattr__(model, "__pydantic_extra__", freeze(dict(model.__pydantic_extra__)))


class FrozenTwin:
    """Marks the classes that `freeze` makes for models that are not frozen themselves."""

    __slots__ = ()


_twins: WeakKeyDictionary[type[BaseModel], type[BaseModel]] = WeakKeyDictionary()


def _frozen_model(model: BaseModel) -> BaseModel:
    """A frozen copy: the object that was passed in belongs to the caller and is not touched."""
    cls = type(model)
    frozen = bool(cls.model_config.get("frozen"))
    fixed = all(is_immutable_type(info.annotation) for info in cls.model_fields.values())
    if frozen and fixed and not model.__pydantic_extra__:
        return model
    copy = model.model_copy()
    fields = copy.__dict__
    for name in cls.model_fields:
        fields[name] = freeze(fields[name])
    freeze_extra(copy)
    if not frozen:
        object.__setattr__(copy, "__class__", _twin(cls))
    return copy


def _twin(cls: type[BaseModel]) -> type[BaseModel]:
    """The frozen twin of a model class, made once."""
    twin = _twins.get(cls)
    if twin is None:

        def body(namespace: dict[str, Any]) -> None:
            namespace.update(
                __module__=cls.__module__,
                __qualname__=cls.__qualname__,
                __doc__=cls.__doc__,
                __setattr__=_refuse_attribute,
                __delattr__=_refuse_attribute,
                __eq__=_equal,
                __hash__=_hash,
                __reduce__=_reduce,
                # The original validates; this class only holds what it validated.
                model_config=ConfigDict(defer_build=True),
                _original=cls,
            )
            namespace["__annotations__"] = {"_original": "ClassVar[Any]"}

        twin = types.new_class(cls.__name__, (FrozenTwin, cls), {}, body)
        _twins[cls] = twin
    return twin


def _refuse_attribute(self: BaseModel, name: str, *_value: Any) -> None:
    refuse(f"{type(self).__name__}.{name}")


def _equal(self: Any, other: Any) -> bool:
    original = type(self)._original
    if type(other) is not original and type(other) is not type(self):
        return False
    return bool(
        self.__dict__ == other.__dict__ and self.__pydantic_extra__ == other.__pydantic_extra__
    )


def _hash(self: Any) -> int:
    return hash((type(self)._original, *self.__dict__.values(), self.__pydantic_extra__ or None))


def _reduce(self: Any) -> tuple[Any, ...]:
    return (_thaw, (type(self)._original, self.__getstate__()))


def _thaw(cls: type[BaseModel], state: Mapping[Any, Any]) -> BaseModel:
    model = cls.__new__(cls)
    model.__setstate__(dict(state))
    object.__setattr__(model, "__class__", _twin(cls))
    return model
