"""Writes settings to the file of a layer.

The files are INI files, which the wandb client reads as well, and ``pyproject.toml``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runsettings.documents.atomic_write import Rewritten, rewrite
from runsettings.documents.editing import ini, toml
from runsettings.documents.files import Format, read_text
from runsettings.documents.paths import shown_path
from runsettings.layers.base import Inputs
from runsettings.layers.settings_files import locations
from runsettings.layers.settings_files.layers import SECTION
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import SettingsError
from runsettings.values.key_paths import MISSING, KeyPath, value_at
from runsettings.values.origin import Layer, Origin

_CLIENT: Final = "wandb"
"""The application whose client reads the same files."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """The file that holds a layer's settings.

    Attributes:
        layer: The layer.
        path: The file, which need not exist.
        where: Its name in messages and origins.
        table: The table in it, for TOML; ``None`` for INI.
        shared: Whether the wandb client reads it as well.
    """

    layer: Layer
    path: Path
    where: str
    table: tuple[str, ...] | None = None
    shared: bool = False

    @property
    def typed(self) -> bool:
        """Whether its format distinguishes numbers from texts."""
        return self.table is not None

    @property
    def origin(self) -> Origin:
        """The file as an origin."""
        return Origin(self.layer, self.where)

    def value(self, path: KeyPath, text: str) -> Any:
        """The value of a key in the file; ``None`` if the file does not set it.

        Args:
            path: The path of the key.
            text: The file's text.
        """
        value = value_at(self._settings(text), path)
        return None if value is MISSING else value

    def set(
        self, path: KeyPath, value: Any, private: Callable[[dict[str, Any]], bool]
    ) -> Rewritten:
        """Write a value.

        Args:
            path: The path of the key.
            value: The value; a text for an INI file.
            private: Tells whether settings contain a secret. Then only the owner may read the
                file.

        Returns:
            What was done to the file.

        Raises:
            SettingsError: The file cannot be read or written, or cannot hold the value.
        """
        *parents, key = map(str, path)
        if self.table is not None:
            table = (*self.table, *parents)
            return self._rewrite(lambda text: toml.set_value(text, table, key, value), private)
        message, hint = None, "set it with --pyproject"
        if parents:
            message = "is inside another key, which an INI file cannot express"
            hint = f"set {parents[0]!r} as a whole, as JSON, or {hint}"
        elif key != key.lower():
            message = "has capital letters, but the keys of an INI file are lower case"
        elif self.shared and "%" in value:
            # The client reads the file with configparser's interpolation, which fails at '%'.
            message = "must not contain '%' in a file that the wandb client reads: it would fail"
            hint += ", or in a settings.yaml beside this file"
        if message is not None:
            raise SettingsError.of(
                Rule.BAD_VALUE, message, path=path, origin=self.origin, hint=hint
            )
        return self._rewrite(
            lambda text: ini.set_value(text, SECTION, key, value), private, hint=hint
        )

    def remove(self, path: KeyPath, private: Callable[[dict[str, Any]], bool]) -> Rewritten:
        """Remove a key.

        Args:
            path: The path of the key.
            private: Tells whether settings contain a secret. Then only the owner may read the
                file.

        Returns:
            What was done to the file.

        Raises:
            SettingsError: The file cannot be read or written.
        """
        *parents, key = map(str, path)
        if self.table is not None:
            table = (*self.table, *parents)
            return self._rewrite(lambda text: toml.remove_value(text, table, key), private)
        return self._rewrite(lambda text: ini.remove_value(text, SECTION, key), private)

    def _rewrite(
        self,
        edit: Callable[[str], str],
        private: Callable[[dict[str, Any]], bool],
        hint: str | None = None,
    ) -> Rewritten:
        """Edit the file; ``hint`` is the advice if it cannot hold the value."""
        if self.layer is not Layer.USER and self.path.is_symlink():
            # The link may have come with somebody else's project.
            target = Path(os.path.realpath(self.path))
            if not target.is_relative_to(os.path.realpath(self.path.parent)):
                raise SettingsError.of(
                    Rule.UNWRITABLE_FILE,
                    f"is a link to {target}, outside of its directory; nothing was changed",
                    origin=self.origin,
                    hint="edit that file, or replace the link by a file",
                )

        def edited(text: str) -> str:
            if self.table is not None:  # report a syntax error with its position
                found = read_text(text, self.layer, self.where, Format.TOML).diagnostics
                if found:
                    raise SettingsError(found)
            try:
                return edit(text)
            except ValueError as error:
                if isinstance(error, SettingsError):
                    raise
                raise SettingsError.of(
                    Rule.UNWRITABLE_FILE, str(error), origin=self.origin, hint=hint
                ) from None

        return rewrite(
            self.path,
            edited,
            layer=self.layer,
            where=self.where,
            private=lambda text: private(self._settings(text)),
            directory_mode=0o700 if self.layer is Layer.USER else 0o777,
        )

    def _settings(self, text: str) -> dict[str, Any]:
        format_ = Format.INI if self.table is None else Format.TOML
        tree = read_text(text, self.layer, self.where, format_).tree
        settings = tree.get(self.table or (SECTION,))
        return settings if isinstance(settings, dict) else {}


def settings_file(layer: Layer, inputs: Inputs) -> SettingsFile:
    """The file that ``layer``'s settings are written to.

    Args:
        layer: ``USER``, ``PYPROJECT`` or ``WORKSPACE``.
        inputs: They have the directories; ``root_dir`` is the one with the workspace.

    Raises:
        SettingsError: The model reads no such file, or its location is unknown.
    """
    if layer is Layer.PYPROJECT:
        if inputs.pyproject_table is None:
            raise _no_file(f"{inputs.model.__name__} reads no table of pyproject.toml")
        found = locations.find_pyproject(inputs.cwd)
        if found is None:
            message = f"there is no pyproject.toml in {inputs.cwd} or above it"
            raise _no_file(message, "create one, or choose another layer")
        where = shown_path(found, inputs.cwd)
        return SettingsFile(layer, Path(found), where, inputs.pyproject_table)
    if inputs.app_name is None:
        message = f"{inputs.model.__name__} reads no settings files (no `app_name`)"
        raise _no_file(message, "write the value into a file that the program names")
    if layer is Layer.USER:
        directory = locations.user_directory(inputs.app_name, inputs.environ)
        if directory is None:
            raise _no_file("the directory of the user's settings is unknown", "set HOME")
    else:
        directory = locations.workspace_directory(inputs.root_dir or inputs.cwd, inputs.app_name)
    path = Path(directory, "settings")
    return SettingsFile(
        layer, path, shown_path(path, inputs.cwd), shared=inputs.app_name == _CLIENT
    )


def _no_file(message: str, hint: str | None = None) -> SettingsError:
    return SettingsError.of(Rule.UNWRITABLE_FILE, message, hint=hint)
