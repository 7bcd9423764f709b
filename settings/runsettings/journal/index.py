"""A quick list of many runs: an index of their journals, brought up to date when asked.

The index is a cache in SQLite beside the runs. It knows of each journal how far it was read;
bringing it up to date looks at every journal's size and time and reads on in those that grew.
Whatever is wrong with it (damaged, of another version, on a disk that cannot be written), it
is made anew, or kept in memory for this once: the journals are the truth.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runsettings.journal.directory import Place, places
from runsettings.journal.reader import parse
from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import encode
from runsettings.values.errors import RunError

FILE: Final = ".runs.sqlite"

_VERSION: Final = 1
_PATIENCE: Final = 10.0
"""Seconds to wait for another process that brings the index up to date."""

_DAMAGE: Final = (sqlite3.DatabaseError, ValueError, TypeError, KeyError)
"""What reading a damaged index ends in."""

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS runs (
    journal TEXT PRIMARY KEY, inode INTEGER, size INTEGER, modified INTEGER, run BLOB
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Listing:
    """The runs of one ``wandb`` directory, and the journals that could not be read."""

    runs: list[StoredRun]
    """One a project and id, the latest of several; newest first. They lack settings, origins,
    files and packages: `stored.load` of a run's journal has them."""
    unreadable: dict[str, str]
    """What is wrong, by the journal's path."""


def list_runs(
    directory: Path | str, tell: Callable[[int, int], None] = lambda _done, _all: None
) -> Listing:
    """All runs below a ``wandb`` directory, as their journals tell now.

    Args:
        directory: The ``wandb`` directory; it need not exist.
        tell: Called with how many journals that the index did not know have been read, and how
            many there are of these, after each.
    """
    found = {place.journal: place for place in places(directory)}
    if not found:
        return Listing([], {})
    runs, unreadable = _indexed(Path(directory) / FILE, found, tell)
    latest: dict[tuple[str, str], StoredRun] = {}
    for run in sorted(runs, key=lambda run: run.created):
        latest[run.project, run.id] = run
    return Listing(sorted(latest.values(), key=lambda run: -run.created), unreadable)


def find_runs(directory: Path | str, name: str) -> list[StoredRun]:
    """The runs that a person may mean: by id, by name, or by the beginning of an id.

    Args:
        directory: The ``wandb`` directory.
        name: What the person wrote. A path to a run's directory or journal is meant as such.
    """
    runs = list_runs(directory).runs
    path = os.path.abspath(name)  # noqa: PTH100 - without following symbolic links
    return (
        [run for run in runs if run.id == name]
        or [run for run in runs if path in _paths(run)]
        or [run for run in runs if run.name == name]
        or [run for run in runs if run.id.startswith(name)]
    )


def _paths(run: StoredRun) -> tuple[str, str]:
    """Where a run's journal and directory are."""
    journal = os.path.abspath(run.journal)  # noqa: PTH100
    return journal, os.path.dirname(journal)  # noqa: PTH120


def _indexed(
    path: Path, found: dict[str, Place], tell: Callable[[int, int], None]
) -> tuple[list[StoredRun], dict[str, str]]:
    """All runs, from an index that is of use, made anew if need be."""
    database = _open(path)
    if database is not None:
        # What is damaged may be a page, or what stands in a row.
        with contextlib.closing(database), contextlib.suppress(*_DAMAGE):
            return _up_to_date(database, found, tell)
    with contextlib.suppress(OSError):
        for suffix in ("", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    database = _open(path) or _open(":memory:")
    assert database is not None
    with contextlib.closing(database):
        return _up_to_date(database, found, tell)


def _up_to_date(
    database: sqlite3.Connection, found: dict[str, Place], tell: Callable[[int, int], None]
) -> tuple[list[StoredRun], dict[str, str]]:
    """All runs, with the index brought up to date on the way."""
    base = os.path.dirname(os.path.dirname(next(iter(found))))  # noqa: PTH120
    runs: list[StoredRun] = []
    unreadable: dict[str, str] = {}
    changed: list[tuple[str, int, int, int, bytes]] = []
    gone: list[tuple[str]] = []
    unknown = dict(found)
    rows = database.execute("SELECT journal, inode, size, modified, run FROM runs")
    for relative, inode, size, modified, stored in rows:
        place = unknown.pop(os.path.join(base, relative), None)  # noqa: PTH118
        if place is None:
            gone.append((relative,))
            continue
        known = parse(stored)
        if known is None:
            raise ValueError("what stands in the index is no run")
        run = StoredRun.from_json({**known, "journal": place.journal})
        if (place.inode, place.size, place.modified) != (inode, size, modified):
            if place.inode != inode or place.size < run.position:
                run = StoredRun(place.journal)
            _read_on(run, place, base, changed, unreadable)
        if run.started_run:
            runs.append(run)
    for count, place in enumerate(unknown.values(), 1):
        run = StoredRun(place.journal)
        if _read_on(run, place, base, changed, unreadable) and run.started_run:
            runs.append(run)
        tell(count, len(unknown))
    if changed or gone:
        # A disk that is full or read-only costs the next listing some time, and no more.
        with contextlib.suppress(sqlite3.OperationalError), database:
            database.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?)", changed)
            database.executemany("DELETE FROM runs WHERE journal = ?", gone)
    return runs, unreadable


def _read_on(
    run: StoredRun,
    place: Place,
    base: str,
    changed: list[tuple[str, int, int, int, bytes]],
    unreadable: dict[str, str],
) -> bool:
    """Read what a journal has new, and note how the run stands now."""
    try:
        run.read_on()
    except (OSError, RunError) as error:
        unreadable[place.journal] = str(error)
        return False
    # What only `show` and `diff` ask for would make every listing slower.
    run.settings, run.settings_origins, run.config_origins, run.files = {}, {}, {}, {}
    run.metadata.pop("packages", None)
    stored = encode(run.to_json())
    relative = os.path.relpath(place.journal, base)
    changed.append((relative, place.inode, place.size, place.modified, stored))
    return True


def _open(path: Path | str) -> sqlite3.Connection | None:
    """A usable index, or ``None``."""
    try:
        database = sqlite3.connect(path, timeout=_PATIENCE)
    except sqlite3.Error:
        return None
    try:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version not in (0, _VERSION):
            database.close()
            return None
        if version == 0:
            database.execute(_TABLE)
            database.execute(f"PRAGMA user_version = {_VERSION:d}")
            database.commit()
    except sqlite3.Error:
        database.close()
        return None
    return database
