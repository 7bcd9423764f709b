"""Where runs live on disk: ``wandb/[offline-]run-<time>-<id>/`` and what is in it.

``run-<id>.jsonl`` is the journal; ``files/`` holds what other tools and people read.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from runsettings.journal.writer import Journal

FILES: Final = "files"

_NAME: Final = re.compile(r"(?:offline-)?run-(\d{8}_\d{6})-(.+)", re.DOTALL)


class Place(NamedTuple):
    """A run's directory and the journal in it."""

    id: str
    journal: str
    size: int
    """Bytes."""
    modified: int
    """Nanoseconds since 1970."""
    inode: int
    """The file's number, which another file at the same place does not have."""


def wandb_directory(root: Path) -> Path:
    """The directory for runs under ``root``: ``.wandb`` where there is one, else ``wandb``."""
    hidden = root / ".wandb"
    return hidden if hidden.is_dir() else root / "wandb"


def prepare(root: Path, warn: Callable[[str], None]) -> Path:
    """Make the directory for runs under ``root``; a temporary one where that cannot be.

    Args:
        root: What the setting ``root_dir`` says.
        warn: Told in one sentence when runs go elsewhere.
    """
    wanted = wandb_directory(root)
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        if os.access(wanted, os.W_OK | os.X_OK):
            return wanted
        reason = "no permission, or a read-only file system"
    except OSError as error:
        reason = error.strerror or str(error)
    return elsewhere(wanted, reason, warn)


def elsewhere(wanted: Path, reason: str, warn: Callable[[str], None]) -> Path:
    """A temporary directory for runs, and a warning that says so.

    Raises:
        OSError: No temporary directory can be made either.
    """
    # Imported when a disk fails: it takes longer to import than a run takes to start.
    import tempfile

    found = Path(tempfile.mkdtemp(prefix="runsettings-")) / "wandb"
    found.mkdir()
    warn(f"{wanted} cannot be written ({reason}); runs go to {found}")
    return found


def create(directory: Path, run_id: str, *, offline: bool, now: float) -> Journal:
    """Make a run's directory with its ``files/`` and an empty journal.

    Raises:
        OSError: The directory cannot be made.
    """
    prefix = "offline-run" if offline else "run"
    while True:
        stamp = time.strftime("%Y%m%d_%H%M%S", time.localtime(now))
        home = directory / f"{prefix}-{stamp}-{run_id}"
        try:
            home.mkdir()
        except FileExistsError:
            # The same id twice in a second: the later one overwrites the earlier.
            now += 1
            continue
        (home / FILES).mkdir()
        return Journal.create(home / f"run-{run_id}.jsonl")


def stamp(name: str, run_id: str | None = None) -> str | None:
    """When the run of a directory of this name began: ``20250131_143005``.

    Args:
        name: The directory's name.
        run_id: Whose directory it must be; anybody's, without one.

    Returns:
        The time, local, in a form that sorts; ``None`` if it is no such directory's name.
    """
    match = _NAME.fullmatch(name)
    return match[1] if match is not None and run_id in (None, match[2]) else None


def places(directory: Path | str, run_id: str | None = None) -> Iterator[Place]:
    """The runs of this package below a ``wandb`` directory, in no order.

    Directories that the wandb client made have no journal of ours and are passed over, as is
    what disappears while it is looked at.
    """
    try:
        entries = os.scandir(directory)
    except OSError:
        return
    with entries:
        for entry in entries:
            match = _NAME.fullmatch(entry.name)
            if match is None or (run_id is not None and match[2] != run_id):
                continue
            journal = f"{entry.path}{os.sep}run-{match[2]}.jsonl"
            try:
                status = os.stat(journal)  # noqa: PTH116 - ten thousand Paths are slow
            except OSError:
                continue
            yield Place(match[2], journal, status.st_size, status.st_mtime_ns, status.st_ino)
