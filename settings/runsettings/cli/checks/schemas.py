"""Makes the schemas that ``schema`` prints. Importing it loads pydantic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from runsettings.checks.parsers.options import parser_options
from runsettings.checks.schemas import schema
from runsettings.checks.schemas.composed_schema import as_draft_7, with_composition
from runsettings.checks.schemas.parser_schema import parser_schema
from runsettings.cli.checks.references import model_named, parser_named
from runsettings.journal.records import journal_schema
from runsettings.models.settings import Settings
from runsettings.values.did_you_mean import did_you_mean

_SCHEMAS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "settings": lambda: schema.model_schema(Settings),
    "run-config": schema.run_config_schema,
    "journal": journal_schema,
}
"""The schemas that ``schema`` knows by name."""


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
        return parser_schema(parser_options(parser_named(parser)))
    if what in _SCHEMAS:
        return _SCHEMAS[what]()
    if ":" not in what:
        advice = did_you_mean(what, _SCHEMAS) or f"write {', '.join(_SCHEMAS)} or module:Model"
        raise click.UsageError(f"{what!r} has no schema — {advice}")
    return schema.model_schema(model_named(what, "MODULE:MODEL", directory))
