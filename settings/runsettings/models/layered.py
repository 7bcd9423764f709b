"""A pydantic-settings class whose values come from every layer and know their origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from runsettings.layers.base import LayerSource
from runsettings.layers.call_site import find_caller
from runsettings.models import exporting
from runsettings.models.frozen_containers import deep_hash, refuse
from runsettings.models.locking import hold_to_lock
from runsettings.models.provenance import Provenance
from runsettings.models.resolving import (
    RESOLUTION,
    files_for_call,
    freeze_fields,
    inputs_of,
    keep_values,
    known_resolution,
    layers_of,
    options_of,
    resolution_of,
    resolver_for_call,
    resolver_of,
    validate_into,
    with_source,
)
from runsettings.resolution.merge import Merged
from runsettings.resolution.options import OptionTable
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import KeyPath, Leaf, Tree


class LayeredConfigDict(SettingsConfigDict, total=False):
    """pydantic-settings' model options, and those of layered settings."""

    app_name: str | None
    """The folder of the settings files, such as ``wandb``; without it none are read."""
    pyproject_table: tuple[str, ...] | None
    """The table in ``pyproject.toml``, such as ``("tool", "myapp")``."""
    layers: Sequence[Layer | LayerSource | PydanticBaseSettingsSource]
    """The layers, lowest first; all of `Layer` in its order if left out."""
    root_field: str | None
    """The field that says where the workspace is."""
    known_elsewhere: frozenset[str]
    """Keys and variables that another program reads from the same places."""


