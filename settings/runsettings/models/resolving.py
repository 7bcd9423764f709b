"""How a settings class resolves: its options become inputs, all layers are merged and validated.

`LayeredSettings` offers this to users as methods. Parts of this package that ask about settings
(checks, edits, runs) call these functions, which raise nothing for what is wrong with a value.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from runsettings.documents.paths import working_directory
from runsettings.layers.base import Inputs
from runsettings.layers.call_site import Caller
from runsettings.layers.flags.layer import FlagLayer
from runsettings.models.freezing import freeze, freeze_extra, is_immutable_type
from runsettings.resolution.merge import merge
from runsettings.resolution.options import OptionTable
from runsettings.resolution.resolve import SETTINGS_LAYERS, Layers, Resolution, Resolver
from runsettings.resolution.validation_errors import validation_diagnostics
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.errors import SettingsError, SettingsWarning
from runsettings.values.origin import Layer
from runsettings.values.rendering import render_problems
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from runsettings.models.layered import LayeredConfigDict

_Settings = TypeVar("_Settings", bound=BaseSettings)

RESOLUTION: Final = "__resolution__"
"""The slot in which settings keep their resolution."""


class _ClassFacts(NamedTuple):
    """What is known of one class once it was resolved."""

    resolver: Resolver
    freezable: tuple[str, ...]
    """The fields whose values may have to be frozen."""


def config_of(model: type[BaseSettings]) -> LayeredConfigDict:
    """The model's options."""
    return cast("LayeredConfigDict", model.model_config)


def layers_of(model: type[BaseSettings]) -> Layers:
    """The layers that the model reads, lowest first."""
    return config_of(model).get("layers", SETTINGS_LAYERS)


def options_of(model: type[BaseSettings]) -> OptionTable:
    """The model, flattened: its keys, spellings, variables, choices and secrets."""
    return resolver_of(model).table


def resolver_of(model: type[BaseSettings]) -> Resolver:
    """What reads the layers of this very class; made at its first resolution."""
    return _facts(model).resolver


def resolution_of(settings: BaseSettings) -> Resolution | None:
    """What ``settings`` were resolved from; ``None`` while their validators run."""
    return getattr(settings, RESOLUTION, None)


def inputs_of(
    model: type[BaseSettings],
    caller: Caller,
    values: Mapping[str, Any] | None = None,
    *,
    args: Any = None,
    files: Sequence[str | Path] | str | Path = (),
    environ: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    env_file: Any = None,
    secrets_dir: Any = None,
) -> Inputs:
    """The inputs of a resolution; what is left out is the model's own, or the process's.

    Args:
        model: The settings class.
        caller: The place that asks.
        values: Settings, as the highest layer.
        args: Parsed flags, of argparse or absl.
        files: Settings files, lowest first.
        environ: The environment.
        cwd: The directory that relative paths start from.
        env_file: ``.env`` files; an empty tuple for none.
        secrets_dir: Directories with a file for each secret; an empty tuple for none.
    """
    config = config_of(model)
    if env_file is None:
        env_file = config.get("env_file") or ()
    if secrets_dir is None:
        secrets_dir = config.get("secrets_dir") or ()
    return Inputs(
        model=model,
        environ=os.environ if environ is None else environ,
        directory=None if cwd is None else working_directory() / cwd,
        caller=caller,
        app_name=config.get("app_name"),
        pyproject_table=config.get("pyproject_table"),
        args=args,
        files=(files,) if isinstance(files, (str, Path)) else files,
        env_files=(env_file,) if isinstance(env_file, (str, Path)) else env_file,
        secrets_dirs=(secrets_dir,) if isinstance(secrets_dir, (str, Path)) else secrets_dir,
        values={} if values is None else values,
    )


