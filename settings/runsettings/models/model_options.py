"""What a settings class defines for its resolution: options, layers, and default inputs."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast, dataclass_transform

from pydantic import Field, PrivateAttr
from pydantic_settings import BaseSettings, SettingsConfigDict

from runsettings._deferred import deferred
from runsettings.documents.paths import several_files, working_directory
from runsettings.layers.base import Inputs
from runsettings.layers.call_site import Caller
from runsettings.layers.program_inputs import has_own_sources
from runsettings.layers.renamed import old_names_of
from runsettings.resolution.options import OptionTable
from runsettings.resolution.reading_order import Layers
from runsettings.resolution.resolve import SETTINGS_LAYERS, Resolver
from runsettings.values.errors import SettingsWarning

if TYPE_CHECKING:
    from runsettings.composition.profiles import Profiles
    from runsettings.layers import class_sources
    from runsettings.values.diagnostic import Diagnostic
    from runsettings.values.did_you_mean import did_you_mean
else:
    class_sources = deferred("runsettings.layers.class_sources")
    did_you_mean = deferred("runsettings.values.did_you_mean", "did_you_mean")


class LayeredConfigDict(SettingsConfigDict, total=False):
    """pydantic-settings' model options, and those of layered settings."""

    app_name: str | None
    """The folder of the settings files, such as ``wandb``; without it none are read."""
    pyproject_table: tuple[str, ...] | None
    """The table in ``pyproject.toml``, such as ``("tool", "myapp")``."""
    layers: Layers
    """The layers, lowest first; all of `Layer` in its order if left out."""
    root_field: str | None
    """The field with the directory of the workspace."""
    strict_field: str | None
    """The boolean field that turns warnings into errors."""
    check_values: Callable[[Any], Iterable[Diagnostic]]
    """What else is wrong with settings whose types are right; called after validation."""
    capital_variables: bool
    """Whether variables with the prefix count in capitals alone, as for the wandb client."""
    known_elsewhere: frozenset[str]
    """Keys and variables that another program reads from the same places."""


def check_options(model: type[BaseSettings]) -> None:
    """Warn at the class statement of an option without effect, and refuse a contradiction.

    Args:
        model: The settings class.

    Raises:
        TypeError: It gives the order of its sources twice, or an old name is that of a field.
    """
    has_own_sources(model, {})
    for name, info in model.model_fields.items():
        for old in old_names_of(info):
            if old.name in model.model_fields:
                raise TypeError(
                    f"{model.__name__}.{name} has the old name {old.name!r}, which is a field too"
                )
    if model.model_config.get("frozen") is False:
        warnings.warn(
            f"{model.__name__} has frozen=False, which has no effect: settings are immutable. Make "
            "changed settings with settings.replace(key=value); validators may assign",
            SettingsWarning,
            stacklevel=_outside_pydantic(),
        )


def _outside_pydantic() -> int:
    """The ``stacklevel`` of the class statement, for the caller of this function."""
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals["__name__"].partition(".")[0] in _ABOVE:
        frame = frame.f_back
        level += 1
    return level


_ABOVE: Final = ("runsettings", "pydantic", "abc")
"""The packages between a class statement and this module."""


def options(model: type[BaseSettings]) -> OptionTable:
    """The model as a table: its keys, spellings, variables, choices and secrets."""
    return resolver_of(model).table


def config_of(model: type[BaseSettings]) -> LayeredConfigDict:
    """The model's options."""
    return cast("LayeredConfigDict", model.model_config)


def layers_of(model: type[BaseSettings]) -> Layers:
    """The layers that the model reads, lowest first."""
    return config_of(model).get("layers", SETTINGS_LAYERS)


def resolver_of(model: type[BaseSettings]) -> Resolver:
    """The resolver of this class (not of a parent).

    Made at its first resolution, and again if ``model_config`` or the fields have changed.
    """
    resolver: Resolver | None = model.__dict__.get("__resolver__")
    if resolver is None or not resolver.is_current():
        type.__setattr__(model, "__changeable__", None)
        resolver = _new_resolver(model, {})
        type.__setattr__(model, "__resolver__", resolver)
    return resolver


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
    env_file_encoding: str | None = None,
    env_file_depth: int | None = None,
    profiles: Profiles | Sequence[str] | str | None = None,
) -> Inputs:
    """The inputs of a resolution. Defaults come from the model's options or the process.

    Args:
        model: The settings class.
        caller: The place of the call, which is the origin of ``values``.
        values: Settings, as the highest layer.
        args: Parsed flags, of argparse or absl.
        files: Settings files, lowest first.
        environ: The environment.
        cwd: The directory that relative paths start from.
        env_file: ``.env`` files; an empty tuple for none.
        secrets_dir: Directories with a file for each secret; an empty tuple for none.
        env_file_encoding: The encoding of the ``.env`` files.
        env_file_depth: How many parent directories are searched for a ``.env`` file.
        profiles: The profiles of composed files.
    """
    config = config_of(model)
    if env_file_encoding is None:
        env_file_encoding = config.get("env_file_encoding")
    if env_file_depth is None:
        env_file_depth = config.get("env_file_depth", 0)
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
        files=several_files(files),
        env_files=several_files(env_file),
        env_file_encoding=env_file_encoding,
        env_file_depth=env_file_depth,
        secrets_dirs=several_files(secrets_dir),
        values=values,
        profiles=profiles,
    )


def split_call(
    values: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A call's arguments of pydantic-settings, its values, and what it says of files."""
    return class_sources.split_call(values)


def resolver_for_call(model: type[BaseSettings], overrides: Mapping[str, Any]) -> Resolver:
    """A resolver for one call with arguments of pydantic-settings.

    Args:
        model: The settings class.
        overrides: The arguments, such as ``_env_prefix``.
    """
    return _new_resolver(model, {key[1:]: value for key, value in overrides.items()})


def _new_resolver(model: type[BaseSettings], overrides: Mapping[str, Any]) -> Resolver:
    config = config_of(model)
    return Resolver(
        model,
        known_elsewhere=config.get("known_elsewhere", frozenset()),
        root_field=config.get("root_field"),
        overrides=overrides,
    )


def get_missing(settings: BaseSettings, name: str) -> Any:
    """An attribute that is no plain one, as pydantic finds it; ``__getattr__`` of settings.

    Raises:
        AttributeError: There is none. It proposes a field of a similar name.
    """
    try:
        return BaseSettings.__getattr__(settings, name)  # type: ignore[attr-defined]
    except AttributeError as error:
        hint = None if name.startswith("_") else did_you_mean(name, type(settings).model_fields)
        if hint is None:
            raise
        raise AttributeError(f"{error} — {hint}", name=name, obj=settings) from None


if TYPE_CHECKING:
    from pydantic._internal._model_construction import (
        ModelMetaclass,  # noqa: TC004 - the line that uses it never runs
    )

# At the end of the module: what follows is not checked by mypy, for which the condition is true by
# its name and false by its type.
MYPY: Literal[False] = False
if MYPY:
    SettingsMetaclass = ModelMetaclass  # type: ignore[unreachable]
elif TYPE_CHECKING:
    # pydantic's metaclass tells type checkers that models have an `__eq__` that makes them
    # unhashable. mypy gets that one: pydantic's plugin for it knows no other. Settings are not
    # `frozen_default` here, because validators may assign.
    @dataclass_transform(
        kw_only_default=True, eq_default=False, field_specifiers=(Field, PrivateAttr)
    )
    class SettingsMetaclass(ModelMetaclass):
        """pydantic's metaclass."""
else:
    SettingsMetaclass = type(BaseSettings)
