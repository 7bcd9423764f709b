"""Makes settings deeply immutable.

Containers become subclasses of their own type that refuse changes. Nested models and dataclasses
keep their class: the class gets a `__setattr__` that refuses a write only if the instance belongs
to settings. Other instances of the class can be changed as before.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import weakref
from collections import OrderedDict, defaultdict, deque
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

from pydantic import BaseModel

from runsettings._deferred import deferred
from runsettings.layers.scalar_types import is_plain_type, union_members

if TYPE_CHECKING:
    from runsettings.models import frozen_containers
else:
    frozen_containers = deferred("runsettings.models.frozen_containers")

_FROZEN: Final[dict[int, weakref.ref[Any]]] = {}
"""The frozen models and dataclasses, by id, because some of them cannot be hashed."""


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
    """Return ``value``, or a deeply frozen copy of it if it could change.

    The object that is passed in belongs to the caller and is not changed. Objects of classes that
    are neither containers nor models nor dataclasses are returned as they are.
    """
    kind = type(value)
    if kind is list:
        frozen_containers.support_yaml()
        return frozen_containers.FrozenList([freeze(item) for item in value])
    if kind in (dict, defaultdict, OrderedDict):
        frozen_containers.support_yaml()
        frozen = {key: freeze(item) for key, item in value.items()}
        if kind is OrderedDict:
            return frozen_containers.frozen_ordered_dict(frozen)
        if kind is defaultdict:
            return frozen_containers.FrozenDefaultDict(value.default_factory, frozen)
        return frozen_containers.FrozenDict(frozen)
    if kind is set:
        frozen_containers.support_yaml()
        return frozen_containers.FrozenSet(value)
    if kind is tuple:
        return tuple([freeze(item) for item in value])
    if kind is deque:
        return frozen_containers.FrozenDeque([freeze(item) for item in value], value.maxlen)
    if isinstance(value, BaseModel):
        return _frozen_model(value)
    if dataclasses.is_dataclass(kind):
        return _frozen_dataclass(value)
    if isinstance(value, tuple) and hasattr(value, "_make"):  # a named tuple keeps its class
        return value._make([freeze(item) for item in value])
    return value


def freeze_extra(model: BaseModel) -> None:
    """Freeze the extra values of a model whose class takes them."""
    if model.__pydantic_extra__:
        object.__setattr__(model, "__pydantic_extra__", freeze(dict(model.__pydantic_extra__)))


def is_frozen(instance: Any) -> bool:
    """Whether this model or dataclass instance belongs to settings."""
    reference = _FROZEN.get(id(instance))
    return reference is not None and reference() is instance


def has_own_setter(cls: type[Any], name: str) -> bool:
    """Whether an attribute holds no value of a field: a property, or one that is computed once."""
    found = inspect.getattr_static(cls, name, None)
    return isinstance(found, (property, functools.cached_property))


def _frozen_model(model: BaseModel) -> BaseModel:
    cls = type(model)
    if is_frozen(model):
        return model
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
        _block_writes(copied)
    return copied


def _frozen_dataclass(instance: Any) -> Any:
    if is_frozen(instance):
        return instance
    copied = copy.copy(instance)
    for field in dataclasses.fields(instance):
        if hasattr(instance, field.name):
            object.__setattr__(copied, field.name, freeze(getattr(instance, field.name)))
    if not type(instance).__dataclass_params__.frozen:
        _block_writes(copied)
    return copied


def _block_writes(instance: Any) -> None:
    """Refuse writes to the attributes of this instance from now on.

    An object that does not support weak references (a dataclass with ``slots=True``) stays
    writable, because nothing would tell that its id is free again.
    """
    key = id(instance)
    try:
        _FROZEN[key] = weakref.ref(instance, lambda gone: _forget(key, gone))
    except TypeError:
        return
    _guard(type(instance))


def _forget(key: int, reference: weakref.ref[Any]) -> None:
    # The id may belong to a new object by now.
    if _FROZEN.get(key) is reference:
        del _FROZEN[key]


def _guard(cls: type[Any]) -> None:
    """Make the class check before each write whether the instance is frozen."""
    if getattr(cls.__setattr__, "asks_is_frozen", False):
        return
    set_attribute: Any = cls.__setattr__
    delete_attribute: Any = cls.__delattr__

    def __setattr__(self: Any, name: str, value: Any) -> None:  # noqa: N807 - the method's own name
        if name[0:1] != "_" and is_frozen(self) and not has_own_setter(type(self), name):
            frozen_containers.refuse(f"{type(self).__name__}.{name}")
        set_attribute(self, name, value)

    def __delattr__(self: Any, name: str) -> None:  # noqa: N807 - the method's own name
        if name[0:1] != "_" and is_frozen(self) and not has_own_setter(type(self), name):
            frozen_containers.refuse(f"{type(self).__name__}.{name}")
        delete_attribute(self, name)

    __setattr__.asks_is_frozen = True  # type: ignore[attr-defined]
    type.__setattr__(cls, "__setattr__", __setattr__)
    type.__setattr__(cls, "__delattr__", __delattr__)
