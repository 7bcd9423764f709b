"""Public functions for the values of settings and their origins, histories and explanations."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel
from pydantic_settings import BaseSettings

from runsettings.models import exporting
from runsettings.models.exporting import json_value
from runsettings.models.model_options import options, resolver_of
from runsettings.models.validating import is_resolved, resolution_of
from runsettings.resolution.normalizing.key_hints import no_such_key
from runsettings.resolution.options import Option, OptionTable
from runsettings.resolution.secrets import with_wrapped_secrets
from runsettings.resolution.validation_errors import show_value
from runsettings.secrets.forms import MASK
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.errors import SettingsError
from runsettings.values.key_paths import MISSING, KeyPath, format_path
from runsettings.values.origin import Layer, Origin
from runsettings.values.rendering import explain_history
from runsettings.values.tree import Leaf


class _Computed:
    """The value, in a history, of a default that a factory makes."""

    def __repr__(self) -> str:
        return "(computed)"


def locate(settings: BaseSettings, key: str | KeyPath) -> KeyPath:
    """The path of ``key`` under the model's field names, such as ``("optim", "lr")``.

    Args:
        settings: The settings.
        key: A key; ``"optim.lr"`` reaches inside.

    Raises:
        SettingsError: The model has no such key.
    """
    return _Provenance(settings).path(key)


def get(settings: BaseSettings, key: str | KeyPath) -> Any:
    """The value of ``key``.

    Args:
        settings: The settings.
        key: A key; ``"optim.lr"`` reaches inside.

    Raises:
        SettingsError: The model has no such key.
    """
    known = _Provenance(settings)
    return known.value(known.path(key))


def history(settings: BaseSettings, key: str | KeyPath) -> tuple[Leaf, ...]:
    """Every value of ``key`` as its source sets it: the winner first, then the losers.

    Args:
        settings: The settings.
        key: A key; ``"optim.lr"`` reaches inside.

    Raises:
        SettingsError: The model has no such key.
    """
    known = _Provenance(settings)
    return known.history(known.path(key))


def origin(settings: BaseSettings, key: str | KeyPath) -> Origin:
    """Where the value of ``key`` was set.

    Args:
        settings: The settings.
        key: A key; ``"optim.lr"`` reaches inside.

    Raises:
        SettingsError: The model has no such key.
    """
    return history(settings, key)[0].origin


def explain(
    settings: BaseSettings, key: str | KeyPath | None = None, *, as_json: bool = False
) -> str:
    """Explain one key or every key: the winning value, its origin, and the losers.

    Args:
        settings: The settings.
        key: A key, or a nested model for all of its keys; every key if left out.
        as_json: JSON instead of text: an array of objects with ``key``, ``value`` and
            ``history``.

    Raises:
        SettingsError: The model has no such key.
    """
    known = _Provenance(settings)
    if as_json:
        return json.dumps(known.explained(key), indent=2)
    return "\n\n".join(map(known.explained_text, known.explained_paths(key)))


def explained(settings: BaseSettings) -> list[dict[str, Any]]:
    """What `explain` shows, as JSON values: ``key``, ``value`` and ``history`` of every key."""
    return _Provenance(settings).explained()


def secrets(settings: BaseSettings) -> frozenset[str]:
    """Every secret value that a source sets, and those that the settings have by default."""
    return _Provenance(settings).secrets


def shadowed(settings: BaseSettings) -> tuple[Diagnostic, ...]:
    """A warning for each variable or flag that a value written in code beats."""
    return _Provenance(settings).shadowed()


def digest(settings: BaseSettings) -> str:
    """A SHA-256 of the values without secrets, equal in every process."""
    return exporting.digest(settings, options(type(settings)).secrets)


def to_dict(settings: BaseSettings, *, reveal: bool = False) -> dict[str, Any]:
    """Plain values for JSON or YAML.

    Args:
        settings: The settings.
        reveal: Whether secrets are shown instead of masked. Pass revealed values to another
            program only; never write them to a file or a log.
    """
    dumped = exporting.to_dict(settings, options(type(settings)).secrets, reveal=reveal)
    return dumped if reveal else cast("dict[str, Any]", hide(settings, dumped))


def hide(settings: BaseSettings, value: Any) -> Any:
    """Mask every live secret of the settings in a value.

    A secret is masked in any text, such as a note that an API key was pasted into.

    Args:
        settings: The settings.
        value: A value of any kind; containers are searched.
    """
    # While validators run, the settings have no resolution yet.
    return _Provenance(settings).hide(value) if is_resolved(settings) else value


class _Provenance:
    """The values of settings together with their sources."""

    def __init__(self, settings: BaseSettings) -> None:
        self._model = settings
        self._table = options(type(settings))
        self._merged = resolution_of(settings).merged

    def hide(self, value: Any) -> Any:
        """``value`` with every live secret in its texts masked."""
        return self.mask.value(value)[0]

    @functools.cached_property
    def mask(self) -> SecretMask:
        """Masks every live secret of these settings."""
        return SecretMask(self.secrets)

    @functools.cached_property
    def secrets(self) -> frozenset[str]:
        """Every secret value that a source sets, and those that the settings have by default."""
        return resolver_of(type(self._model)).secrets(self._merged.sources, self._model)

    def path(self, key: str | KeyPath) -> KeyPath:
        """The path of a key under the model's field names.

        Raises:
            SettingsError: The model has no such key.
        """
        parts: KeyPath = tuple(key.split(".")) if isinstance(key, str) else key
        path: list[str | int] = []
        table: OptionTable | None = self._table
        node: Any = self._model
        for index, part in enumerate(parts):
            option, name, known = _step(node, table, part)
            if name is None:
                raise SettingsError([no_such_key(type(self._model), parts[: index + 1], known)])
            path.append(name)
            node = _inside(node, name)
            table = option.table if option is not None else None
        return tuple(path)

    def value(self, path: KeyPath) -> Any:
        """The value at a path."""
        node: Any = self._model
        for part in path:
            node = _inside(node, part)
        return node

    def history(self, path: KeyPath) -> tuple[Leaf, ...]:
        """Every value that a source sets at a path, winner first, and the default last."""
        table = self._table
        found = tuple(with_wrapped_secrets(leaf, table) for leaf in self._merged.history(path))
        leaves = tuple(leaf for leaf in found if leaf.origin.layer is not Layer.DEFAULT)
        option = table.find(path)
        if option is None:
            if leaves and leaves[0] is found[0] and self._merged.get(found[0].path) is not MISSING:
                return leaves  # not below the default of a kind, which a run recorded
            return (*self._default_inside(path), *leaves)
        if len(path) > 1 and len(leaves) < len(found):
            lowest = found[len(leaves)]  # of a default instance
            return (*leaves, lowest if leaves else lowest._replace(value=self.value(path)))
        default: Any = option.info.get_default(call_default_factory=False)
        if not leaves:
            default = self.value(path)
        elif option.info.default_factory is not None:
            default = _Computed()
        elif option.info.is_required():
            return leaves
        where = Origin(Layer.DEFAULT, f"{option.owner.__name__}.{option.name}")
        return (*leaves, Leaf(path, default, where))

    def _default_inside(self, path: KeyPath) -> tuple[Leaf, ...]:
        """The history of a default inside a list or a union, which no source sets for its kind."""
        for end in range(len(path) - 1, -1, -1):
            owner, name = self.value(path[:end]), str(path[end])
            if name in _fields(owner):
                where = Origin(Layer.DEFAULT, f"{type(owner).__name__}.{name}")
                return (with_wrapped_secrets(Leaf(path, self.value(path), where), self._table),)
        return ()

    def explained(self, key: str | KeyPath | None = None) -> list[dict[str, Any]]:
        """What `explain` shows, as JSON values: ``key``, ``value`` and ``history`` of each key."""
        return [self._explained(path) for path in self.explained_paths(key)]

    def explained_paths(self, key: str | KeyPath | None) -> list[KeyPath]:
        """The paths to explain: a key's, those of a nested model, or all."""
        if key is None:
            return self._paths(self._table)
        path = self.path(key)
        option = self._table.find(path)
        inner = option.table if option is not None else None
        return self._paths(inner) if inner else [path]

    def _paths(self, table: OptionTable) -> list[KeyPath]:
        """The paths of a table's keys; for a nested model that is ``None``, the model's path."""
        paths: dict[KeyPath, None] = {}
        for option in table.leaves():
            path = option.path
            ends = (end for end in range(1, len(path)) if self.value(path[:end]) is None)
            paths[path[: next(ends, len(path))]] = None
        if table is self._table:
            paths.update(dict.fromkeys((name,) for name in self._model.model_extra or ()))
        return list(paths)

    def shadowed(self) -> tuple[Diagnostic, ...]:
        """A warning for each variable or flag that a different value written in code beats."""
        same = resolver_of(type(self._model)).same

        def lost(path: KeyPath, loser: Any, winner: Any) -> bool:
            return not (loser == winner or (len(path) == 1 and same(str(path[0]), loser, winner)))

        found: list[Diagnostic] = []
        for option in self._table.leaves():
            winner, *losers = self._merged.history(option.path) or (None,)
            if winner is None or not winner.origin.layer.is_code:
                continue
            found.extend(
                Diagnostic.of(
                    Rule.SHADOWED_VALUE,
                    option.path,
                    f"{loser.origin} has no effect",
                    loser.origin,
                    f"{winner.origin} sets it",
                )
                for loser in losers
                if loser.origin.layer.is_given and lost(option.path, loser.value, winner.value)
            )
        return tuple(found)

    def explained_text(self, path: KeyPath) -> str:
        """The explanation of one path as text."""
        secret = self._table.is_secret(path)

        def show(value: Any) -> str:
            return show_value(self.hide(value), secret=secret)

        return explain_history(format_path(path), show(self.value(path)), self.history(path), show)

    def _explained(self, path: KeyPath) -> dict[str, Any]:
        secret = self._table.is_secret(path)

        def shown(value: Any) -> Any:
            return MASK if secret and value is not None else self.hide(json_value(value))

        return {
            "key": format_path(path),
            "value": shown(self.value(path)),
            "history": [
                {**leaf.origin.to_json(), "value": shown(leaf.value)} for leaf in self.history(path)
            ],
        }


