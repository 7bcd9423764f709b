"""Reads the sources of one resolution, in the order that sources of pydantic-settings need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
)

from runsettings._deferred import deferred
from runsettings.composition.merge import combine
from runsettings.layers.base import LOG, Inputs, LayerSource, is_debugging
from runsettings.layers.environment.variables import EnvironmentLayer, EnvironmentVariables
from runsettings.layers.program_inputs import FileLayer, InitLayer, LayerIfGiven
from runsettings.layers.settings_files.layers import (
    PyprojectLayer,
    SiteLayer,
    UserLayer,
    WorkspaceLayer,
)
from runsettings.resolution.aliases import as_expected
from runsettings.resolution.options import OptionTable
from runsettings.values.origin import Layer
from runsettings.values.reading import Reading

if TYPE_CHECKING:
    from runsettings.layers import external
    from runsettings.layers.environment import dotenv
    from runsettings.layers.flags import layer as flag_layer
    from runsettings.resolution import validation_errors
else:
    dotenv = deferred("runsettings.layers.environment.dotenv")
    flag_layer = deferred("runsettings.layers.flags.layer")
    external = deferred("runsettings.layers.external")
    validation_errors = deferred("runsettings.resolution.validation_errors")

Layers = Sequence[
    Layer
    | LayerSource
    | PydanticBaseSettingsSource
    | type[PydanticBaseSettingsSource]
    | Callable[[], Mapping[str, Any]]
]
"""The layers that a resolution can read, lowest first. A class is made anew for each one."""


def readers_of(
    variables: EnvironmentVariables, overrides: Mapping[str, Any]
) -> dict[Layer, LayerSource]:
    """The usual source of each layer.

    Args:
        variables: How the model reads variables.
        overrides: Options of pydantic-settings that replace the model's own.
    """
    return {
        Layer.SITE: SiteLayer(),
        Layer.USER: UserLayer(),
        Layer.PYPROJECT: PyprojectLayer(),
        Layer.WORKSPACE: WorkspaceLayer(),
        Layer.EXTERNAL: LayerIfGiven(
            Layer.EXTERNAL, "secrets_dirs", lambda: external.SecretsLayer(overrides)
        ),
        Layer.DOTENV: LayerIfGiven(
            Layer.DOTENV, "env_files", lambda: dotenv.DotenvLayer(variables)
        ),
        Layer.ENV: EnvironmentLayer(variables),
        Layer.FLAG: LayerIfGiven(
            Layer.FLAG,
            "args",
            lambda: flag_layer.FlagLayer(),  # noqa: PLW0108 - imported when it is made
        ),
        Layer.FILE: FileLayer(),
        Layer.INIT: InitLayer(),
    }


def made_sources(layers: Layers) -> tuple[object, ...]:
    """An object of the class of each source that a model lists in its own ``layers``.

    Raises:
        TypeError: One of them has read its values already, once and for all.
    """
    found: list[object] = []
    for layer in layers:
        if isinstance(layer, (InitSettingsSource, EnvSettingsSource)):
            name = type(layer).__name__
            raise TypeError(
                f"{name} reads when it is made: put the class, or a function that makes and calls "
                f"it, into layers of {layer.settings_cls.__name__} instead of an object"
            )
        found.append(layer.__new__(layer) if _is_source_class(layer) else layer)
    return tuple(found)


def _is_source_class(layer: object) -> TypeGuard[type[PydanticBaseSettingsSource]]:
    return isinstance(layer, type) and issubclass(layer, PydanticBaseSettingsSource)


def sources_of(
    layers: Layers, readers: Mapping[Layer, LayerSource], model: type[BaseSettings]
) -> list[LayerSource | None]:
    """The source of each layer; ``None`` for a layer that reads nothing.

    Args:
        layers: The layers to read, lowest first.
        readers: The usual source of each layer.
        model: The settings class.

    Raises:
        TypeError: One of ``layers`` is not a layer or a source.
    """
    found: list[LayerSource | None] = []
    for layer in layers:
        if isinstance(layer, Layer):
            found.append(readers.get(layer))
        elif isinstance(layer, PydanticBaseSettingsSource):
            found.append(external.ExternalLayer(layer))
        elif _is_source_class(layer):
            found.append(external.ExternalLayer(layer(model)))
        elif isinstance(layer, LayerSource):
            found.append(layer)
        elif callable(layer) and not isinstance(layer, type):
            found.append(external.ExternalLayer(layer))
        else:
            raise TypeError(
                f"layers takes members of Layer, layer sources, pydantic-settings sources and "
                f"functions that return a mapping, not {layer!r}"
            )
    return found


def read_sources(
    sources: Sequence[LayerSource | None],
    inputs: Inputs,
    table: OptionTable,
) -> list[Sequence[Reading]]:
    """Read all sources except the workspace, whose location depends on the others.

    A source of pydantic-settings may look at the values of the sources above it
    (``current_state``). Where there is one, the highest source is read first.

    Args:
        sources: The sources, lowest first.
        inputs: What they read.
        table: The model's options, with the keys that pydantic-settings uses for values.

    Returns:
        The readings of each source, in the order of ``sources``.
    """
    if not any(getattr(source, "sees_others", False) for source in sources):
        read_upwards = [_read(source, inputs) for source in sources]
        if is_debugging():
            _log(sources, read_upwards, table)
        return read_upwards
    state: dict[str, Any] = {}
    states: dict[str, dict[str, Any]] = {}
    readings: list[Sequence[Reading]] = []
    for source in reversed(sources):
        if isinstance(source, external.ExternalLayer):
            source.tell(state, states)
        read = _read(source, inputs)
        values: dict[str, Any] = {}
        for reading in read:
            values = combine(values, as_expected(reading.tree.data, table), lowest=True)
        name = _name_of(source)
        if source is not None and (values or name.endswith("Source")):
            states[name] = combine(states.get(name, {}), values, lowest=True)
        state = combine(values, state, lowest=True)
        readings.append(read)
    readings.reverse()
    if is_debugging():
        _log(sources, readings, table)
    return readings


_NAMES: Final = {
    Layer.INIT: "InitSettingsSource",
    Layer.ENV: "EnvSettingsSource",
    Layer.DOTENV: "DotEnvSettingsSource",
    Layer.EXTERNAL: "SecretsSettingsSource",
    Layer.FLAG: "FlagLayer",
}
"""The sources in whose place layers of this package stand, and a layer that is made later."""


def _log(
    sources: Sequence[LayerSource | None], readings: Sequence[Sequence[Reading]], table: OptionTable
) -> None:
    """Log what each source says, as pydantic-settings does, but without the secrets."""
    of = f"Resolving settings for {table.model.__name__!r}"
    lines = [f"{of} (sources in priority order, highest first):"]
    for source, read in zip(reversed(sources), reversed(readings), strict=True):
        if source is None:
            continue
        name = _name_of(source)
        said = ", ".join(
            f"{key!r}: {validation_errors.show_value(value, secret=table.is_secret((key,)))}"
            for reading in read
            for key, value in reading.tree.data.items()
        )
        if said or name.endswith("Source"):
            lines.append(f"  {name}: {{{said}}}")
    LOG.debug("\n".join([*lines, "  DefaultSettingsSource: {}"]))


def _name_of(source: LayerSource | None) -> str:
    """What pydantic-settings calls the source that a layer stands for."""
    if source is None:
        return ""
    return getattr(source, "name", None) or _NAMES.get(source.layer, type(source).__name__)


def _read(source: LayerSource | None, inputs: Inputs) -> Sequence[Reading]:
    # DEFAULT reads nothing: pydantic fills in the defaults.
    if source is None or isinstance(source, WorkspaceLayer):
        return ()
    return source.read(inputs)
