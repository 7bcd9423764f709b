"""``runsettings check`` and ``lock``."""

from __future__ import annotations

import functools
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

import runsettings
from runsettings.checks.reporters.formats import REPORT_FORMATS
from runsettings.cli.checks.reports import reports_named, write_output, write_reports
from runsettings.cli.printing import STATUS, WholeNumber, note, progress
from runsettings.cli.program import Program, program_options
from runsettings.documents.git import GitError
from runsettings.values.diagnostic import Rule
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.errors import SettingsError
from runsettings.values.rendering import counted, printable, render

if TYPE_CHECKING:
    from runsettings.values.diagnostic import Diagnostic

_LOCK_FILE: Final = "settings.lock"
_MANY_FILES: Final = 100
"""The smallest number of files for which a progress bar is shown."""

_RULES: Final = frozenset(map(str, Rule))


def _rules(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of rules; one value may have several, separated by commas.

    Raises:
        click.BadParameter: One of them is not a rule.
    """
    names = [name.strip() for value in values for name in value.split(",")]
    for name in names:
        if name not in _RULES:
            listed = textwrap.fill(", ".join(sorted(_RULES)), 78, break_on_hyphens=False)
            advice = did_you_mean(name, _RULES) or f"the rules are:\n{listed}"
            raise click.BadParameter(f"{name!r} is not a rule — {advice}", ctx, param)
    return tuple(names)


@click.command("check")
@click.argument("files", nargs=-1, type=click.Path())
@click.option("--schema", metavar="FILE", type=click.Path(), help="A JSON Schema for configs.")
@click.option("--parser", metavar="MODULE:NAME", help="An argparse parser that configs must fit.")
@functools.partial(program_options, reports=True)
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
@click.option(
    "--fix",
    is_flag=True,
    help="Rewrite scalars that YAML 1.1 tools read differently, and old names.",
)
@click.option("--diff", is_flag=True, help="Show what --fix would write, and write nothing.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(REPORT_FORMATS)),
    default="text",
    show_default=True,
    help="How to report.",
)
@click.option("--json", "as_json", is_flag=True, help="Report as JSON; the same as --format json.")
@click.option(
    "--output",
    "outputs",
    metavar="FORMAT=FILE",
    multiple=True,
    callback=reports_named,
    help="Write a report to a file as well; may be repeated.",
)
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option(
    "--select",
    multiple=True,
    metavar="RULE",
    callback=_rules,
    help="Report this rule only; may be repeated.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="RULE",
    callback=_rules,
    help="Do not report this rule; may be repeated.",
)
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Files to leave out.")
@click.option("--jobs", "processes", type=WholeNumber(min=1), help="The number of processes.")
@click.pass_context
def check_command(
    ctx: click.Context,
    /,
    *,
    fix: bool,
    diff: bool,
    as_json: bool,
    format_: str,
    outputs: list[tuple[str, str]],
    **options: Any,
) -> None:
    """Check settings of every layer, and FILES, without starting a run.

    FILES are config files, settings files, directories and quoted glob patterns. The exit
    status is 0 without errors, 1 with errors, and 2 for wrong usage.
    """
    if options["against"] is not None and options["matrix"] is None:
        raise click.UsageError("--against needs --matrix")
    named = any(options[name] for name in ("files", "matrix", "locked"))
    program: Program = options["program"]
    if options["no_settings"] and not (named or program.config_inputs or program.wrong):
        raise click.UsageError("there is nothing to check: name files, or leave out --no-settings")
    from runsettings.checks.check import run_checks  # pydantic: help needs no models
    from runsettings.cli.checks.requests import check_request, tables_report  # pydantic, as above

    format_ = "json" if as_json else format_
    request = check_request(**options)
    unfixed: list[Diagnostic] = []
    if (fix or diff) and not program.wrong:
        from runsettings.checks.fixing import run_fixes  # pydantic, as above

        fixes, unfixed = run_fixes(request, write=not diff)
        for each in fixes:
            if diff:
                for line in each.diff().removesuffix("\n").split("\n"):
                    click.echo(printable(line))
            else:
                note(f"{each.where}: {each.what}")
        if diff:
            for diagnostic in unfixed:
                note(render(diagnostic))
            ctx.exit(1 if fixes or any(each.is_error for each in unfixed) else 0)
    try:
        with progress("checking", _MANY_FILES) as tell:
            report = (
                run_checks(replace(request, tell=tell))
                if program.is_known
                else tables_report(program, request)
            )
    except GitError as error:
        raise click.BadParameter(str(error), param_hint="--against") from error
    reported = {(each.rule, each.message, each.origin) for each in report.diagnostics}
    unfixed = [each for each in unfixed if (each.rule, each.message, each.origin) not in reported]
    if program.is_known:
        found = (*program.wrong, *unfixed, *program.not_for_want(report.diagnostics))
        report = replace(report, diagnostics=found)
    if not options["files"]:
        program.note_causes(report.diagnostics)
    # Set before printing: it is the exit status even if the reader of the report stops reading.
    ctx.meta[STATUS] = 1 if report.failed else 0
    write_reports(report, format_, outputs)
    ctx.exit(ctx.meta[STATUS])


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
@program_options
def lock_command(output: str, program: Program) -> None:
    """Write the resolved settings to a lock file, to be committed.

    The file has values, their origins, and hashes of the files that were read. A secret is
    stored as a keyed hash. `check --locked` reports changes since then.
    """
    from runsettings.models.locking import lock_of  # pydantic: help needs no models
    from runsettings.resolution.lock_file import read_lock, write_lock  # pydantic, as above

    program.refuse_config()
    settings = program.resolve()
    try:
        # With the key of the existing file, the line of an unchanged secret stays the same.
        key = read_lock(Path(output), output).key
    except SettingsError:
        key = None
    write_output(output, write_lock(lock_of(settings, Path.cwd(), key)))
    count = len(runsettings.options(type(settings)).options)
    note(f"{counted(count, 'key')} locked in {output}")
