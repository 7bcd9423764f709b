"""Imports the models and parsers that options name. Importing it loads pydantic."""

from __future__ import annotations

from pathlib import Path

import click
from pydantic import BaseModel

from runsettings.checks.parsers.loading import LoadedParser, load_parser
from runsettings.cli.importing import load_object


def model_named(reference: str, option: str, directory: Path | None = None) -> type[BaseModel]:
    """Import a pydantic model.

    Args:
        reference: ``module:Model``.
        option: The option that names it, for errors.
        directory: The directory that has its module; the current one if left out.

    Raises:
        click.BadParameter: There is no such model.
    """
    named = load_object(reference, option, directory)
    if not (isinstance(named, type) and issubclass(named, BaseModel)):
        message = f"{reference!r} is not a pydantic model"
        raise click.BadParameter(message, param_hint=option)
    return named


def parser_named(reference: str) -> LoadedParser:
    """Load the argparse parser that ``--parser`` names.

    Args:
        reference: ``module:name`` of a parser, or of a function that makes one.

    Raises:
        click.BadParameter: There is none, or the function fails.
    """
    made = load_object(reference, "--parser")
    try:
        return load_parser(made)
    except TypeError as error:
        raise click.BadParameter(str(error), param_hint="--parser") from error
    except (Exception, SystemExit) as error:  # the user's code can raise anything
        message = f"{reference} raised {type(error).__name__}: {error}"
        raise click.BadParameter(message, param_hint="--parser") from error
