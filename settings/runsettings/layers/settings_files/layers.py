"""The layers of settings files in fixed places: SITE, USER, PYPROJECT and WORKSPACE.

The platform and the wandb client decide the places; the client reads and writes the same INI
files. Beside each INI file, ``settings.yaml`` and ``settings.toml`` are read as well. Only this
package reads them, and they beat the shared file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runsettings._deferred import deferred
from runsettings.documents.paths import shown_path
from runsettings.layers.base import Inputs
from runsettings.layers.settings_files import locations
from runsettings.layers.settings_files.cache import read_once
from runsettings.values.origin import Kind, Layer, Origin
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from runsettings.documents import files
    from runsettings.values.diagnostic import Diagnostic, Rule, Severity
    from runsettings.values.excerpts import excerpt_of
else:
    Diagnostic = deferred("runsettings.values.diagnostic", "Diagnostic")
    Rule = deferred("runsettings.values.diagnostic", "Rule")
    Severity = deferred("runsettings.values.diagnostic", "Severity")
    excerpt_of = deferred("runsettings.values.excerpts", "excerpt_of")
    files = deferred("runsettings.documents.files")

SECTION: Final = "default"
"""The section that the wandb client reads and writes."""

POLICY: Final = "policy"
"""The section of the site's file that locks keys."""

SETTINGS_FILES: Final = ("settings", "settings.toml", "settings.yaml")
"""The files of one place, lowest precedence first."""

OWN_TABLE: Final = ("tool", "runsettings")

TABLES_OF_COMMANDS: Final = ("check", "program")
"""Tables inside of it, which the command line reads."""

KEYS_OF_PROGRAM: Final = frozenset({"model", "files", "env_files", "config", "set", "profiles"})
"""The keys of the table ``program``."""

_DELETED: Final = "the working directory was deleted"

_LIMIT: Final = 4 * 1024 * 1024
"""The greatest size of a settings file, in bytes."""


class SiteLayer:
    """The SITE layer: the administrator's file."""

    layer = Layer.SITE

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Read the site's files; their ``[policy]`` stays under its own key."""
        if inputs.app_name is None:
            return ()
        site = locations.site_directory()
        directory = os.path.join(site, inputs.app_name)  # noqa: PTH118 - on every start
        return read_place(directory, Layer.SITE, inputs.cwd)


class UserLayer:
    """The USER layer: the user's own file, which ``wandb login`` and ``wandb online`` write."""

    layer = Layer.USER

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Read the user's files."""
        if inputs.app_name is None:
            return ()
        directory = locations.user_directory(inputs.app_name, inputs.environ)
        if directory is not None:
            return read_place(directory, Layer.USER, inputs.cwd)
        if inputs.environ is not os.environ:
            return ()  # an environment that the caller passed may leave HOME out
        message = "the directory of the user's settings is unknown; they are not read"
        return (_skipped(Layer.USER, "$HOME", message, "set HOME"),)


class WorkspaceLayer:
    """The WORKSPACE layer: ``wandb/`` or ``.wandb/`` under the root directory."""

    layer = Layer.WORKSPACE

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Read the workspace's files."""
        return self.read_below(inputs.root_dir or inputs.cwd, inputs)

    def read_below(self, root: Path, inputs: Inputs) -> Sequence[Reading]:
        """Read the files of the workspace in ``root``.

        Args:
            root: The directory that has the workspace.
            inputs: They name the application and the working directory.
        """
        if inputs.app_name is None:
            return ()
        if not root.is_absolute():
            return (_skipped(Layer.WORKSPACE, str(root), f"{_DELETED}; its settings are not read"),)
        directory = locations.workspace_directory(root, inputs.app_name)
        return read_place(directory, Layer.WORKSPACE, inputs.cwd)


class PyprojectLayer:
    """The PYPROJECT layer: a table in the nearest ``pyproject.toml`` upwards."""

    layer = Layer.PYPROJECT

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Read the project's table."""
        table = inputs.pyproject_table
        if table is None:
            return ()
        if not inputs.cwd.is_absolute():
            return (
                _skipped(
                    Layer.PYPROJECT, str(inputs.cwd), f"{_DELETED}; no pyproject.toml is read"
                ),
            )
        path = locations.find_pyproject(inputs.cwd)
        return () if path is None else (read_pyproject(path, table, inputs.cwd),)


def read_pyproject(path: str, table: Sequence[str], cwd: Path) -> Reading:
    """Read one table of a ``pyproject.toml``, from the cache if the file has not changed.

    Args:
        path: The file.
        table: The table's name, such as ``("tool", "myapp")``.
        cwd: The working directory, which shown paths are relative to.
    """
    where = shown_path(path, cwd)

    def read() -> Reading:
        if not _mentions(path, table[-1]):
            return Reading(Tree(Layer.PYPROJECT, where, directives=False))
        whole = files.read_file(Path(path), Layer.PYPROJECT, where=where)
        return _passed_over(path, _table(whole, table))

    return read_once((path, where, table), read)


def _mentions(path: str, table: str) -> bool:
    """Whether the file may have the table; the files of most projects do not, and are skipped."""
    try:
        if not os.path.isfile(path):  # noqa: PTH113 - the same
            return True  # opening a pipe would wait for a writer
        with open(path, "rb") as file:  # noqa: PTH123 - on every start
            return table.encode() in file.read(_LIMIT)
    except OSError:
        return True  # the reader reports the error


