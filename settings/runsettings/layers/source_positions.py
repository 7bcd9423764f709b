"""Where the values of a pydantic-settings source stand: in a file, or on the command line.

The source tells values alone. Its files are read a second time, with positions, and each value
is looked up in the last of them that has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import AliasChoices, AliasPath, BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import (
    CliSettingsSource,
    JsonConfigSettingsSource,
    TomlConfigSettingsSource,
    YamlConfigSettingsSource,
)

from runsettings.documents.files import Format, read_file
from runsettings.documents.paths import named_path, several_files, shown_path
from runsettings.layers.base import Inputs
from runsettings.values.key_paths import MISSING, KeyPath, value_at
from runsettings.values.origin import Layer, Origin
from runsettings.values.positions import Branch, Marks
from runsettings.values.tree import Tree

_FILES: Final = (
    (JsonConfigSettingsSource, "json_file_path", Format.JSON),
    (TomlConfigSettingsSource, "toml_file_path", Format.TOML),
    (YamlConfigSettingsSource, "yaml_file_path", Format.YAML),
)
"""The sources that read files, the attribute that names these, and what they hold."""


def places_of(
    source: Any, data: Mapping[str, Any], layer: Layer, inputs: Inputs
) -> Marks | Callable[[], Marks]:
    """The places of what a source returned; made when they are first asked for.

    Args:
        source: The source.
        data: What it returned.
        layer: The layer of its values.
        inputs: What the resolution may look at.
    """
    if isinstance(source, CliSettingsSource):
        return _flags(data, (), source, layer, inputs.model)
    for kind, attribute, format_ in _FILES:
        if isinstance(source, kind):
            files = several_files(getattr(source, attribute))
            section = _section(source)
            return lambda: _marks(data, [*_trees(files, format_, layer, inputs.cwd)], section)
    return None


def _trees(files: Sequence[Any], format_: Format, layer: Layer, cwd: Path) -> Iterator[Tree]:
    for file in files:
        if isinstance(file, (str, PathLike)):  # what is inside of a package has no place
            path = named_path(file, cwd)
            if path.is_file():
                yield read_file(path, layer, where=shown_path(path, cwd), format=format_).tree


def _section(source: Any) -> KeyPath:
    """The keys under which the source finds its values in a file."""
    header = getattr(source, "toml_table_header", None)
    if header:
        return tuple(header)
    named = getattr(source, "yaml_config_section", None)
    return (named,) if named else ()


def _marks(data: Mapping[str, Any], trees: Sequence[Tree], section: KeyPath) -> Branch:
    names = {s for tree in trees for s in _sections(tree.data, section)}
    return _branch(data, (), [(tree, start) for tree in trees for start in names])


def _sections(data: Mapping[str, Any], section: KeyPath) -> Iterator[KeyPath]:
    """The paths that a section can mean: a YAML section may have dots in its keys."""
    if len(section) != 1 or "." not in str(section[0]):
        yield section
        return
    name = str(section[0])
    if name in data:
        yield (name,)
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        inner = data.get(".".join(parts[:end]))
        if isinstance(inner, dict):
            for rest in _sections(inner, (".".join(parts[end:]),)):
                yield (".".join(parts[:end]), *rest)


def _branch(
    data: Mapping[str, Any], path: KeyPath, files: Sequence[tuple[Tree, KeyPath]]
) -> Branch:
    branch = Branch()
    for key, value in data.items():
        here = (*path, key)
        # Any case: pydantic-settings finds keys so where the model says that case is no matter.
        for tree, start in reversed(files):
            found = _found(tree.data, (*start, *here))
            if found is not None:
                origin: Any = tree.origin(found)
                if isinstance(value, dict):
                    inner = _branch(value, here, files)
                    inner.here = origin
                    branch[key] = inner
                else:
                    branch[key] = origin
                break
    return branch


def _found(data: Any, path: KeyPath) -> KeyPath | None:
    """The path as the file writes it, or ``None``."""
    if value_at(data, path) is not MISSING:
        return path
    found: list[Any] = []
    for part in path:
        if not isinstance(data, Mapping):
            return None
        key = next((k for k in data if str(k).lower() == str(part).lower()), None)
        if key is None:
            return None
        found.append(key)
        data = data[key]
    return tuple(found)


def _flags(
    data: Mapping[str, Any],
    path: KeyPath,
    source: Any,
    layer: Layer,
    type_: Any,
    commands: KeyPath = (),
) -> Branch:
    """The flag of each value, or the name of a positional argument or subcommand.

    Args:
        data: What the source returned, or a mapping in it.
        path: The path of ``data`` in the model of the program or of the subcommand.
        source: The source.
        layer: The layer of its values.
        type_: The type of ``data``.
        commands: The subcommands that ``path`` starts below.
    """
    branch = Branch()
    for key, value in data.items():
        here = (*path, key)
        info = _field(type_, key)
        kinds = {getattr(kind, "__name__", "") for kind in getattr(info, "metadata", ())}
        name = f"{source.cli_prefix}{'.'.join(map(str, here))}"
        if kinds & {"_CliPositionalArg", "_CliSubCommand"}:
            name = ".".join(map(str, (*commands, *here)))
        else:
            name = f"{source.cli_flag_prefix_char * (1 if len(name) == 1 else 2)}{name}"
            name = " ".join([*map(str, commands), name])
        if source.cli_kebab_case:
            name = name.replace("_", "-")
        origin: Any = Origin(layer, name)
        branch[key] = origin
        if isinstance(value, dict):
            inner_type = getattr(info, "annotation", None)
            below = ((), (*commands, *here)) if "_CliSubCommand" in kinds else (here, commands)
            inner = _flags(value, below[0], source, layer, inner_type, below[1])
            inner.here = origin
            branch[key] = inner
    return branch


def _field(type_: Any, key: str) -> FieldInfo | None:
    """The field that ``key`` sets, of the model that the type is, or of one in its union."""
    if not (isinstance(type_, type) and issubclass(type_, BaseModel)):
        found = (_field(part, key) for part in get_args(type_))
        return next((info for info in found if info is not None), None)
    for name, info in type_.model_fields.items():
        alias = info.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
        heads = [c.path[0] if isinstance(c, AliasPath) else c for c in choices]
        if key in (name, *heads):
            return info
    return None
