"""``runsettings schema``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from runsettings.cli.checks.annotations import annotate_file
from runsettings.cli.checks.reports import write_output
from runsettings.cli.printing import note
from runsettings.cli.program import Program, program_options


@click.command("schema")
@click.argument("what", required=False, metavar="[settings|run-config|journal|MODULE:MODEL]")
@click.option("--parser", metavar="MODULE:NAME", help="Of the configs that fit an argparse parser.")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write it to a file.")
@program_options
@click.option(
    "--annotate",
    "annotated",
    metavar="FILE",
    multiple=True,
    type=click.Path(),
    help="Name the schema in a YAML, TOML or JSON file, for editors; may be repeated.",
)
@click.option(
    "--draft",
    type=click.Choice(["2020-12", "7"]),
    help="The dialect; 7, which editors read, with --annotate, and else 2020-12.",
)
def schema_command(
    what: str | None,
    parser: str | None,
    output: str | None,
    program: Program,
    annotated: tuple[str, ...],
    draft: str | None,
) -> None:
    """Print the JSON Schema of settings, a run's config, a journal's line, or a model.

    Editors use it to complete and check files, also those that are composed. The default is the
    schema of the project's program, or else of the run's settings. With --annotate, the schema is
    written to --output, or beside the first annotated file. The types alone make the schema: files,
    profiles and overrides of the program, which other commands read, change nothing in it.
    """
    if what is not None and program.model is not None and not program.is_project:
        raise click.UsageError("give --model or its name alone, not both")
    from runsettings.cli.checks.schemas import schema_of  # pydantic: help needs no models

    if what is not None:
        program = Program.of({"model": what})
    what = what or program.model or "settings"
    draft = draft or ("7" if annotated else "2020-12")
    schema = schema_of(what, parser, program.directory, draft)
    text = json.dumps(schema, indent=2, ensure_ascii=True) + "\n"
    if annotated and output is None:
        output = str(Path(annotated[0]).with_suffix(".schema.json"))
    if output is None:
        click.echo(text, nl=False)
        return
    write_output(output, text)
    for file in annotated:
        annotate_file(file, output)
        note(f"{file}: names the schema {output}")
