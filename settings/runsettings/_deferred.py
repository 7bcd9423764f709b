"""Modules of this package, and names of them, that are imported when they are first used.

A program that only calls ``Settings()`` starts faster without the modules that say what is wrong,
mask secrets, or read flags and formats that it does not use. The list of deferred modules is short,
and each stands beside an import for type checkers::

    if TYPE_CHECKING:
        from runsettings.resolution.normalizing import unknown_keys
        from runsettings.values.diagnostic import Rule
    else:
        unknown_keys = deferred("runsettings.resolution.normalizing.unknown_keys")
        Rule = deferred("runsettings.values.diagnostic", "Rule")

The rule of the house holds for them as for any import: they run downwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any


class _Deferred:
    """Stands for a module or a name of it until it is used, and keeps what was used."""

    def __init__(self, module: str, name: str | None) -> None:
        self._module = module
        self._name = name

    def _load(self) -> Any:
        module = import_module(self._module)
        return module if self._name is None else getattr(module, self._name)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._load(), name)
        setattr(self, name, value)
        return value

    def __contains__(self, item: object) -> bool:
        return item in self._load()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._load())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._load()(*args, **kwargs)


def deferred(module: str, name: str | None = None) -> Any:
    """What stands for a module of this package, or a name of it, and imports it at first use.

    Args:
        module: The module's full name.
        name: A class, function or set of the module. It can be called, iterated over, and have its
            attributes read; it cannot be subclassed, or be the type of an ``isinstance``.
    """
    return _Deferred(module, name)
