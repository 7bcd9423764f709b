"""Turns the options of ``check`` into a request. Importing it loads pydantic."""

from __future__ import annotations

from typing import Any, Final

import runsettings
from runsettings.checks.check import Report, Request, project_rules
from runsettings.cli.checks.references import model_named, parser_named
from runsettings.cli.program import Program
from runsettings.documents.paths import working_directory
from runsettings.models.layered import LayeredSettings
from runsettings.models.settings import Settings
from runsettings.values.origin import Layer, Origin, PlacedText

_FILES: Final = ("schema", "locked", "matrix")
"""Options that name a file, whose errors name the option."""


def check_request(
    *,
    program: Program,
    parser: str | None,
    no_settings: bool,
    **options: Any,
) -> Request:
    """Make a request from the options of ``check``.

    Args:
        program: How the program is started; its model may be a pydantic model for configs.
        parser: The reference to an argparse parser, or to a function that makes one.
        no_settings: Whether to check files alone.
        **options: Further attributes of `Request`; those of `_FILES` are paths.

    Raises:
        click.BadParameter: A reference is wrong.
    """
    settings: type[LayeredSettings] = Settings
    configs = None
    if program.model is not None:
        configs = model_named(program.model, program.model_place, program.directory)
    if configs is not None and issubclass(configs, LayeredSettings):
        settings, configs = configs, None
    for name in _FILES:
        if (file := options[name]) is not None:
            options[name] = PlacedText(file, Origin(Layer.FLAG, f"--{name} {file}"))
    config = program.config_inputs
    if config is not None and issubclass(settings, runsettings.RunConfig):
        config = None  # its layers read them
    return Request(
        **options,
        args=program.flags,
        settings_files=program.files,
        env_file=program.env_files or None,
        config=config,
        profiles=program.profiles,
        settings=settings,
        model=configs,
        parser=None if parser is None else parser_named(parser),
        # With a matrix, the environments that it declares are checked instead of this one.
        layers=not no_settings and options["matrix"] is None,
    )


def tables_report(program: Program, request: Request) -> Report:
    """The report where the project's table of its program is wrong: no more can be checked.

    Args:
        program: The program, with what is wrong.
        request: The request, for the project's other table.
    """
    _, _, found = project_rules(working_directory(), request)
    return Report((*program.wrong, *found), ("pyproject.toml",))
