"""The sources of pydantic-settings that a class or a call names for itself, as layers.

A class names them in ``settings_customise_sources`` or with ``cli_parse_args``, a call with
arguments such as ``_cli_parse_args``. Sources that pydantic-settings brings itself (variables,
``.env``, secrets, keywords) are read by the layers of this package, which know origins.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic_settings import (
    BaseSettings,
    CliSettingsSource,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
)
from pydantic_settings.sources import DefaultSettingsSource

from runsettings.documents.paths import several_files
from runsettings.layers.base import Inputs, LayerSource
from runsettings.layers.environment.dotenv import DotenvLayer
from runsettings.layers.environment.variables import EnvironmentLayer, EnvironmentVariables
from runsettings.layers.external import ExternalLayer, SecretsLayer
from runsettings.layers.program_inputs import command_line_of
from runsettings.values.origin import Layer
from runsettings.values.reading import Reading

Source = PydanticBaseSettingsSource | Callable[[], Mapping[str, Any]]
"""A source of pydantic-settings, or a function that returns what one would return."""

_Made = TypeVar("_Made", bound=PydanticBaseSettingsSource)

_BELOW: Final = (Layer.SITE, Layer.USER, Layer.PYPROJECT, Layer.WORKSPACE)
"""Layers that pydantic-settings does not have: below all sources."""

_VARIABLE_OPTIONS: Final = (
    "case_sensitive",
    "env_prefix",
    "env_prefix_target",
    "env_nested_delimiter",
    "env_nested_max_split",
    "env_ignore_empty",
    "env_parse_none_str",
    "env_parse_enums",
)
"""The options of a source of variables, which are its attributes too."""


class StandIn:
    """A layer of this package in the place of a source of pydantic-settings.

    Args:
        reader: The layer that reads.
        name: The name under which other sources find what it says.
        changes: What it reads instead of what the resolution was told to.
    """

    def __init__(self, reader: LayerSource, name: str, **changes: Any) -> None:
        self.layer = reader.layer
        self.name = name
        self._reader = reader
        self._changes = changes

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the layer says."""
        return self._reader.read(inputs.replace(**self._changes))


