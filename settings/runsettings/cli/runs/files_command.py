"""``runsettings runs files``: lists the files of a run, and fetches them."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

import click

from runsettings.cli.printing import note, print_json, print_table
from runsettings.cli.runs.cells import cell
from runsettings.cli.runs.options import complete_runs, directory_option, run_source, store_option
from runsettings.documents.atomic_write import write_file
from runsettings.journal.replay import StoredRun
from runsettings.recorded.sources import RunSource
from runsettings.shipping.stores.base import NotShippedError
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.rendering import printable


@click.command("files")
@click.argument("run", shell_complete=complete_runs)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@directory_option
@store_option
@click.option(
    "--output",
    "-o",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Fetch the files into this directory.",
)
@click.option("--json", "as_json", is_flag=True, help="List the files as JSON.")
def files_command(
    run: str,
    paths: tuple[str, ...],
    root: str | None,
    store: str | None,
    output: str | None,
    as_json: bool,
) -> None:
    """List the files of RUN with their sizes, or fetch them.

    One PATH alone is written to the standard output. With --output, each PATH is fetched into that
    directory, by default all files; files that are there already are replaced. A file that cannot
    be read, or is not in the store, is left out with a note.
    """
    if as_json and (paths or output is not None):
        raise click.UsageError("--json lists the files: give it no PATH and no --output")
    if output is None and len(paths) > 1:
        raise click.UsageError("several files need --output")
    with run_source(root, store) as source:
        found = source.find(run)
        files = source.files(found)
        for path in paths:
            _check_known(path, files)
        if output is None and not paths:
            _print_files(files, as_json=as_json)
            if not files:
                why = "" if store is None else ", which has only the files that a run saved"
                note(printable(f"no files of {found.id} in {source.place}{why}"))
        elif output is None:
            sys.stdout.buffer.writelines(_read(source, found, paths[0]))
        else:
            wanted = paths or [path for path, size in files.items() if size is not None]
            missing = _fetch_all(source, found, wanted, Path(output))
            if missing and paths:
                sys.exit(1)


def _print_files(files: Mapping[str, int | None], *, as_json: bool) -> None:
    if as_json:
        print_json([{"path": path, "size": size} for path, size in files.items()])
    elif files:
        rows = [
            (cell(path), "missing" if size is None else f"{size:,} bytes")
            for path, size in files.items()
        ]
        print_table(["path", "size"], rows)


def _check_known(path: str, files: Mapping[str, int | None]) -> None:
    """Check that a run has a file.

    Raises:
        click.ClickException: It has none of this path.
    """
    if path not in files:
        hint = did_you_mean(path, files)
        hint = hint or "leave out PATH to list the files"
        raise click.ClickException(printable(f"the run has no file {path!r} — {hint}"))


def _fetch_all(
    source: RunSource, run: StoredRun, paths: Iterable[str], directory: Path
) -> list[str]:
    """Write files below a directory; return the paths of those that cannot be had."""
    missing = []
    for path in paths:
        try:
            _fetch(_read(source, run, path), directory, path)
        except _UnreadableError as error:
            missing.append(path)
            note(error.message)
        except NotShippedError:
            missing.append(path)
            note(f"{path} is not in the store: it was not shipped")
        else:
            click.echo(printable(path))
    return missing


class _UnreadableError(click.ClickException):
    """A file of a run cannot be read."""


def _read(source: RunSource, run: StoredRun, path: str) -> Iterator[bytes]:
    """The content of a file of a run, in parts.

    Raises:
        _UnreadableError: The file cannot be read.
        RunError: The store does not have the content, or failed.
    """
    try:
        yield from source.read_file(run, path)
    except OSError as error:
        is_link = error.errno == errno.ELOOP
        reason = "it is a symbolic link" if is_link else error.strerror or error
        raise _UnreadableError(printable(f"{path} cannot be read: {reason}")) from None


def _fetch(parts: Iterator[bytes], directory: Path, path: str) -> None:
    """Write a file below a directory; refuse a path that leads out of it.

    Raises:
        click.ClickException: The path, or a link in the directory, leads out of it.
    """
    names = PurePosixPath(path).parts
    target = directory.joinpath(*names)
    # Whoever may write to a store chooses the paths. On Windows, "C:" and "\\" lead elsewhere too.
    odd = "\0" in path or not names or ".." in names or PurePosixPath(path).is_absolute()
    if os.name == "nt":
        odd = odd or any(len(PureWindowsPath(n).parts) != 1 or ":" in n for n in names)
    if not odd:
        directory.mkdir(parents=True, exist_ok=True)
        base = directory.resolve()
        # Checked before directories are made: there may be a link with the same name.
        odd = not target.parent.resolve().is_relative_to(base)
    if odd:
        message = f"the path {path!r} leads out of {os.fspath(directory)}: it is not fetched"
        raise click.ClickException(printable(message))
    target.parent.mkdir(parents=True, exist_ok=True)

    def write(file: BinaryIO) -> None:
        file.writelines(parts)

    write_file(target, write, durable=False, follow_links=False)
