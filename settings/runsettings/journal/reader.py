"""Reads journals: returns every complete record, also after incomplete lines.

A line that is not a JSON object was torn by a crash or a full disk; it is skipped. The last line is
read as soon as its record is complete, with or without a newline. So a reader gets the same
records before and after a resumed run ends that line.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic_core import from_json

from runsettings.journal.records import FORMAT, VERSION, is_double, is_row
from runsettings.layers.known_arguments import known_arguments
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

_CHUNK: Final = 1 << 20
_FIRST_BLOCK: Final = 1 << 12
_BEGINNING: Final = b'{"type":"header"'
"""What a writer writes first into a journal."""

_BLOCK: Final = 1 << 15
"""Bytes of a block. With more records in memory, the garbage collector runs more often."""

# As far as the platform has them: never wait for a pipe or follow a link; children do not inherit.
_SAFE: Final = sum(
    getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY")
)


class Line(NamedTuple):
    """One line of a journal."""

    record: dict[str, Any] | None
    """The record, or ``None`` for a torn line."""
    end: int
    """The byte at which the next line begins; a reader can continue there."""


class Block(NamedTuple):
    """Consecutive lines of a journal."""

    lines: list[bytes]
    records: list[dict[str, Any] | None]
    """The record of each line, or ``None`` for a torn line."""
    ends: list[int]
    """For each line, the byte at which the next one begins."""


def open_regular(path: Path | str, flags: int = os.O_RDONLY, *, dir_fd: int | None = None) -> int:
    """Open a file of a run, if it is a regular file.

    In a shared directory, another user can put a pipe or a link to a device there, which could
    block a reader for ever.

    Args:
        path: The file.
        flags: How to open it; for reading if left out.
        dir_fd: The descriptor of the open directory that the path is relative to.

    Raises:
        OSError: It cannot be opened, or is not a regular file.
    """
    fd = os.open(path, flags | _SAFE, 0o666, dir_fd=dir_fd)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
    return fd


def read_blocks(
    path: Path | str | int, start: int = 0, most: int = sys.maxsize
) -> Iterator[tuple[list[bytes], int]]:
    """The lines of a journal, many at once, each time with the byte at which they begin.

    The first block is small, so that reading only the beginning of a journal costs little.

    Args:
        path: The journal, or the descriptor of an open one, which is closed.
        start: The byte to begin at.
        most: The number of bytes after which to stop, at the end of a line that is not blank.

    Raises:
        OSError: The file cannot be read.
    """
    fd = path if isinstance(path, int) else open_regular(path)
    with os.fdopen(fd, "rb", buffering=_CHUNK) as file:
        file.seek(start)
        at, size = start, _FIRST_BLOCK
        while lines := file.readlines(max(min(size, start + most - at - 1), 1)):
            yield lines, at
            at, size = at + sum(map(len, lines)), min(2 * size, _BLOCK)
            if not lines[-1].endswith(b"\n"):
                return  # its end may be written meanwhile, and is no line of its own
            if at - start >= most and not all(map(bytes.isspace, lines)):
                return


def parse_lines(lines: list[bytes], start: int) -> Block:
    """Parse lines of a journal. An unfinished last line is left out, and so are blank lines.

    Args:
        lines: The lines.
        start: The byte at which they begin.
    """
    ends = list(accumulate(map(len, lines), initial=start))[1:]
    try:
        records: list[Any] = list(map(from_json, lines))
        if set(map(type, records)) == {dict}:
            return Block(lines, records, ends)
    except ValueError:
        pass
    records = list(map(parse, lines))
    if records[-1] is None and not lines[-1].endswith(b"\n"):
        # Another process may be writing it; the next call begins with it.
        records.pop()
    # A blank line is no torn record.
    read = [at for at, each in enumerate(records) if each is not None or not lines[at].isspace()]
    return Block(
        [lines[at] for at in read], [records[at] for at in read], [ends[at] for at in read]
    )


def read_lines(path: Path | str | int, start: int = 0) -> Iterator[Line]:
    """The lines of a journal, in order, without an unfinished last one.

    Args:
        path: The journal, or the descriptor of an open one, which is closed.
        start: The byte to begin at.

    Raises:
        OSError: The file cannot be read.
    """
    for lines, at in read_blocks(path, start):
        block = parse_lines(lines, at)
        yield from map(Line, block.records, block.ends)


@known_arguments()
def read_records(path: Path | str | int, start: int = 0) -> Iterator[dict[str, Any]]:
    """The complete records of a journal, in order.

    Args:
        path: The journal, or the descriptor of an open one, which is closed.
        start: The byte to begin at.

    Raises:
        OSError: The file cannot be read.
    """
    for line in read_lines(path, start):
        if line.record is not None:
            yield line.record


@known_arguments()
def read_history(journal: Path | str) -> Iterator[dict[str, Any]]:
    """The rows of a run, one for each step.

    Args:
        journal: The path of the journal.

    Yields:
        The logged data, nested as it was logged, with ``_step``, and with ``_timestamp`` in
        seconds since 1970.

    Raises:
        OSError: The journal cannot be read.
    """
    row: dict[str, Any] = {}
    place: tuple[int, bool] | None = None
    sources: dict[str, int] = {}
    for record in read_records(journal):
        if record.get("type") != "history" or not is_row(record) or is_double(record, sources):
            continue
        # The steps of a file that is followed are its own.
        before, place = place, (record["step"], "source" in record)
        if place != before:
            if row:
                yield row
            row = {"_step": record["step"]}
        # These two beat metrics of the same names.
        row.update(record["data"], _step=record["step"], _timestamp=record["time"])
    if row:
        yield row


def parse(line: bytes) -> dict[str, Any] | None:
    """The record in one line, or ``None`` if it is torn."""
    if not line.lstrip().startswith(b"{"):
        return None  # most torn lines, without the cost of an exception
    try:
        record = from_json(line)
    except ValueError:
        try:
            # Half of a surrogate pair: Python's json reads it, pydantic's parser does not.
            record = json.loads(line)
        except (ValueError, RecursionError):
            return None  # nested deeper than any record that we write
    return record if type(record) is dict else None


def check_beginning(path: Path | str) -> None:
    """Check that a file begins as a journal, which may have no complete line yet.

    Raises:
        OSError: The file cannot be read.
        RunError: It is another file.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        line = file.readline(_FIRST_BLOCK)
    begins = line[: len(_BEGINNING)]
    if (parse(line) or {}).get("type") != "header" and not _BEGINNING.startswith(begins):
        raise _no_journal(path)


def _no_journal(path: Path | str) -> RunError:
    hint = "a journal is the file run-….jsonl in the directory of a run"
    return RunError.of(Rule.BAD_JOURNAL, f"{path} is not a journal of a run", hint=hint)


def check_header(record: dict[str, Any], path: Path | str) -> None:
    """Check that a journal's first record is a header of a version that this reader knows.

    Raises:
        RunError: It is of a later version, or not a header.
    """
    version = record.get("version")
    if record.get("format") != FORMAT or not isinstance(version, int):
        raise _no_journal(path)
    if version > VERSION:
        raise RunError.of(
            Rule.BAD_JOURNAL,
            f"{path} is a journal of version {version}; this is a reader of version {VERSION}",
            hint="upgrade runsettings",
        )
