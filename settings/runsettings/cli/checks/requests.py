"""Turns the options of ``check`` and ``schema`` into requests. Importing it loads pydantic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click
from pydantic import BaseModel

from runsettings.checks.check import Request
from runsettings.checks.parsers.loading import LoadedParser, load_parser
from runsettings.checks.parsers.options import parser_options
from runsettings.checks.schemas import schema
from runsettings.checks.schemas.composed_schema import as_draft_7, with_composition
from runsettings.checks.schemas.parser_schema import parser_schema
from runsettings.cli.importing import load_object
from runsettings.cli.program import Program
from runsettings.journal.records import journal_schema
from runsettings.models.layered import LayeredSettings
from runsettings.models.settings import Settings
from runsettings.runconfig.typed import RunConfig
from runsettings.values.did_you_mean import did_you_mean

_SCHEMAS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "settings": lambda: schema.model_schema(Settings),
    "run-config": schema.run_config_schema,
    "journal": journal_schema,
}
"""The schemas that ``schema`` knows by name."""


def check_request(
    *, program: Program, parser: str | None, no_settings: bool, **options: Any
) -> Request:
    """Make a request from the options of ``check``.

    Args:
        program: How the program is started; its model may be a pydantic model for configs.
        parser: The reference to an argparse parser, or to a function that makes one.
        no_settings: Whether to check files alone.
        **options: Further attributes of `Request`.

    Raises:
        click.BadParameter: A reference is wrong.
    """
    settings: type[LayeredSettings] = Settings
    configs = None
    if program.model is not None:
        configs = _model(program.model, "--model", program.directory)
    if configs is not None and issubclass(configs, LayeredSettings):
        settings, configs = configs, None
    return Request(
        **options,
        args=program.flags,
        settings_files=program.files,
        env_file=program.env_files or None,
        config=None if issubclass(settings, RunConfig) else program.config_inputs,
        profiles=program.profiles,
        settings=settings,
        model=configs,
        parser=None if parser is None else _parser(parser),
        # With a matrix, the environments that it declares are checked instead of this one.
        layers=not no_settings and options["matrix"] is None,
    )


def schema_of(
    what: str, parser: str | None, directory: Path | None = None, draft: str = "2020-12"
) -> dict[str, Any]:
    """The JSON Schema that the command ``schema`` prints.

    It accepts composed files, but for that of a journal's lines.

    Args:
        what: ``settings``, ``run-config``, ``journal`` or the reference to a pydantic model.
        parser: The reference to an argparse parser, which is used instead of ``what``.
        directory: The directory that has the model's module; the current one if left out.
        draft: The dialect: ``2020-12`` or ``7``.

    Raises:
        click.BadParameter: A reference is wrong.
        click.UsageError: ``what`` is none of these.
    """
    plain = _plain_schema(what, parser, directory)
    found = plain if what == "journal" and parser is None else with_composition(plain)
    return as_draft_7(found) if draft == "7" else found


def _plain_schema(what: str, parser: str | None, directory: Path | None) -> dict[str, Any]:
    if parser is not None:
        return parser_schema(parser_options(_parser(parser)))
    if what in _SCHEMAS:
        return _SCHEMAS[what]()
    if ":" not in what:
        advice = did_you_mean(what, _SCHEMAS) or f"write {', '.join(_SCHEMAS)} or module:Model"
        raise click.UsageError(f"{what!r} has no schema — {advice}")
    return schema.model_schema(_model(what, "MODULE:MODEL", directory))


def _model(reference: str, option: str, directory: Path | None = None) -> type[BaseModel]:
    named = load_object(reference, option, directory)
    if not (isinstance(named, type) and issubclass(named, BaseModel)):
        message = f"{reference!r} is not a pydantic model"
        raise click.BadParameter(message, param_hint=option)
    return named


def _parser(reference: str) -> LoadedParser:
    made = load_object(reference, "--parser")
    try:
        return load_parser(made)
    except TypeError as error:
        raise click.BadParameter(str(error), param_hint="--parser") from error
    except (Exception, SystemExit) as error:  # the user's code can raise anything
        message = f"{reference} raised {type(error).__name__}: {error}"
        raise click.BadParameter(message, param_hint="--parser") from error
