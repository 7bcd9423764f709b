"""``runsettings ui``: the page of runs in a browser."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from contextlib import nullcontext
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from runsettings.cli.printing import WholeNumber, note
from runsettings.cli.runs.options import directory_option, run_source, store_option
from runsettings.documents.atomic_write import write_file
from runsettings.page.live_directory import LiveDirectory
from runsettings.page.run_edits import Editing
from runsettings.recorded.columns import package
from runsettings.recorded.sources import DirectorySource, RunSource

_PORT: Final = 7435
"""The default port; if it is in use, a free port is used."""


@click.command("ui")
@directory_option
@store_option
@click.option(
    "--port",
    metavar="N",
    type=WholeNumber(0, 65535),
    help=f"The port; by default {_PORT}, or a free one if that is in use.",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def ui_command(root: str | None, store: str | None, port: int | None, no_browser: bool) -> None:
    """Show runs in a browser: a table to filter, sort and group, and each run with its origins.

    The page is only for this machine: it listens on 127.0.0.1, and the printed URL has a token.
    Press Ctrl-C to stop it.
    """
    for name in ("starlette", "uvicorn"):
        package(name, "runsettings ui", extra="ui")
    from runsettings.page.server import open_port, serve  # uvicorn: no other command needs it

    with run_source(root, store) as source, tempfile.TemporaryDirectory() as directory:
        try:
            opened = open_port(_PORT if port is None else port)
        except OSError as error:
            if port is not None:
                raise click.ClickException(
                    f"port {port} cannot be used: {error.strerror} — give another --port"
                ) from None
            opened = open_port(0)

        def ready(address: str) -> None:
            click.echo(address)
            if no_browser:
                return
            if _has_display():
                _launch(address, Path(directory))
            else:
                note(f"no display: open the address in a browser; over SSH, {_forwarding(address)}")

        shown: RunSource
        if isinstance(source, DirectorySource):
            # The page polls every few seconds, so runs that do not change are cached in memory.
            shown = live = LiveDirectory(source.directory)
            editing: Editing = lambda: nullcontext(live)  # noqa: E731
        else:
            # A store that is open for changes would be locked.
            shown, editing = source, functools.partial(run_source, root, store, writable=True)
        serve(shown, editing, opened, ready)


def _has_display() -> bool:
    """Whether a browser has somewhere to show a page: without one, Linux starts one of text."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")
    return not sys.platform.startswith("linux") or any(map(os.environ.get, names))


def _forwarding(address: str) -> str:
    port = urlsplit(address).port
    return f"first run on your own machine: ssh -N -L {port}:127.0.0.1:{port} HOST"


def _launch(address: str, directory: Path) -> None:
    """Open an address in the browser by a private file that leads there.

    All users of a machine can see the arguments of its processes, and the address has a token.
    """
    file = directory / "runs.html"
    text = f'<meta http-equiv="refresh" content="0; url={escape(address)}">\n'
    write_file(file, text.encode(), durable=False, mode=0o600)
    click.launch(str(file))
