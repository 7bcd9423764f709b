"""How a config is read and written: like a dict, and like an object with attributes.

A view holds a path and asks the config for what stands there, so that it never shows a value
that has been replaced, and every write passes the same rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, NoReturn, SupportsIndex

from runsettings.layers.call_site import find_caller
from runsettings.values.diagnostic import Rule
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.errors import ConfigError
from runsettings.values.tree import MISSING, KeyPath, Tree, format_path

if TYPE_CHECKING:
    from runsettings.runconfig.changes.state import ConfigStore


class ConfigView(MutableMapping[str, Any]):
    """A mapping inside of a config, read and written by key or by attribute.

    ``config.optim.lr`` is ``config["optim"]["lr"]``. Nested mappings are views as well; lists
    cannot be changed in place. Keys named like a method are read by key only.
    """

    __slots__ = ("_path", "_store")

    _store: ConfigStore
    _path: KeyPath

    def __init__(self, store: ConfigStore, path: KeyPath) -> None:
        object.__setattr__(self, "_store", store)
        object.__setattr__(self, "_path", path)

    # --- reading ---

    def __getitem__(self, key: str) -> Any:
        path = (*self._path, key)
        value = self._store.get(path)
        if value is MISSING:
            raise KeyError(self._unknown(key))
        return self._seen(value, path)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or ``default`` if there is no such key."""
        path = (*self._path, key)
        value = self._store.get(path)
        return default if value is MISSING else self._seen(value, path)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__"):
            path = (*self._path, name)
            value = self._store.get(path)
            if value is not MISSING:
                return self._seen(value, path)
        raise AttributeError(self._unknown(name), name=name, obj=self)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._store.mapping(self._path)))

    def __len__(self) -> int:
        return len(self._store.mapping(self._path))

    def __contains__(self, key: object) -> bool:
        return key in self._store.mapping(self._path)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._store.mapping(self._path)]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ConfigView):
            other = other.as_dict()
        return self.as_dict() == other if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment] # it can be changed

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.as_dict()!r})"

    def as_dict(self) -> dict[str, Any]:
        """A copy as plain ``dict``, ``list`` and scalars, that may be changed freely."""
        return self._store.mapping(self._path, deep=True)

    # --- writing ---

    def __setitem__(self, key: str, value: Any) -> None:
        """Set a key; a mapping replaces the one that was there.

        Raises:
            ConfigError: The key or value breaks a rule, or the key has another value and
                changes are not allowed.
        """
        self._store.assign((*self._path, key), value, find_caller(self._written(f"[{key!r}] =")))

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(type(self), name):
            message = f"{name!r} is a method; write config[{name!r}] to set a key of that name"
            raise AttributeError(message, name=name, obj=self)
        self._store.assign((*self._path, name), value, find_caller(self._written(f".{name} =")))

    def __delitem__(self, key: str) -> None:
        """Remove a key, where changes are allowed.

        Raises:
            ConfigError: Changes are not allowed.
            KeyError: There is no such key.
        """
        if key not in self:
            raise KeyError(self._unknown(key))
        self._store.delete((*self._path, key), find_caller(f"del {self._written(f'[{key!r}]')}"))

    def __delattr__(self, name: str) -> None:
        if name not in self:
            raise AttributeError(self._unknown(name), name=name, obj=self)
        del self[name]

    def update(
        self, inputs: Any = None, /, *, allow_val_change: bool | None = None, **values: Any
    ) -> None:
        """Merge inputs into the config, key by key at every depth.

        Args:
            inputs: Anything that a config is made from; in a list, lowest first. What argparse
                or absl flags have as defaults only fills what is missing.
            allow_val_change: Allow values to change; by default, as the config was made.
            **values: Further keys.

        Raises:
            ConfigError: Something breaks a rule, or a value would change and may not; nothing
                was changed then.
        """
        self._store.update(
            [inputs, values or None],
            self._path,
            find_caller("config.update"),
            allow=allow_val_change,
        )

    def setdefaults(self, inputs: Any = None, /, **values: Any) -> None:
        """Fill in what is missing, at every depth, and change nothing that is there.

        Raises:
            ConfigError: Something breaks a rule; nothing was changed then.
        """
        self._store.update(
            [inputs, values or None],
            self._path,
            find_caller("config.setdefaults"),
            allow=False,
            only_missing=True,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy or pickle of a part is plain data: the rest is not dragged along.
        return (dict, (self.as_dict(),))

    # --- for our own rooms ---

    def _trees(self) -> tuple[Tree, ...] | None:
        """The sources, if this is a whole config."""
        return None

    def _seen(self, value: Any, path: KeyPath) -> Any:
        if isinstance(value, dict):
            return ConfigView(self._store, path)
        if isinstance(value, list):
            return FrozenList(
                [self._seen(item, (*path, index)) for index, item in enumerate(value)], path
            )
        return value

    def _unknown(self, key: object) -> str:
        known = [name for name in self._store.mapping(self._path) if isinstance(name, str)]
        hint = did_you_mean(key, known) if isinstance(key, str) else None
        text = f"the run config has no key {format_path((*self._path, str(key)))!r}"
        return f"{text} — {hint}" if hint else text

    def _written(self, key: str) -> str:
        return f"{format_path(('config', *self._path))}{key}"


class FrozenList(list[Any]):
    """A list of a config's values. It is a copy, so a change in place would be lost."""

    __slots__ = ("_path",)

    def __init__(self, items: list[Any], path: KeyPath) -> None:
        super().__init__(items)
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (list, (list(self),))

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        key = format_path(self._path)
        raise ConfigError.of(
            Rule.VALUE_CHANGED,
            "a list of the run config cannot be changed in place",
            path=self._path,
            hint=f"assign a new list to {key}, with allow_val_change",
        )

    append = extend = insert = remove = clear = sort = reverse = _refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse

    def pop(self, index: SupportsIndex = -1, /) -> NoReturn:
        """Refused as all changes in place are."""
        self._refuse(index)
