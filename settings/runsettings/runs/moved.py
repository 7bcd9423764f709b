"""Old names of documented modules, for programs that still import them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import ModuleType
from typing import Any


def find(old: str, name: str, home: ModuleType, renamed: Mapping[str, str]) -> Any:
    """Find a name that moved, and warn; for the ``__getattr__`` of its old module.

    Args:
        old: The old module.
        name: The name there.
        home: The module that has it now.
        renamed: New names by old ones.

    Raises:
        AttributeError: The new module has no such name.
    """
    new = renamed.get(name, name)
    if name.startswith("__") or not hasattr(home, new):
        raise AttributeError(f"module {old!r} has no attribute {name!r}")
    warnings.warn(
        f"{old}.{name} has moved; import it as runsettings.{new}", DeprecationWarning, stacklevel=3
    )
    return getattr(home, new)
