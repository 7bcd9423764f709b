"""Deep immutability: what settings hold cannot be changed through them either.

Lists stay lists and dicts stay dicts, as their annotations promise and serializers expect;
they only refuse to change. A nested model or dataclass that is not frozen by its own class is
copied into a twin of its class that is.
"""

from __future__ import annotations

import copy
import dataclasses
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Mapping
from typing import Any, Final, get_args, get_origin
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ConfigDict

from runsettings.layers.scalar_types import is_plain_type
from runsettings.models.frozen_containers import (
    FrozenDeque,
    FrozenDict,
    FrozenList,
    FrozenSet,
    ordered,
    refuse,
)
from runsettings.resolution.options import union_members


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
    if kind in (dict, defaultdict, OrderedDict):
        frozen = {key: freeze(item) for key, item in value.items()}
        # A default dict becomes a plain one: it would change when it is read.
        return ordered(frozen) if kind is OrderedDict else FrozenDict(frozen)
    if kind is set:
        return FrozenSet(value)
    if kind is tuple:
        return tuple([freeze(item) for item in value])
    if kind is deque:
        return FrozenDeque([freeze(item) for item in value], value.maxlen)
    if isinstance(value, FrozenTwin):
        return value
    if isinstance(value, BaseModel):
        return _frozen_model(value)
    if dataclasses.is_dataclass(kind):
        return _frozen_dataclass(value)
    if isinstance(value, tuple) and hasattr(value, "_make"):  # a named tuple keeps its class
        return value._make([freeze(item) for item in value])
    return value


def freeze_extra(model: BaseModel) -> None:
    """Freeze what a model holds beside its fields, where its class allows that."""
    if model.__pydantic_extra__:
        object.__setattr__(model, "__pydantic_extra__", freeze(dict(model.__pydantic_extra__)))


class FrozenTwin:
    """Marks the classes that `freeze` makes for classes that are not frozen themselves."""

    __slots__ = ()


_twins: WeakKeyDictionary[type[Any], type[Any]] = WeakKeyDictionary()


def _frozen_model(model: BaseModel) -> BaseModel:
    """A frozen copy: the object that was passed in belongs to the caller and is not touched."""
    cls = type(model)
    frozen = bool(cls.model_config.get("frozen"))
    fixed = all(is_immutable_type(info.annotation) for info in cls.model_fields.values())
    if frozen and fixed and not model.__pydantic_extra__:
        return model
    copied = model.model_copy()
    fields = copied.__dict__
    for name in cls.model_fields:
        fields[name] = freeze(fields[name])
    freeze_extra(copied)
    if not frozen:
        _make_twin(copied)
    return copied


def _frozen_dataclass(instance: Any) -> Any:
    """A frozen copy of a dataclass's instance."""
    copied = copy.copy(instance)
    for name, value in _state(instance).items():
        object.__setattr__(copied, name, freeze(value))
    if not type(instance).__dataclass_params__.frozen:
        _make_twin(copied)
    return copied


def _make_twin(instance: Any) -> None:
    """Make ``instance`` one of the frozen twin of its class."""
    cls = type(instance)
    twin = _twins.get(cls)
    if twin is None:

        def body(namespace: dict[str, Any]) -> None:
            namespace.update(
                __module__=cls.__module__,
                __qualname__=cls.__qualname__,
                __doc__=cls.__doc__,
                __setattr__=_refuse_attribute,
                __delattr__=_refuse_attribute,
                _original=cls,
                **(_MODEL_TWIN if issubclass(cls, BaseModel) else _DATACLASS_TWIN),
            )
            namespace["__annotations__"] = {"_original": "ClassVar[Any]"}

        twin = types.new_class(cls.__name__, (cls, FrozenTwin), {}, body)
        _twins[cls] = twin
    object.__setattr__(instance, "__class__", twin)


def _refuse_attribute(self: Any, name: str, *_value: Any) -> None:
    refuse(f"{type(self).__name__}.{name}")


def _equal_model(self: Any, other: Any) -> bool:
    original = type(self)._original
    if type(other) is not original and type(other) is not type(self):
        return False
    return bool(
        self.__dict__ == other.__dict__ and self.__pydantic_extra__ == other.__pydantic_extra__
    )


def _hash_model(self: Any) -> int:
    return hash((type(self)._original, *self.__dict__.values(), self.__pydantic_extra__ or None))


def _reduce_model(self: Any) -> tuple[Any, ...]:
    return (_thaw_model, (type(self)._original, self.__getstate__()))


def _thaw_model(cls: type[BaseModel], state: Mapping[Any, Any]) -> BaseModel:
    model = cls.__new__(cls)
    model.__setstate__(dict(state))
    _make_twin(model)
    return model


def _state(instance: Any) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(instance)]
    return {name: getattr(instance, name) for name in names if hasattr(instance, name)}


def _equal_dataclass(self: Any, other: Any) -> bool:
    original = type(self)._original
    if type(other) is not original and type(other) is not type(self):
        return False
    compared = [field.name for field in dataclasses.fields(self) if field.compare]
    mine, others = _state(self), _state(other)
    return all(mine.get(name) == others.get(name) for name in compared)


def _hash_dataclass(self: Any) -> int:
    state = _state(self)
    values = [state.get(field.name) for field in dataclasses.fields(self) if field.compare]
    return hash((type(self)._original, *values))


def _reduce_dataclass(self: Any) -> tuple[Any, ...]:
    return (_thaw_dataclass, (type(self)._original, _state(self)))


def _thaw_dataclass(cls: type[Any], state: Mapping[str, Any]) -> Any:
    instance: Any = object.__new__(cls)
    for name, value in state.items():
        object.__setattr__(instance, name, value)
    _make_twin(instance)
    return instance


_MODEL_TWIN: Final[Mapping[str, Any]] = {
    "__eq__": _equal_model,
    "__hash__": _hash_model,
    "__reduce__": _reduce_model,
    # The original validates; this class only holds what it validated.
    "model_config": ConfigDict(defer_build=True),
}
_DATACLASS_TWIN: Final[Mapping[str, Any]] = {
    "__slots__": (),  # the same layout as the original's, also where that has slots
    "__eq__": _equal_dataclass,
    "__hash__": _hash_dataclass,
    "__reduce__": _reduce_dataclass,
}
