"""How a `Config` may change: by which rules, with whose permission, and who hears of it."""

from __future__ import annotations

import copy
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self

from runsettings.documents.paths import working_directory
from runsettings.layers.call_site import Caller
from runsettings.resolution.merge import Merged
from runsettings.runconfig.changes.callbacks import Observers
from runsettings.runconfig.changes.change import (
    Change,
    Observer,
    below,
    differences,
    refused_change,
    tree_at,
)
from runsettings.runconfig.changes.equality import same_value
from runsettings.runconfig.changes.sources import Contents
from runsettings.runconfig.changes.sweep_locks import check_locks, keep_locked
from runsettings.runconfig.inputs.json_values import to_jsonable
from runsettings.runconfig.inputs.reader import InputReader, call_origin, own_key_fault
from runsettings.runconfig.inputs.wandb_form import OWN_KEY
from runsettings.runconfig.rules.key_rules import (
    MAX_VALUE_BYTES,
    TOO_LARGE_HINT,
    check_rules,
    keys_that_meet,
    too_large_message,
)
from runsettings.runconfig.rules.secrets import Secrets, found_secret
from runsettings.runconfig.rules.sizes import Sizes
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.directives import Delete, Replace
from runsettings.values.errors import ConfigError, SettingsWarning
from runsettings.values.origin import Origin
from runsettings.values.rendering import render
from runsettings.values.tree import MISSING, KeyPath, Tree

__all__ = ["Change", "ConfigStore"]

_SHOWN: Final[dict[Any, Any]] = {}
"""Where the interpreter notes the warnings that it has shown, each once for a line."""


