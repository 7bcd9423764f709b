"""The settings files that nobody names: the site's, the user's, the project's, the workspace's.

The places are fixed by the platform and by the wandb client, which reads and writes the same
INI files. Beside each INI file, ``settings.yaml`` and ``settings.toml`` are read too; they are
written for us alone, and beat the shared file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from runsettings.documents.files import Format, read_file
from runsettings.documents.paths import shown_path
from runsettings.layers.base import Inputs
from runsettings.layers.settings_files import locations
from runsettings.layers.settings_files.cache import read_once
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.excerpts import excerpt_of
from runsettings.values.origin import Layer, Origin
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

SECTION: Final = "default"
"""The one section that the wandb client reads and writes."""

POLICY: Final = "policy"
"""The section of the site's file that locks keys."""

_BESIDE: Final = (
    ("settings", Format.INI),
    ("settings.toml", Format.TOML),
    ("settings.yaml", Format.YAML),
)
"""The files of one place, lowest precedence first."""

_OWN_TABLE: Final = ("tool", "runsettings")

_DELETED: Final = "the working directory was deleted"

_LIMIT: Final = 4 * 1024 * 1024
"""Bytes that a settings file may have; a real one has a few hundred."""


class SiteLayer:
    """The SITE layer: the administrator's file."""

    layer = Layer.SITE

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the site's files say, with their ``[policy]`` kept under its own key."""
        if inputs.app_name is None:
            return ()
        site = locations.site_directory()
        directory = os.path.join(site, inputs.app_name)  # noqa: PTH118 - on every start
        return read_place(directory, Layer.SITE, inputs.cwd)


class UserLayer:
    """The USER layer: the user's own file, which ``wandb login`` and ``wandb online`` write."""

    layer = Layer.USER

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the user's files say."""
        if inputs.app_name is None:
            return ()
        directory = locations.user_directory(inputs.app_name, inputs.environ)
        if directory is not None:
            return read_place(directory, Layer.USER, inputs.cwd)
        if inputs.environ is not os.environ:
            return ()  # an environment that was handed in tells all that there is
        message = "nothing tells where the user's settings are; they are not read"
        return (_skipped(Layer.USER, "$HOME", message, "set HOME"),)


class WorkspaceLayer:
    """The WORKSPACE layer: ``wandb/`` or ``.wandb/`` under the root directory."""

    layer = Layer.WORKSPACE

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the workspace's files say."""
        return self.read_below(inputs.root_dir or inputs.cwd, inputs)

    def read_below(self, root: Path, inputs: Inputs) -> Sequence[Reading]:
        """What the files of the workspace in ``root`` say."""
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
        """What the project's table says."""
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
    """Read one table of a ``pyproject.toml``, from memory if it was read before."""
    where = shown_path(path, cwd)

    def read() -> Reading:
        if not _mentions(path, table[-1]):
            return Reading(Tree(Layer.PYPROJECT, where, directives=False))
        whole = read_file(Path(path), Layer.PYPROJECT, where=where)
        return _passed_over(path, _table(whole, table))

    return read_once((path, where, table), read)


def _mentions(path: str, table: str) -> bool:
    """Whether the file can have the table: most projects' have not, and need no parser."""
    try:
        if not os.path.isfile(path):  # noqa: PTH113 - the same
            return True  # opening a pipe would wait for somebody to write to it
        with open(path, "rb") as file:  # noqa: PTH123 - on every start
            return table.encode() in file.read(_LIMIT)
    except OSError:
        return True  # the reader tells what is wrong with it


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
    if tuple(table) == _OWN_TABLE:
        tree.data.pop("check", None)  # a table of its own: the options of `runsettings check`
    return Reading(tree, whole.diagnostics)


def _no_table(whole: Reading, path: Sequence[str]) -> Reading:
    """Nothing but the fault that something else stands where the table should."""
    fault = Diagnostic(
        Rule.BAD_VALUE,
        Severity.ERROR,
        tuple(path),
        "must be a table",
        whole.tree.origin(tuple(path)),
        hint=f"begin it with [{'.'.join(path)}]",
        excerpt=excerpt_of(whole.tree, tuple(path)),
    )
    return Reading(whole.tree.with_data({}, {}), (*whole.diagnostics, fault))


def read_place(directory: str, layer: Layer, cwd: Path) -> list[Reading]:
    """Read the settings files in ``directory`` that exist, lowest precedence first."""
    if not locations.is_there(directory):
        return []
    if layer is not Layer.SITE and _is_forbidden(directory):
        where = shown_path(directory, cwd)
        return [_skipped(layer, where, "may not be searched; its settings are not read")]
    readings = []
    for name, format_ in _BESIDE:
        path = os.path.join(directory, name)  # noqa: PTH118 - three of these on every start
        if locations.is_there(path):
            readings.append(read_settings_file(path, layer, cwd, format_))
    return readings


def read_settings_file(path: str, layer: Layer, cwd: Path, format_: Format) -> Reading:
    """Read the settings in one file, from memory if it was read before."""
    where = shown_path(path, cwd)

    def read() -> Reading:
        reading = read_file(Path(path), layer, where=where, format=format_, limit=_LIMIT)
        reading = section_of(reading) if format_ is Format.INI else reading
        return reading if layer is Layer.SITE else _passed_over(path, reading)

    return read_once((path, where, layer), read)


def _passed_over(path: str, reading: Reading) -> Reading:
    """A reading whose file may not be read, with a warning: nobody named it, so none asked for it.

    A site's file is another matter: its locks would be gone.
    """
    if not reading.diagnostics or not _is_forbidden(path):
        return reading
    faults = [replace(fault, severity=Severity.WARNING) for fault in reading.diagnostics]
    return reading._replace(diagnostics=tuple(faults))


def _is_forbidden(path: str) -> bool:
    """Whether permissions keep this user from reading a file or searching a directory."""
    try:
        status = os.stat(path)  # noqa: PTH116 - on every start
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return not os.access(path, os.X_OK if stat.S_ISDIR(status.st_mode) else os.R_OK)


def _skipped(layer: Layer, where: str, message: str, hint: str | None = None) -> Reading:
    """Nothing but the warning that a layer is not read."""
    fault = Diagnostic(
        Rule.UNREADABLE_FILE, Severity.WARNING, (), message, Origin(layer, where), hint
    )
    return Reading(Tree(layer, where, directives=False), (fault,))


def _part(tree: Tree, data: object, marks: object) -> Tree:
    """A part of ``tree`` as a tree of its own, with marks of its own."""
    own_marks = dict(marks) if isinstance(marks, Mapping) else {}
    return tree.with_data(dict(data) if isinstance(data, dict) else {}, own_marks)


def section_of(reading: Reading) -> Reading:
    """The ``[default]`` section of an INI file, and a word about keys elsewhere."""
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
