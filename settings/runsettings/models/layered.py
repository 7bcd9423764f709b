"""A pydantic-settings class whose values come from every layer and know their origin."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from pydantic_settings import BaseSettings, SettingsConfigDict

import runsettings
from runsettings._deferred import deferred
from runsettings.composition.merge import Merged
from runsettings.layers.call_site import find_caller
from runsettings.models import model_options, validating
from runsettings.models.model_options import (
    LayeredConfigDict,
    SettingsMetaclass,
    inputs_of,
    layers_of,
    resolver_for_call,
    resolver_of,
)
from runsettings.models.validating import RESOLUTION, freeze_fields, resolution_of
from runsettings.resolution.options import OptionTable
from runsettings.resolution.reading_order import Layers
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Origin
from runsettings.values.tree import Leaf, Tree

if TYPE_CHECKING:
    from runsettings.models import frozen_containers
    from runsettings.values.diagnostic import Diagnostic
else:
    frozen_containers = deferred("runsettings.models.frozen_containers")


class LayeredSettings(BaseSettings, metaclass=SettingsMetaclass):
    """Settings that come from all layers.

    Calling the class resolves all layers; the arguments are the highest layer::

        class Training(LayeredSettings):
            lr: float = 0.1

        settings = Training(lr=0.5)

    Instances are deeply immutable and hashable; equality is by value, not by origin.

    Raises:
        SettingsError: A layer has an error. The exception has the diagnostics of all layers.
    """

    model_config: ClassVar[SettingsConfigDict] = LayeredConfigDict(
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=None,  # a default instance is the lowest source
        # `model_validate` wraps our error in pydantic's, which would quote every input.
        hide_input_in_errors=True,
    )

    # A slot, not a private attribute: pydantic would create that again at each validation.
    __slots__ = (RESOLUTION,)

    def __init__(self, /, **values: Any) -> None:
        cls = type(self)
        caller = find_caller(cls.__name__)
        resolver = resolver_of(cls)
        files: dict[str, Any] = {}
        if any(key[0:1] == "_" for key in values):
            overrides, values, files = model_options.split_call(values)
            resolver = resolver_for_call(cls, overrides) if overrides else resolver
        merged = resolver.merge_layers(inputs_of(cls, caller, values, **files), layers_of(cls))
        validating.validate_into(self, merged, resolver, caller)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        model_options.check_options(cls)

    if not TYPE_CHECKING:  # a type checker knows which attributes there are
        __getattr__ = model_options.get_missing

    @classmethod
    def resolve(
        cls,
        *,
        args: Any = None,
        files: Sequence[str | Path] | str | Path = (),
        environ: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        layers: Layers | None = None,
        env_file: str | Path | Sequence[str | Path] | None = None,
        profiles: Sequence[str] | str | None = None,
        locked: str | Path | None = None,
        strict: bool = False,
        **values: Any,
    ) -> Self:
        """Resolve all layers with the given inputs: `runsettings.resolve` as a method.

        Args:
            args: Parsed flags: what `runsettings.parse_args` or argparse returned (of a plain
                ``Namespace`` every attribute that is not ``None`` counts as given), or absl
                flags.
            files: YAML, JSON or TOML files, lowest first; they may be composed.
            environ: The environment; this process's own if left out.
            cwd: The directory that relative paths start from; the current one if left out.
            layers: The layers to read, lowest first: members of `Layer`, objects with the
                interface of `LayerSource`, sources of pydantic-settings or their classes, and
                functions that return a mapping.
            env_file: ``.env`` files to read instead of the model's own.
            profiles: The profiles of composed ``files``; by default those of ``--profile``, and
                then of ``RUNSETTINGS_PROFILE``.
            locked: A lock file. A value that differs from it is an error; under ``strict``, so
                is another origin of the same value, or a changed file.
            strict: Whether warnings are errors.
            **values: Settings, as the highest layer.

        Raises:
            SettingsError: A layer has an error. The exception has the diagnostics of all layers.
        """
        return runsettings.resolve(
            cls,
            values=values,
            args=args,
            files=files,
            environ=environ,
            cwd=cwd,
            layers=layers,
            env_file=env_file,
            profiles=profiles,
            locked=locked,
            strict=strict,
        )

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The warnings and notes of this resolution, which did not stop it."""
        return runsettings.diagnostics(self)

    @property
    def locked(self) -> frozenset[str]:
        """The keys that the site's administrator locked."""
        return runsettings.locked(self)

    @property
    def merged(self) -> Merged:
        """All sources merged, under the model's field names and before validation."""
        return resolution_of(self).merged

    @property
    def sources(self) -> tuple[Tree, ...]:
        """Every source that sets a value, lowest first."""
        return runsettings.sources(self)

    @property
    def digest(self) -> str:
        """A SHA-256 of the values without secrets, equal in every process."""
        return runsettings.digest(self)

    @classmethod
    def options(cls) -> OptionTable:
        """The model as a table: its keys, spellings, variables, choices and secrets."""
        return model_options.options(cls)

    @classmethod
    def add_arguments(cls, parser: Any, *, only: Sequence[str] | None = None) -> None:
        """Add one flag for each field to an argparse parser: `runsettings.add_arguments`.

        Args:
            parser: An ``argparse.ArgumentParser``.
            only: The fields to make flags for; all of them if left out.
        """
        from runsettings.models import flag_definitions  # absl: most programs define no flags

        flag_definitions.add_arguments(cls, parser, only=only)

    @classmethod
    def define_flags(cls, flag_values: Any = None, *, only: Sequence[str] | None = None) -> None:
        """Define one absl flag for each field: `runsettings.define_flags`.

        Args:
            flag_values: Where to define them; absl's global ``FLAGS`` if left out.
            only: The fields to make flags for; all of them if left out.
        """
        from runsettings.models import flag_definitions  # absl: most programs define no flags

        flag_definitions.define_flags(cls, flag_values, only=only)

    def replace(self, /, **changes: Any) -> Self:
        """Return new, validated settings with ``changes``; their origin is this call.

        Raises:
            SettingsError: A change is not valid, or is to an unknown or locked key.
        """
        return runsettings.replace(self, **changes)

    def locate(self, key: str | KeyPath) -> KeyPath:
        """The path of ``key`` under the model's field names, such as ``("optim", "lr")``.

        Raises:
            SettingsError: The model has no such key.
        """
        return runsettings.locate(self, key)

    def origin(self, key: str | KeyPath) -> Origin:
        """Where the value of ``key`` (``"optim.lr"`` reaches inside) was set.

        Raises:
            SettingsError: The model has no such key.
        """
        return runsettings.origin(self, key)

    def history(self, key: str | KeyPath) -> tuple[Leaf, ...]:
        """Every value of ``key`` as its source sets it: the winner first, then the losers.

        Raises:
            SettingsError: The model has no such key.
        """
        return runsettings.history(self, key)

    def get(self, key: str | KeyPath) -> Any:
        """The value of ``key``; ``"optim.lr"`` reaches inside.

        Raises:
            SettingsError: The model has no such key.
        """
        return runsettings.get(self, key)

    def explain(self, key: str | KeyPath | None = None, *, as_json: bool = False) -> str:
        """Explain one key or every key: the winning value, its origin, and the losers.

        Args:
            key: A key, or a nested model for all of its keys; every key if left out.
            as_json: JSON instead of text: an array of objects with ``key``, ``value`` and
                ``history``.

        Raises:
            SettingsError: The model has no such key.
        """
        return runsettings.explain(self, key, as_json=as_json)

    def shadowed(self) -> tuple[Diagnostic, ...]:
        """A warning for each variable or flag that a value written in code beats."""
        return runsettings.shadowed(self)

    def to_dict(self, *, reveal: bool = False) -> dict[str, Any]:
        """Plain values for JSON or YAML; secrets are masked unless ``reveal``.

        Pass revealed values to another program only; never write them to a file or a log.
        """
        return runsettings.to_dict(self, reveal=reveal)

    def hide(self, value: Any) -> Any:
        """``value`` with every live secret of these settings masked."""
        return runsettings.hide(self, value)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            validating.set_attribute(self, name, value)

    def __delattr__(self, name: str) -> None:
        if name.startswith("_"):
            super().__delattr__(name)
        else:
            validating.delete_attribute(self, name)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return _values(self) == _values(other)

    def __hash__(self) -> int:
        return frozen_containers.deep_hash((type(self), *_values(self)))

    def __copy__(self) -> Self:
        # Immutable, unless validators still run.
        return self if validating.is_resolved(self) else super().__copy__()

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self if validating.is_resolved(self) else super().__deepcopy__(memo)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As in pydantic, but ``update`` is validated, as by `replace`; ``deep`` has no effect."""
        if not validating.is_resolved(self):
            return super().model_copy(update=update, deep=deep)
        return runsettings.replace(self, **update) if update else self

    if not TYPE_CHECKING:  # pydantic's plugin gives it each class's own signature

        @classmethod
        def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
            """As in pydantic: nothing is read or validated; the values' origin is this call."""
            self = super().model_construct(_fields_set, **values)
            caller = find_caller(f"{cls.__name__}.model_construct")
            validating.keep_values(self, values, caller)
            return self

    def __getstate__(self) -> dict[Any, Any]:
        return {**super().__getstate__(), RESOLUTION: resolution_of(self)}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        resolution = state.pop(RESOLUTION)
        super().__setstate__(state)
        freeze_fields(self)
        object.__setattr__(self, RESOLUTION, resolution)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, runsettings.hide(self, value)


def _values(settings: LayeredSettings) -> list[Any]:
    fields = settings.__dict__
    values = [fields[name] for name in type(settings).model_fields]
    if settings.__pydantic_extra__:
        values.append(settings.__pydantic_extra__)
    return values


class _Convenience:
    """A method or property of `LayeredSettings` that a field may replace.

    pydantic would warn that such a field shadows an attribute, and use the attribute as its
    default. This descriptor hides the attribute while pydantic collects fields.
    """

    __slots__ = ("_wrapped",)

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None and sys._getframe(1).f_globals.get("__name__") == _FIELD_COLLECTOR:
            raise AttributeError
        return self._wrapped.__get__(instance, owner)


_FIELD_COLLECTOR: Final = "pydantic._internal._fields"
"""The module of pydantic that collects the fields of a class."""

for _name, _method in list(vars(LayeredSettings).items()):
    if not _name.startswith(("_", "model_")):
        type.__setattr__(LayeredSettings, _name, _Convenience(_method))
