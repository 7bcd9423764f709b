"""The state of a `Config`: its data and sources, and the rules by which they change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from runsettings.layers.call_site import Caller
from runsettings.resolution.merge import Merged, merge
from runsettings.runconfig.changes.callbacks import Observers
from runsettings.runconfig.changes.change import (
    Change,
    Observer,
    inside_list,
    merge_changes,
    refused_change,
    show_warning,
)
from runsettings.runconfig.changes.incoming import read_inputs, read_value
from runsettings.runconfig.changes.sources import Sources, tree_of
from runsettings.runconfig.changes.sweep_locks import check_locks, keep_locked
from runsettings.runconfig.changes.view_entries import View, ViewEntries
from runsettings.runconfig.inputs.reader import call_origin, own_key_fault
from runsettings.runconfig.inputs.wandb_form import OWN_KEY
from runsettings.runconfig.rules.key_rules import (
    check_rules,
    grown_size,
    keys_that_meet,
    size_bound,
    too_large,
)
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Diagnostic, Severity
from runsettings.values.directives import Delete, Replace
from runsettings.values.errors import ConfigError
from runsettings.values.json_trees import copy_tree, same_value
from runsettings.values.key_paths import MISSING, KeyPath, value_at
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import Leaf, Tree


class ConfigStore:
    """The state of one config, safe to use from several threads.

    Args:
        merged: The sources and their data, which breaks no rule.
        secrets: Values that must not get in.
        sweep: The highest source, if its keys are locked.
        allow_val_change: Whether values may change once set.
        strict: Refuse keys and values that JSON has no form for.
        diagnostics: Warnings and notes from loading.

    Attributes:
        data: The values as a JSON tree. Only this class changes it.
    """

    def __init__(
        self,
        merged: Merged,
        *,
        secrets: SecretMask | None = None,
        sweep: Tree | None = None,
        allow_val_change: bool = False,
        strict: bool = False,
        diagnostics: Iterable[Diagnostic] = (),
    ) -> None:
        loaded = [source for source in merged.sources if source is not sweep]
        self.allow_val_change = allow_val_change
        self.strict = strict
        self.diagnostics = list(diagnostics)
        self.data: dict[str, Any] = copy_tree(merged.data)
        self._sources = Sources(loaded, sweep)
        self._begin(secrets or SecretMask())

    def _begin(self, secrets: SecretMask) -> None:
        self._secrets = secrets
        # By top-level key: an upper bound of the size of its value, once a write was inside of it.
        self._size_bounds: dict[str, int] = {}
        self._entries = ViewEntries(self.data)
        self._observers = Observers()
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        # Observers and locks belong to this process; secrets must not travel in a pickle, and
        # what is stored holds none.
        with self._lock:
            return {
                "allow_val_change": self.allow_val_change,
                "strict": self.strict,
                "diagnostics": list(self.diagnostics),
                "data": copy_tree(self.data),
                "_sources": self._sources.copy(),
            }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin(SecretMask())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = type(self).__new__(type(self))
        twin.__setstate__(self.__getstate__())
        twin._secrets = self._secrets  # a copy in this process keeps them out, too
        return twin

    # --- reading ---

    @contextmanager
    def reading(self) -> Iterator[Self]:
        """Keep other threads from writing for the time of a ``with``."""
        with self._lock:
            yield self

    def get(self, path: KeyPath) -> Any:
        """The value at ``path``, or `MISSING`. Not to be changed."""
        with self._lock:
            return value_at(self.data, path)

    def origin(self, path: KeyPath) -> Origin | None:
        """The place that set the value at ``path``, or ``None`` if there is no value."""
        with self._lock:
            return self._sources.about(path).origin(path)

    def history(self, path: KeyPath) -> tuple[Leaf, ...]:
        """All that was said about ``path``, the winner first; of many writes the last few."""
        with self._lock:
            return self._sources.about(path).history(path)

    def leaves(self) -> Iterator[Leaf]:
        """Every leaf with its origin, in order."""
        with self._lock:
            yield from Merged(self.trees(), self.data).leaves()

    def trees(self) -> tuple[Tree, ...]:
        """The sources, lowest first."""
        with self._lock:
            return self._sources.trees()

    def mapping(self, path: KeyPath, *, deep: bool = False) -> dict[str, Any]:
        """A copy of the mapping at ``path``, of one level or ``deep``; empty if there is none."""
        with self._lock:
            node = value_at(self.data, path)
            node = node if isinstance(node, dict) else {}
            return copy_tree(node) if deep else dict(node)

    def view(self, path: KeyPath) -> View | None:
        """The view of the mapping at ``path``, if there is one."""
        return self._entries.views.get(path)

    def add_view(self, path: KeyPath, view: View) -> None:
        """Keep the entries of ``view`` up to date from now on."""
        with self._lock:
            self._entries.add(path, view)

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call ``observer`` for each accepted change, in order; the result ends that."""
        with self._lock:
            self._observers.add(observer)

        def stop() -> None:
            with self._lock:
                self._observers.remove(observer)

        return stop

    # --- writing ---

    def assign(self, path: KeyPath, value: Any, caller: Caller) -> None:
        """Set the value at ``path``, as a whole.

        Raises:
            ConfigError: A rule is broken, or the value would change and may not.
        """
        origin = self._secrets.origin(call_origin(caller))
        plain, path, warned = read_value(value, path, origin, self._secrets, strict=self.strict)
        with self._lock:
            self._warn(warned, origin)
            old = self.get(path)
            self._check_place(path, plain, origin, is_new=old is MISSING)
            plain = self._under_sweep(path, plain, origin)
            if plain is MISSING or (old is not MISSING and same_value(old, plain)):
                return
            if old is not MISSING:
                self._require_change(None, [(path, old, plain)], origin)
            said = Replace(plain) if isinstance(plain, dict) else plain
            self._sources.add(Leaf(path, said, origin))
            # The source keeps its own: later writes below would change it.
            self._put(path, copy_tree(plain))
            self._observers.announce([Change(path, plain, origin)])

    def delete(self, path: KeyPath, caller: Caller) -> None:
        """Remove the key at ``path``.

        Raises:
            ConfigError: Changes are not allowed.
        """
        origin = self._secrets.origin(call_origin(caller))
        with self._lock:
            old = self.get(path)
            if old is MISSING or self._under_sweep(path, MISSING, origin) is not MISSING:
                return
            self._parent(path, origin)
            self._require_change(None, [(path, old, MISSING)], origin)
            self._sources.add(Leaf(path, Delete(), origin))
            self._put(path, MISSING)
            self._observers.announce([Change(path, MISSING, origin)])

    def update(
        self,
        inputs: Any,
        path: KeyPath,
        caller: Caller,
        *,
        allow: bool | None = None,
        only_missing: bool = False,
    ) -> None:
        """Merge inputs into the mapping at ``path``, all or nothing.

        Args:
            inputs: Anything that a config is made from; defaults of flags fill what is missing.
            path: The path of the mapping.
            caller: The place in the program that updates it.
            allow: Whether values may change; by default, as the config was made.
            only_missing: Only fill what is missing.

        Raises:
            ConfigError: A rule is broken, or a value would change and may not.
        """
        origin = call_origin(caller)
        reader = read_inputs(inputs, path, origin, self._secrets, strict=self.strict)
        lower, upper, diagnostics = reader.defaults, reader.trees, reader.diagnostics
        if only_missing:
            lower, upper = [*lower, *upper], []
        with self._lock:
            self._parent((*path, ""), origin)
            sweep = self._sources.sweep
            if sweep is not None:
                diagnostics += check_locks(upper, sweep)
            old, new = self._sources.merged_with(lower, upper, self.data)
            diagnostics += self._broken_rules(new, [*lower, *upper])
            if any(fault.is_error for fault in diagnostics):
                raise ConfigError(self._secrets.diagnostics(diagnostics))
            changes: list[tuple[KeyPath, Any, Any]] = []
            data = merge_changes(old, new.data, (), changes)
            incoming = Merged((*lower, *upper), {})
            changed = [change for change in changes if change[1] is not MISSING]
            if changed:
                self._require_change(allow, changed, origin, incoming)
            for key in old.keys() | data.keys():
                self._put((key,), data.get(key, MISSING))
            self._sources.add_changes(changes, lower, incoming, origin)
            self._warn(diagnostics, origin)
            self._observers.announce(
                Change(where, value, incoming.origin(where) or origin)
                for where, _, value in changes
            )

    def _broken_rules(self, new: Merged, sources: Sequence[Tree]) -> list[Diagnostic]:
        """What breaks a rule once ``new`` is part of the config.

        Args:
            new: Top-level keys with their new values.
            sources: The sources of what is new.
        """
        names = [key for key in new.data if isinstance(key, str) and key not in self.data]
        if not any(keys_that_meet(name, self.data) for name in names) and not check_rules(new):
            return []
        # Only now is it worth finding the places of all keys.
        data = {**self.data, **new.data}
        return check_rules(Merged((*self.trees(), *sources), data, new.bad_appends))

    def _parent(self, path: KeyPath, origin: Origin) -> dict[Any, Any]:
        """The mapping that holds the key at ``path``.

        Raises:
            ConfigError: There is none, or it is inside of a list.
        """
        parent = self.get(path[:-1])
        if not isinstance(parent, dict) or any(isinstance(key, int) for key in path[:-1]):
            raise inside_list(path, origin)
        return parent

    def _put(self, path: KeyPath, value: Any) -> None:
        """Set the value at ``path``, or remove it if ``value`` is `MISSING`."""
        parent = value_at(self.data, path[:-1])
        if value is MISSING:
            parent.pop(path[-1], None)
        else:
            parent[path[-1]] = value
        if len(path) == 1:
            self._size_bounds.pop(str(path[0]), None)
        self._entries.put(path, value)

    def _check_place(self, path: KeyPath, plain: Any, origin: Origin, *, is_new: bool) -> None:
        """Hold a new value against the rules, alone and among its neighbours."""
        parent = self._parent(path, origin)
        tree = tree_of(Leaf(path, plain, origin))
        faults = check_rules(Merged((tree,), tree.data))
        if len(path) > 1 and not faults:
            faults += self._too_large(path, plain, origin)
        if path == (OWN_KEY,):
            faults.append(own_key_fault(origin, Severity.ERROR))
        if is_new and not faults and keys_that_meet(str(path[-1]), parent):
            data = merge([Tree(Layer.INIT, "", self.data), tree]).data
            faults += check_rules(Merged((*self.trees(), tree), data))
        if faults:
            raise ConfigError(faults)

    def _too_large(self, path: KeyPath, plain: Any, origin: Origin) -> list[Diagnostic]:
        """A diagnostic if the top-level value becomes too large by a write inside of it."""
        top = str(path[0])
        whole = self.get((top,))
        bound = self._size_bounds.get(top) or size_bound(whole)
        size = grown_size(bound, whole, self.get(path), {str(path[-1]): plain})
        faults = too_large(size, top, origin)
        if not faults:
            self._size_bounds[top] = size
        return faults

    def _under_sweep(self, path: KeyPath, value: Any, origin: Origin) -> Any:
        """The part of a value that the sweep does not lock; the rest is reported."""
        sweep = self._sources.sweep
        if sweep is None:
            return value
        allowed, faults = keep_locked(sweep, path, value, self.get, origin)
        self._warn(faults, origin)
        return allowed

    def _require_change(
        self,
        allow: bool | None,
        changes: Sequence[tuple[KeyPath, Any, Any]],
        origin: Origin,
        incoming: Merged | None = None,
    ) -> None:
        """Raise unless values may change; ``incoming`` knows the places of the new ones."""
        if not (self.allow_val_change if allow is None else allow):
            places = incoming or Merged((), {})
            raise ConfigError(
                refused_change(path, old, new, places.origin(path) or origin, self.origin(path))
                for path, old, new in changes
            )

    def _warn(self, diagnostics: Iterable[Diagnostic], origin: Origin) -> None:
        for fault in self._secrets.diagnostics(list(diagnostics)):
            self.diagnostics.append(fault)
            show_warning(fault, origin)
