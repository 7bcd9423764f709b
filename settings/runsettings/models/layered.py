"""A pydantic-settings class whose values come from every layer and know their origin."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from runsettings.documents.paths import working_directory
from runsettings.layers.base import Inputs, LayerSource
from runsettings.layers.call_site import Caller, find_caller
from runsettings.models import exporting
from runsettings.models.freezing import freeze, freeze_extra, is_immutable_type
from runsettings.models.frozen_containers import deep_hash, refuse
from runsettings.models.provenance import Provenance
from runsettings.resolution.merge import Merged, merge
from runsettings.resolution.options import OptionTable
from runsettings.resolution.resolve import SETTINGS_LAYERS, Gathered, Resolver
from runsettings.resolution.secrets import redact
from runsettings.resolution.validation_errors import validation_diagnostics
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.errors import SettingsError, SettingsWarning
from runsettings.values.origin import Layer, Origin
from runsettings.values.rendering import render_problems
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

    # Slots, not private attributes: pydantic would build those anew at each validation.
    __slots__ = ("_gathered", "_warned")
    if TYPE_CHECKING:  # pydantic would make private attributes of the annotations
        _gathered: Gathered
        _warned: tuple[Diagnostic, ...]

    __resolver__: ClassVar[Resolver | None] = None
    __freezable__: ClassVar[tuple[str, ...]] = ()

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
        if not overrides:
            self._resolve(cls._resolver(), cls._inputs(caller, values))
            return
        resolver = cls._overridden(overrides)
        values = {key: value for key, value in values.items() if key not in overrides}
        self._resolve(resolver, cls._inputs(caller, values, **_surroundings(overrides)))

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
        inputs = cls._inputs(
            caller, values, args=args, files=files, environ=environ, cwd=cwd, env_file=env_file
        )
        self._resolve(cls._resolver(), inputs, layers, strict=strict)
        if locked is not None:
            # Most programs name no lock file, and need not load what reads one.
            from runsettings.models.locking import hold_to_lock

            hold_to_lock(self, locked, inputs.cwd, strict=strict)
        return self

    def replace(self, **changes: Any) -> Self:
        """The same settings with ``changes``, validated anew; their origin is this call.

        Raises:
            SettingsError: A change is not valid, unknown, or to a locked key.
        """
        resolver = type(self)._resolver()
        caller = find_caller("replace")
        tree = Tree(Layer.INIT, caller.where, changes, line=caller.line, call=caller.call)
        new = type(self).__new__(type(self))
        new._settle(resolver, resolver.rebase(self._gathered, tree), caller)
        return new

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
        return self._warned

    @property
    def locked(self) -> frozenset[str]:
        """The keys that the site's administrator locked."""
        return self._gathered.locked

    @property
    def merged(self) -> Merged:
        """What all sources say together, under the model's own names and before validation."""
        return self._gathered.merged

    @property
    def sources(self) -> tuple[Tree, ...]:
        """Every source that said anything, lowest first."""
        return self._gathered.merged.sources

    def shadowed(self) -> tuple[Diagnostic, ...]:
        """Values given at start (a variable, a flag) that a value written in code beats."""
        return self._provenance().shadowed(self._resolver().same)

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
        return self._provenance().hide(value) if hasattr(self, "_gathered") else value

    @classmethod
    def options(cls) -> OptionTable:
        """The model, flattened: its keys, spellings, variables, choices and secrets."""
        return cls._resolver().table

    @classmethod
    def add_arguments(cls, parser: Any, *, only: Sequence[str] | None = None) -> None:
        """Give an argparse parser one flag for each field, and ``--settings-file``.

        Flags have help and choices, and no default: one that is not given sets nothing.
        Secrets get none, because every process can see another's arguments.

        Args:
            parser: An ``argparse.ArgumentParser``.
            only: The fields to make flags for; all of them if left out.
        """
        # argparse flags are made by programs that have argparse; the rest need not load this.
        from runsettings.models import flag_definitions

        flag_definitions.add_arguments(cls.options(), parser, only)

    @classmethod
    def define_flags(cls, flag_values: Any = None, *, only: Sequence[str] | None = None) -> None:
        """Define one absl flag for each field, and ``--settings_file``.

        Args:
            flag_values: Where to define them; absl's global ``FLAGS`` if left out.
            only: The fields to make flags for; all of them if left out.
        """
        from runsettings.models import flag_definitions  # loads absl

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
            tree = Tree(Layer.INIT, caller.where, values, line=caller.line, call=caller.call)
            object.__setattr__(self, "_gathered", Gathered(merge([tree]), ()))
            object.__setattr__(self, "_warned", ())
            return self

    def __getstate__(self) -> dict[Any, Any]:
        return {**super().__getstate__(), "_gathered": self._gathered, "_warned": self._warned}

    def __setstate__(self, state: dict[Any, Any]) -> None:
        own = {name: state.pop(name) for name in ("_gathered", "_warned")}
        super().__setstate__(state)
        self._freeze()
        for name, value in own.items():
            object.__setattr__(self, name, value)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, self.hide(value)

    def _provenance(self) -> Provenance:
        return Provenance(self, self.options(), self._gathered.merged)

    def _freeze(self) -> None:
        type(self)._resolver()  # works out which fields can change
        fields = self.__dict__
        for name in type(self).__freezable__:
            fields[name] = freeze(fields[name])
        freeze_extra(self)

    def _values(self) -> list[Any]:
        fields = self.__dict__
        values = [fields[name] for name in type(self).model_fields]
        if self.__pydantic_extra__:
            values.append(self.__pydantic_extra__)
        return values

    @classmethod
    def _resolver(cls) -> Resolver:
        """What is known of this very class, worked out at its first resolution."""
        resolver = cls.__dict__.get("__resolver__")
        if resolver is None:
            resolver = cls._new_resolver({})
            cls.__freezable__ = tuple(
                name
                for name, info in cls.model_fields.items()
                if not is_immutable_type(info.annotation)
            )
            cls.__resolver__ = resolver
        return cast("Resolver", resolver)

    @classmethod
    def _new_resolver(cls, overrides: Mapping[str, Any]) -> Resolver:
        config = cast("LayeredConfigDict", cls.model_config)
        return Resolver(
            cls,
            known_elsewhere=config.get("known_elsewhere", frozenset()),
            root_field=config.get("root_field"),
            overrides=overrides,
        )

    @classmethod
    def _overridden(cls, overrides: Mapping[str, Any]) -> Resolver:
        """A resolver for one call with pydantic-settings' arguments, such as ``_env_prefix``."""
        cls._resolver()
        options = {key[1:]: value for key, value in overrides.items()}
        for name in ("env_file", "env_file_encoding", "secrets_dir"):
            options.pop(name, None)
        unknown = [name for name in options if not name.startswith(("env_", "case_"))]
        if unknown:
            names = ", ".join(f"_{name}" for name in unknown)
            raise TypeError(
                f"{cls.__name__} does not take {names}; flags come from add_arguments(parser)"
            )
        return cls._new_resolver(options)

    @classmethod
    def _inputs(
        cls,
        caller: Caller,
        values: Mapping[str, Any],
        *,
        args: Any = None,
        files: Sequence[str | Path] | str | Path = (),
        environ: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        env_file: Any = None,
        secrets_dir: Any = None,
    ) -> Inputs:
        config = cast("LayeredConfigDict", cls.model_config)
        if env_file is None:
            env_file = config.get("env_file") or ()
        if secrets_dir is None:
            secrets_dir = config.get("secrets_dir") or ()
        return Inputs(
            model=cls,
            environ=os.environ if environ is None else environ,
            directory=None if cwd is None else working_directory() / cwd,
            caller=caller,
            app_name=config.get("app_name"),
            pyproject_table=config.get("pyproject_table"),
            args=args,
            files=(files,) if isinstance(files, (str, Path)) else files,
            env_files=(env_file,) if isinstance(env_file, (str, Path)) else env_file,
            secrets_dirs=(secrets_dir,) if isinstance(secrets_dir, (str, Path)) else secrets_dir,
            values=values,
        )

    def _resolve(
        self,
        resolver: Resolver,
        inputs: Inputs,
        layers: Sequence[Layer | LayerSource | PydanticBaseSettingsSource] | None = None,
        *,
        strict: bool = False,
    ) -> None:
        if layers is None:
            config = cast("LayeredConfigDict", self.model_config)
            layers = config.get("layers", SETTINGS_LAYERS)
        self._settle(resolver, resolver.gather(inputs, layers), inputs.caller, strict=strict)

    def _settle(
        self, resolver: Resolver, gathered: Gathered, caller: Caller, *, strict: bool = False
    ) -> None:
        """Validate, freeze and keep what was gathered; raise for everything that is wrong."""
        diagnostics = list(gathered.diagnostics)
        cls = type(self)
        try:
            cls.__pydantic_validator__.validate_python(
                gathered.merged.data, self_instance=self, by_alias=True, by_name=True
            )
        except ValidationError as error:
            blamed = {diagnostic.path for diagnostic in diagnostics if diagnostic.is_error}
            diagnostics += [
                diagnostic
                for diagnostic in validation_diagnostics(error, gathered.merged, resolver.table)
                # A text that could not be decoded was reported; that it is missing is no news.
                if diagnostic.path not in blamed
            ]
        else:
            self._freeze()
            object.__setattr__(self, "_gathered", gathered)
            object.__setattr__(self, "_warned", ())
            if not diagnostics:
                return
            strict = strict or self.__dict__.get("strict") is True
        if strict:
            diagnostics = [diagnostic.as_error() for diagnostic in diagnostics]
        diagnostics.sort(key=_order)
        found = redact(diagnostics, resolver.secrets(gathered))
        if found and found[0].is_error:
            raise SettingsError(found) from None
        object.__setattr__(self, "_warned", found)
        message = render_problems(found, "settings")
        warnings.warn_explicit(message, SettingsWarning, caller.where, caller.line or 0)


def _order(diagnostic: Diagnostic) -> tuple[bool, int, str, int, int]:
    """Errors first; then source by source, the highest first, in the order of its text."""
    origin = diagnostic.origin
    where = (-1, "") if origin is None else (-int(origin.layer), origin.where)
    return (not diagnostic.is_error, *where, diagnostic.line or 0, diagnostic.column or 0)


def _surroundings(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """What one call says of its files; ``_env_file=None`` reads none, as in pydantic-settings."""
    found = {"secrets_dir": overrides.get("_secrets_dir")}
    if "_env_file" in overrides:
        found["env_file"] = overrides["_env_file"] or ()
    return found
