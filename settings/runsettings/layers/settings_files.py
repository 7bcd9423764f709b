"""The settings files that nobody names: the site's, the user's, the project's, the workspace's.

The places are fixed by the platform and by the wandb client, which reads and writes the same
INI files. Beside each INI file, ``settings.yaml`` and ``settings.toml`` are read too; they are
written for us alone, and beat the shared file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from runsettings.documents.read import Format, read_file
from runsettings.layers.base import Inputs
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.excerpts import excerpt_of
from runsettings.values.origin import Layer
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

_LIMIT: Final = 4 * 1024 * 1024
"""Bytes that a settings file may have; a real one has a few hundred."""


def site_directory() -> Path:
    """The administrator's directory.

    It is fixed. ``platformdirs`` follows ``XDG_CONFIG_DIRS`` on Linux, which any user can set;
    a place that locks keys must not be one that a user can move.
    """
    if sys.platform == "darwin":
        return Path("/Library/Application Support")
    if sys.platform == "win32":
        import platformdirs  # asks Windows itself, not a variable

        return Path(platformdirs.site_config_dir(appauthor=False))
    return Path("/etc/xdg")


def user_directory(app_name: str, environ: Mapping[str, str]) -> Path | None:
    """The user's configuration directory for ``app_name``.

    ``$WANDB_CONFIG_DIR`` (for another application, ``$<APP>_CONFIG_DIR``), else the platform's
    place, else ``~/.config``. ``None`` if nothing tells where the user lives.
    """
    explicit = environ.get(f"{app_name.upper()}_CONFIG_DIR")
    if explicit:
        return Path(explicit)
    if environ is os.environ:
        import platformdirs  # costs a few milliseconds, and knows every platform

        preferred = Path(platformdirs.user_config_dir(app_name, appauthor=False))
        home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home raises without a home
    else:  # an environment that was handed in: platformdirs can only ask this process's
        home_text = environ.get("HOME") or environ.get("USERPROFILE")
        base = environ.get("XDG_CONFIG_HOME") or (f"{home_text}/.config" if home_text else None)
        if base is None:
            return None
        preferred, home = Path(base) / app_name, Path(home_text or base)
    fallback = home / ".config" / app_name
    if preferred != fallback and not preferred.is_dir() and fallback.is_dir():
        return fallback
    return preferred


class SiteLayer:
    """The SITE layer: the administrator's file."""

    layer = Layer.SITE

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the site's files say, with their ``[policy]`` kept under its own key."""
        if inputs.app_name is None:
            return ()
        return read_place(site_directory() / inputs.app_name, Layer.SITE, inputs.cwd)


class UserLayer:
    """The USER layer: the user's own file, which ``wandb login`` and ``wandb online`` write."""

    layer = Layer.USER

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the user's files say."""
        if inputs.app_name is None:
            return ()
        directory = user_directory(inputs.app_name, inputs.environ)
        return () if directory is None else read_place(directory, Layer.USER, inputs.cwd)


class WorkspaceLayer:
    """The WORKSPACE layer: ``wandb/`` or ``.wandb/`` under the root directory."""

    layer = Layer.WORKSPACE

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the workspace's files say."""
        if inputs.app_name is None:
            return ()
        directory = workspace_directory(inputs.root_dir or inputs.cwd, inputs.app_name)
        return read_place(directory, Layer.WORKSPACE, inputs.cwd)


def workspace_directory(root: Path, app_name: str) -> Path:
    """``<root>/wandb``, or ``<root>/.wandb`` where only that exists."""
    visible = root / app_name
    hidden = root / f".{app_name}"
    return hidden if not visible.is_dir() and hidden.is_dir() else visible


class PyprojectLayer:
    """The PYPROJECT layer: a table in the nearest ``pyproject.toml`` upwards."""

    layer = Layer.PYPROJECT

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """What the project's table says."""
        if inputs.pyproject_table is None:
            return ()
        path = find_pyproject(inputs.cwd)
        if path is None:
            return ()
        where = shown(path, inputs.cwd)
        if not _mentions(path, inputs.pyproject_table[-1]):
            return ()
        reading = read_file(path, Layer.PYPROJECT, where=where, format=Format.TOML)
        data: object = reading.tree.data
        marks: object = reading.tree.marks
        for key in inputs.pyproject_table:
            data = data.get(key, {}) if isinstance(data, dict) else {}
            marks = marks.get(key) if isinstance(marks, Mapping) else None
        tree = _part(reading.tree, data, marks)
        # A table of its own (`[tool.runsettings.check]`) belongs to another tool of ours.
        tree.data.pop("check", None)
        return (Reading(tree, reading.diagnostics),)


def find_pyproject(start: Path) -> Path | None:
    """The nearest ``pyproject.toml`` in ``start`` or above it."""
    directory = str(start)
    while True:
        candidate = os.path.join(directory, "pyproject.toml")  # noqa: PTH118 - on every start
        if os.path.isfile(candidate):  # noqa: PTH113 - the same
            return Path(candidate)
        parent = os.path.dirname(directory)  # noqa: PTH120 - the same
        if parent == directory:
            return None
        directory = parent


def read_place(directory: Path, layer: Layer, cwd: Path) -> list[Reading]:
    """Read the settings files in ``directory`` that exist, lowest precedence first."""
    readings = []
    base = str(directory)
    for name, format_ in _BESIDE:
        text_path = os.path.join(base, name)  # noqa: PTH118 - three of these on every start
        # lexists: a dangling link is a fault to report, not a file that isn't there.
        if not os.path.lexists(text_path):
            continue
        path = Path(text_path)
        reading = read_file(path, layer, where=shown(path, cwd), format=format_, limit=_LIMIT)
        readings.append(_section(reading) if format_ is Format.INI else reading)
    return readings


def shown(path: Path, cwd: Path) -> str:
    """The path as a person would name it: relative to where they stand, if it is below."""
    text, base = str(path), str(cwd)
    if text.startswith(base + os.sep):
        return text[len(base) + 1 :]
    return text


def _mentions(path: Path, table: str) -> bool:
    """Whether the file can have the table: most projects' have not, and need no parsing."""
    try:
        with path.open("rb") as file:
            return table.encode() in file.read(_LIMIT)
    except OSError:
        return True  # the reader tells what is wrong with it


def _part(tree: Tree, data: object, marks: object) -> Tree:
    """A part of ``tree`` as a tree of its own."""
    return Tree(
        tree.layer,
        tree.where,
        dict(data) if isinstance(data, dict) else {},
        marks if isinstance(marks, Mapping) else None,
        text=tree.text,
        columns=tree.columns,
        directives=tree.directives,
    )


def _section(reading: Reading) -> Reading:
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
            if isinstance(tree.marks, dict):
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
