"""The settings of every layer, held against their model: also the values that lose.

A value that loses today wins tomorrow, when a variable is unset or a file is moved. So every
source is validated on its own besides all of them together.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ValidationError, create_model

from runsettings.checks.yaml11.ambiguous_scalars import hazard_diagnostics
from runsettings.documents.files import Format
from runsettings.documents.paths import shown_path
from runsettings.layers.base import Inputs
from runsettings.layers.call_site import Caller
from runsettings.layers.program_inputs import read_named
from runsettings.layers.settings_files.layers import PyprojectLayer, read_place
from runsettings.models.layered import LayeredSettings
from runsettings.models.resolving import inputs_of, resolve_layers, resolver_of
from runsettings.resolution.merge import Merged, merge
from runsettings.resolution.resolve import Layers, Resolution, Resolver
from runsettings.resolution.validation_errors import validation_diagnostics
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.origin import Layer
from runsettings.values.reading import Reading
from runsettings.values.tree import Kind, Tree

SETTINGS_FILES: Final = frozenset({"settings", "settings.toml", "settings.yaml"})
"""Names of settings files in a place of their own."""


@dataclass(frozen=True, slots=True)
class CheckedSettings:
    """What a check of settings found.

    Attributes:
        diagnostics: Everything that is wrong, without secrets.
        settings: The settings, if a run could have them.
        secrets: Every secret value that any source sets.
        sources: Every source that said anything.
    """

    diagnostics: tuple[Diagnostic, ...]
    settings: LayeredSettings | None
    secrets: frozenset[str]
    sources: tuple[Tree, ...]

    def text_of(self, where: str) -> str | None:
        """The text of the source with this name, if it has one in which comments count."""
        for source in self.sources:
            if source.where == where and source.kind is Kind.DOCUMENT:
                return source.text
        return None


def check_layers(
    model: type[LayeredSettings], inputs: Inputs, layers: Layers | None = None
) -> CheckedSettings:
    """Check everything that any layer says, as a resolution would, and what would lose in it.

    Args:
        model: The settings class.
        inputs: What the layers read.
        layers: The layers, lowest first; the model's own if left out.
    """
    resolution = resolve_layers(model, inputs, layers)
    found = list(resolution.diagnostics)
    if resolution.settings is not None:
        found += resolution.settings.shadowed()
    return _checked(model, resolution, found)


def check_settings_file(
    path: Path, model: type[LayeredSettings], inputs: Inputs
) -> CheckedSettings:
    """Check one settings file alone, whatever the other layers say.

    Args:
        path: The file: INI, YAML, JSON or TOML, or a ``pyproject.toml``.
        model: The settings class.
        inputs: The surroundings.
    """
    inputs = replace(inputs, directory=inputs.cwd)
    resolution = resolver_of(model).merge_layers(inputs, [_FileAlone(path)])
    return _checked(model, resolution, resolution.diagnostics)


def _checked(
    model: type[LayeredSettings], resolution: Resolution, found: Sequence[Diagnostic]
) -> CheckedSettings:
    """What was found, and what each source alone adds to it."""
    resolver = resolver_of(model)
    found = [*found, *_besides(resolver, resolution.merged, found, model)]
    secrets = resolver.secrets(resolution)
    sources = resolution.merged.sources
    return CheckedSettings(
        SecretMask(secrets).diagnostics(found), resolution.settings, secrets, sources
    )


def is_settings_file(path: Path, app_name: str | None) -> bool:
    """Whether a path names a settings file and not a run config."""
    if path.name == "pyproject.toml":
        return True
    if app_name is not None and path.parent.name in {app_name, f".{app_name}"}:
        return path.name in SETTINGS_FILES
    return Format.of(path) is Format.INI and bool(path.suffix)


class _FileAlone:
    """One settings file as a layer, read as the layer that it belongs to reads it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.layer = Layer.PYPROJECT if path.name == "pyproject.toml" else Layer.WORKSPACE

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the file says."""
        if self.layer is Layer.PYPROJECT:
            # It reads the nearest file upwards, which is this one, and names it from there.
            beside = replace(inputs, directory=self._path.parent)
            where = shown_path(self._path, inputs.cwd)
            return [_renamed(reading, where) for reading in PyprojectLayer().read(beside)]
        if self._path.name in SETTINGS_FILES:
            where = shown_path(self._path, inputs.cwd)
            for reading in read_place(str(self._path.parent), self.layer, inputs.cwd):
                if reading.tree.where == where:
                    return [reading]
        return [read_named(self._path, self.layer, inputs.cwd)]


def _renamed(reading: Reading, where: str) -> Reading:
    """The reading of a source that is called ``where``."""
    tree = reading.tree.with_data(reading.tree.data)
    tree.where = where
    diagnostics = tuple(
        replace(fault, origin=fault.origin and fault.origin._replace(where=where))
        for fault in reading.diagnostics
    )
    return reading._replace(tree=tree, diagnostics=diagnostics)


def _besides(
    resolver: Resolver,
    merged: Merged,
    known: Sequence[Diagnostic],
    model: type[LayeredSettings],
) -> list[Diagnostic]:
    """What is wrong with each source alone, and not known from all of them together."""
    seen = {(fault.rule, fault.path, fault.origin) for fault in known}
    found: list[Diagnostic] = []
    for source in merged.sources:
        faults = _faults_alone(model, resolver, source)
        if source.text is not None and Format.of(Path(source.where)) is Format.YAML:
            faults += _hazards(source, resolver)
        for fault in faults:
            place = (fault.rule, fault.path, fault.origin)
            if place not in seen:
                seen.add(place)
                found.append(_as_loser(fault, merged))
    return found


def _hazards(source: Tree, resolver: Resolver) -> list[Diagnostic]:
    """The hazards of a settings file, without what may be a secret.

    A key that nobody knows may be a secret's, misspelt; it is reported for that already.
    """
    return [
        fault
        for fault in hazard_diagnostics(source)
        if fault.path and not resolver.table.is_secret(fault.path)
    ]


def _faults_alone(
    model: type[LayeredSettings], resolver: Resolver, source: Tree
) -> list[Diagnostic]:
    """The values of one source that the model refuses, whatever the others say."""
    merged = merge([source])
    error = _refusal(model, merged.data)
    faults = [] if error is None else validation_diagnostics(error, merged, resolver.table)
    return [
        fault
        for fault in faults
        # A part lacks what others give, and a model's own validator looks at the whole.
        if fault.path and fault.rule is not Rule.MISSING_VALUE and fault.origin is not None
    ]


def _refusal(model: type[LayeredSettings], data: dict[str, Any]) -> ValidationError | None:
    try:
        model.__pydantic_validator__.validate_python(
            data, self_instance=model.__new__(model), by_alias=True, by_name=True
        )
    except ValidationError as error:
        return error
    except Exception:  # noqa: BLE001 - a validator of the user's that needs the other sources
        # It judged all sources together already. Alone, each value is held against its type.
        try:
            _without_validators(model)(**data)
        except ValidationError as error:
            return error
    return None


@functools.lru_cache(maxsize=16)
def _without_validators(model: type[LayeredSettings]) -> type[BaseModel]:
    """A model with the same fields, none of them required, and no validators of the class."""
    fields: dict[str, Any] = {
        name: (
            Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation,
            None,
        )
        for name, info in model.model_fields.items()
    }
    return create_model(model.__name__, **fields)


def _as_loser(fault: Diagnostic, merged: Merged) -> Diagnostic:
    """A fault of a value that does not count now, told so."""
    winner = merged.origin(fault.path) if fault.path else None
    if winner is None or winner == fault.origin or fault.rule is Rule.YAML_SCALAR:
        return fault
    loses = f"it loses to {winner} now, but may win elsewhere"
    return replace(fault, hint=f"{fault.hint} {loses}" if fault.hint else loses)


def inputs_for(model: type[LayeredSettings], **given: Any) -> Inputs:
    """The inputs of a check; ``given`` are those of `LayeredSettings.resolve`."""
    return inputs_of(model, Caller("runsettings check", None, None), **given)
