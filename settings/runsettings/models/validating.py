"""Validates the merged layers into an instance, freezes it, and keeps its resolution."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_settings import BaseSettings
from pydantic_settings.exceptions import SettingsError as SourceError

from runsettings._deferred import deferred
from runsettings.composition.merge import merge
from runsettings.layers.call_site import Caller
from runsettings.layers.program_inputs import tree_of_call
from runsettings.models.freezing import freeze, freeze_extra, has_own_setter, is_immutable_type
from runsettings.resolution.aliases import as_expected
from runsettings.resolution.options import value_type
from runsettings.resolution.resolution import Resolution
from runsettings.resolution.resolve import Resolver
from runsettings.secrets import live
from runsettings.values.errors import RunsettingsError, SettingsError, SettingsWarning

# Whoever catches the error of pydantic-settings catches ours. Not where ours is defined: loading
# pydantic-settings takes longer than all that a program without settings classes needs.
SettingsError.__bases__ = (RunsettingsError, SourceError)

if TYPE_CHECKING:
    from runsettings.models import frozen_containers
    from runsettings.resolution import validation_errors
    from runsettings.secrets import masking
    from runsettings.values import rendering
    from runsettings.values.diagnostic import Diagnostic, Rule, Severity
else:
    frozen_containers = deferred("runsettings.models.frozen_containers")
    validation_errors = deferred("runsettings.resolution.validation_errors")
    masking = deferred("runsettings.secrets.masking")
    rendering = deferred("runsettings.values.rendering")
    Diagnostic = deferred("runsettings.values.diagnostic", "Diagnostic")
    Rule = deferred("runsettings.values.diagnostic", "Rule")
    Severity = deferred("runsettings.values.diagnostic", "Severity")

RESOLUTION: Final = "__resolution__"
"""The slot in which settings keep their resolution."""


def resolution_of(settings: BaseSettings) -> Resolution:
    """The resolution that ``settings`` were made from.

    Raises:
        TypeError: They are not layered settings, or their validators are still running.
    """
    resolution: Resolution | None = getattr(settings, RESOLUTION, None)
    if resolution is None:
        raise TypeError(f"{type(settings).__name__} has not been resolved")
    return resolution


def is_resolved(settings: BaseSettings) -> bool:
    """Whether the settings have been validated."""
    return hasattr(settings, RESOLUTION)


def validated(model: type[BaseSettings], resolution: Resolution, resolver: Resolver) -> Resolution:
    """Validate a resolution. Nothing is raised.

    Args:
        model: The settings class.
        resolution: The merged layers.
        resolver: The resolver that merged them.

    Returns:
        The resolution with settings, or with the errors of validation.
    """
    settings = model.__new__(model)
    done = _validate(settings, resolution, resolver, strict=False)
    return done if done.errors else done.replace(settings=settings)


def validate_into(
    settings: BaseSettings,
    resolution: Resolution,
    resolver: Resolver,
    caller: Caller,
    *,
    strict: bool = False,
) -> None:
    """Validate a resolution into an empty instance.

    Args:
        settings: The instance.
        resolution: The merged layers.
        resolver: The resolver that merged them.
        caller: The place to which warnings point.
        strict: Whether warnings are errors.

    Raises:
        SettingsError: A layer has an error. The exception has the diagnostics of all layers.
    """
    raise_or_warn(_validate(settings, resolution, resolver, strict=strict), caller)


def raise_or_warn(resolution: Resolution, caller: Caller) -> None:
    """Raise the errors of a validated resolution, or show its warnings.

    Args:
        resolution: The resolution.
        caller: The place to which warnings point.

    Raises:
        SettingsError: It has errors. The exception has all diagnostics.
    """
    if not resolution.diagnostics:
        return
    # A reference to a variable may have put its secret anywhere.
    diagnostics = live.masked(resolution.diagnostics, masking.SecretMask())
    if resolution.errors:
        raise SettingsError(diagnostics)
    message = rendering.render_problems(diagnostics, "settings")
    warnings.warn_explicit(message, SettingsWarning, caller.where, caller.line or 0)


def keep_values(settings: BaseSettings, values: Mapping[str, Any], caller: Caller) -> None:
    """Give settings a resolution whose only source is a call that did not read or validate.

    Args:
        settings: The settings.
        values: The values that the call passed.
        caller: The place of the call.
    """
    object.__setattr__(settings, RESOLUTION, Resolution(merge([tree_of_call(values, caller)])))


def freeze_fields(settings: BaseSettings) -> None:
    """Freeze the values of fields whose types are mutable."""
    fields = settings.__dict__
    for name in _changeable(type(settings)):
        fields[name] = freeze(fields[name])
    freeze_extra(settings)


def set_attribute(settings: BaseSettings, name: str, value: Any) -> None:
    """Assign an attribute: while validators run, as pydantic does for a model that is not frozen.

    Args:
        settings: The settings.
        name: The attribute, which is not private.
        value: Its new value.

    Raises:
        ImmutableError: The settings are validated, and it is not a property with a setter.
        ValueError: The model has no such field.
    """
    model = type(settings)
    info = model.model_fields.get(name)
    if info is None and has_own_setter(model, name):
        object.__setattr__(settings, name, value)
    elif is_resolved(settings):
        frozen_containers.refuse(f"{model.__name__}.{name}")
    elif info is not None:
        if model.model_config.get("validate_assignment"):
            value = TypeAdapter(value_type(info)).validate_python(value)
        settings.__dict__[name] = value
        settings.__pydantic_fields_set__.add(name)
    elif settings.__pydantic_extra__ is None:
        raise ValueError(f'"{model.__name__}" object has no field "{name}"')
    else:
        settings.__pydantic_extra__[name] = value
        settings.__pydantic_fields_set__.add(name)


def delete_attribute(settings: BaseSettings, name: str) -> None:
    """Delete what a cached property keeps; all else is refused.

    Args:
        settings: The settings.
        name: The attribute, which is not private.

    Raises:
        ImmutableError: It is no cached property.
    """
    if not has_own_setter(type(settings), name):
        frozen_containers.refuse(f"{type(settings).__name__}.{name}")
    object.__delattr__(settings, name)


def _validate(
    settings: BaseSettings, resolution: Resolution, resolver: Resolver, *, strict: bool
) -> Resolution:
    """Validate into ``settings`` and freeze them; return the resolution with all diagnostics."""
    diagnostics = list(resolution.diagnostics)
    try:
        with resolver.variables:
            made = type(settings).__pydantic_validator__.validate_python(
                as_expected(resolution.merged.data, resolver.table), self_instance=settings
            )
    except ValidationError as error:
        reported = {diagnostic.path for diagnostic in diagnostics if diagnostic.is_error}
        related = {origin for diagnostic in diagnostics for origin, _ in diagnostic.related}
        refused = validation_errors.validation_diagnostics(error, resolution.merged, resolver.table)
        diagnostics += [
            diagnostic
            for diagnostic in validation_errors.without_unread(refused, diagnostics)
            # A text that cannot be decoded is removed and reported; do not report it as missing.
            # References that wait for each other are one error, which has the places of all.
            if diagnostic.path not in reported and diagnostic.origin not in related
        ]
    else:
        if made is not settings:
            diagnostics.append(_returned_another(type(settings)))
        freeze_fields(settings)
        strict_field: Any = type(settings).model_config.get("strict_field")
        strict = strict or settings.__dict__.get(strict_field) is True
        check: Any = type(settings).model_config.get("check_values")
        if check is not None:
            object.__setattr__(settings, RESOLUTION, resolution)
            diagnostics += check(settings)
    if diagnostics:
        if strict:
            diagnostics = [diagnostic.as_error() for diagnostic in diagnostics]
        diagnostics.sort(key=_order)
        found = masking.SecretMask(resolver.secrets(resolution.merged.sources)).diagnostics(
            diagnostics
        )
        resolution = resolution.replace(diagnostics=found)
    if resolver.table.secrets or resolver.table.holding:
        new = resolution.unsearched
        sources = resolution.merged.sources if new is None else new
        live.remember_later(partial(resolver.secrets, sources, settings))
        resolution.unsearched = ()
    object.__setattr__(settings, RESOLUTION, resolution)
    return resolution


def _returned_another(model: type[BaseSettings]) -> Diagnostic:
    """The warning, which pydantic gives too, about a validator that does not return ``self``."""
    return Diagnostic.of(
        Rule.BAD_VALUE,
        (),
        f"a model validator of {model.__name__} returned another object than self",
        hint="only self counts: assign to it, and return it",
        severity=Severity.WARNING,
    )


def _changeable(model: type[BaseSettings]) -> tuple[str, ...]:
    """The fields of a class whose types are mutable; computed once for each class."""
    names: tuple[str, ...] | None = model.__dict__.get("__changeable__")
    if names is None:
        fields = model.model_fields.items()
        names = tuple(name for name, info in fields if not is_immutable_type(info.annotation))
        type.__setattr__(model, "__changeable__", names)
    return names


def _order(diagnostic: Diagnostic) -> tuple[bool, int, str, int, int]:
    """A sort key: errors first; then by source, highest first; then by position."""
    origin = diagnostic.origin
    where = (-1, "") if origin is None else (-int(origin.layer), origin.where)
    return (not diagnostic.is_error, *where, diagnostic.line or 0, diagnostic.column or 0)