class ConfigStore:
    """The state of one config, safe to use from several threads.

    Args:
        merged: The sources and what they say together; the rules hold for it.
        secrets: Values that must not get in.
        sweep: The source whose keys are locked.
        allow_val_change: Whether values may change once set.
        diagnostics: Warnings and notes from loading.
    """

    def __init__(
        self,
        merged: Merged,
        *,
        secrets: Secrets | None = None,
        sweep: Tree | None = None,
        allow_val_change: bool = False,
        diagnostics: Iterable[Diagnostic] = (),
    ) -> None:
        self.allow_val_change = allow_val_change
        self.diagnostics = list(diagnostics)
        self._secrets = secrets or Secrets()
        self._contents = Contents(merged, sweep)
        self._sizes = Sizes()
        self._observers = Observers()
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        # Observers and locks belong to this process; secrets must not travel in a pickle, and
        # what is stored holds none.
        with self._lock:
            return {
                "allow_val_change": self.allow_val_change,
                "diagnostics": list(self.diagnostics),
                "_contents": self._contents.fork(),
            }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._secrets = Secrets()
        self._sizes = Sizes()
        self._observers = Observers()
        self._lock = threading.RLock()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = type(self).__new__(type(self))
        twin.__setstate__(copy.deepcopy(self.__getstate__(), memo))
        twin._secrets = self._secrets  # a copy in this process keeps them out, too
        return twin

    # --- reading ---

    @contextmanager
    def reading(self) -> Iterator[Merged]:
        """The sources and what they say together, unchanged for the time of a ``with``."""
        with self._lock:
            yield self._contents.merged()

    def sources(self) -> tuple[Tree, ...]:
        """The sources, lowest first, for another config to begin with."""
        with self._lock:
            return self._contents.share()

    def read(self, path: KeyPath) -> Any:
        """What stands at ``path``, or `MISSING`. Not to be changed."""
        with self._lock:
            return self._contents.read(path)

    def mapping(self, path: KeyPath, *, deep: bool = False) -> dict[str, Any]:
        """A copy of the mapping at ``path``, of one level or ``deep``; empty if it is gone."""
        with self._lock:
            node = self.read(path)
            if not isinstance(node, dict):
                return {}
            return copy.deepcopy(node) if deep else dict(node)

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call ``observer`` for each accepted change, in order; the result ends that."""
        with self._lock:
            self._observers.add(observer)

        def stop() -> None:
            with self._lock:
                self._observers.remove(observer)

        return stop

    # --- writing ---

    def assign(self, path: KeyPath, value: Any, caller: Caller, allow: bool | None = None) -> None:
        """Set what stands at ``path``, as a whole.

        Raises:
            ConfigError: A rule is broken, or the value would change and may not.
        """
        origin = self._origin(caller)
        path = self._clean_path(path, origin)
        plain = self._plain(value, path, origin)
        with self._lock:
            old = self.read(path)
            self._check_place(path, plain, origin, is_new=old is MISSING)
            plain = self._under_sweep(path, plain, origin)
            if plain is MISSING or (old is not MISSING and same_value(old, plain)):
                return
            tree = tree_at(path, Replace(plain) if isinstance(plain, dict) else plain, origin)
            if old is not MISSING:
                self._require_change(allow, [(path, old, plain)], origin)
            self._contents.put(path, plain, tree)
            self._observers.announce([Change(path, plain, origin)])

    def delete(self, path: KeyPath, caller: Caller, allow: bool | None = None) -> None:
        """Remove what stands at ``path``.

        Raises:
            ConfigError: Changes are not allowed.
        """
        origin = self._origin(caller)
        with self._lock:
            old = self.read(path)
            if old is MISSING or self._under_sweep(path, MISSING, origin) is not MISSING:
                return
            self._contents.outer(path, origin)
            self._require_change(allow, [(path, old, MISSING)], origin)
            self._contents.remove(path, tree_at(path, Delete(), origin))
            self._observers.announce([Change(path, MISSING, origin)])

    def update(self, inputs: Any, path: KeyPath, allow: bool | None, caller: Caller) -> None:
        """Merge inputs into the mapping at ``path``.

        Raises:
            ConfigError: A rule is broken, or a value would change and may not.
        """
        origin = call_origin(caller)
        reader = self._read(inputs, origin)
        with self._lock:
            self._contents.outer((*path, ""), origin)
            lower = [below(path, tree) for tree in reader.defaults]
            upper = [below(path, tree) for tree in reader.trees]
            self._merge_in(lower, upper, reader.diagnostics, allow, origin)

    def fill(self, inputs: Any, path: KeyPath, caller: Caller) -> None:
        """Add what is missing in the mapping at ``path``.

        Raises:
            ConfigError: A rule is broken.
        """
        origin = call_origin(caller)
        reader = self._read(inputs, origin)
        with self._lock:
            self._contents.outer((*path, ""), origin)
            lower = [below(path, tree) for tree in [*reader.defaults, *reader.trees]]
            self._merge_in(lower, [], reader.diagnostics, False, origin)

    def _read(self, inputs: Any, origin: Origin) -> InputReader:
        reader = InputReader(working_directory(), origin)
        reader.read(inputs)
        for trees in (reader.defaults, reader.trees):
            for index, tree in enumerate(trees):
                trees[index], faults = self._secrets.mask_tree(tree)
                reader.diagnostics += faults
        return reader

    def _merge_in(
        self,
        lower: list[Tree],
        upper: list[Tree],
        diagnostics: list[Diagnostic],
        allow: bool | None,
        origin: Origin,
    ) -> None:
        merged = self._contents.merged_with(lower, upper)
        sweep = self._contents.sweep
        if sweep is not None:
            diagnostics += check_locks(upper, sweep)
        diagnostics += check_rules(merged)
        errors = [fault for fault in diagnostics if fault.is_error]
        if errors:
            raise ConfigError(self._secrets.mask_diagnostics(diagnostics))
        changes = list(differences(self._contents.data, merged.data, ()))
        changed = [(path, old, new) for path, old, new in changes if old is not MISSING]
        if changed:
            self._require_change(allow, changed, origin, merged)
        self._contents = Contents(merged, sweep)
        self._sizes.forget()
        self._warn(diagnostics, origin)
        self._observers.announce(
            Change(path, new, merged.origin(path) or origin) for path, _, new in changes
        )

    # --- the parts of a change ---

    def _plain(self, value: Any, path: KeyPath, origin: Origin) -> Any:
        faults: list[Diagnostic] = []
        plain = to_jsonable(value, path, faults=faults, origin=lambda _: origin)
        if any(fault.is_error for fault in faults):
            raise ConfigError(self._secrets.mask_diagnostics(faults))
        plain, found = self._secrets.mask_value(plain, path)
        faults += [found_secret(where, origin) for where in found]
        self._warn(faults, origin)
        return plain

    def _origin(self, caller: Caller) -> Origin:
        origin = call_origin(caller)
        # The call shows the key, which can be a secret.
        return self._secrets.mask_origin(origin) if self._secrets else origin

    def _clean_path(self, path: KeyPath, origin: Origin) -> KeyPath:
        """The path of a new value, with a warning if its key is a secret."""
        key = path[-1]
        clean = self._secrets.masked(key) if isinstance(key, str) else key
        if clean == key:
            return path
        path = (*path[:-1], clean)
        self._warn([found_secret(path, origin)], origin)
        return path

    def _check_place(self, path: KeyPath, plain: Any, origin: Origin, *, is_new: bool) -> None:
        """Hold a new value against the rules, alone and among its neighbours."""
        outer = self._contents.outer(path, origin)
        key = path[-1]
        tree = tree_at(path, plain, origin)
        faults = check_rules(Merged((tree,), tree.data))
        if len(path) == 1:
            self._sizes.forget()
        elif not faults:
            faults += self._too_large(path, plain, origin)
        if path == (OWN_KEY,):
            faults.append(own_key_fault(origin, Severity.ERROR))
        other = keys_that_meet(key, outer) if is_new and isinstance(key, str) else None
        if other is not None:
            message = f"{key!r} and {other!r} are one key after dashes become underscores"
            first = self._contents.merged().origin((*path[:-1], other))
            related = ((first, None),) if first is not None else ()
            faults.append(
                Diagnostic(
                    Rule.KEY_COLLISION, Severity.ERROR, path, message, origin, related=related
                )
            )
        if faults:
            raise ConfigError(faults)

    def _too_large(self, path: KeyPath, plain: Any, origin: Origin) -> list[Diagnostic]:
        """A fault if the top-level value that a nested write is part of becomes too large."""
        top = str(path[0])
        size = self._sizes.grow(top, self.read((top,)), self.read(path), plain, str(path[-1]))
        if size <= MAX_VALUE_BYTES:
            return []
        message = too_large_message(size)
        return [
            Diagnostic(
                Rule.VALUE_TOO_LARGE, Severity.ERROR, (top,), message, origin, TOO_LARGE_HINT
            )
        ]

    def _under_sweep(self, path: KeyPath, value: Any, origin: Origin) -> Any:
        """What of a value may be written beside the sweep's; what it refuses is reported."""
        sweep = self._contents.sweep
        if sweep is None:
            return value
        allowed, faults = keep_locked(sweep, path, value, self.read, origin)
        self._warn(faults, origin)
        return allowed

    def _require_change(
        self,
        allow: bool | None,
        changes: Sequence[tuple[KeyPath, Any, Any]],
        origin: Origin,
        merged: Merged | None = None,
    ) -> None:
        """Raise unless values may change; ``merged`` knows the places of the new ones."""
        if not (self.allow_val_change if allow is None else allow):
            before = self._contents.merged()
            raise ConfigError(
                refused_change(
                    path, old, new, (merged and merged.origin(path)) or origin, before.origin(path)
                )
                for path, old, new in changes
            )

    def _warn(self, diagnostics: Iterable[Diagnostic], origin: Origin) -> None:
        for fault in self._secrets.mask_diagnostics(list(diagnostics)):
            self.diagnostics.append(fault)
            if fault.severity is Severity.WARNING:
                warnings.warn_explicit(
                    render(fault), SettingsWarning, origin.where, origin.line or 0, registry=_SHOWN
                )
