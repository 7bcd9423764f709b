"""Checks the settings of every layer against their model, values that lose included.

A value that loses today wins tomorrow, when a variable is unset or a file is moved. So every
source is validated alone, and then all of them together.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError, create_model

from runsettings.checks.yaml11.ambiguous_scalars import scalar_diagnostics
from runsettings.composition.merge import Merged, merge
from runsettings.documents.files import Format, read_text
from runsettings.documents.paths import shown_path
from runsettings.layers.base import Inputs
from runsettings.layers.call_site import Caller
from runsettings.layers.program_inputs import read_named
from runsettings.layers.renamed import Renamed
from runsettings.layers.settings_files.layers import (
    SETTINGS_FILES,
    read_pyproject,
    read_settings_file,
    section_of,
)
from runsettings.layers.settings_files.locations import workspace_directory
from runsettings.models import provenance
from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import inputs_of, resolver_of
from runsettings.models.resolving import resolve_layers
from runsettings.models.settings import Settings
from runsettings.models.wandb_client_names import renamed_by_client
from runsettings.resolution.normalizing.renamed_keys import with_current_names
from runsettings.resolution.options import OptionTable
from runsettings.resolution.resolution import Resolution
from runsettings.resolution.resolve import Resolver
from runsettings.resolution.validation_errors import validation_diagnostics, without_unread
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.excerpts import excerpt_of
from runsettings.values.key_paths import MISSING, value_at
from runsettings.values.origin import Kind, Layer, Origin
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree


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


def check_layers(model: type[LayeredSettings], inputs: Inputs) -> CheckedSettings:
    """Check what every layer says: all layers merged, then each source alone.

    Args:
        model: The settings class.
        inputs: What the layers read.
    """
    resolution = resolve_layers(model, inputs)
    found = list(resolution.diagnostics)
    if resolution.settings is not None:
        found += provenance.shadowed(resolution.settings)
    found += _workspace_above(resolution.settings, inputs)
    return _checked(model, resolution, found)


def check_settings_file(
    path: Path, model: type[LayeredSettings], inputs: Inputs
) -> CheckedSettings:
    """Check one settings file alone, without the other layers.

    Args:
        path: The file: INI, YAML, JSON or TOML, or a ``pyproject.toml``.
        model: The settings class.
        inputs: What the layers read.
    """
    inputs = inputs.replace(directory=inputs.cwd)
    resolution = resolver_of(model).merge_layers(inputs, [SettingsFileAlone(path)])
    return _checked(model, resolution, resolution.diagnostics)


def without_set_by(
    files: Sequence[CheckedSettings], found: Iterable[Diagnostic]
) -> list[Diagnostic]:
    """Leave out the missing values that files set which are checked alone.

    Args:
        files: The files.
        found: The diagnostics of all layers.
    """
    read = [each for file in files for each in file.diagnostics]
    return [
        each
        for each in without_unread(found, read)
        if each.rule is not Rule.MISSING_VALUE
        or all(value_at(tree.data, each.path) is MISSING for file in files for tree in file.sources)
    ]


def _checked(
    model: type[LayeredSettings], resolution: Resolution, found: Sequence[Diagnostic]
) -> CheckedSettings:
    """The diagnostics of a resolution and of each source alone, with secrets masked."""
    resolver = resolver_of(model)
    found = [*found, *_found_in_sources(model, resolver, resolution.merged, found)]
    sources = resolution.merged.sources
    secrets = resolver.secrets(sources)
    for source in sources:
        found += _quoted_texts(source, resolver.table, found)
    if issubclass(model, Settings):
        found += [note for source in sources for note in _renamed_by_client(source)]
    return CheckedSettings(
        SecretMask(secrets).diagnostics(found), resolution.settings, secrets, sources
    )


def _workspace_above(settings: LayeredSettings | None, inputs: Inputs) -> Iterator[Diagnostic]:
    """A note about the workspace of a directory further up, where somebody may expect it to count.

    A ``pyproject.toml`` is found upwards, a workspace is not.
    """
    app, cwd = inputs.app_name, inputs.cwd
    root = getattr(settings, "root_dir", None) or cwd
    home = os.path.expanduser("~")  # noqa: PTH111 - Path's raises where there is none
    if app is None or os.path.exists(workspace_directory(cwd / root, app)):  # noqa: PTH110 - never raises
        return
    for parent in cwd.parents:
        file = os.path.join(workspace_directory(parent, app), "settings")  # noqa: PTH118 - a text
        if os.path.isfile(file) and str(parent) != home:  # noqa: PTH113 - never raises
            where = shown_path(file, cwd)
            message = f"the workspace further up is not read: that of {cwd / root} counts"
            hint = f"start the program in {parent}, or name the directory in root_dir"
            yield Diagnostic.of(
                Rule.NOT_FOLLOWED, (), message, Origin(Layer.WORKSPACE, where), hint
            )
            return
        if str(parent) == home or os.path.exists(parent / ".git"):  # noqa: PTH110 - never raises
            return


def _quoted_texts(
    source: Tree, table: OptionTable, found: Sequence[Diagnostic]
) -> Iterator[Diagnostic]:
    """A warning for each text of an INI file in quotes, which are part of it there."""
    told = {each.path for each in found if each.is_error}
    for name, value in source.data.items() if source.kind is Kind.INI else ():
        path = (name,)
        if (
            name in table.options
            and isinstance(value, str)
            and len(value) > 1
            and value[0] == value[-1]
            and value[0] in "\"'"
            and path not in told
        ):
            shown = "" if table.is_secret(path) else f": {value[1:-1]}"
            yield Diagnostic.of(
                Rule.BAD_VALUE,
                path,
                "the quotes are part of the value, because INI has none",
                source.origin(path),
                f"write it without them{shown}",
                None if table.is_secret(path) else excerpt_of(source, path),
                severity=Severity.WARNING,
            )


def _renamed_by_client(source: Tree) -> Iterator[Diagnostic]:
    """A note for each setting in an INI file that the wandb client has renamed.

    It is no warning: an older client, which reads the same file, knows the old name alone.
    """
    if source.kind is Kind.INI and source.text is not None:
        whole = read_text(source.text, source.layer, source.where, Format.INI)
        alone = section_of(whole)._replace(diagnostics=())
        for each in with_current_names(alone, client_settings()).diagnostics:
            yield replace(each, severity=Severity.NOTE)


@functools.cache
def client_settings() -> type[BaseModel]:
    """The settings that the wandb client has renamed, as a model."""
    fields: dict[str, Any] = {
        new: (Annotated[Any, Renamed(old, since="the wandb client")], None)
        for old, new in renamed_by_client().items()
    }
    return create_model("ClientSettings", **fields)


def is_settings_file(path: Path, app_name: str | None) -> bool:
    """Whether a path names a settings file, and not a run config."""
    if path.name == "pyproject.toml":
        return True
    if app_name is not None and path.parent.name in {app_name, f".{app_name}"}:
        return path.name in SETTINGS_FILES
    return Format.of(path) is Format.INI and bool(path.suffix)


class SettingsFileAlone:
    """One settings file as a layer, read as the layer that it belongs to reads it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.layer = Layer.FILE  # as one that a program names
        if path.name == "pyproject.toml":
            self.layer = Layer.PYPROJECT
        elif path.name in SETTINGS_FILES:
            self.layer = Layer.WORKSPACE

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the file says."""
        path = str(self._path)
        if self.layer is Layer.PYPROJECT and inputs.pyproject_table is not None:
            return [read_pyproject(path, inputs.pyproject_table, inputs.cwd)]
        if self._path.name in SETTINGS_FILES:
            return [read_settings_file(path, self.layer, inputs.cwd)]
        return read_named(self._path, self.layer, inputs)


def _found_in_sources(
    model: type[LayeredSettings],
    resolver: Resolver,
    merged: Merged,
    known: Sequence[Diagnostic],
) -> list[Diagnostic]:
    """What is wrong with each source alone, but for what is known from all of them together."""
    seen = {(each.rule, each.path, each.origin) for each in known}
    found: list[Diagnostic] = []
    for source in merged.sources:
        alone = _refused_values(model, resolver, source)
        if source.text is not None and Format.of(Path(source.where)) is Format.YAML:
            # What may be a secret is not shown. An unknown key may be that of a secret, misspelt.
            alone += [
                each
                for each in scalar_diagnostics(source)
                if each.path and not resolver.table.is_secret(each.path)
            ]
        for each in alone:
            place = (each.rule, each.path, each.origin)
            if place not in seen:
                seen.add(place)
                found.append(_naming_winner(each, merged))
    return found


def _refused_values(
    model: type[LayeredSettings], resolver: Resolver, source: Tree
) -> list[Diagnostic]:
    """The values of one source that the model refuses, whatever the others say."""
    merged = merge([source])
    error = _validation_error(model, merged.data)
    return [
        each
        for each in (validation_diagnostics(error, merged, resolver.table) if error else ())
        # A part lacks what others give, and a model's own validator looks at the whole.
        if each.path and each.rule is not Rule.MISSING_VALUE and each.origin is not None
    ]


def _validation_error(model: type[LayeredSettings], data: dict[str, Any]) -> ValidationError | None:
    """What the model raises for a part of its values, if anything."""
    try:
        model.__pydantic_validator__.validate_python(
            data, self_instance=model.__new__(model), by_alias=True, by_name=True
        )
    except ValidationError as error:
        return error
    except Exception:  # noqa: BLE001 - a validator of the user's that needs the other sources
        # It has seen all sources together. Of one alone, each value is held against its type.
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


def _naming_winner(found: Diagnostic, merged: Merged) -> Diagnostic:
    """The diagnostic, with a hint that names the value that beats its own now, if one does."""
    winner = merged.origin(found.path) if found.path else None
    if winner is None or winner == found.origin or found.rule is Rule.YAML_SCALAR:
        return found
    loses = f"it loses to {winner} now, but may win elsewhere"
    return replace(found, hint=f"{found.hint} {loses}" if found.hint else loses)


def inputs_for(
    model: type[LayeredSettings], *, caller: Caller | None = None, **given: Any
) -> Inputs:
    """The inputs of a check; ``given`` are arguments of `LayeredSettings.resolve`."""
    return inputs_of(model, caller or Caller("runsettings check", None, None), **given)
