"""The reader of journals: every complete record, whatever happened to the lines around it.

A line that is not a JSON object was torn by a crash or a full disk; it is counted and skipped.
The last line counts as soon as it is complete, with or without its newline, so a reader sees
the same records before and after a resumed run ended that line.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic_core import from_json

from runsettings.journal.records import FORMAT, VERSION
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

_CHUNK: Final = 1 << 20

# Where the platform has them: no waiting for a pipe, no following of a link, no child inherits it.
_FLAGS: Final = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY")
)


class Line(NamedTuple):
    """One line of a journal."""

    record: dict[str, Any] | None
    """The record, or ``None`` for a torn line."""
    end: int
    """The byte at which the next line begins; a reader may continue from there."""


def open_journal(path: Path | str) -> int:
    """Open a journal for reading, and nothing but a regular file.

    Whoever may write to a shared directory can put a pipe or a link to a device there, which a
    reader would wait for without end.

    Raises:
        OSError: It cannot be opened, or is not a regular file.
    """
    fd = os.open(path, _FLAGS)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
    return fd


def read_lines(path: Path | str | int, start: int = 0) -> Iterator[Line]:
    """The lines of a journal, in order, without an unfinished last one.

    Args:
        path: The journal, or the descriptor of an open one, which is closed.
        start: The byte to begin at.

    Raises:
        OSError: The file cannot be read.
    """
    fd = path if isinstance(path, int) else open_journal(path)
    with os.fdopen(fd, "rb", buffering=_CHUNK) as file:
        file.seek(start)
        end = start
        for line in file:
            end += len(line)
            record = parse(line)
            if record is None and not line.endswith(b"\n"):
                # It may still be being written; the next reading begins with it.
                return
            if record is not None or not line.isspace():
                yield Line(record, end)


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


def parse(line: bytes) -> dict[str, Any] | None:
    """The record in one line, or ``None`` if it is torn."""
    try:
        record = from_json(line)
    except ValueError:
        try:
            # Half a surrogate pair: Python's json reads it, pydantic's does not.
            record = json.loads(line)
        except (ValueError, RecursionError):
            return None  # nested deeper than any record that we write
    return record if type(record) is dict else None


def check_header(record: dict[str, Any], path: Path | str) -> None:
    """Check that a journal's first record is a header of a version that this reader knows.

    Raises:
        RunError: It is of a later version, or not a header.
    """
    version = record.get("version")
    if record.get("format") != FORMAT or not isinstance(version, int):
        raise RunError.of(Rule.BAD_JOURNAL, f"{path} is not a journal of a run")
    if version > VERSION:
        raise RunError.of(
            Rule.BAD_JOURNAL,
            f"{path} is a journal of version {version}; this is a reader of version {VERSION}",
            hint="upgrade runsettings",
        )