def resolve_layers(
    model: type[BaseSettings], inputs: Inputs, layers: Layers | None = None
) -> Resolution:
    """Read all layers and validate what they say together. Nothing is raised or warned about.

    Args:
        model: The settings class.
        inputs: What the layers read.
        layers: The layers, lowest first; the model's own if left out.
    """
    layers = layers_of(model) if layers is None else layers
    return validated(model, resolver_of(model).merge_layers(inputs, layers))


def validated(model: type[BaseSettings], resolution: Resolution) -> Resolution:
    """The resolution with its settings, or with what is wrong with them."""
    settings = model.__new__(model)
    validated = _validate(settings, resolution, resolver_of(model), strict=False)
    return validated if validated.errors else validated._replace(settings=settings)


def validate_into(
    settings: BaseSettings,
    resolution: Resolution,
    caller: Caller,
    *,
    resolver: Resolver | None = None,
    strict: bool = False,
) -> None:
    """Fill an empty instance with what all layers say together.

    Args:
        settings: The instance.
        resolution: What the layers say.
        caller: The place to which warnings point.
        resolver: What merged the layers; the model's own if left out.
        strict: Whether warnings are errors.

    Raises:
        SettingsError: Something in any layer is wrong. It tells everything at once.
    """
    resolver = resolver_of(type(settings)) if resolver is None else resolver
    resolution = _validate(settings, resolution, resolver, strict=strict)
    if resolution.errors:
        raise SettingsError(resolution.diagnostics)
    if resolution.diagnostics:
        message = render_problems(resolution.diagnostics, "settings")
        warnings.warn_explicit(message, SettingsWarning, caller.where, caller.line or 0)


def with_source(settings: _Settings, tree: Tree, caller: Caller) -> _Settings:
    """New settings with one more source on top, held to the same locks.

    Raises:
        SettingsError: A value in it is not valid, unknown, or of a locked key.
    """
    model = type(settings)
    new = model.__new__(model)
    validate_into(new, resolver_of(model).add(known_resolution(settings), tree), caller)
    return new


def with_flags(settings: _Settings, args: Any, caller: Caller) -> _Settings:
    """New settings with flags as one more source: above the variables, below what code passed.

    Args:
        settings: The settings.
        args: Parsed flags, of argparse or absl. Flags that the settings know change nothing.
        caller: The place to which warnings point.

    Raises:
        SettingsError: A flag's value, or a file that a flag names, is wrong.
    """
    model, resolution = type(settings), known_resolution(settings)
    resolver = resolver_of(model)
    for reading in FlagLayer().read(inputs_of(model, caller, args=args)):
        if any(diagnostic.is_error for diagnostic in reading.diagnostics):
            raise SettingsError(reading.diagnostics)
        known = [tree.data for tree in resolution.unlocked if tree.layer is Layer.FLAG]
        if resolver.normalized(reading.tree).data not in known:
            index = sum(tree.layer <= Layer.FLAG for tree in resolution.unlocked)
            resolution = resolver.add(resolution, reading.tree, index)
    new = model.__new__(model)
    validate_into(new, resolution, caller)
    return new


def held_to_site_locks(settings: _Settings, caller: Caller) -> _Settings:
    """The settings, held to the locks of this machine's site, wherever they were made.

    Settings may be unpickled from another machine, or made by ``model_construct``.

    Returns:
        ``settings`` themselves if they have these locks already.

    Raises:
        SettingsError: They set a locked key to something else.
    """
    model, resolution = type(settings), known_resolution(settings)
    held = resolver_of(model).add_locks(resolution, inputs_of(model, caller))
    if held is resolution:
        return settings
    new = model.__new__(model)
    validate_into(new, held, caller)
    return new


def keep_values(settings: BaseSettings, values: Mapping[str, Any], caller: Caller) -> None:
    """Keep ``values`` as all that was said, for settings that nothing was read or checked for."""
    tree = Tree(Layer.INIT, caller.where, dict(values), line=caller.line, call=caller.call)
    object.__setattr__(settings, RESOLUTION, Resolution(merge([tree])))


