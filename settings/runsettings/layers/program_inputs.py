"""What code passes: files that a program names, keyword arguments, and options of a call."""

from __future__ import annotations

import argparse
import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic_settings import BaseSettings

from runsettings._deferred import deferred
from runsettings.documents.paths import named_path, shown_path
from runsettings.layers.base import Inputs, LayerSource
from runsettings.layers.call_site import Caller, call_origin, placed_by_call
from runsettings.layers.settings_files.layers import section_of
from runsettings.values.directives import Directive
from runsettings.values.origin import Kind, Layer, origin_of_text
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from runsettings.composition import composed_files, overrides, profiles
    from runsettings.documents import files
    from runsettings.layers import copying
    from runsettings.layers.flags import namespace
    from runsettings.values.diagnostic import Diagnostic
else:
    composed_files = deferred("runsettings.composition.composed_files")
    namespace = deferred("runsettings.layers.flags.namespace")
    overrides = deferred("runsettings.composition.overrides")
    profiles = deferred("runsettings.composition.profiles")
    files = deferred("runsettings.documents.files")
    copying = deferred("runsettings.layers.copying")


class FileLayer:
    """The FILE layer: files named by the program; later files beat earlier ones."""

    layer = Layer.FILE

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Read the files."""
        named = named_files(inputs)
        return [each for file in named for each in read_named(file, Layer.FILE, inputs)]


def named_files(inputs: Inputs) -> list[str | Path]:
    """The files that the program names, with the places that name them."""
    caller = inputs.caller
    argument = "settings_files" if caller.call == "check" else "files"
    return [placed_by_call(file, caller, argument) for file in inputs.files]


class InitLayer:
    """The INIT layer: keyword arguments, whose origin is the line that made the call."""

    layer = Layer.INIT

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Read the keyword arguments."""
        if not inputs.values:
            return ()
        tree = tree_of_call(inputs.values, inputs.caller)
        return (Reading(tree, copying.copy_containers(tree)),)


def tree_of_call(values: Mapping[str, Any], caller: Caller) -> Tree:
    """The keyword arguments of a call as a source.

    Args:
        values: The arguments.
        caller: The place of the call.
    """
    return Tree(
        Layer.INIT,
        caller.where,
        dict(values),
        line=caller.line,
        call=caller.call,
        directives=may_have_directives(values),
    )


def may_have_directives(values: Mapping[str, Any]) -> bool:
    """Whether arguments of a call may hold a directive."""
    return any(isinstance(value, (dict, list, Directive)) for value in values.values())


def read_named(file: str | Path, layer: Layer, inputs: Inputs) -> Sequence[Reading]:
    """Read a settings file that somebody named, in the format its name tells.

    Args:
        file: The file; a `PlacedText` says in errors where it is named.
        layer: The layer of its values.
        inputs: They have the directory that a relative path starts from, and the profiles.

    Returns:
        The file and those that it uses, lowest first; the file alone if it is not composed.
    """
    cwd = inputs.cwd

    def read(path: str | Path) -> Reading:
        reading = files.read_file(path, layer, where=shown_path(path, cwd))
        return section_of(reading) if reading.tree.kind is Kind.INI else reading

    path = named_path(file, cwd)
    reading = read(path)
    if (origin := origin_of_text(file)) is not None:
        reading = reading.named_by(origin)
    data = reading.tree.data
    if "$config" in data:
        chain = composed_files.Composer(read, cwd, profiles_of(inputs)).compose(
            os.fspath(path), reading
        )
        if chain[0].tree is not reading.tree:
            return chain
        # A late ``$config`` is an error, and no setting.
        reading = reading._replace(diagnostics=tuple(d.as_error() for d in chain[0].diagnostics))
        del data["$config"]
    data.pop("$schema", None)  # for editors
    return (reading,)


def profiles_of(inputs: Inputs) -> profiles.Profiles:
    """The profiles of a resolution, which all its files share."""
    given, args = inputs.profiles, inputs.args
    if inputs.chosen is None and isinstance(given, profiles.Profiles):
        inputs.chosen = given
    elif inputs.chosen is None:
        assert not isinstance(given, profiles.Profiles)
        words = namespace.overrides_of(args) if isinstance(args, argparse.Namespace) else ()
        flags = overrides.Overrides(words).profiles if words else ()
        caller = call_origin(inputs.caller, "profiles")
        inputs.chosen = profiles.Profiles.of(given, inputs.environ, caller, flags)
    return inputs.chosen


def unknown_profiles(inputs: Inputs) -> list[Diagnostic]:
    """An error for each chosen profile that no file has, unless the caller reports them."""
    if inputs.chosen is None and inputs.profiles is None and inputs.args is None:
        return []  # the variable can be meant for other files
    chosen = profiles_of(inputs)
    return [] if chosen is inputs.profiles else chosen.unknown()


class LayerIfGiven:
    """A layer whose reader is made when the program first gives it something to read.

    Args:
        layer: The layer.
        name: The attribute of `Inputs` that it reads.
        make: Makes the reader.
    """

    def __init__(self, layer: Layer, name: str, make: Callable[[], LayerSource]) -> None:
        self.layer = layer
        self._name = name
        self._make = make
        self._reader: LayerSource | None = None

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the layer says; nothing where nothing was given."""
        given = getattr(inputs, self._name)
        if given is None or given == ():
            return ()
        if self._reader is None:
            self._reader = self._make()
        return self._reader.read(inputs)


def has_own_sources(model: type[BaseSettings], options: Mapping[str, Any]) -> bool:
    """Whether the class, or the call with ``options``, names sources of its own.

    Raises:
        TypeError: The class gives the order of its layers twice.
    """
    theirs = BaseSettings.settings_customise_sources.__func__  # type: ignore[attr-defined]
    # A class may have it as a plain method, which older versions call on the instance.
    ours = getattr(model.settings_customise_sources, "__func__", None)
    if ours is not theirs and "layers" in model.model_config:
        raise TypeError(
            f"{model.__name__} has both layers and settings_customise_sources; put the sources "
            "that settings_customise_sources returns into layers"
        )
    given = options.get("cli_settings_source") or model.model_config.get("cli_settings_source")
    return (
        ours is not theirs
        or options.get("build_sources") is not None
        or command_line_of(model, options) is not None
        or given is not None
    )


def has_default_models(model: type[BaseSettings], options: Mapping[str, Any]) -> bool:
    """Whether the default of a field can be updated in part: it is a model or a dataclass."""
    name = "nested_model_default_partial_update"
    return bool(options.get(name) or model.model_config.get(name)) or any(
        isinstance(info.default, BaseModel) or dataclasses.is_dataclass(info.default)
        for info in model.model_fields.values()
    )


def command_line_of(model: type[BaseSettings], options: Mapping[str, Any]) -> Any:
    """The arguments that pydantic-settings is to parse; ``True`` for the program's own."""
    given = options.get("cli_parse_args")
    return model.model_config.get("cli_parse_args") if given is None else given
