"""Resolves settings classes: merges all layers of a class, and validates the result.

`LayeredSettings` has methods of the same names. Other rooms (checks, runs) call these functions,
because a field of a model may have the name of a method.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic_settings import BaseSettings

from runsettings._deferred import deferred
from runsettings.composition.merge import merge
from runsettings.layers.base import Inputs
from runsettings.layers.call_site import Caller, find_caller
from runsettings.layers.known_arguments import known_arguments
from runsettings.layers.program_inputs import tree_of_call
from runsettings.models.model_options import config_of, inputs_of, layers_of, resolver_of
from runsettings.models.provenance import locate
from runsettings.models.validating import raise_or_warn, resolution_of, validate_into, validated
from runsettings.resolution.reading_order import Layers
from runsettings.resolution.resolution import Resolution
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.errors import SettingsError
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Layer
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from runsettings.composition.profiles import Profiles
    from runsettings.layers.flags.layer import FlagLayer
    from runsettings.models.locking import hold_to_lock
else:
    FlagLayer = deferred("runsettings.layers.flags.layer", "FlagLayer")
    hold_to_lock = deferred("runsettings.models.locking", "hold_to_lock")

_Settings = TypeVar("_Settings", bound=BaseSettings)


@known_arguments()
def resolve(
    model: type[_Settings],
    /,
    *,
    values: Mapping[str, Any] | None = None,
    args: Any = None,
    files: Sequence[str | Path] | str | Path = (),
    environ: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    layers: Layers | None = None,
    env_file: str | Path | Sequence[str | Path] | None = None,
    profiles: Profiles | Sequence[str] | str | None = None,
    locked: str | Path | None = None,
    strict: bool = False,
) -> _Settings:
    """Resolve all layers with the given inputs.

    Args:
        model: The settings class.
        values: Settings, as the highest layer.
        args: Parsed flags: what `runsettings.parse_args` or argparse returned (of a plain
            ``Namespace`` every attribute that is not ``None`` counts as given), or absl flags.
        files: YAML, JSON or TOML files, lowest first; they may be composed.
        environ: The environment; this process's own if left out.
        cwd: The directory that relative paths start from; the current one if left out.
        layers: The layers to read, lowest first: members of `Layer`, objects with the interface
            of `LayerSource`, sources of pydantic-settings or their classes, and functions that
            return a mapping.
        env_file: ``.env`` files to read instead of the model's own.
        profiles: The profiles of composed ``files``; by default those of ``--profile``, and then
            of ``RUNSETTINGS_PROFILE``.
        locked: A lock file. A value that differs from it is an error; under ``strict``, so is
            another origin of the same value, or a changed file.
        strict: Whether warnings are errors.

    Returns:
        The settings.

    Raises:
        SettingsError: A layer has an error. The exception has the diagnostics of all layers.
    """
    settings = model.__new__(model)
    caller = find_caller()
    method = str(caller.call).rpartition(".")[2]  # such as `from_run`
    caller.call = f"{model.__name__}.{method if hasattr(model, method) else 'resolve'}"
    values = dict(values or {})
    strict_field = config_of(model).get("strict_field")
    if strict and strict_field:
        values[strict_field] = True  # the settings record that they were resolved strictly
    inputs = inputs_of(
        model,
        caller,
        values,
        args=args,
        files=files,
        environ=environ,
        cwd=cwd,
        env_file=env_file,
        profiles=profiles,
    )
    resolver = resolver_of(model)
    merged = resolver.merge_layers(inputs, layers_of(model) if layers is None else layers)
    validate_into(settings, merged, resolver, caller, strict=strict)
    if locked is not None:
        hold_to_lock(settings, locked, inputs.cwd, strict=strict)
    return settings


def replace(settings: _Settings, /, **changes: Any) -> _Settings:
    """Return new, validated settings with ``changes``; their origin is this call.

    Args:
        settings: The settings, which are not changed.
        **changes: New values.

    Raises:
        SettingsError: A change is not valid, or is to an unknown or locked key.
    """
    caller = find_caller("replace")
    return with_source(settings, tree_of_call(changes, caller), caller)


def diagnostics(settings: BaseSettings) -> tuple[Diagnostic, ...]:
    """The warnings of the settings' resolution."""
    return resolution_of(settings).diagnostics


def locked(settings: BaseSettings) -> frozenset[str]:
    """The keys that the site's administrator locked."""
    return resolution_of(settings).locked


def sources(settings: BaseSettings) -> tuple[Tree, ...]:
    """Every source that sets a value, lowest first."""
    return resolution_of(settings).merged.sources


