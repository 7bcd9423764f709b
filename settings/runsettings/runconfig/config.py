"""`Config`: the public class of the run config."""

from __future__ import annotations

import copy
import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, Self, TypeVar

from runsettings.composition.profiles import Profiles
from runsettings.layers.call_site import Caller, call_origin, find_caller
from runsettings.layers.known_arguments import known_arguments
from runsettings.runconfig.changes.change import Observer, show_warning
from runsettings.runconfig.changes.state import ConfigStore
from runsettings.runconfig.loading import GatheredConfig, gather_config
from runsettings.runconfig.views import ConfigView
from runsettings.secrets import live
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.json_trees import canonical_json
from runsettings.values.key_paths import MISSING, KeyPath, format_path, leaves_of
from runsettings.values.origin import Origin
from runsettings.values.rendering import explain_history, shown
from runsettings.values.tree import Leaf, Tree

_C = TypeVar("_C", bound="Config")


class Config(ConfigView):
    """The configuration of a run, with the origin of every value.

    Reads like a dict and like an object with attributes, at every depth. A key can be added at
    any time; a value changes only with ``allow_val_change``.

    Args:
        inputs: The first values; see `load`, which has more options.
        allow_val_change: Whether values may change once set.

    Raises:
        ConfigError: The inputs break a rule.
    """

    __slots__ = ()

    def __init__(self, inputs: Any = None, *, allow_val_change: bool = False) -> None:
        place = find_caller("Config()")
        gathered = gather_config(inputs, caller=place)
        super().__init__(_store(gathered, allow_val_change), ())
        _show_losses(gathered, place)

    @classmethod
    @known_arguments(name="Config.load")
    def load(
        cls,
        inputs: Any = None,
        *,
        include_keys: Iterable[str] | None = None,
        exclude_keys: Iterable[str] | None = None,
        schema: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        config_paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
        defaults_file: str | os.PathLike[str] | None = None,
        sweep_file: str | os.PathLike[str] | None = None,
        secrets: Iterable[str] | SecretMask = (),
        setting_names: Collection[str] = frozenset(),
        allow_val_change: bool = False,
        every_flag: bool = False,
        strict: bool = False,
        yaml: Literal["1.1", "1.2"] = "1.2",
        cwd: str | os.PathLike[str] | None = None,
        profiles: Profiles | Sequence[str] | str | None = None,
        caller: Caller | None = None,
    ) -> Self:
        """Load a config from any input that ``init(config=)`` accepts.

        Args:
            inputs: A mapping, argparse namespace, absl flags, path to YAML, JSON or TOML,
                dataclass, attrs, pydantic, OmegaConf or ml_collections object, or a list of
                these, lowest first.
            include_keys: The only top-level keys to keep. Not together with ``exclude_keys``.
            exclude_keys: Top-level keys to drop.
            schema: A JSON Schema that the config must satisfy, or the path to one.
            config_paths: Files below the inputs, lowest first.
            defaults_file: A file below those, if it exists (``config-defaults.yaml``).
            sweep_file: A sweep's parameters, which beat all others; their keys are locked.
            secrets: Live secrets, or a mask of them; they are replaced by ``***``.
            setting_names: Names of settings; a note reports each of them that is a key.
            allow_val_change: Whether values may change once set.
            every_flag: Take the absl flags of installed packages as well.
            strict: Reject keys and values that have no form in JSON, now and in later writes,
                instead of keeping a text for them.
            yaml: The version of YAML in which files are read. In 1.1, which PyYAML follows, ``no``
                is false and ``1e-3`` is a string.
            cwd: Where relative paths start; the working directory by default.
            profiles: The profiles of composed files, lowest first; by default those that the
                variable ``RUNSETTINGS_PROFILE`` names, separated by commas.
            caller: The place in the program that passed the inputs; found by default.

        Raises:
            ConfigError: One or more inputs are wrong; it has all diagnostics.
        """
        place = caller or find_caller("Config.load()")
        gathered = gather_config(
            inputs,
            include_keys=include_keys,
            exclude_keys=exclude_keys,
            schema=schema,
            config_paths=config_paths,
            defaults_file=defaults_file,
            sweep_file=sweep_file,
            secrets=secrets,
            setting_names=setting_names,
            every_flag=every_flag,
            strict=strict,
            yaml=yaml,
            cwd=cwd,
            profiles=profiles,
            caller=place,
        )
        store = _store(gathered, allow_val_change, strict=strict)
        if caller is None:  # a run shows all warnings itself
            _show_losses(gathered, place)
        return _with_store(cls, store)

    # --- where values came from ---

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Warnings and notes about the inputs and the changes so far; never errors."""
        return tuple(self._store.diagnostics)

    def origin(self, key: str | KeyPath) -> Origin:
        """Where a value was set.

        Args:
            key: ``optim.lr``, or the path ``("optim", "lr")``.

        Raises:
            KeyError: There is no such key.
        """
        with self._store.reading() as store:
            origin = store.origin(self._path_of(key))
            assert origin is not None  # every value was set by a source
            return origin

    def history(self, key: str | KeyPath) -> tuple[Leaf, ...]:
        """Every value that a key was set to: the current one, and then the values that it beat.

        Of many writes to one key, the first and the last few are kept.

        Raises:
            KeyError: There is no such key.
        """
        with self._store.reading() as store:
            return store.history(self._path_of(key))

    def explain(self, key: str | KeyPath | None = None) -> str:
        """Explain where a value comes from and what it beat, as text. Live secrets are masked.

        Args:
            key: ``optim.lr``, or the path ``("optim", "lr")``; every leaf if left out.

        Raises:
            KeyError: There is no such key.
        """
        with self._store.reading() as store:
            path = self._path_of(key) if key is not None else ()
            value = store.get(path)
            leaves = (
                leaves_of(value, path) if value and isinstance(value, dict) else [(path, value)]
            )
            explained = [
                explain_history(format_path(at), shown(leaf), store.history(at), shown)
                for at, leaf in leaves
                if at
            ]
            return live.mask().message("\n".join(explained))

    @property
    def digest(self) -> str:
        """SHA-256 of the values, as hexadecimal; the same in every process."""
        with self._store.reading() as store:
            return hashlib.sha256(canonical_json(store.data)).hexdigest()

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call ``observer`` with a `Change` for each accepted change from now on.

        It is called in the thread that makes the change, while other threads wait. It should
        be fast, and must not wait for another thread that uses this config.

        Returns:
            A function that ends the observation.
        """
        return self._store.observe(observer)

    @property
    def allow_val_change(self) -> bool:
        """Whether values may change once set."""
        return self._store.allow_val_change

    # --- inside ---

    def _path_of(self, key: str | KeyPath) -> KeyPath:
        path: KeyPath = tuple(key.split(".")) if isinstance(key, str) else tuple(key)
        for end in range(len(path)):
            if self._store.get(path[: end + 1]) is MISSING:
                raise KeyError(ConfigView(self._store, path[:end])._unknown(path[end]))
        return path

    def _trees(self) -> tuple[Tree, ...]:
        return self._store.trees()

    def __reduce__(self) -> tuple[Any, ...]:
        return (_with_store, (type(self), self._store))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return _with_store(type(self), copy.deepcopy(self._store, memo))

    def __copy__(self) -> Self:
        # A shallow copy would share its values with the original.
        return copy.deepcopy(self)


def _store(
    gathered: GatheredConfig, allow_val_change: bool, *, strict: bool = False
) -> ConfigStore:
    gathered.raise_errors()
    return ConfigStore(
        gathered.merged,
        secrets=gathered.secrets,
        sweep=gathered.sweep,
        allow_val_change=allow_val_change,
        strict=strict,
        diagnostics=gathered.diagnostics,
    )


def _show_losses(gathered: GatheredConfig, caller: Caller) -> None:
    """Show the warnings about values that the config does not keep as the program passed them."""
    for diagnostic in gathered.diagnostics:
        if diagnostic.rule in (Rule.NO_SUCH_KEY, Rule.NOT_SERIALIZABLE):
            show_warning(diagnostic, call_origin(caller))


def _with_store(cls: type[_C], store: ConfigStore) -> _C:
    config = cls.__new__(cls)
    ConfigView.__init__(config, store, ())
    return config
