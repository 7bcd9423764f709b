"""How ``runsettings check`` tells what it found, and how far it is."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from runsettings.checks.reporters.formats import REPORT_FORMATS
from runsettings.cli.printing import colour_wanted
from runsettings.values.rendering import printable

if TYPE_CHECKING:
    from runsettings.checks.check import Report
    from runsettings.checks.configs.many_files import Advance, Begin

_MANY: Final = 100
"""Files from which on a person sees how far the check is."""

_CARETS: Final = re.compile(r" +│ +\^+")
_HEADING: Final = re.compile(r"[0-9,]+ (?:problem|warning)s? in ")


def reports_named(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> list[tuple[str, str]]:
    """``FORMAT=FILE``, or a file whose suffix tells the format, as the two."""
    suffixes = {format_.suffix: name for name, format_ in REPORT_FORMATS.items()}
    reports: list[tuple[str, str]] = []
    for value in values:
        format_, separator, file = value.partition("=")
        if separator and format_ in REPORT_FORMATS and file:
            reports.append((format_, file))
            continue
        by_name = suffixes.get(Path(value).suffix.lower())
        if by_name is None:
            message = f"write {'|'.join(REPORT_FORMATS)}=FILE, such as sarif={value}"
            raise click.BadParameter(message, ctx, param)
        reports.append((by_name, value))
    return reports


def write_reports(report: Report, format_: str, outputs: Sequence[tuple[str, str]]) -> None:
    """Write the report to files, and in one format to the standard output.

    Raises:
        click.BadParameter: A file cannot be written.
    """
    for name, file in outputs:
        text = REPORT_FORMATS[name].reporter()(report.diagnostics, report.checked)
        try:
            path = Path(file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode(errors="replace"))
        except OSError as error:
            message = f"{file} cannot be written: {error.strerror or error}"
            raise click.BadParameter(message, param_hint="--output") from error
    text = REPORT_FORMATS[format_].reporter()(report.diagnostics, report.checked)
    wanted = colour_wanted()
    if wanted is None:
        wanted = sys.stdout is not None and sys.stdout.isatty()
    if format_ == "text" and wanted:
        text = _coloured(text)
    click.echo(text, nl=False)


def _coloured(text: str) -> str:
    """The text report with its marks, severities and headings in colour."""
    lines = []
    for line in text.split("\n"):
        if _CARETS.fullmatch(line):
            line = line.replace("^", click.style("^", fg="red", bold=True))  # noqa: PLW2901
        elif line.startswith("  warning: "):
            line = line.replace("warning:", click.style("warning:", fg="yellow"), 1)  # noqa: PLW2901
        elif _HEADING.match(line):
            line = click.style(line, bold=True)  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines)


@contextmanager
def progress() -> Iterator[Begin | None]:
    """A progress bar on the standard error, for many files and for a person."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    with ExitStack() as stack:

        def begin(files: int) -> Advance | None:
            if files < _MANY:
                return None
            # Terminals alone are worth its 30 ms.
            from rich.console import Console
            from rich.progress import Progress

            bar = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
            task = bar.add_task("checking", total=files)
            return lambda count: bar.advance(task, count)

        yield begin


def printable_lines(text: str) -> str:
    """Text whose lines hold no control characters."""
    return "".join(f"{printable(line)}\n" for line in text.removesuffix("\n").split("\n"))
