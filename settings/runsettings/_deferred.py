"""Modules of this package that are imported when one of their names is first used.

A program that only calls ``Settings()`` starts faster without the modules that say what is wrong,
mask secrets, or read flags and formats that it does not use. The list of deferred modules is short,
and each stands beside an import for type checkers::

    if TYPE_CHECKING:
        from runsettings.resolution import unknown_keys
    else:
        unknown_keys = deferred("runsettings.resolution.unknown_keys")

The rule of the house holds for them as for any import: they run downwards.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _Deferred:
    """Stands for a module until one of its names is used, and keeps the names that were."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        value = getattr(import_module(self._module), name)
        setattr(self, name, value)
        return value


def deferred(module: str) -> Any:
    """What stands for a module of this package and imports it at first use.

    Args:
        module: Its full name.
    """
    return _Deferred(module)
