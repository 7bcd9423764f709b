"""How the command line prints: tables, JSON, YAML, notes and colours.

Colours, headers and wrapping are for terminals. What goes into a pipe or a file is plain and
complete, one row a line, for programs that read lines.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, Final

import click

from runsettings.values.rendering import printable

STATUS: Final = "runsettings.status"
"""In ``Context.meta``: the exit status of a command whose reader leaves early; 0 if none says."""

_GAP: Final = "  "

_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
"""Texts that a YAML 1.2 reader takes for numbers; PyYAML would leave ``1e-3`` unquoted."""


def colour_wanted() -> bool | None:
    """What the environment says of colours: yes, no, or (``None``) whatever the stream is for.

    ``NO_COLOR`` and ``FORCE_COLOR`` count when they are not empty, as https://no-color.org and
    https://force-color.org say; the first beats the second.
    """
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns; on a terminal with headers, and cells that wrap.

    Args:
        headers: The columns' names.
        rows: The cells; control characters in them are shown escaped.
    """
    shown = [[printable(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _print_rich(headers, shown)
        return
    widths = [max((len(row[i]) for row in shown), default=0) for i in range(len(headers))]
    for row in shown:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(_GAP.join(cells).rstrip())


def print_json(data: Any) -> None:
    """Print data as indented JSON."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def print_yaml(data: Any) -> None:
    """Print data as YAML that readers of YAML 1.1 and 1.2 read alike."""
    import yaml  # only who asks for YAML pays for it

    class Dumper(yaml.SafeDumper):
        """PyYAML's, knowing one more kind of text that has to be quoted."""

    Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+.0123456789"))
    text = yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1 << 16)
    click.echo(text, nl=False)


def note(text: str) -> None:
    """Tell a person something beside the result, on the standard error."""
    click.echo(f"{click.style('note:', fg='cyan')} {printable(text)}", err=True)


def _print_rich(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    # Terminals alone are worth its 30 ms.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, len(_GAP), 0, 0), header_style="bold")
    for header in headers:
        table.add_column(header, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # as texts: `[bold]` in a value is no markup
    wanted = colour_wanted()
    Console(no_color=wanted is False, highlight=False).print(table)
