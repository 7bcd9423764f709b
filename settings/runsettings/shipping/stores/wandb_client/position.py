"""What a W&B server has of a run, kept beside its journal: the client has no transactions."""

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
"""The directory beside the journal, which has the client's own files as well."""

_LARGEST: Final = 1 << 16


class Position(NamedTuple):
    """What the server has of a run."""

    generation: str
    """Which run it is; see `RunIdentity`."""
    server: str
    position: int = 0
    """The byte of the journal up to which everything was uploaded."""
    offset: int = 0
    """The first step of the journal at the server, where the run was begun on another machine."""
    url: str | None = None
    """Where the run can be seen."""

    @classmethod
    def read(cls, journal: str, identity: RunIdentity, server: str) -> Position | None:
        """What a server has of a run; ``None`` if nothing was uploaded yet.

        Args:
            journal: The path of the journal.
            identity: The run.
            server: The address of the server.
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
        """Keep this beside the journal.

        Raises:
            OSError: It cannot be written.
        """
        content = encode(self._asdict())
        write_file(_path(journal), content, durable=False, follow_links=False)

    def committed(self, key: int, journal: str) -> Committed:
        """This in the form of all destinations.

        Args:
            key: The number of the run.
            journal: The path of the journal.
        """
        tail = tail_digest(journal, self.position) if self.position else ""
        return Committed(key, self.position, tail or "", None, removed=False)


def lock_run(journal: str) -> int:
    """Lock a run for this process, which alone ships it; return the descriptor of the lock.

    Args:
        journal: The path of the journal.

    Raises:
        BusyError: Another process ships it.
        OSError: The lock cannot be made.
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