class LayeredSettings(BaseSettings):
    """Settings that come from every layer.

    Calling the class resolves all layers, with the arguments as the highest::

        class Training(LayeredSettings):
            lr: float = 0.1

        settings = Training(lr=0.5)

    Instances are deeply immutable and hashable; equality is by value, not by origin.

    Raises:
        SettingsError: Something in any layer is wrong. It tells everything at once.
    """

    model_config: ClassVar[SettingsConfigDict] = LayeredConfigDict(
        frozen=True,
        extra="forbid",
        # `model_validate` wraps our error in pydantic's, which would quote every input.
        hide_input_in_errors=True,
    )

    # A slot, not a private attribute: pydantic would build that anew at each validation.
    __slots__ = (RESOLUTION,)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for name in cls.model_fields:
            if name in LayeredSettings.__dict__:
                raise TypeError(
                    f"{cls.__name__}.{name} would hide LayeredSettings.{name}; call the field "
                    f"{name}_ with Field(alias={name!r}): its key is {name} all the same"
                )

    def __init__(self, /, **values: Any) -> None:
        cls = type(self)
        caller = find_caller(cls.__name__)
        overrides = {key: value for key, value in values.items() if key[0:1] == "_"}
        resolver, files = resolver_of(cls), {}
        if overrides:
            values = {key: value for key, value in values.items() if key not in overrides}
            resolver, files = resolver_for_call(cls, overrides), files_for_call(overrides)
        merged = resolver.merge_layers(inputs_of(cls, caller, values, **files), layers_of(cls))
        validate_into(self, merged, caller, resolver=resolver)

    @classmethod
    def resolve(
        cls,
        *,
        args: Any = None,
        files: Sequence[str | Path] | str | Path = (),
        environ: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        layers: Sequence[Layer | LayerSource | PydanticBaseSettingsSource] | None = None,
        env_file: str | Path | Sequence[str | Path] | None = None,
        locked: str | Path | None = None,
        strict: bool = False,
        **values: Any,
    ) -> Self:
        """Resolve all layers, with any input handed in.

        Args:
            args: Parsed flags: what `runsettings.parse_args` or argparse returned (of a plain
                ``Namespace`` every attribute that is not ``None`` counts as given), or absl
                flags.
            files: YAML, JSON or TOML files, lowest first.
            environ: The environment; this process's own if left out.
            cwd: The directory that relative paths start from; the current one if left out.
            layers: The layers to read, lowest first; members of `Layer`, sources of one's own
                (`LayerSource`), or any pydantic-settings source.
            env_file: ``.env`` files to read, instead of the model's own.
            locked: A lock file; a value that is not what it says is an error, and under
                ``strict`` another origin of the same value, or another file, is one too.
            strict: Whether warnings are errors.
            **values: Settings, as the highest layer.

        Raises:
            SettingsError: Something in any layer is wrong. It tells everything at once.
        """
        self = cls.__new__(cls)
        caller = find_caller(f"{cls.__name__}.resolve")
        if strict and "strict" in cls.model_fields:
            values["strict"] = True  # who says it of the resolution says it of the settings
        inputs = inputs_of(
            cls, caller, values, args=args, files=files, environ=environ, cwd=cwd, env_file=env_file
        )
        layers = layers_of(cls) if layers is None else layers
        merged = resolver_of(cls).merge_layers(inputs, layers)
        validate_into(self, merged, caller, strict=strict)
        if locked is not None:
            hold_to_lock(self, locked, inputs.cwd, strict=strict)
        return self

    def replace(self, **changes: Any) -> Self:
        """The same settings with ``changes``, validated anew; their origin is this call.

        Raises:
            SettingsError: A change is not valid, unknown, or to a locked key.
        """
        caller = find_caller("replace")
        tree = Tree(Layer.INIT, caller.where, changes, line=caller.line, call=caller.call)
        return with_source(self, tree, caller)

    def locate(self, key: str | KeyPath) -> KeyPath:
        """The canonical path of ``key``, whichever way it is spelt: ``("optim", "lr")``.

        Raises:
            SettingsError: The model has no such key.
        """
        return self._provenance().path(key)

    def origin(self, key: str | KeyPath) -> Origin:
        """Where the value of ``key`` (``"optim.lr"`` reaches inside) was set.

        Raises:
            SettingsError: The model has no such key.
        """
        return self.history(key)[0].origin

    def history(self, key: str | KeyPath) -> tuple[Leaf, ...]:
        """All that was said about ``key``: the winner first, then whom it beat, as they said it.

        Raises:
            SettingsError: The model has no such key.
        """
        provenance = self._provenance()
        return provenance.history(provenance.path(key))

    def get(self, key: str | KeyPath) -> Any:
        """The value of ``key``; ``"optim.lr"`` reaches inside.

        Raises:
            SettingsError: The model has no such key.
        """
        provenance = self._provenance()
        return provenance.value(provenance.path(key))

    def explain(self, key: str | KeyPath | None = None, *, as_json: bool = False) -> str:
        """Why values are what they are: for ``key``, or for every key, the winner and the losers.

        Args:
            key: A key, or a nested model, of which every key is told.
            as_json: JSON instead of text: an array of objects with ``key``, ``value`` and
                ``history``.

        Raises:
            SettingsError: The model has no such key.
        """
        return self._provenance().explain(key, as_json=as_json)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was not wrong enough to stop: the warnings of this resolution."""
        return known_resolution(self).diagnostics

    @property
    def locked(self) -> frozenset[str]:
        """The keys that the site's administrator locked."""
        return known_resolution(self).locked

    @property
    def merged(self) -> Merged:
        """What all sources say together, under the model's own names and before validation."""
        return known_resolution(self).merged

    @property
    def sources(self) -> tuple[Tree, ...]:
        """Every source that said anything, lowest first."""
        return known_resolution(self).merged.sources

    def shadowed(self) -> tuple[Diagnostic, ...]:
        """Values given at start (a variable, a flag) that a value written in code beats."""
        return self._provenance().shadowed(resolver_of(type(self)).same)

    @property
    def digest(self) -> str:
        """A SHA-256 of the values, equal in every process; secrets are left out of it."""
        return exporting.digest(self, self.options().secrets)

    def to_dict(self, *, reveal: bool = False) -> dict[str, Any]:
        """Plain values for JSON or YAML; secrets are masked unless ``reveal``.

        Revealed secrets are for handing to another program, never for a file or a log.
        """
        dumped = exporting.to_dict(self, self.options().secrets, reveal=reveal)
        return dumped if reveal else cast("dict[str, Any]", self.hide(dumped))

    def hide(self, value: Any) -> Any:
        """``value`` with every live secret of these settings masked, for showing or writing.

        A key pasted into the notes is as secret there as in its own place.
        """
        # While its validators run, nothing is kept yet of what was gathered.
        return value if resolution_of(self) is None else self._provenance().hide(value)

    @classmethod
    def options(cls) -> OptionTable:
        """The model, flattened: its keys, spellings, variables, choices and secrets."""
        return options_of(cls)

    @classmethod
    def add_arguments(cls, parser: Any, *, only: Sequence[str] | None = None) -> None:
        """Give an argparse parser one flag for each field, and ``--settings-file``.

        Flags have help and choices, and no default: one that is not given sets nothing.
        Secrets get none, because every process can see another's arguments.

        Args:
            parser: An ``argparse.ArgumentParser``.
            only: The fields to make flags for; all of them if left out.
        """
        from runsettings.models import flag_definitions  # absl: most programs define no flags

        flag_definitions.add_arguments(cls.options(), parser, only)

    @classmethod
    def define_flags(cls, flag_values: Any = None, *, only: Sequence[str] | None = None) -> None:
        """Define one absl flag for each field, and ``--settings_file``.

        Args:
            flag_values: Where to define them; absl's global ``FLAGS`` if left out.
            only: The fields to make flags for; all of them if left out.
        """
        from runsettings.models import flag_definitions  # absl: most programs define no flags

        flag_definitions.define_flags(cls.options(), flag_values, only)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            refuse(f"{type(self).__name__}.{name}")

    def __delattr__(self, name: str) -> None:
        refuse(f"{type(self).__name__}.{name}")

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return deep_hash((type(self), *self._values()))

    def __copy__(self) -> Self:
        return self  # what cannot change need not be copied

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As in pydantic, but ``update`` is validated: it is `replace`."""
        del deep  # there is nothing below that could change
        return self.replace(**update) if update else self

    if not TYPE_CHECKING:  # pydantic's plugin gives it each class's own signature

        @classmethod
        def model_construct(cls, _fields_set: set[str] | None = None, **values: Any) -> Self:
            """As in pydantic: nothing is read, nothing checked; the values' origin is this call."""
            self = super().model_construct(_fields_set, **values)
            caller = find_caller(f"{cls.__name__}.model_construct")
            keep_values(self, values, caller)
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
            yield name, self.hide(value)

    def _provenance(self) -> Provenance:
        return Provenance(self, options_of(type(self)), known_resolution(self).merged)

    def _values(self) -> list[Any]:
        fields = self.__dict__
        values = [fields[name] for name in type(self).model_fields]
        if self.__pydantic_extra__:
            values.append(self.__pydantic_extra__)
        return values
