"""The file in which a background shipper says how far it is, beside the journal.

A file, not a pipe: the script then has no descriptor that a forked child could keep open, and what
the shipper said last is known after any crash.
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
    """What a background shipper said last."""

    position: int = 0
    """The byte of the journal up to which the store has everything."""
    error: str | None = None
    """Why the last try failed."""
    final: bool = False
    """Whether the error is one that no further try can mend."""
    files: int = 0
    """The number of saved files that are still to be shipped."""
    left_out: tuple[str, ...] = ()
    """What to say of each saved file that is not shipped."""


def status_path(journal: Path) -> Path:
    """The path of the file: ``shipping.json`` in the run's directory."""
    return journal.with_name("shipping.json")


def write_status(journal: Path, status: Status) -> None:
    """Write what a shipper says.

    Raises:
        OSError: It cannot be written.
    """
    write_file(status_path(journal), encode(status._asdict()), durable=False, follow_links=False)


def read_status(journal: Path) -> Status:
    """Read what the shipper of a journal said last; nothing if it has said nothing yet."""
    try:
        with os.fdopen(open_regular(status_path(journal)), "rb") as file:
            found = parse(file.read(_LARGEST)) or {}
        return Status(
            int(found["position"]),
            found["error"],
            bool(found["final"]),
            int(found["files"]),
            tuple(map(str, found["left_out"])),
        )
    except (OSError, KeyError, ValueError, TypeError):
        return Status()
