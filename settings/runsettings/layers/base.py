"""Defines what a layer is (`LayerSource`) and what it may read (`Inputs`).

`Inputs` is made once for each resolution and passed down, so that a test, a check for another
environment, or a second resolution in the same process can use other inputs.
"""

from __future__ import annotations

import copy
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self, runtime_checkable

from pydantic_settings import BaseSettings

from runsettings.documents.paths import working_directory
from runsettings.layers.call_site import Caller
from runsettings.values.origin import Layer
from runsettings.values.reading import Reading

if TYPE_CHECKING:
    from runsettings.composition.profiles import Profiles

LOG: Final = logging.getLogger("pydantic_settings")
"""Where pydantic-settings tells what it reads, if ``PYDANTIC_SETTINGS_DEBUG`` is set."""

_TRUE: Final = ("1", "true", "yes", "on")


def is_debugging() -> bool:
    """Whether pydantic-settings would log what it reads."""
    if not LOG.isEnabledFor(logging.DEBUG):
        return False
    return os.environ.get("PYDANTIC_SETTINGS_DEBUG", "").strip().lower() in _TRUE


class Inputs:
    """Everything that one resolution may read. It has no repr, because values may be secret.

    Attributes:
        model: The class that is resolved.
        environ: The environment.
        directory: The directory that relative paths start from; the current one if ``None``.
        caller: The place in the user's code that asked for the resolution.
        app_name: The folder name of the settings files; ``None`` reads none of them.
        pyproject_table: The table in ``pyproject.toml``; ``None`` reads none.
        args: An argparse namespace or absl flags.
        files: Settings files that the program names, lowest first.
        env_files: ``.env`` files that the model or the call asks for.
        env_file_encoding: The encoding of the ``.env`` files; UTF-8 if ``None``.
        env_file_depth: How many parent directories are searched for a ``.env`` file.
        secrets_dirs: Directories with a file for each secret, lowest first.
        values: Keyword arguments of the call.
        root_dir: The directory that has the workspace.
        profiles: The profiles of composed files that the call names; `Profiles` if the caller
            reports those that no file has.
        chosen: The profiles that flags and variables choose as well, once a layer asked for them.
    """

    # A plain class: generating the methods of a dataclass would take time at import.
    def __init__(
        self,
        model: type[BaseSettings],
        environ: Mapping[str, str],
        directory: Path | None,
        caller: Caller,
        *,
        app_name: str | None = None,
        pyproject_table: tuple[str, ...] | None = None,
        args: Any = None,
        files: Sequence[str | Path] = (),
        env_files: Sequence[str | Path] = (),
        env_file_encoding: str | None = None,
        env_file_depth: int = 0,
        secrets_dirs: Sequence[str | Path] = (),
        values: Mapping[str, Any] | None = None,
        root_dir: Path | None = None,
        profiles: Profiles | Sequence[str] | str | None = None,
    ) -> None:
        self.model = model
        self.environ = environ
        self.directory = directory
        self.caller = caller
        self.app_name = app_name
        self.pyproject_table = pyproject_table
        self.args = args
        self.files = files
        self.env_files = env_files
        self.env_file_encoding = env_file_encoding
        self.env_file_depth = env_file_depth
        self.secrets_dirs = secrets_dirs
        self.values = {} if values is None else values
        self.root_dir = root_dir
        self.profiles = profiles
        self.chosen: Profiles | None = None

    def replace(self, **changes: Any) -> Self:
        """A copy in which some attributes are replaced.

        Args:
            **changes: The new values, by attribute.
        """
        changed = copy.copy(self)
        vars(changed).update(changes)
        return changed

    @property
    def cwd(self) -> Path:
        """The directory that relative paths start from; ``.`` if it was deleted."""
        if self.directory is None:
            # Looked up once, and only if a layer reads files.
            self.directory = working_directory()
        return self.directory


@runtime_checkable
class LayerSource(Protocol):
    """The interface of a source of settings. Users may write their own and list it as a layer."""

    layer: Layer

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Read the source, lowest precedence first.

        Bad input never raises: it becomes diagnostics beside the good values.
        """
        ...  # pragma: no cover - a protocol has no body
