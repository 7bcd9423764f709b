"""``runsettings check``, ``schema`` and ``lock``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from runsettings.checks.reporters.formats import REPORT_FORMATS
from runsettings.cli.checks.reports import reports_named, write_output, write_reports
from runsettings.cli.importing import load_object, model_of, model_option
from runsettings.cli.printing import STATUS, note, progress
from runsettings.cli.settings.commands import settings_file_option
from runsettings.values.diagnostic import Rule
from runsettings.values.rendering import printable, render

if TYPE_CHECKING:
    from pydantic import BaseModel

    from runsettings.checks.check import Request
    from runsettings.models.layered import LayeredSettings
    from runsettings.values.diagnostic import Diagnostic

_LOCK_FILE: Final = "settings.lock"
_MANY_FILES: Final = 100
"""Files from which a progress bar is shown."""

_RULES: Final = frozenset(map(str, Rule))


def _rules(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of rules; several may stand in one value, with commas between."""
    names = [name.strip() for value in values for name in value.split(",")]
    for name in names:
        if name not in _RULES:
            from runsettings.values.did_you_mean import did_you_mean  # difflib, for slips alone

            hint = did_you_mean(name, _RULES)
            message = f"{name!r} is not a rule" + (f" — {hint}" if hint else "")
            raise click.BadParameter(message, ctx, param)
    return tuple(names)


@click.command("check")
@click.argument("files", nargs=-1, type=click.Path())
@click.option("--schema", metavar="FILE", type=click.Path(), help="A JSON Schema for configs.")
@click.option("--parser", metavar="MODULE:NAME", help="An argparse parser that configs must fit.")
@click.option(
    "--model",
    metavar="MODULE:CLASS",
    help="A pydantic model that configs must fit, or another settings class than Settings.",
)
@settings_file_option
@click.option("--env-file", multiple=True, type=click.Path(), help="A .env file to read.")
@click.option("--no-settings", is_flag=True, help="Check the named files alone, not the layers.")
@click.option(
    "--locked",
    metavar="[FILE]",
    is_flag=False,
    flag_value=_LOCK_FILE,
    help=f"Fail on drift from a lock file ({_LOCK_FILE}).",
)
@click.option("--matrix", metavar="FILE", type=click.Path(), help="Check declared environments.")
@click.option("--against", metavar="REV", help="With --matrix: what changed since a git revision.")
@click.option("--fix", is_flag=True, help="Rewrite scalars that YAML 1.1 tools read differently.")
@click.option("--diff", is_flag=True, help="Show what --fix would write, and write nothing.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(REPORT_FORMATS)),
    default="text",
    show_default=True,
    help="How to report.",
)
@click.option(
    "--output",
    "outputs",
    metavar="FORMAT=FILE",
    multiple=True,
    callback=reports_named,
    help="Write a report to a file as well; may be repeated.",
)
@click.option("--strict", is_flag=True, help="Warnings are errors.")
@click.option(
    "--select", multiple=True, metavar="RULE", callback=_rules, help="Only this rule counts."
)
@click.option(
    "--ignore", multiple=True, metavar="RULE", callback=_rules, help="A rule not to count."
)
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Files not to look for.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; as many as help by default.")
@click.pass_context
def check_command(ctx: click.Context, /, **options: Any) -> None:
    """Check settings of every layer, and FILES, without starting a run.

    FILES are config files, settings files, directories and quoted glob patterns. The exit
    status is 0 if nothing is wrong, 1 if something is, and 2 for wrong usage.
    """
    if options["against"] is not None and options["matrix"] is None:
        raise click.UsageError("--against needs --matrix")
    if options["no_settings"] and not (options["files"] or options["matrix"] or options["locked"]):
        raise click.UsageError("there is nothing to check: name files, or leave out --no-settings")
    from runsettings.checks.check import run_checks, run_fixes  # loads pydantic
    from runsettings.documents.git import GitError

    request = _request(options)
    unfixed: list[Diagnostic] = []
    if options["fix"] or options["diff"]:
        fixes, unfixed = run_fixes(request, write=not options["diff"])
        for fix in fixes:
            if options["diff"]:
                for line in fix.diff().removesuffix("\n").split("\n"):
                    click.echo(printable(line))
            else:
                note(f"{fix.where}: {fix.count} scalar{'s' * (fix.count != 1)} rewritten")
        if options["diff"]:
            for fault in unfixed:
                note(render(fault))
            ctx.exit(1 if fixes or any(fault.is_error for fault in unfixed) else 0)
    try:
        with progress("checking", _MANY_FILES) as tell:
            report = run_checks(replace(request, tell=tell))
    except GitError as error:
        raise click.BadParameter(str(error), param_hint="--against") from error
    told = {(fault.rule, fault.message, fault.origin) for fault in report.diagnostics}
    unfixed = [f for f in unfixed if (f.rule, f.message, f.origin) not in told]
    report = replace(report, diagnostics=(*unfixed, *report.diagnostics))
    # Also if the reader of the report has seen enough.
    ctx.meta[STATUS] = 1 if report.failed else 0
    write_reports(report, options["format_"], options["outputs"])
    ctx.exit(ctx.meta[STATUS])


