"""Stores beside a journal how much of it was uploaded to W&B: the client has no transactions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from runsettings.documents.atomic_write import write_file
from runsettings.journal.lock import claim
from runsettings.journal.reader import open_regular, parse
from runsettings.journal.writer import encode
from runsettings.shipping.batches import RunIdentity, tail_digest
from runsettings.shipping.stores.base import BusyError, Committed
from runsettings.values.diagnostic import Rule

DIRECTORY: Final = "wandb-client"
"""The directory beside the journal; it also has the client's own files."""

_LARGEST: Final = 1 << 16


class Position(NamedTuple):
    """How much of a run was uploaded."""

    generation: str
    """Distinguishes the run from others with the same id; see `RunIdentity`."""
    server: str
    position: int = 0
    """The byte offset in the journal up to which all records were uploaded."""
    offset: int = 0
    """The number that is added to each step, if the run was started on another machine."""
    url: str | None = None
    """The URL of the run's page."""

    @classmethod
    def read(cls, journal: str, identity: RunIdentity, server: str) -> Position | None:
        """Read how much of a run was uploaded to a server.

        Args:
            journal: The path of the journal.
            identity: The identity of the run.
            server: The address of the server.

        Returns:
            The position; ``None`` if nothing was uploaded yet.
        """
        try:
            with os.fdopen(open_regular(_path(journal)), "rb") as file:
                found = cls(**(parse(file.read(_LARGEST)) or {}))
        except (OSError, TypeError):
            return None
        if (found.generation, found.server) != (identity.generation, server):
            return None
        valid = type(found.position) is int and type(found.offset) is int
        return found if valid and min(found.position, found.offset) >= 0 else None

    def write(self, journal: str) -> None:
        """Write this position beside the journal.

        Args:
            journal: The path of the journal.

        Raises:
            OSError: The file cannot be written.
        """
        content = encode(self._asdict())
        write_file(_path(journal), content, durable=False, follow_links=False)

    def committed(self, key: int, journal: str) -> Committed:
        """Convert this position to the type that all destinations return.

        Args:
            key: The number of the run in this process.
            journal: The path of the journal.
        """
        tail = tail_digest(journal, self.position) if self.position else ""
        return Committed(key, self.position, tail or "", None, removed=False)


def lock_run(journal: str) -> int:
    """Lock a run, so that only this process ships it.

    Args:
        journal: The path of the journal.

    Returns:
        The file descriptor of the lock.

    Raises:
        BusyError: Another process is shipping the run.
        OSError: The lock cannot be acquired.
    """
    path = _path(journal).with_name("lock")
    path.parent.mkdir(exist_ok=True)
    lock = open_regular(path, os.O_RDWR | os.O_CREAT)
    if not claim(lock):
        os.close(lock)
        raise BusyError.of(
            Rule.STORE_UNREACHABLE, f"another process ships the run of {journal} to W&B"
        )
    return lock


def _path(journal: str) -> Path:
    return Path(journal).with_name(DIRECTORY) / "position.json"
