"""Views: how a config is read and written, like a dict and like an object with attributes.

A view has a path, and reads the value at that path from the config each time. So it never shows an
old value, and every write is checked by the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn, Self

from runsettings.layers.call_site import find_caller
from runsettings.runconfig.inputs.json_values import text_key
from runsettings.secrets import live
from runsettings.values.diagnostic import Rule
from runsettings.values.did_you_mean import closest_path, did_you_mean
from runsettings.values.errors import ConfigError
from runsettings.values.immutability import LIST_CHANGES, plain_in_yaml, unchanging
from runsettings.values.json_trees import copy_tree
from runsettings.values.key_paths import MISSING, KeyPath, format_path, value_at
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from _collections_abc import dict_items, dict_values

    from runsettings.runconfig.changes.state import ConfigStore


class ConfigView(dict[str, Any]):
    """A mapping inside of a config, read and written by key or by attribute.

    ``config.optim.lr`` is ``config["optim"]["lr"]``. Nested mappings are views as well; lists
    cannot be changed in place. Keys named like a method are read by key only.

    A view is a subclass of ``dict``, for ``json.dumps``, ``|`` and ``isinstance``. The entries of
    that dict are a copy that the store keeps up to date, with plain ``dict`` and ``list`` inside:
    ``dict(config)`` is plain data, and changing it does not change the config.
    """

    __slots__ = ("_path", "_store")

    _store: ConfigStore
    _path: KeyPath

    def __init__(self, store: ConfigStore, path: KeyPath) -> None:
        object.__setattr__(self, "_store", store)
        object.__setattr__(self, "_path", path)
        store.add_view(path, self)
        plain_in_yaml({type(self): "dict", ConfigList: "list"})

    # --- reading ---

    # `__iter__` is that of a dict: otherwise `dict(view)` would get its values by `__getitem__`.

    def __getitem__(self, key: str) -> Any:
        value = self.get(key, MISSING)
        if value is MISSING:
            raise KeyError(self._unknown(key))
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key.

        Args:
            key: The key.
            default: The result if there is no such key.
        """
        path = (*self._path, _text(key))
        value = self._store.get(path)
        return default if value is MISSING else self._seen(value, path)

    def pop(self, key: str, *default: Any) -> Any:
        """Remove a key and return its value.

        Args:
            key: The key.
            *default: The result if there is no such key.

        Raises:
            ConfigError: Changes are not allowed.
            KeyError: There is no such key, and no default.
        """
        if default and key not in self:
            return default[0]
        value = self[key]
        if isinstance(value, (dict, list)):
            value = copy_tree(
                self._store.get((*self._path, _text(key)))
            )  # a view of a removed key is empty
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the last key, and return it with its value.

        Raises:
            ConfigError: Changes are not allowed.
            KeyError: There is no key.
        """
        for key in reversed(self):
            return key, self.pop(key)
        raise KeyError("the run config has no keys")

    def clear(self) -> None:
        """Remove all keys.

        Raises:
            ConfigError: Changes are not allowed.
        """
        for key in list(self):
            del self[key]

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a key, which is set first if there is no such key.

        Args:
            key: The key.
            default: The value to set.

        Raises:
            ConfigError: The key or the default breaks a rule.
        """
        if key not in self:
            self[key] = default
        return self[key]

    def items(self) -> dict_items[str, Any]:
        """The keys with their values, nested mappings as views."""
        with self._store.reading():
            return {key: self[key] for key in self}.items()

    def values(self) -> dict_values[str, Any]:
        """The values, nested mappings as views."""
        with self._store.reading():
            return {key: self[key] for key in self}.values()

    def __getattr__(self, name: str) -> Any:
        value = MISSING if name.startswith("__") else self.get(name, MISSING)
        if value is MISSING:
            raise UnknownAttributeError(self, name)
        return value

    def __contains__(self, key: object) -> bool:
        return super().__contains__(_text(key))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ConfigView):
            other = other.as_dict()
        return self.as_dict() == other if isinstance(other, Mapping) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # a view can be changed

    def __repr__(self) -> str:
        return live.mask().message(f"{type(self).__name__}({self.as_dict()!r})")

    def __or__(self, other: Any) -> Any:
        return {**self.as_dict(), **other} if isinstance(other, Mapping) else NotImplemented

    def __ror__(self, other: Any) -> Any:
        return {**other, **self.as_dict()} if isinstance(other, Mapping) else NotImplemented

    def copy(self) -> dict[str, Any]:
        """The same as `as_dict`."""
        return self.as_dict()

    def as_dict(self) -> dict[str, Any]:
        """A copy of plain ``dict``, ``list`` and scalars."""
        return self._store.mapping(self._path, deep=True)

    # --- writing ---

    def __setitem__(self, key: str, value: Any) -> None:
        """Set a key; a mapping replaces the old one.

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
        self._store.delete(
            (*self._path, _text(key)), find_caller(f"del {self._written(f'[{key!r}]')}")
        )

    def __delattr__(self, name: str) -> None:
        if name not in self:
            raise UnknownAttributeError(self, name)
        del self[name]

    def __ior__(self, other: Any) -> Self:  # type: ignore[override]
        self.update(other)
        return self

    def update(
        self, inputs: Any = None, /, allow_val_change: bool | None = None, **values: Any
    ) -> None:
        """Merge inputs into the config, key by key at every depth.

        Args:
            inputs: Any input of a config; in a list, lowest first. The defaults of argparse or absl
                flags only set missing keys.
            allow_val_change: Allow values to change; as for the whole config if left out.
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
        """Set missing keys, at every depth, and change no existing value.

        Args:
            inputs: Any input of a config; in a list, lowest first.
            **values: Further keys.

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

    def persist(self) -> None:
        """Do nothing: every change is recorded when it is made."""

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy or pickle of a part is plain data, without the rest of the config.
        return (dict, (self.as_dict(),))

    # --- for other modules of this package ---

    def _trees(self) -> tuple[Tree, ...] | None:
        """The sources, if this is a whole config."""
        return None

    def _seen(self, value: Any, path: KeyPath) -> Any:
        if isinstance(value, dict):
            return self._view(path)
        if isinstance(value, list):
            return ConfigList(
                [self._seen(item, (*path, index)) for index, item in enumerate(value)], path
            )
        return value

    def _view(self, path: KeyPath) -> Any:
        view = self._store.view(path)
        return ConfigView(self._store, path) if view is None else view

    def _show(self, entries: dict[str, Any]) -> None:
        """Replace the entries of the dict."""
        for key in [key for key in self if key not in entries]:
            super().__delitem__(key)
        super().update(entries)

    def _show_key(self, key: str, value: Any) -> None:
        """Set a key of the dict; `MISSING` removes the key."""
        if value is MISSING:
            super().pop(key, None)
        else:
            super().__setitem__(key, value)

    def _unknown(self, key: object) -> str:
        known, hint = self._store.mapping(self._path), None
        if isinstance(key, str):
            path = closest_path(key, known)
            hint = did_you_mean(key, known)
            if path is not None and len(path) > 1:
                meant = "".join(["config", *(f"[{each!r}]" for each in (*self._path, *path))])
                is_right = value_at(known, tuple(key.split("."))) is not MISSING
                hint = f"write {meant}" if is_right else f"did you mean {meant}?"
        text = f"the run config has no key {format_path((*self._path, str(key)))!r}"
        return f"{text} — {hint}" if hint else text

    def _written(self, key: str) -> str:
        return f"{format_path(('config', *self._path))}{key}"


class UnknownAttributeError(AttributeError):
    """There is no such key. A similar key is searched when the message is read."""

    def __init__(self, view: ConfigView, name: str) -> None:
        super().__init__(name=name, obj=view)
        self._view = view

    def __str__(self) -> str:
        return self._view._unknown(self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        return (AttributeError, (str(self),))


def _refuse(changed: Any) -> NoReturn:
    raise ConfigError.of(
        Rule.VALUE_CHANGED,
        "a list of the run config cannot be changed in place",
        path=changed._path,
        hint=f"assign a new list to {format_path(changed._path)}, with allow_val_change",
    )


@unchanging(*LIST_CHANGES, plain=list, refuse=_refuse)
class ConfigList(list[Any]):
    """A list of a config's values, which raises on changes: it is a copy, so they would be lost."""

    __slots__ = ("_path",)

    def __init__(self, items: list[Any], path: KeyPath) -> None:
        super().__init__(items)
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (list, (list(self),))


def _text(key: Any) -> Any:
    """A key as it is stored: 0 is stored as "0"."""
    text = key if type(key) is str else text_key(key)
    return key if text is None else text
