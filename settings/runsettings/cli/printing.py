"""Prints tables, JSON, reports, notes and progress bars.

A terminal gets colours, headings and wrapped cells, which rich lays out. A pipe or a file gets
plain, complete text with one row on each line, for programs that read lines.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import click

from runsettings.values.rendering import printable

STATUS: Final = "runsettings.status"
"""In ``Context.meta``: the exit status of a command whose output is closed early; 0 by default."""

_GAP: Final = "  "

_LARGE_TABLE: Final = 500
"""The greatest number of rows that rich lays out; it needs a second for two thousand."""

_HEADING: Final = re.compile(r"(?m)^(?:[0-9,]+ (?:problem|warning|note)s? in |error: ).*$")
_SEVERITY: Final = re.compile(r"(?m)^  ((?:warning|note):)")
_CARETS: Final = re.compile(r"(?m)^ +│ +(\^+)$")


def colour_wanted() -> bool | None:
    """Whether the environment asks for colours; ``None`` if the stream decides.

    ``NO_COLOR`` and ``FORCE_COLOR`` have an effect if they are not empty (https://no-color.org,
    https://force-color.org); the first beats the second. rich follows the same rules.
    """
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def print_table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    headed: bool = False,
    cut: Collection[str] = (),
) -> None:
    """Print rows in columns; on a terminal under headings.

    Args:
        headings: The columns' names.
        rows: The cells; control characters are escaped.
        headed: Whether a pipe gets the headings as well.
        cut: Columns whose cells are cut to fit a terminal, so that each row is one line; if
            empty, all cells wrap.
    """
    rows = [list(map(printable, row)) for row in rows]
    on_terminal = sys.stdout.isatty()
    if on_terminal and len(rows) <= _LARGE_TABLE:
        _print_rich_table(headings, rows, cut)
        return
    lines = [list(map(printable, headings)), *rows] if headed or on_terminal else rows
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    joined = (_GAP.join(map(str.ljust, line, widths)).rstrip() for line in lines)
    if on_terminal and cut:
        from rich.cells import set_cell_size  # rich: only a terminal needs it

        terminal = shutil.get_terminal_size().columns
        joined = (set_cell_size(line, terminal).rstrip() for line in joined)
    text = "".join(line + "\n" for line in joined)
    click.echo(text, nl=False)  # one write: ten thousand writes would be slow


def print_json(data: Any) -> None:
    """Print data as indented JSON that any reader and any output encoding accepts.

    JSON has no NaN and no infinities: they become texts, as in W&B's own files.
    """
    from pydantic_core import to_json  # pydantic_core: only JSON output needs it

    try:
        text = to_json(data, indent=2, inf_nan_mode="strings", fallback=str).decode()
        text.encode(sys.stdout.encoding or "ascii")
        plain = text.replace("\n", "").isprintable()
    except ValueError:
        plain = False
    # JSON can escape half a surrogate pair, characters that the output's encoding lacks, and
    # characters that would change the direction of a terminal's text.
    click.echo(text if plain else json.dumps(_finite(data), indent=2, default=str))


def json_line(data: Any) -> str:
    """Data as JSON on one line, in ASCII where `print_json` would escape characters."""
    from pydantic_core import to_json  # pydantic_core: only JSON output needs it

    try:
        text = to_json(data, inf_nan_mode="strings", fallback=str).decode()
    except ValueError:  # half of a surrogate pair
        text = ""
    return text if text.isprintable() and text else json.dumps(_finite(data), default=str)


def one_line(value: Any) -> str:
    """A value for scripts: a text as it is, and an empty text for ``None``.

    Args:
        value: A JSON value.
    """
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def print_report(text: str, colour: str | None = None, *, err: bool = False) -> None:
    """Print diagnostics as text, coloured on a terminal.

    Args:
        text: The text that `values.rendering` or a reporter made.
        colour: The colour of the headings, or ``None`` for bold alone.
        err: Whether to print to the standard error instead of the standard output.
    """
    stream = sys.stderr if err else sys.stdout
    wanted = colour_wanted()
    if wanted is None:
        wanted = stream is not None and stream.isatty()
    if wanted:
        text = _HEADING.sub(lambda found: click.style(found[0], fg=colour, bold=True), text)
        text = _SEVERITY.sub("  " + click.style(r"\1", fg="yellow"), text)
        text = _CARETS.sub(
            lambda found: found[0].removesuffix(found[1]) + click.style(found[1], fg="red"), text
        )
    click.echo(text, nl=not text.endswith("\n"), err=err, color=wanted)


class WholeNumber(click.IntRange):
    """The type of an option that takes a whole number; click's own says "integer range"."""

    name = "whole number"


def note(text: str) -> None:
    """Print a note beside the result, on the standard error."""
    click.echo(f"{click.style('note:', fg='cyan')} {printable(text)}", err=True)


@contextmanager
def progress(description: str, least: int) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on the standard error, where that is a terminal.

    Args:
        description: The text beside the bar.
        least: The smallest number of steps for which a bar is shown.

    Yields:
        A function that takes the number of finished steps and the number of all steps.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    with ExitStack() as stack:
        update: Callable[..., None] | None = None

        def tell(done: int, total: int) -> None:
            nonlocal update
            if total < least:
                return
            if update is None:
                from rich.console import Console  # rich: only a terminal needs it
                from rich.progress import Progress

                bar = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
                task = bar.add_task(description, total=total)
                update = lambda done: bar.update(task, completed=done)  # noqa: E731
            update(done)

        yield tell


def _print_rich_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], cut: Collection[str]
) -> None:
    from rich.console import Console  # rich: only a terminal needs it
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, len(_GAP), 0, 0), header_style="bold")
    for heading in headings:
        # If there are columns to cut, rich shrinks only columns that may wrap.
        table.add_column(Text(heading), overflow="fold", no_wrap=bool(cut) and heading not in cut)
    for row in rows:
        # As Text, because rich would read `[b]` in a plain string as markup.
        cells = [
            Text(cell, no_wrap=True, overflow="ellipsis") if cut else Text(cell) for cell in row
        ]
        table.add_row(*cells)
    Console(highlight=False).print(table)


def _finite(data: Any) -> Any:
    if isinstance(data, float) and not math.isfinite(data):
        return "NaN" if math.isnan(data) else "Infinity" if data > 0 else "-Infinity"
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    return data
