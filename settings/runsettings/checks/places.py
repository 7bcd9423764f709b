"""Finds every place where settings are looked for, and files that are near but not read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from runsettings.checks.configs.every_run import DEFAULTS_FILE, files_of_every_run
from runsettings.documents.paths import named_path, shown_path
from runsettings.layers.base import Inputs
from runsettings.layers.environment.dotenv import places_of
from runsettings.layers.flags.layer import SETTINGS_FILE
from runsettings.layers.settings_files import locations
from runsettings.layers.settings_files.layers import SETTINGS_FILES, read_pyproject
from runsettings.layers.settings_files.locations import root_of
from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import config_of, layers_of
from runsettings.models.resolving import resolve_layers
from runsettings.models.settings import Settings
from runsettings.runconfig.typed import RunConfig
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.key_paths import leaves_of
from runsettings.values.origin import Layer, Origin
from runsettings.values.rendering import counted
from runsettings.values.tree import Tree

State: TypeAlias = Literal["read", "missing", "ignored", "wrong"]

_CONFIG: Final = "config"
"""What stands for the layer of the files that every run reads for its config."""

_SIMILAR: Final = frozenset({"", ".yaml", ".yml", ".json", ".toml", ".ini", ".cfg"})
"""Suffixes of files that somebody may have meant as settings."""


class Place(NamedTuple):
    """A place where settings are looked for, or a file that is near one."""

    layer: str
    """The name of the layer; ``config`` for the files of a run's config."""
    path: str
    """A file, a directory that is not there, or ``variables``."""
    state: State
    """Whether it was read, is not there, is not looked at, or cannot be read."""
    values: int = 0
    """How many values it sets."""
    note: str = ""
    """What names it, or why it is not read."""

    @property
    def found(self) -> str:
        """What was found there, in words."""
        if self.state == "read":
            count = counted(self.values, "value") if self.values else "no value"
            return f"read, {count}" + (f", {self.note}" if self.note else "")
        words = {"missing": "not there", "ignored": "not read", "wrong": "cannot be read"}
        return words[self.state] + (f": {self.note}" if self.note else "")


def find_places(model: type[LayeredSettings], inputs: Inputs) -> list[Place]:
    """Every place where the layers of a model look, lowest first, and files that are near.

    Args:
        model: The settings class.
        inputs: What its layers read.
    """
    return list(_Search(model, inputs).places())


