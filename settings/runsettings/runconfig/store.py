"""What a `Config` holds: its sources, what they say together, and how that may change.

Every change becomes a source of its own above the others, so that ``merge`` of the sources is
at any time what the config holds, and the history of a key comes from one place.
"""

from __future__ import annotations

import copy
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self

from runsettings.layers.caller import Caller
from runsettings.resolution.merge import Merged, merge
from runsettings.runconfig.changes import (
    Change,
    Observer,
    below,
    differences,
    inside_list,
    is_same_line,
    refused_change,
    tree_at,
)
from runsettings.runconfig.comparing import same_value
from runsettings.runconfig.inputs import InputReader, call_origin, own_key_fault, working_directory
from runsettings.runconfig.jsonable import to_jsonable
from runsettings.runconfig.locks import check_locks, keep_locked
from runsettings.runconfig.observers import Observers
from runsettings.runconfig.rules import check_rules, keys_that_meet
from runsettings.runconfig.secrecy import Secrets, found_secret
from runsettings.runconfig.wandb_form import OWN_KEY
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.directive import Delete, Replace
from runsettings.values.errors import ConfigError, SettingsWarning
from runsettings.values.origin import Origin
from runsettings.values.rendering import render
from runsettings.values.tree import MISSING, Branch, KeyPath, Tree

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
        self._sweep = sweep
        self._trees = list(merged.sources)
        self._data = merged.data
        # What sources say is shared with them until the first change in place.
        self._owned = False
        # The source of the last single write, while nobody else has hold of it.
        self._written: Tree | None = None
        self._observers = Observers()
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        # Observers and locks belong to this process; secrets must not travel in a pickle, and
        # what is stored holds none.
        with self._lock:
            state = {**self.__dict__, "_observers": Observers(), "_secrets": Secrets()}
            state["_trees"] = list(self._trees)
            state["_written"] = None
        del state["_lock"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
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
            yield self._merged()

    def sources(self) -> tuple[Tree, ...]:
        """The sources, lowest first, for another config to begin with."""
        with self._lock:
            self._written = None
            return tuple(self._trees)

    def read(self, path: KeyPath) -> Any:
        """What stands at ``path``, or `MISSING`. Not to be changed."""
        with self._lock:
            node: Any = self._data
            for key in path:
                if isinstance(node, dict):
                    node = node.get(key, MISSING)
                elif isinstance(node, list) and isinstance(key, int) and key < len(node):
                    node = node[key]
                else:
                    return MISSING
            return node

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
            self._own()
            # The source keeps its own: later writes below would change it.
            self._outer(path, origin)[path[-1]] = copy.deepcopy(plain)
            self._record(tree, path)
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
            self._require_change(allow, [(path, old, MISSING)], origin)
            self._own()
            del self._outer(path, origin)[path[-1]]
            self._record(tree_at(path, Delete(), origin), path)
            self._observers.announce([Change(path, MISSING, origin)])

    def update(self, inputs: Any, path: KeyPath, allow: bool | None, caller: Caller) -> None:
        """Merge inputs into the mapping at ``path``.

        Raises:
            ConfigError: A rule is broken, or a value would change and may not.
        """
        origin = call_origin(caller)
        reader = self._read(inputs, origin)
        with self._lock:
            self._outer((*path, ""), origin)
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
            self._outer((*path, ""), origin)
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
        written = [tree for tree in self._trees if tree is not self._sweep]
        top = [self._sweep] if self._sweep is not None else []
        merged = merge([*lower, *written, *upper, *top])
        if self._sweep is not None:
            diagnostics += check_locks(upper, self._sweep)
        diagnostics += check_rules(merged)
        errors = [fault for fault in diagnostics if fault.is_error]
        if errors:
            raise ConfigError(self._secrets.mask_diagnostics(diagnostics))
        changes = list(differences(self._data, merged.data, ()))
        changed = [(path, old, new) for path, old, new in changes if old is not MISSING]
        if changed:
            self._require_change(allow, changed, origin, merged)
        self._trees, self._data, self._owned = list(merged.sources), merged.data, False
        self._written = None
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
        outer = self._outer(path, origin)
        key = path[-1]
        tree = tree_at(path[-1:], plain, origin)
        faults = check_rules(Merged((tree,), tree.data))
        if path == (OWN_KEY,):
            faults.append(own_key_fault(origin, Severity.ERROR))
        other = keys_that_meet(key, outer) if is_new and isinstance(key, str) else None
        if other is not None:
            message = f"{key!r} and {other!r} are one key after dashes become underscores"
            first = self._merged().origin((*path[:-1], other))
            related = ((first, None),) if first is not None else ()
            faults.append(
                Diagnostic(
                    Rule.KEY_COLLISION, Severity.ERROR, path, message, origin, related=related
                )
            )
        if faults:
            raise ConfigError(faults)

    def _under_sweep(self, path: KeyPath, value: Any, origin: Origin) -> Any:
        """What of a value may be written beside the sweep's; what it refuses is reported."""
        if self._sweep is None:
            return value
        allowed, faults = keep_locked(self._sweep, path, value, self.read, origin)
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
            before = self._merged()
            raise ConfigError(
                refused_change(
                    path, old, new, (merged and merged.origin(path)) or origin, before.origin(path)
                )
                for path, old, new in changes
            )

    def _merged(self) -> Merged:
        return Merged(tuple(self._trees), self._data)

    def _own(self) -> None:
        if not self._owned:
            self._data = copy.deepcopy(self._data)
            self._owned = True

    def _outer(self, path: KeyPath, origin: Origin) -> dict[Any, Any]:
        """The mapping that holds what stands at ``path``."""
        outer = self.read(path[:-1])
        if not isinstance(outer, dict) or any(isinstance(key, int) for key in path[:-1]):
            raise inside_list(path, origin)
        return outer

    def _record(self, tree: Tree, path: KeyPath) -> None:
        at = len(self._trees) - (1 if self._sweep is not None else 0)
        last = self._written
        if last is not None and len(path) == 1 and is_same_line(last, tree, path[0]):
            # The same line in a loop: one source, however often it runs.
            last.data.update(tree.data)
            assert isinstance(last.marks, Branch)
            last.marks[str(path[0])] = tree.marks
            return
        self._trees.insert(at, tree)
        self._written = tree if len(path) == 1 else None

    def _warn(self, diagnostics: Iterable[Diagnostic], origin: Origin) -> None:
        for fault in self._secrets.mask_diagnostics(list(diagnostics)):
            self.diagnostics.append(fault)
            if fault.severity is Severity.WARNING:
                warnings.warn_explicit(
                    render(fault), SettingsWarning, origin.where, origin.line or 0, registry=_SHOWN
                )
