"""The status file of a background shipper, beside the journal.

It is a file and not a pipe: a forked child of the script cannot keep it open, and it survives a
crash.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from runsettings.documents.atomic_write import write_file
from runsettings.journal.reader import open_regular, parse
from runsettings.journal.writer import encode

_LARGEST = 1 << 16


class Status(NamedTuple):
    """The progress of a background shipper, and its last error."""

    position: int = 0
    """The byte offset in the journal up to which all records were shipped."""
    error: str | None = None
    """Why the last try failed."""
    final: bool = False
    """Whether a retry cannot succeed."""
    files: int = 0
    """The number of saved files that are not shipped yet."""
    left_out: tuple[str, ...] = ()
    """A message for each saved file that is not shipped."""
    refused_rows: str | None = None
    """A message about rows that the destination does not take."""


def status_path(journal: Path) -> Path:
    """The path of the status file: ``shipping.json`` in the run's directory.

    Args:
        journal: The path of the journal.
    """
    return journal.with_name("shipping.json")


def write_status(journal: Path, status: Status) -> None:
    """Write the status of a shipper.

    Args:
        journal: The path of the journal.
        status: The status.

    Raises:
        OSError: The file cannot be written.
    """
    write_file(status_path(journal), encode(status._asdict()), durable=False, follow_links=False)


def read_status(journal: Path) -> Status:
    """Read the status of a shipper.

    Args:
        journal: The path of the journal.

    Returns:
        The status; a default one if none was written yet.
    """
    try:
        with os.fdopen(open_regular(status_path(journal)), "rb") as file:
            found = parse(file.read(_LARGEST)) or {}
        return Status(
            int(found["position"]),
            found["error"],
            bool(found["final"]),
            int(found["files"]),
            tuple(map(str, found["left_out"])),
            found["refused_rows"],
        )
    except (OSError, KeyError, ValueError, TypeError):
        return Status()