def _step(
    node: Any, table: OptionTable | None, part: str | int
) -> tuple[Option | None, str | int | None, list[str]]:
    """Find one part of a key: its option, its name or ``None``, and the names that exist."""
    if isinstance(node, Mapping):
        written = {str(key): key for key in node}  # a key may be a number or a member of an enum
        return None, part if part in node else written.get(str(part)), list(written)
    if isinstance(node, Sequence) and not isinstance(node, (str, bytes)):
        index = int(part) if isinstance(part, str) and part.isdecimal() else part
        return None, index if isinstance(index, int) and 0 <= index < len(node) else None, []
    if table is None:
        names = [*_fields(node), *(getattr(node, "model_extra", None) or ())]
        return None, part if part in names else None, names
    spelled = table.spelled
    text = str(part)
    option = spelled.get(text) or spelled.get(text.replace("-", "_"))
    if option is not None:
        return option, option.name, []
    extra = getattr(node, "model_extra", None) or {}
    return None, text if text in extra else None, [*spelled, *extra]


def _fields(node: Any) -> tuple[str, ...]:
    """The fields of a model or a dataclass, in order; none of anything else."""
    if isinstance(node, BaseModel):
        return tuple(type(node).model_fields)
    return tuple(f.name for f in dataclasses.fields(node)) if dataclasses.is_dataclass(node) else ()


def _inside(node: Any, name: str | int) -> Any:
    if node is None:
        return None  # an optional model without a value: its keys have none either
    if not isinstance(node, BaseModel) and isinstance(node, (Mapping, Sequence)):
        return node[name]  # type: ignore[index]
    return getattr(node, str(name))