def resolver_for_call(model: type[BaseSettings], overrides: Mapping[str, Any]) -> Resolver:
    """A resolver for one call with arguments of pydantic-settings, such as ``_env_prefix``.

    Raises:
        TypeError: An argument that this package has another way for.
    """
    options = {key[1:]: value for key, value in overrides.items()}
    for name in ("env_file", "env_file_encoding", "secrets_dir"):
        options.pop(name, None)
    unknown = [name for name in options if not name.startswith(("env_", "case_"))]
    if unknown:
        names = ", ".join(f"_{name}" for name in unknown)
        raise TypeError(
            f"{model.__name__} does not take {names}; flags come from add_arguments(parser)"
        )
    return _new_resolver(model, options)


def files_for_call(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """What one call says of its files; ``_env_file=None`` reads none, as in pydantic-settings."""
    found = {"secrets_dir": overrides.get("_secrets_dir")}
    if "_env_file" in overrides:
        found["env_file"] = overrides["_env_file"] or ()
    return found


def freeze_fields(settings: BaseSettings) -> None:
    """Freeze what the fields hold, where that can change."""
    fields = settings.__dict__
    for name in _facts(type(settings)).freezable:
        fields[name] = freeze(fields[name])
    freeze_extra(settings)


def known_resolution(settings: BaseSettings) -> Resolution:
    """What ``settings`` were resolved from.

    Raises:
        TypeError: Their validators still run.
    """
    resolution = resolution_of(settings)
    if resolution is None:
        raise TypeError(f"{type(settings).__name__} was not resolved: its validators still run")
    return resolution


def _facts(model: type[BaseSettings]) -> _ClassFacts:
    facts: _ClassFacts | None = model.__dict__.get("__facts__")
    if facts is None:
        freezable = (
            name
            for name, info in model.model_fields.items()
            if not is_immutable_type(info.annotation)
        )
        facts = _ClassFacts(_new_resolver(model, {}), tuple(freezable))
        type.__setattr__(model, "__facts__", facts)
    return facts


def _new_resolver(model: type[BaseSettings], overrides: Mapping[str, Any]) -> Resolver:
    config = config_of(model)
    return Resolver(
        model,
        known_elsewhere=config.get("known_elsewhere", frozenset()),
        root_field=config.get("root_field"),
        overrides=overrides,
    )


def _validate(
    settings: BaseSettings, resolution: Resolution, resolver: Resolver, *, strict: bool
) -> Resolution:
    """Validate into ``settings``, freeze and keep; the resolution with all its diagnostics."""
    diagnostics = list(resolution.diagnostics)
    model = type(settings)
    try:
        model.__pydantic_validator__.validate_python(
            resolution.merged.data, self_instance=settings, by_alias=True, by_name=True
        )
    except ValidationError as error:
        blamed = {diagnostic.path for diagnostic in diagnostics if diagnostic.is_error}
        diagnostics += [
            diagnostic
            for diagnostic in validation_diagnostics(error, resolution.merged, resolver.table)
            # A text that could not be decoded was reported; that it is missing is no news.
            if diagnostic.path not in blamed
        ]
    else:
        freeze_fields(settings)
        strict = strict or settings.__dict__.get("strict") is True
    if diagnostics:
        if strict:
            diagnostics = [diagnostic.as_error() for diagnostic in diagnostics]
        diagnostics.sort(key=_order)
        found = SecretMask(resolver.secrets(resolution)).diagnostics(diagnostics)
        resolution = resolution._replace(diagnostics=found)
    object.__setattr__(settings, RESOLUTION, resolution)
    return resolution


def _order(diagnostic: Diagnostic) -> tuple[bool, int, str, int, int]:
    """Errors first; then source by source, the highest first, in the order of its text."""
    origin = diagnostic.origin
    where = (-1, "") if origin is None else (-int(origin.layer), origin.where)
    return (not diagnostic.is_error, *where, diagnostic.line or 0, diagnostic.column or 0)
