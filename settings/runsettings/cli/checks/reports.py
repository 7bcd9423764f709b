"""Writes the reports of ``runsettings check``, and the files of its commands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runsettings.checks.reporters.formats import REPORT_FORMATS
from runsettings.cli.error_masking import error_mask
from runsettings.cli.printing import print_report
from runsettings.documents.atomic_write import cannot_write, write_file

if TYPE_CHECKING:
    from runsettings.checks.check import Report


def reports_named(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> list[tuple[str, str]]:
    """The format and the file of each value of ``--output``.

    Args:
        ctx: The context of the command.
        param: The option.
        values: ``FORMAT=FILE``, or a file whose suffix tells the format.

    Raises:
        click.BadParameter: A value tells no format.
    """
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
    """Write a report to files and to the standard output.

    Args:
        report: The report.
        format_: The format for the standard output.
        outputs: The format and the name of each file.

    Raises:
        click.BadParameter: A file cannot be written.
    """
    for name, file in outputs:
        write_output(file, _text(report, name))
    text = _text(report, format_)
    if format_ == "text":
        print_report(text)
    else:
        click.echo(text, nl=False)


def write_output(file: str, text: str) -> None:
    """Write the file that ``--output`` names atomically; create its directory.

    Args:
        file: The file.
        text: Its text.

    Raises:
        click.BadParameter: It cannot be written.
    """
    path = Path(file)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text.encode(errors="replace"))
    except OSError as error:
        raise click.BadParameter(cannot_write(file, error), param_hint="--output") from error


def _text(report: Report, format_: str) -> str:
    found, checked = report.diagnostics, report.checked
    if found:
        mask = error_mask(click.get_current_context().find_root().obj or ())
        found, checked = mask.diagnostics(found), tuple(map(mask.message, checked))
    return REPORT_FORMATS[format_].reporter()(found, checked)