def _table(whole: Reading, table: Sequence[str]) -> Reading:
    """One table of a TOML file."""
    data: object = whole.tree.data
    marks: object = whole.tree.marks
    for depth, key in enumerate(table, start=1):
        data = data.get(key, {}) if isinstance(data, dict) else {}
        marks = marks.get(key) if isinstance(marks, Mapping) else None
        if not isinstance(data, dict):
            return _no_table(whole, table[:depth])
    tree = _part(whole.tree, data, marks)
    if tuple(table) == OWN_TABLE:
        for name in TABLES_OF_COMMANDS:
            tree.data.pop(name, None)
    return Reading(tree, whole.diagnostics)


def _no_table(whole: Reading, path: Sequence[str]) -> Reading:
    """A reading without values, with an error: the key is not a table."""
    error = Diagnostic(
        Rule.BAD_VALUE,
        Severity.ERROR,
        tuple(path),
        "must be a table",
        whole.tree.origin(tuple(path)),
        hint=f"begin it with [{'.'.join(path)}]",
        excerpt=excerpt_of(whole.tree, tuple(path)),
    )
    return Reading(whole.tree.with_data({}, {}), (*whole.diagnostics, error))


def read_place(directory: str, layer: Layer, cwd: Path) -> list[Reading]:
    """Read the settings files of one directory, lowest precedence first.

    Args:
        directory: The directory; it and its files need not exist.
        layer: The layer of the values.
        cwd: The working directory, which shown paths are relative to.
    """
    if not locations.is_there(directory):
        return []
    if layer is not Layer.SITE and _is_forbidden(directory):
        where = shown_path(directory, cwd)
        return [_skipped(layer, where, "may not be searched; its settings are not read")]
    readings = []
    for name in SETTINGS_FILES:
        path = os.path.join(directory, name)  # noqa: PTH118 - three of these on every start
        if locations.is_there(path):
            readings.append(read_settings_file(path, layer, cwd))
    return readings


def read_settings_file(path: str, layer: Layer, cwd: Path) -> Reading:
    """Read one settings file, from the cache if it has not changed.

    Args:
        path: The file.
        layer: The layer of its values.
        cwd: The working directory, which shown paths are relative to.
    """
    where = shown_path(path, cwd)

    def read() -> Reading:
        reading = files.read_file(Path(path), layer, where=where, limit=_LIMIT)
        reading = section_of(reading) if reading.tree.kind is Kind.INI else reading
        reading.tree.data.pop("$schema", None)  # for editors
        return reading if layer is Layer.SITE else _passed_over(path, reading)

    return read_once((path, where, layer), read)


def _passed_over(path: str, reading: Reading) -> Reading:
    """Turn errors into warnings if the user has no permission to read the file.

    The user did not ask for the file. It is still an error for a site file, whose locks would be
    lost.
    """
    if not reading.diagnostics or not _is_forbidden(path):
        return reading
    found = [replace(each, severity=Severity.WARNING) for each in reading.diagnostics]
    return reading._replace(diagnostics=tuple(found))


def _is_forbidden(path: str) -> bool:
    """Whether this user has no permission to read a file or search a directory."""
    try:
        status = os.stat(path)  # noqa: PTH116 - on every start
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return not os.access(path, os.X_OK if stat.S_ISDIR(status.st_mode) else os.R_OK)


def _skipped(layer: Layer, where: str, message: str, hint: str | None = None) -> Reading:
    """A reading without values, with a warning: the layer is not read."""
    warning = Diagnostic(
        Rule.UNREADABLE_FILE, Severity.WARNING, (), message, Origin(layer, where), hint
    )
    return Reading(Tree(layer, where, directives=False), (warning,))


def _part(tree: Tree, data: object, marks: object) -> Tree:
    """A part of ``tree`` as another tree, with copies of its data and marks."""
    own_marks = dict(marks) if isinstance(marks, Mapping) else {}
    return tree.with_data(dict(data) if isinstance(data, dict) else {}, own_marks)


def section_of(reading: Reading) -> Reading:
    """The ``[default]`` section of an INI file, with a warning for keys in other sections."""
    whole = reading.tree
    marks = whole.marks or {}
    tree = _part(whole, whole.data.get(SECTION), marks.get(SECTION))
    diagnostics = list(reading.diagnostics)
    for section, keys in whole.data.items():
        if section == SECTION or not keys:
            continue
        if section == POLICY and whole.layer is Layer.SITE:
            tree.data[POLICY] = keys
            assert isinstance(tree.marks, dict)
            tree.marks[POLICY] = marks.get(POLICY)
            continue
        path = (section, next(iter(keys)))
        message = (
            "only the site's file may lock keys"
            if section == POLICY
            else f"settings in section [{section}] are not read"
        )
        hint = None if section == POLICY else f"put them under [{SECTION}]"
        diagnostics.append(
            Diagnostic(
                Rule.MISPLACED_KEY,
                Severity.WARNING,
                path,
                message,
                whole.origin(path, key=True),
                hint=hint,
                excerpt=excerpt_of(whole, path, key=True),
            )
        )
    return Reading(tree, tuple(diagnostics))