class _Search:
    def __init__(self, model: type[LayeredSettings], inputs: Inputs) -> None:
        self._model = model
        self._inputs = inputs
        self._cwd = inputs.cwd
        self._resolution = resolve_layers(model, inputs)
        self._sources = self._resolution.merged.sources
        self._listed: set[str] = set()

    def places(self) -> Iterator[Place]:
        """The places of all layers."""
        steps: dict[Layer, Any] = {
            Layer.SITE: self._site,
            Layer.USER: self._user,
            Layer.PYPROJECT: self._pyproject,
            Layer.WORKSPACE: self._workspace,
            Layer.DOTENV: self._dotenv,
            Layer.ENV: self._variables,
        }
        for layer in layers_of(self._model):
            if isinstance(layer, Layer) and layer in steps:
                yield from steps[layer]()
        yield from self._named()
        yield from self._config()

    def _file(self, layer: Layer | str, path: str | Path, note: str = "") -> Place:
        """One file that is looked for."""
        where = shown_path(path, self._cwd)
        self._listed.add(where)
        label = layer if isinstance(layer, str) else layer.label
        if not locations.is_there(str(path)):
            return Place(label, where, "missing", note=note)
        trees = [tree for tree in self._sources if tree.where == where]
        for each in self._resolution.diagnostics:
            if trees or each.origin is None or each.origin.where != where:
                continue
            if each.line is None or each.excerpt is not None:  # else it names another file
                return Place(label, where, "wrong", note=each.message)
        notes = [note, *dict.fromkeys(map(_chain, trees)), self._outside(path)]
        count = sum(len(list(leaves_of(tree.data))) for tree in trees)
        return Place(label, where, "read", count, ", ".join(filter(None, notes)))

    def _outside(self, path: str | Path) -> str:
        """A note about a named file that is not below the directory of the project."""
        found = locations.find_pyproject(self._cwd) if self._cwd.is_absolute() else None
        project = self._cwd if found is None else Path(found).parent
        real = Path(os.path.realpath(path))
        composed = any(t.composed and t.where == shown_path(path, self._cwd) for t in self._sources)
        outside = composed and not real.is_relative_to(os.path.realpath(project))
        return f"outside of {project}" if outside else ""

    def _ignored(self, layer: Layer | str, path: str | Path, why: str) -> Iterator[Place]:
        """A file that is near, if it is there and not read."""
        where = shown_path(path, self._cwd)
        if where not in self._listed and os.path.isfile(path):  # noqa: PTH113 - false for what can be no name
            self._listed.add(where)
            label = layer if isinstance(layer, str) else layer.label
            yield Place(label, where, "ignored", note=why)

    def _directory(self, layer: Layer, directory: str | Path) -> Iterator[Place]:
        """The settings files of a directory, and files in it with other names."""
        if not locations.is_there(str(directory)):
            where = shown_path(directory, self._cwd)
            yield Place(layer.label, where + os.sep, "missing", note="no such directory")
            return
        for name in SETTINGS_FILES:
            yield self._file(layer, os.path.join(directory, name))  # noqa: PTH118 - a text, as above
        for name in _names_in(directory):
            stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a text
            if suffix.lower() in _SIMILAR and stem.lower().strip(".") in ("settings", "setting"):
                read = "settings" if suffix in ("", ".ini", ".cfg") else "settings.yaml"
                why = f"wrong name; {read} is read"
                yield from self._ignored(layer, os.path.join(directory, name), why)  # noqa: PTH118

    def _site(self) -> Iterator[Place]:
        app = self._inputs.app_name
        if app is None:
            return
        yield from self._directory(Layer.SITE, locations.site_directory() / app)
        for base in filter(None, self._inputs.environ.get("XDG_CONFIG_DIRS", "").split(":")):
            why = "wrong directory; the site's own is fixed, because it can lock keys"
            for name in SETTINGS_FILES:
                yield from self._ignored(Layer.SITE, Path(base, app, name), why)

    def _user(self) -> Iterator[Place]:
        app, environ = self._inputs.app_name, self._inputs.environ
        directory = None if app is None else locations.user_directory(app, environ)
        if app is None or directory is None:
            return
        yield from self._directory(Layer.USER, directory)
        home = environ.get("HOME", "")
        for base in (environ.get("XDG_CONFIG_HOME", ""), home and f"{home}/.config"):
            for name in SETTINGS_FILES if base else ():
                why = f"wrong directory; the user's is {shown_path(directory, self._cwd)}"
                yield from self._ignored(Layer.USER, Path(base, app, name), why)

    def _pyproject(self) -> Iterator[Place]:
        table = self._inputs.pyproject_table
        if table is None or not self._cwd.is_absolute():
            return
        found = locations.find_pyproject(self._cwd)
        if found is None:
            note = "in no directory above, either"
            yield Place(Layer.PYPROJECT.label, "pyproject.toml", "missing", note=note)
            return
        place = self._file(Layer.PYPROJECT, found)
        title = ".".join(table)
        yield place if place.values else place._replace(note=f"table [{title}]")
        for parent in Path(found).parent.parents:
            further = parent / "pyproject.toml"
            if further.is_file() and read_pyproject(str(further), table, self._cwd).tree.data:
                why = f"only the nearest is read; its table [{title}] does not count"
                yield from self._ignored(Layer.PYPROJECT, further, why)

    def _workspace(self) -> Iterator[Place]:
        app = self._inputs.app_name
        if app is None or not self._cwd.is_absolute():
            return
        field = config_of(self._model).get("root_field")
        value = self._resolution.merged.data.get(field) if field else None
        root = root_of(self._inputs, value) or self._cwd
        directory = locations.workspace_directory(root, app)
        yield from self._directory(Layer.WORKSPACE, directory)
        shown = shown_path(directory, self._cwd)
        for name in (*SETTINGS_FILES, "settings.yml"):
            why = f"{shown} is read instead"
            yield from self._ignored(Layer.WORKSPACE, root / app / name, why)
            why = f"wrong directory; {shown}/{name.replace('yml', 'yaml')} is read"
            yield from self._ignored(Layer.WORKSPACE, root / name, why)
        for parent in root.parents:
            for name in SETTINGS_FILES:
                path = Path(locations.workspace_directory(parent, app), name)
                why = f"the workspace of another directory; the root directory {parent} reads it"
                yield from self._ignored(Layer.WORKSPACE, path, why)

    def _dotenv(self) -> Iterator[Place]:
        names = self._inputs.env_files
        for name in names:
            paths = places_of(name, self._inputs)
            there = next((path for path in paths if locations.is_there(str(path))), None)
            for path in paths:
                yield self._file(Layer.DOTENV, path)
                if path == there:
                    break
        if not names:
            why = f"{self._model.__name__} asks for no .env file; --env-file reads it"
            yield from self._ignored(Layer.DOTENV, self._cwd / ".env", why)

    def _variables(self) -> Iterator[Place]:
        trees = [tree for tree in self._sources if tree.layer is Layer.ENV]
        count = sum(len(list(leaves_of(tree.data))) for tree in trees)
        yield Place(Layer.ENV.label, "variables", "read", count)

    def _named(self) -> Iterator[Place]:
        """The files that the program or a flag names, and those that they use, lowest first."""
        of_flag = getattr(self._inputs.args, SETTINGS_FILE, None) or ()
        for tree in self._sources:
            if tree.kind.is_file and tree.where not in self._listed:
                yield self._file(tree.layer, named_path(tree.where, self._cwd))
        for layer, files in ((Layer.FLAG, of_flag), (Layer.FILE, self._inputs.files)):
            for path in (named_path(file, self._cwd) for file in files):
                if shown_path(path, self._cwd) not in self._listed:
                    hint = (
                        None if path.exists() else did_you_mean(path.name, _names_in(path.parent))
                    )
                    yield self._file(layer, path, hint or "")

    def _config(self) -> Iterator[Place]:
        """The files that every run reads for its config."""
        if not issubclass(self._model, (Settings, RunConfig)):
            return
        settings = self._resolution.settings
        files = files_of_every_run(settings, self._cwd) if isinstance(settings, Settings) else []
        for path in (self._cwd / DEFAULTS_FILE, *files):
            if shown_path(path, self._cwd) not in self._listed:
                place = self._file(_CONFIG, path)
                note = "for the config of every run"
                yield place if place.state != "read" else place._replace(note=note)
        for directory in (self._cwd, *self._cwd.parents):
            why = f"wrong {'name' if directory == self._cwd else 'directory'}; "
            for name in (DEFAULTS_FILE, "config-defaults.yml", "config_defaults.yaml"):
                reads = f"{why}./{DEFAULTS_FILE} is read"
                yield from self._ignored(_CONFIG, directory / name, reads)


def _chain(tree: Tree) -> str:
    """The profile of a source, and what uses it."""
    origin = Origin(tree.layer, "", used_by=tree.used_by, profile=tree.profile)
    return origin.place.strip()


def _names_in(directory: str | Path) -> Iterable[str]:
    """The names in a directory; none if it cannot be read."""
    try:
        return sorted(os.listdir(directory))  # noqa: PTH208 - may be no directory
    except OSError:
        return ()
