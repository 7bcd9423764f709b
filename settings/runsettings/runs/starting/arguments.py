"""Makes a source of settings from the arguments of `init`, with each argument as an origin."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeGuard

from runsettings.composition.profiles import Profiles
from runsettings.documents.paths import working_directory
from runsettings.layers.base import Inputs
from runsettings.layers.call_site import Caller, call_origin
from runsettings.layers.flags.namespace import settings_part
from runsettings.layers.program_inputs import may_have_directives
from runsettings.models.resolving import (
    held_to_site_locks,
    resolve,
    with_flags,
    with_source,
)
from runsettings.models.settings import Settings
from runsettings.resolution.resolve import SETTINGS_LAYERS
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import SettingsError
from runsettings.values.origin import Layer, Origin, PlacedText
from runsettings.values.positions import Branch
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

FIELDS: Final = {
    "job_type": "run_job_type",
    "dir": "root_dir",
    "tags": "run_tags",
    "group": "run_group",
    "name": "run_name",
    "notes": "run_notes",
    "id": "run_id",
    "tensorboard": "sync_tensorboard",
    "host": "base_url",
    "key": "api_key",
}
"""The names of settings that differ from the argument of `init`, by argument."""


def resolve_settings(
    given: Mapping[str, Any],
    settings: Settings | Mapping[str, Any] | str | os.PathLike[str] | None,
    caller: Caller,
    config: Any = None,
    profiles: Profiles | None = None,
) -> Settings:
    """Resolve the settings of one call of `init`.

    Args:
        given: The arguments that were given, by their names in the call.
        settings: The argument ``settings``, with lower precedence than the other arguments.
        caller: The place of the call.
        config: The argument ``config``. Flags in it that `Settings.add_arguments` added are
            settings, in the flag layer.
        profiles: The profiles of composed files, shared with the files of the config.

    Returns:
        The settings.

    Raises:
        SettingsError: A setting of any layer is wrong.
    """
    call = _arguments(given, caller)
    flags = settings_part(config)
    if isinstance(settings, Settings):
        held = held_to_site_locks(settings, caller)
        if flags is not None:
            held = with_flags(held, flags, caller)
        return with_source(held, call, caller) if given else held
    below: Sequence[Tree] = ()
    files: Sequence[str] = ()
    if isinstance(settings, Mapping):
        below = [_tree(dict(settings), dict.fromkeys(settings, "settings"), caller)]
    elif _is_path(settings):
        files = [PlacedText(settings, call_origin(caller, "settings"))]
    elif settings is not None:
        raise SettingsError.of(
            Rule.BAD_INPUT,
            f"must be a Settings, a dict or a path; got {type(settings).__name__}",
            path=("settings",),
            origin=Origin(Layer.INIT, caller.where, caller.line, None, "init(settings=)"),
        )
    layers = [
        _CallLayer([*below, call]) if layer is Layer.INIT else layer for layer in SETTINGS_LAYERS
    ]
    # The working directory may be deleted, and the run may go to another one.
    return resolve(
        Settings,
        args=flags,
        files=files,
        layers=layers,
        cwd=working_directory(),
        profiles=profiles,
    )


def _is_path(given: object) -> TypeGuard[str | os.PathLike[str]]:
    try:
        return isinstance(os.fspath(given), str)  # type: ignore[call-overload]
    except TypeError:
        return False


class _CallLayer:
    """The INIT layer of `init`, whose arguments have different names from the settings."""

    layer = Layer.INIT

    def __init__(self, trees: Sequence[Tree]) -> None:
        self._trees = trees

    def read(self, inputs: Inputs) -> Sequence[Reading]:  # noqa: ARG002 - the layers' signature
        """The arguments."""
        return [Reading(tree) for tree in self._trees]


def _arguments(given: Mapping[str, Any], caller: Caller) -> Tree:
    """The arguments as a tree, with the names of the settings as keys.

    Raises:
        SettingsError: Two arguments of one setting have different values.
    """
    data: dict[str, Any] = {}
    arguments: dict[str, str] = {}
    for argument, value in given.items():
        field = FIELDS.get(argument, argument)
        if field in data and data[field] != value:
            raise SettingsError.of(
                Rule.KEY_COLLISION,
                f"{argument}={value!r} and {arguments[field]}={data[field]!r} are one setting",
                path=(field,),
                origin=Origin(Layer.INIT, caller.where, caller.line, None, "init()"),
                hint=f"give {field} alone",
            )
        data[field] = value
        arguments[field] = argument
    return _tree(data, arguments, caller)


def _tree(data: dict[str, Any], arguments: Mapping[str, str], caller: Caller) -> Tree:
    marks = Branch()
    for field, argument in arguments.items():
        marks[field] = Origin(
            Layer.INIT, caller.where, caller.line, None, f"{caller.call}({argument}=)"
        )
    return Tree(
        Layer.INIT,
        caller.where,
        data,
        marks,
        line=caller.line,
        call=caller.call,
        directives=may_have_directives(data),
    )
