"""Makes container classes whose objects cannot be changed, and that PyYAML writes as plain ones."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn, TypeVar

_Container = TypeVar("_Container", bound=type)

LIST_CHANGES: Final = (
    *("append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"),
    *("__setitem__", "__delitem__", "__iadd__", "__imul__"),
)
"""The methods that change a list."""


def unchanging(
    *methods: str,
    plain: Callable[[Any], Any],
    refuse: Callable[[Any], NoReturn],
) -> Callable[[_Container], _Container]:
    """A class decorator: every method that changes a container raises an error instead.

    Args:
        *methods: The names of the methods that change a container.
        plain: Makes an ordinary container of one; copies are ordinary containers.
        refuse: Raises the error for a container.
    """

    def decorate(cls: _Container) -> _Container:
        def refused(self: Any, *_args: Any, **_kwargs: Any) -> NoReturn:
            refuse(self)

        def copied(self: Any) -> Any:
            return plain(self)  # a function: a type as a class attribute would not get ``self``

        def deep_copied(self: Any, memo: dict[int, Any]) -> Any:
            return copy.deepcopy(plain(self), memo)

        own: dict[str, Any] = dict.fromkeys(methods, refused)
        own |= {"copy": copied, "__copy__": copied, "__deepcopy__": deep_copied}
        for name, method in own.items():
            setattr(cls, name, method)
        return cls

    return decorate


def plain_in_yaml(classes: Mapping[type, str]) -> None:
    """Let PyYAML write objects of some classes as plain containers, if PyYAML is loaded.

    Args:
        classes: Each class, and what it is written as: ``list``, ``dict`` or ``set``.
    """
    yaml = sys.modules.get("yaml")
    for name in ("SafeDumper", "CSafeDumper", "Dumper", "CDumper"):
        dumper = getattr(yaml, name, None)
        for cls, kind in classes.items():
            if dumper is not None and cls not in dumper.yaml_representers:
                dumper.add_representer(cls, getattr(dumper, f"represent_{kind}"))
