"""What all layers say, validated into an instance, which is frozen and keeps its resolution."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_settings import BaseSettings
from pydantic_settings.exceptions import SettingsError as SourceError

from runsettings._deferred import deferred
from runsettings.layers.call_site import Caller
from runsettings.models.freezing import freeze, freeze_extra, is_immutable_type
from runsettings.resolution.aliases import as_expected
from runsettings.resolution.merge import merge
from runsettings.resolution.options import value_type
from runsettings.resolution.resolve import Resolution, Resolver
from runsettings.secrets import live
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.errors import RunsettingsError, SettingsError, SettingsWarning
from runsettings.values.origin import Layer
from runsettings.values.tree import Tree

# Whoever catches the error of pydantic-settings catches ours. Not where ours is defined: loading
# pydantic-settings takes longer than all that a program without settings classes needs.
SettingsError.__bases__ = (RunsettingsError, SourceError)

if TYPE_CHECKING:
    from runsettings.resolution import validation_errors
    from runsettings.secrets import masking
    from runsettings.values import rendering
else:
    validation_errors = deferred("runsettings.resolution.validation_errors")
    masking = deferred("runsettings.secrets.masking")
    rendering = deferred("runsettings.values.rendering")

RESOLUTION: Final = "__resolution__"
"""The slot in which settings keep their resolution."""


def resolution_of(settings: BaseSettings) -> Resolution:
    """What ``settings`` were resolved from.

    Raises:
        TypeError: They are no layered settings, or their validators still run.
    """
    resolution: Resolution | None = getattr(settings, RESOLUTION, None)
    if resolution is None:
        raise TypeError(f"{type(settings).__name__} has not been resolved")
    return resolution


def is_resolved(settings: BaseSettings) -> bool:
    """Whether validation is over."""
    return hasattr(settings, RESOLUTION)


def validated(model: type[BaseSettings], resolution: Resolution, resolver: Resolver) -> Resolution:
    """The resolution with its settings, or with what is wrong with them. Nothing is raised."""
    settings = model.__new__(model)
    done = _validate(settings, resolution, resolver, strict=False)
    return done if done.errors else done._replace(settings=settings)


def validate_into(
    settings: BaseSettings,
    resolution: Resolution,
    resolver: Resolver,
    caller: Caller,
    *,
    strict: bool = False,
) -> None:
    """Fill an empty instance with what all layers say together.

    Args:
        settings: The instance.
        resolution: What the layers say.
        resolver: What merged them.
        caller: The place to which warnings point.
        strict: Whether warnings are errors.

    Raises:
        SettingsError: Something in any layer is wrong. It tells everything at once.
    """
    raise_or_warn(_validate(settings, resolution, resolver, strict=strict), caller)


def raise_or_warn(resolution: Resolution, caller: Caller) -> None:
    """Raise the errors of a validated resolution, or warn of its warnings.

    Raises:
        SettingsError: It has errors. The exception has all diagnostics.
    """
    if not resolution.diagnostics:
        return
    if resolution.errors:
        raise SettingsError(resolution.diagnostics)
    message = rendering.render_problems(resolution.diagnostics, "settings")
    warnings.warn_explicit(message, SettingsWarning, caller.where, caller.line or 0)


def keep_values(settings: BaseSettings, values: Mapping[str, Any], caller: Caller) -> None:
    """Keep ``values`` as all that was said, for settings that nothing was read or checked for."""
    tree = Tree(Layer.INIT, caller.where, dict(values), line=caller.line, call=caller.call)
    object.__setattr__(settings, RESOLUTION, Resolution(merge([tree])))


def freeze_fields(settings: BaseSettings) -> None:
    """Freeze what the fields hold, where that can change."""
    fields = settings.__dict__
    for name in _changeable(type(settings)):
        fields[name] = freeze(fields[name])
    freeze_extra(settings)


def assign_unfrozen(settings: BaseSettings, name: str, value: Any) -> None:
    """Assign an attribute while validators run, as pydantic does where nothing is frozen.

    Raises:
        ValueError: The model has no such field.
    """
    model = type(settings)
    info = model.model_fields.get(name)
    if info is not None:
        if model.model_config.get("validate_assignment"):
            value = TypeAdapter(value_type(info)).validate_python(value)
        settings.__dict__[name] = value
        settings.__pydantic_fields_set__.add(name)
    elif isinstance(getattr(model, name, None), property):
        object.__setattr__(settings, name, value)
    elif settings.__pydantic_extra__ is None:
        raise ValueError(f'"{model.__name__}" object has no field "{name}"')
    else:
        settings.__pydantic_extra__[name] = value
        settings.__pydantic_fields_set__.add(name)


def _validate(
    settings: BaseSettings, resolution: Resolution, resolver: Resolver, *, strict: bool
) -> Resolution:
    """Validate into ``settings``, freeze and keep; the resolution with all its diagnostics."""
    diagnostics = list(resolution.diagnostics)
    try:
        type(settings).__pydantic_validator__.validate_python(
            as_expected(resolution.merged.data, resolver.table), self_instance=settings
        )
    except ValidationError as error:
        blamed = {diagnostic.path for diagnostic in diagnostics if diagnostic.is_error}
        diagnostics += [
            diagnostic
            for diagnostic in validation_errors.validation_diagnostics(
                error, resolution.merged, resolver.table
            )
            # A text that could not be decoded was reported; that it is missing is no news.
            if diagnostic.path not in blamed
        ]
    else:
        freeze_fields(settings)
        strict_field: Any = type(settings).model_config.get("strict_field")
        strict = strict or settings.__dict__.get(strict_field) is True
    if diagnostics:
        if strict:
            diagnostics = [diagnostic.as_error() for diagnostic in diagnostics]
        diagnostics.sort(key=_order)
        found = masking.SecretMask(resolver.secrets(resolution)).diagnostics(diagnostics)
        resolution = resolution._replace(diagnostics=found)
    if resolver.table.secrets or resolver.table.holding:
        live.remember_later(partial(resolver.secrets, resolution))
    object.__setattr__(settings, RESOLUTION, resolution)
    return resolution


def _changeable(model: type[BaseSettings]) -> tuple[str, ...]:
    """The fields of a class whose values may be able to change; worked out once."""
    names: tuple[str, ...] | None = model.__dict__.get("__changeable__")
    if names is None:
        fields = model.model_fields.items()
        names = tuple(name for name, info in fields if not is_immutable_type(info.annotation))
        type.__setattr__(model, "__changeable__", names)
    return names


def _order(diagnostic: Diagnostic) -> tuple[bool, int, str, int, int]:
    """Errors first; then source by source, the highest first, in the order of its text."""
    origin = diagnostic.origin
    where = (-1, "") if origin is None else (-int(origin.layer), origin.where)
    return (not diagnostic.is_error, *where, diagnostic.line or 0, diagnostic.column or 0)
