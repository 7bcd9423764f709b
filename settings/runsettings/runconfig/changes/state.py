"""The state of a `Config`: its data and sources, and the rules by which they change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from runsettings.composition.merge import Merged, merge
from runsettings.layers.call_site import Caller, call_origin
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
from runsettings.runconfig.changes.value_sizes import ValueSizes
from runsettings.runconfig.changes.view_entries import View, ViewEntries
from runsettings.runconfig.inputs.wandb_form import OWN_KEY, own_key_diagnostic
from runsettings.runconfig.rules.key_rules import check_rules, keys_that_meet
from runsettings.secrets import live, masking
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
        secrets: Masks the live secrets in later writes.
        sweep: The highest source, if its keys are locked.
        allow_val_change: Whether values may change once set.
        strict: Reject keys and values that have no form in JSON.
        diagnostics: Warnings and notes from loading.

    Attributes:
        data: The values as a JSON tree. Only this class changes it.
    """

    def __init__(
        self,
        merged: Merged,
        *,
        secrets: masking.SecretMask | None = None,
        sweep: Tree | None = None,
        allow_val_change: bool = False,
        strict: bool = False,
        diagnostics: Iterable[Diagnostic] = (),
    ) -> None:
        loaded = [source for source in merged.sources if source is not sweep]
        self.allow_val_change = allow_val_change
        self.strict = strict
        self.diagnostics = list(diagnostics)
        self.data: dict[str, Any] = merged.data
        self._sources = Sources(loaded, sweep)
        self._begin(masking.SecretMask() if secrets is None else secrets)

    def _begin(self, secrets: masking.SecretMask) -> None:
        self._is_shared = True  # the data, with the sources, until the first write
        self._secrets = secrets
        self._sizes = ValueSizes()
        self._entries = ViewEntries(self.data)
        self._observers = Observers()
        self._lock = threading.RLock()

    def __getstate__(self) -> dict[str, Any]:
        # Observers and locks belong to this process, and a pickle must not contain secrets. The
        # stored values contain none.
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
        self._begin(masking.SecretMask())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin = type(self).__new__(type(self))
        twin.__setstate__(self.__getstate__())
        twin._secrets = self._secrets  # a copy in this process masks them too
        return twin

    @contextmanager
    def reading(self) -> Iterator[Self]:
        """Stop other threads from writing while a ``with`` block runs."""
        with self._lock:
            yield self

    def get(self, path: KeyPath) -> Any:
        """The value at ``path``, or `MISSING`. The caller must not change it."""
        with self._lock:
            return value_at(self.data, path)

    def origin(self, path: KeyPath) -> Origin | None:
        """Where the value at ``path`` was set, or ``None`` if there is no value."""
        with self._lock:
            return self._sources.about(path).origin(path)

    def history(self, path: KeyPath) -> tuple[Leaf, ...]:
        """The values of ``path``, the current one first; of many, the last few and the first."""
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
        """Call ``observer`` for each accepted change, in order.

        Returns:
            A function that ends the observation.
        """
        with self._lock:
            self._observers.add(observer)

        def stop() -> None:
            with self._lock:
                self._observers.remove(observer)

        return stop

    def assign(self, path: KeyPath, value: Any, caller: Caller) -> None:
        """Set the value at ``path``; a mapping replaces the old one.

        Args:
            path: The path.
            value: The new value, of any type.
            caller: The place in the program that sets it.

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
            written = Replace(plain) if isinstance(plain, dict) else plain
            self._sources.add(Leaf(path, written, origin))
            # A copy: later writes to nested keys must not change the source.
            self._put(path, copy_tree(plain))
            self._observers.announce([Change(path, plain, origin)])

    def delete(self, path: KeyPath, caller: Caller) -> None:
        """Remove the key at ``path``.

        Args:
            path: The path.
            caller: The place in the program that removes it.

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
            inputs: Any input of a config; defaults of flags only set missing keys.
            path: The path of the mapping.
            caller: The place in the program that updates it.
            allow: Whether values may change; as for the whole config if left out.
            only_missing: Only set missing keys.

        Raises:
            ConfigError: A rule is broken, or a value would change and may not.
        """
        origin = call_origin(caller)
        reader = read_inputs(
            inputs, path, origin, self._secrets, below=self.get(path), strict=self.strict
        )
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
            if any(diagnostic.is_error for diagnostic in diagnostics):
                raise ConfigError(live.masked(diagnostics, self._secrets))
            changes: list[tuple[KeyPath, Any, Any]] = []
            data = merge_changes(old, new.data, (), changes)
            incoming = Merged((*lower, *upper), {})
            changed = [change for change in changes if change[1] is not MISSING]
            if changed:
                self._require_change(allow, changed, origin, incoming)
            for key in {**old, **data}:
                self._put((key,), data.get(key, MISSING))
            self._sources.add_changes(changes, lower, incoming, origin)
            self._warn(diagnostics, origin)
            self._observers.announce(
                Change(where, value, incoming.origin(where) or origin)
                for where, _, value in changes
            )

    def _broken_rules(self, new: Merged, sources: Sequence[Tree]) -> list[Diagnostic]:
        """The rules that the config would break with ``new`` in it.

        Args:
            new: Top-level keys with their new values.
            sources: The sources of these values.
        """
        names = [key for key in new.data if isinstance(key, str) and key not in self.data]
        if not any(keys_that_meet(name, self.data) for name in names) and not check_rules(new):
            return []
        # All sources are needed for the origins of the keys.
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
        if self._is_shared:
            self.data = self._entries.data = copy_tree(self.data)
            self._is_shared = False
        parent = value_at(self.data, path[:-1])
        if value is MISSING:
            parent.pop(path[-1], None)
        else:
            parent[path[-1]] = value
        if len(path) == 1:
            self._sizes.forget(path[0])
        self._entries.put(path, value)

    def _check_place(self, path: KeyPath, plain: Any, origin: Origin, *, is_new: bool) -> None:
        """Check a new value against the rules, alone and together with its siblings.

        Raises:
            ConfigError: A rule is broken.
        """
        parent = self._parent(path, origin)
        tree = tree_of(Leaf(path, plain, origin))
        diagnostics = check_rules(Merged((tree,), tree.data))
        if len(path) > 1 and not diagnostics:
            diagnostics += self._sizes.check(self.data, path, plain, origin)
        if path == (OWN_KEY,):
            diagnostics.append(own_key_diagnostic(origin, Severity.ERROR))
        if is_new and not diagnostics and keys_that_meet(str(path[-1]), parent):
            data = merge([Tree(Layer.INIT, "", self.data), tree]).data
            diagnostics += check_rules(Merged((*self.trees(), tree), data))
        if diagnostics:
            raise ConfigError(live.masked(diagnostics, self._secrets))

    def _under_sweep(self, path: KeyPath, value: Any, origin: Origin) -> Any:
        """The part of a value that the sweep does not lock, with a warning about the rest."""
        sweep = self._sources.sweep
        if sweep is None:
            return value
        allowed, diagnostics = keep_locked(sweep, path, value, self.get, origin)
        self._warn(diagnostics, origin)
        return allowed

    def _require_change(
        self,
        allow: bool | None,
        changes: Sequence[tuple[KeyPath, Any, Any]],
        origin: Origin,
        incoming: Merged | None = None,
    ) -> None:
        """Raise unless values may change; ``incoming`` has the origins of the new values."""
        if not (self.allow_val_change if allow is None else allow):
            places = incoming or Merged((), {})
            refused = [
                refused_change(path, old, new, places.origin(path) or origin, self.origin(path))
                for path, old, new in changes
            ]
            raise ConfigError(live.masked(refused, self._secrets))

    def _warn(self, diagnostics: Iterable[Diagnostic], origin: Origin) -> None:
        for diagnostic in live.masked(diagnostics, self._secrets):
            self.diagnostics.append(diagnostic)
            show_warning(diagnostic, origin)
