"""Patches functions of other packages during a run, when the script imports the packages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, TypeAlias

Patch: TypeAlias = Callable[[ModuleType], None]

_MISSING: Any = object()


class Patches(MetaPathFinder):
    """Patches loaded modules at once, and other modules right after their import.

    Args:
        complain: Called with the exception of each patch that fails.
    """

    def __init__(self, complain: Callable[[Exception], None]) -> None:
        self._patches: dict[str, Patch] = {}
        self._complain = complain
        self._undo: list[Callable[[], None]] = []

    def install(self, patches: Mapping[str, Patch]) -> None:
        """Patch modules.

        Args:
            patches: By the name of a module, the function that patches it.
        """
        self._patches = dict(patches)
        for name in patches:
            module = sys.modules.get(name)
            # A module that another thread is importing is incomplete.
            if module is not None and not getattr(module.__spec__, "_initializing", False):
                self.apply(module)
        if self._patches:
            sys.meta_path.insert(0, self)

    def apply(self, module: ModuleType) -> None:
        """Patch a module, once."""
        patch = self._patches.pop(module.__name__, None)
        if patch is not None:
            try:
                patch(module)
            except Exception as error:  # noqa: BLE001 - another version of the package; reported
                self._complain(error)

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Replace an attribute until `remove` is called.

        Args:
            owner: A class or a module.
            name: The name of the attribute.
            make: Returns the new value, from the old one.
        """
        old = getattr(owner, name)
        own = vars(owner).get(name, _MISSING)
        new = make(old)
        setattr(owner, name, new)

        def restore() -> None:
            if vars(owner).get(name) is not new:
                return  # other code has replaced it since, and may call this wrapper
            if own is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, own)

        self._undo.append(restore)

    def remove(self) -> None:
        """Restore all attributes, except those that other code has replaced since."""
        self._patches.clear()
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        while self._undo:
            self._undo.pop()()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module with the other finders, and wrap its loader in one that patches it."""
        if fullname not in self._patches:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: ModuleSpec | None = find(fullname, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _PatchingLoader(spec.loader, self)
                return spec
        return None


class _PatchingLoader(Loader):
    """Loads a module with its own loader, and then patches it.

    Args:
        loader: The module's own loader.
        patches: The patches.
    """

    def __init__(self, loader: Loader, patches: Patches) -> None:
        self._loader = loader
        self._patches = patches

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Load the module, and patch it."""
        # The module must not show this loader.
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._patches.apply(module)