def _request(options: dict[str, Any]) -> Request:
    from pydantic import BaseModel

    from runsettings.checks.check import Request
    from runsettings.models.layered import LayeredSettings
    from runsettings.models.settings import Settings

    settings: type[LayeredSettings] = Settings
    model: type[BaseModel] | None = None
    if options["model"] is not None:
        named = _named("--model", options["model"])
        if not (isinstance(named, type) and issubclass(named, BaseModel)):
            raise click.BadParameter(
                f"{options['model']!r} is not a pydantic model", param_hint="--model"
            )
        if issubclass(named, LayeredSettings):
            settings = named
        else:
            model = named
    return Request(
        files=options["files"],
        settings=settings,
        # Declared environments stand in for this one.
        layers=not options["no_settings"] and options["matrix"] is None,
        settings_files=options["settings_files"],
        env_file=options["env_file"] or None,
        schema=options["schema"],
        parser=None if options["parser"] is None else parser_named(options["parser"]),
        model=model,
        locked=options["locked"],
        strict=options["strict"],
        select=options["select"],
        ignore=options["ignore"],
        exclude=options["exclude"],
        matrix=options["matrix"],
        against=options["against"],
        processes=options["jobs"],
    )


def parser_named(reference: str) -> Any:
    """What makes the argparse parser that ``module:name`` names, after having tried it.

    Raises:
        click.BadParameter: There is no such object, or it is and makes no parser.
    """
    from runsettings.checks.parsers.options import load_parser

    made = _named("--parser", reference)
    try:
        load_parser(made)
    except TypeError as error:
        raise click.BadParameter(str(error), param_hint="--parser") from error
    except (Exception, SystemExit) as error:  # the user's code can raise anything
        message = f"{reference} raised {type(error).__name__}: {error}"
        raise click.BadParameter(message, param_hint="--parser") from error
    return made


def _named(option: str, reference: str) -> Any:
    try:
        return load_object(reference)
    except click.BadParameter as error:
        error.param_hint = option
        raise
    except SystemExit as error:
        message = f"importing {reference!r} ends the program; guard it with __name__"
        raise click.BadParameter(message, param_hint=option) from error


@click.command("schema")
@click.argument("what", default="settings", metavar="[settings|run-config|journal|MODULE:MODEL]")
@click.option(
    "--parser", metavar="MODULE:NAME", help="Of the configs that an argparse parser fits."
)
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write it to a file.")
def schema_command(what: str, parser: str | None, output: str | None) -> None:
    """The JSON Schema (2020-12) of settings, a run's config, a journal's line, or a model.

    Editors complete and check files by it; without an argument it is that of the run's settings.
    """
    text = json.dumps(_schema(what, parser), indent=2, ensure_ascii=True) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        write_output(output, text)


def _schema(what: str, parser: str | None) -> dict[str, Any]:
    from runsettings.checks.schemas import schema  # loads pydantic

    if parser is not None:
        from runsettings.checks.parsers.options import parser_options

        return schema.parser_schema(parser_options(parser_named(parser)))
    if what == "run-config":
        return schema.run_config_schema()
    if what == "journal":
        from runsettings.journal.records import journal_schema

        return journal_schema()
    if what == "settings":
        from runsettings.models.settings import Settings

        return schema.model_schema(Settings)
    if ":" not in what:
        from runsettings.values.did_you_mean import did_you_mean

        hint = did_you_mean(what, ("settings", "run-config", "journal"))
        known = hint or "write settings, run-config, journal or module:Model"
        raise click.UsageError(f"{what!r} has no schema — {known}")
    from pydantic import BaseModel

    named = _named("MODULE:MODEL", what)
    if not (isinstance(named, type) and issubclass(named, BaseModel)):
        raise click.UsageError(f"{what!r} is not a pydantic model")
    return schema.model_schema(named)


@click.command("lock")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default=_LOCK_FILE,
    show_default=True,
    type=click.Path(),
    help="Where to write it.",
)
@settings_file_option
@model_option
def lock_command(output: str, settings_files: tuple[str, ...], model: str | None) -> None:
    """Write the settings that count here and now to a lock file, to be committed.

    It holds values, where each was set, and hashes of the files read; of secrets, a keyed hash
    alone. `check --locked` tells what has drifted from it.
    """
    from runsettings.models.locking import lock_of
    from runsettings.resolution.lock_file import read_lock, write_lock
    from runsettings.values.errors import SettingsError

    settings = model_of(model).resolve(files=settings_files)
    try:
        # With the key of the file that is there, an unchanged secret is an unchanged line.
        key = read_lock(Path(output), output).key
    except SettingsError:
        key = None
    write_output(output, write_lock(lock_of(settings, Path.cwd(), key)))
    note(f"{len(settings.options().options)} settings locked in {output}")
