"""Names the schema of a file in the file."""

from __future__ import annotations

import os
from pathlib import Path

import click

from runsettings.documents.atomic_write import rewrite
from runsettings.documents.editing.annotating import annotate
from runsettings.documents.files import Format
from runsettings.values.errors import SettingsError
from runsettings.values.origin import Layer


def annotate_file(file: str, schema: str) -> None:
    """Name the schema of a file in the file, by a path from the directory of the file.

    Args:
        file: A YAML, TOML or JSON file.
        schema: The path of the schema.

    Raises:
        click.BadParameter: The file cannot be read, written or annotated.
    """
    path = Path(file)
    format_ = Format.of(path)
    if not path.is_file() or format_ is None:
        message = f"{file} is no YAML, TOML or JSON file" if path.exists() else f"no file {file}"
        raise click.BadParameter(message, param_hint="--annotate")
    relative = Path(os.path.relpath(schema, path.parent)).as_posix()
    try:
        rewrite(path, lambda text: annotate(text, format_, relative), layer=Layer.FILE, where=file)
    except ValueError as error:
        message = f"{file} was not annotated: {error}"
        raise click.BadParameter(message, param_hint="--annotate") from error
    except SettingsError as error:
        raise click.BadParameter(str(error), param_hint="--annotate") from error