class ClassSources:
    """Builds the sources of one class, anew for each resolution.

    Args:
        model: The settings class.
        variables: How the class reads variables.
        options: Arguments of the call without their first underscore, such as ``env_prefix``.
    """

    def __init__(
        self,
        model: type[BaseSettings],
        variables: EnvironmentVariables,
        options: Mapping[str, Any],
    ) -> None:
        self._model = model
        self._variables = variables
        self._options = options

    def layers(self, inputs: Inputs, readers: Mapping[Layer, LayerSource]) -> list[LayerSource]:
        """The layers in the order that the class gives them, lowest first.

        Args:
            inputs: What the resolution may look at.
            readers: The usual source of each layer.
        """
        built = self._options.get("build_sources")
        sources = self._customised(inputs) if built is None else built[0]
        if built is None:
            self._model._settings_warn_unused_config_keys((*sources,), self._model.model_config)
        init = self._made(InitSettingsSource, init_kwargs=dict(inputs.values))
        found: list[LayerSource] = [readers[layer] for layer in _BELOW]
        flags_and_files = [readers[Layer.FLAG], readers[Layer.FILE]]
        for source in reversed(sources):
            if type(source) is DefaultSettingsSource:
                continue
            if type(source) is InitSettingsSource and _same_values(source, init):
                found += flags_and_files
                flags_and_files = []
                found.append(StandIn(readers[Layer.INIT], "InitSettingsSource"))
            else:
                found.append(self._layer(source))
        return [*found, *flags_and_files]

    def _customised(self, inputs: Inputs) -> Sequence[Source]:
        """What the class makes of the sources that pydantic-settings gives it, highest first."""
        options = self._options
        environment = self._made(EnvSettingsSource)
        customise: Callable[..., tuple[Source, ...]] = self._model.settings_customise_sources
        if not inspect.ismethod(customise):
            customise = functools.partial(customise, self._model)
        sources = customise(
            self._model,
            init_settings=self._made(InitSettingsSource, init_kwargs=dict(inputs.values)),
            env_settings=environment,
            dotenv_settings=self._made(DotEnvSettingsSource, env_file=inputs.env_files or None),
            file_secret_settings=self._made(
                SecretsSettingsSource, secrets_dir=inputs.secrets_dirs or None
            ),
        )
        arguments = command_line_of(self._model, options)
        own = [source for source in sources if isinstance(source, CliSettingsSource)]
        if own:
            if arguments not in (None, False) and not own[0].env_vars:
                own[0](args=arguments)
            return sources
        given: Any = options.get("cli_settings_source")
        if given is None:
            given = self._model.model_config.get("cli_settings_source")
        if given is not None:
            return (given, *sources)
        if arguments is None:
            return sources
        command_line: Source = self._made(
            CliSettingsSource,
            **_command_line_options(options, self._model),
            case_sensitive=environment.case_sensitive,
            _env_settings_source=environment,
        )
        return (command_line, *sources)

    def _made(self, kind: type[_Made], **options: Any) -> _Made:
        """A source with those options of the call that this version of it takes."""
        taken = inspect.signature(kind.__init__).parameters
        options = {**self._options, **options}
        return kind(self._model, **{name: options[name] for name in options if name in taken})

    def _layer(self, source: Source) -> LayerSource:
        kind: type[Any] = type(source)
        attributes: Any = source
        if isinstance(source, CliSettingsSource):
            return ExternalLayer(source, Layer.FLAG)
        if kind is EnvSettingsSource:
            return StandIn(EnvironmentLayer(self._reading(source)), kind.__name__)
        if kind is DotEnvSettingsSource:
            return StandIn(
                DotenvLayer(self._reading(source)),
                kind.__name__,
                env_files=several_files(attributes.env_file),
                env_file_encoding=attributes.env_file_encoding,
                env_file_depth=getattr(source, "env_file_depth", 0),
            )
        if kind is SecretsSettingsSource:
            return StandIn(
                SecretsLayer(_variable_options(source)),
                kind.__name__,
                secrets_dirs=several_files(attributes.secrets_dir),
            )
        return ExternalLayer(source)

    def _reading(self, source: Any) -> EnvironmentVariables:
        """How this source reads variables: as the class does, unless it was given options."""
        options = _variable_options(source)
        if options == _variable_options(self._variables.source):
            return self._variables
        return EnvironmentVariables(self._model, **options)


@functools.cache
def _constructor_options() -> frozenset[str]:
    """The arguments of pydantic-settings' constructor that are no values: ``_env_file``."""
    names = inspect.signature(BaseSettings.__init__).parameters
    return frozenset(name for name in names if name[0] == "_" and name[1] != "_")


def split_call(
    values: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A call's arguments of pydantic-settings, its values, and what it says of files.

    A field may have an alias such as ``_id``: not all that has an underscore is an argument.
    ``_env_file=None`` reads no file, as in pydantic-settings.
    """
    options = {key: value for key, value in values.items() if key in _constructor_options()}
    rest = {key: value for key, value in values.items() if key not in options}
    if options.get("_build_sources") is not None:
        rest = dict(options["_build_sources"][1])
    names = ("secrets_dir", "env_file_encoding", "env_file_depth")
    files = {name: options.get(f"_{name}") for name in names}
    if "_env_file" in options:
        files["env_file"] = options["_env_file"] or ()
    return options, rest, files


def _command_line_options(options: Mapping[str, Any], model: type[BaseSettings]) -> dict[str, Any]:
    """The options of pydantic-settings' command line: those of the model, then of the call."""
    chosen = {n: v for n, v in model.model_config.items() if n.startswith("cli_")}
    return chosen | {n: v for n, v in options.items() if n.startswith("cli_") and v is not None}


def _variable_options(source: Any) -> dict[str, Any]:
    return {
        name: getattr(source, name, None) for name in _VARIABLE_OPTIONS if hasattr(source, name)
    }


def _same_values(source: InitSettingsSource, other: InitSettingsSource) -> bool:
    """Whether two sources hold the very same objects, which need not know how to compare."""
    left, right = source.init_kwargs, other.init_kwargs
    return left.keys() == right.keys() and all(left[key] is right[key] for key in left)