def resolve_layers(model: type[BaseSettings], inputs: Inputs) -> Resolution:
    """Read all layers, and validate the merged values. No error is raised, no warning shown.

    Args:
        model: The settings class.
        inputs: What the layers read.

    Returns:
        The resolution, with settings or with errors.
    """
    resolver = resolver_of(model)
    return validated(model, resolver.merge_layers(inputs, layers_of(model)), resolver)


_UNREAD: Final = (Rule.UNREADABLE_FILE, Rule.FILE_TOO_LARGE, Rule.BAD_INPUT)
"""Rules about whole files, whose errors are placed where the file is named."""


def resolve_for_key(
    model: type[_Settings], key: str, **given: Any
) -> tuple[_Settings, list[Diagnostic]]:
    """Resolve all layers for the value of one key, even if other keys have errors.

    Args:
        model: The settings class.
        key: The key; ``optim.lr`` reaches inside.
        **given: Inputs, as `resolve` takes them.

    Returns:
        The settings, without the values of keys that have errors, and these errors.

    Raises:
        SettingsError: There is no such key, the key has an error itself, a file that may have
            it cannot be read, or the settings are not valid without the keys that have errors.
    """
    caller = find_caller()
    resolution = resolve_layers(model, inputs_of(model, caller, **given))
    errors = resolution.errors
    if not errors:
        raise_or_warn(resolution, caller)
        return resolution.settings, []
    wrong = {error.path for error in errors if error.path}
    read = {source.where for source in resolution.merged.sources if source.data}
    for error in errors:
        where = None if error.origin is None else error.origin.where
        if not error.path and (error.rule in _UNREAD or where not in read):
            raise SettingsError(resolution.diagnostics)
    sources = [
        source.with_data(_without(source.data, wrong)) for source in resolution.merged.sources
    ]
    rest = validated(model, Resolution(merge(sources)), resolver_of(model)).settings
    if rest is not None:
        asked = locate(rest, key)
        if not any(path[: len(asked)] == asked[: len(path)] for path in wrong):
            return rest, errors
    raise SettingsError(resolution.diagnostics)


def with_source(settings: _Settings, tree: Tree, caller: Caller) -> _Settings:
    """Return new settings with one more source above all others, under the same locks.

    Args:
        settings: The settings, which are not changed.
        tree: The source.
        caller: The place to which warnings point.

    Raises:
        SettingsError: A value in it is not valid, unknown, or of a locked key.
    """
    added = resolver_of(type(settings)).add(resolution_of(settings), tree)
    return _resolved_again(settings, added, caller)


def with_flags(settings: _Settings, args: Any, caller: Caller) -> _Settings:
    """Return new settings with flags as one more source, above variables and below code.

    Args:
        settings: The settings, which are not changed.
        args: Parsed flags, of argparse or absl. Flags that are among the sources already are
            not added again.
        caller: The place to which warnings point.

    Raises:
        SettingsError: A flag's value is not valid, or a file that a flag names has an error.
    """
    model, resolution = type(settings), resolution_of(settings)
    resolver = resolver_of(model)
    for reading in FlagLayer().read(inputs_of(model, caller, args=args)):
        if any(diagnostic.is_error for diagnostic in reading.diagnostics):
            raise SettingsError(reading.diagnostics)
        known = [tree.data for tree in resolution.unlocked if tree.layer is Layer.FLAG]
        if resolver.normalized(reading.tree).data not in known:
            index = sum(tree.layer <= Layer.FLAG for tree in resolution.unlocked)
            resolution = resolver.add(resolution, reading.tree, index)
    return _resolved_again(settings, resolution, caller)


def held_to_site_locks(settings: _Settings, caller: Caller) -> _Settings:
    """Apply the locks of this machine's site files to settings.

    Settings may be unpickled from another machine, or made by ``model_construct``.

    Args:
        settings: The settings, which are not changed.
        caller: The place to which warnings point.

    Returns:
        ``settings`` if they have these locks already, else new settings.

    Raises:
        SettingsError: The settings set a locked key to another value.
    """
    model, resolution = type(settings), resolution_of(settings)
    held = resolver_of(model).add_locks(resolution, inputs_of(model, caller))
    return settings if held is resolution else _resolved_again(settings, held, caller)


def _resolved_again(settings: _Settings, resolution: Resolution, caller: Caller) -> _Settings:
    model = type(settings)
    new = model.__new__(model)
    validate_into(new, resolution, resolver_of(model), caller)
    return new


def _without(data: dict[str, Any], paths: Collection[KeyPath]) -> dict[str, Any]:
    """Nested data without the values at ``paths``; ``data`` itself is not changed."""
    kept = {}
    for key, value in data.items():
        inside = {path[1:] for path in paths if path and path[0] == key}
        if () in inside:
            continue
        kept[key] = _without(value, inside) if inside and isinstance(value, dict) else value
    return kept
