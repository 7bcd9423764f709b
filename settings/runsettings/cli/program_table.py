"""What a project says about its program. Importing it loads pydantic."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic_settings import SettingsConfigDict

from runsettings.documents.paths import working_directory
from runsettings.layers.settings_files.locations import find_pyproject
from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import LayeredConfigDict
from runsettings.models.resolving import resolve_for_key
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.errors import SettingsError
from runsettings.values.origin import Layer


class ProgramTable(LayeredSettings):
    """How the project's program is started, in ``[tool.runsettings.program]``."""

    model_config: ClassVar[SettingsConfigDict] = LayeredConfigDict(
        pyproject_table=("tool", "runsettings", "program"),
        layers=(Layer.PYPROJECT, Layer.INIT),
    )

    model: str | None = None
    """The settings class, as ``train:Train``."""

    files: tuple[str, ...] = ()
    """Settings files that the program names, lowest first."""

    env_files: tuple[str, ...] = ()
    """``.env`` files."""

    config: tuple[str, ...] = ()
    """Files of the flag ``--config``, lowest first."""

    set: tuple[str, ...] = ()
    """Overrides of the flag ``--set``."""

    profiles: tuple[str, ...] = ()
    """Profiles of composed files, lowest first."""


def project_program(
    model: str | None,
) -> tuple[ProgramTable, Path, tuple[Diagnostic, ...]]:
    """What the nearest ``pyproject.toml`` says.

    Args:
        model: The model that was asked for. If it is not the project's, the table is empty: its
            files are for another model.

    Returns:
        The table without its wrong keys, the directory that it is in, and what is wrong.

    Raises:
        SettingsError: The table is so wrong that its model is not known.
    """
    here = working_directory()
    found = find_pyproject(here) if here.is_absolute() else None
    if found is not None:
        table, wrong = resolve_for_key(ProgramTable, "model")
        if table.model is None and any(each.hint and "'model'" in each.hint for each in wrong):
            raise SettingsError(wrong)
        if model is None or model == table.model:
            return table, Path(found).parent, tuple(wrong)
    return ProgramTable.resolve(layers=()), here, ()
