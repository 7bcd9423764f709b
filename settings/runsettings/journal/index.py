"""An index of many journals, so that listing runs is quick.

The index is a cache in SQLite beside the runs, or in a directory of the user's if the runs are on a
network disk, where locks may not work. It stores the state of each run, and how far its
journal was read. An update compares the size and time of every journal, and reads the new part of
those that changed. A damaged index, or one of another version, is rebuilt from the journals. If
the disk cannot be written, it is built in memory.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, Self

from runsettings.documents.file_systems import cache_file
from runsettings.journal.directory import JournalFile, find_journals, start_time_in_name
from runsettings.journal.reader import parse
from runsettings.journal.replay import StoredRun, load_run
from runsettings.journal.writer import encode
from runsettings.values.errors import RunError

FILE: Final = ".runs.sqlite"

_OTHERS: Final = ("-journal", "-wal", "-shm")
"""What SQLite adds to the name of a database for the files that it may have beside it."""

_VERSION: Final = 2
_PATIENCE: Final = 10.0
"""Seconds to wait for another process that updates the index."""

_DAMAGE: Final = (sqlite3.DatabaseError, ValueError, TypeError)
"""Exceptions that reading a damaged index may raise."""

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS runs (
    journal TEXT PRIMARY KEY, inode INTEGER, size INTEGER, modified INTEGER,
    run BLOB, rest BLOB, checksum INTEGER
) WITHOUT ROWID
"""

_REST: Final = (
    *("config", "config_origins", "config_losers", "settings", "settings_origins"),
    *("settings_losers", "summary", "metrics", "totals", "metadata", "files", "sources"),
    "generations",
)
"""The large members of a run, which are stored apart and read at their first use."""

_MEMBERS: Final = zlib.crc32(repr((StoredRun.__slots__, _REST)).encode())
"""The start of each checksum, so that rows of a version with other members are not read."""


class _IndexedRun(StoredRun):
    """A run from a row of the index, whose large members are parsed at their first use."""

    __slots__ = ("rest",)

    rest: bytes
    """The large members as JSON."""

    @classmethod
    def of(cls, journal: str, run: bytes, rest: bytes) -> Self:
        """The run of a row.

        Raises:
            ValueError: The row is damaged.
        """
        members = parse(run)
        if members is None:
            raise ValueError("a row of the index is not a run")
        made = cls.__new__(cls)
        made.rest = rest
        for name, value in members.items():
            setattr(made, name, value)
        made.journal = journal
        return made

    def __getattr__(self, name: str) -> Any:
        if name not in _REST:
            raise AttributeError(name)
        members = {each: getattr(self, each) for each in StoredRun.__slots__ if each not in _REST}
        run = StoredRun.from_json({**members, **(parse(self.rest) or {})})
        for each in _REST:
            try:
                object.__getattribute__(self, each)
            except AttributeError:
                setattr(self, each, getattr(run, each))
        return getattr(self, name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StoredRun) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]  # as that of `StoredRun`


@dataclass(frozen=True, slots=True)
class Listing:
    """The runs of one ``wandb`` directory, and the journals that could not be read."""

    runs: list[StoredRun] = field(default_factory=list)
    """The latest run of each project and id, newest first. Settings, origins, files and packages
    are missing; `replay.load_run` reads them."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """The error, by the path of the journal."""
    total: int | None = None
    """The number of all selected runs, if a question asked for it; `runs` may be a part of them."""
    reading: int = 0
    """The number of journals that are being read, while `runs` has only the newest runs."""


def list_runs(
    directory: Path | str, tell: Callable[[int, int], None] = lambda _done, _all: None
) -> Listing:
    """All runs below a ``wandb`` directory, as their journals are now.

    Args:
        directory: The ``wandb`` directory; it need not exist.
        tell: Called after each journal that is new to the index, with the number of new journals
            that were read and the number of all new journals.
    """
    found = {file.path: file for file in find_journals(directory)}
    if not found:
        return Listing()
    listing = _indexed(cache_file(Path(directory), FILE), found, tell)
    return Listing(_latest(listing.runs), listing.unreadable)


def newest_runs(directory: Path | str, count: int, *, at_least: int) -> Listing:
    """Read the journals of the newest runs without the index, which may take seconds to build.

    Args:
        directory: The ``wandb`` directory.
        count: The number of journals to read.
        at_least: The number of journals below which none is read.

    Returns:
        The runs, with ``reading``. A journal that cannot be read is left out.
    """
    found = list(find_journals(directory))
    if len(found) < at_least:
        return Listing()
    found.sort(key=lambda file: start_time_in_name(Path(file.path).parent.name) or "")
    runs = []
    for file in found[-count:]:
        with contextlib.suppress(OSError, RunError):
            run = load_run(file.path)
            leave_out_details(run)
            if run.started_run:
                runs.append(run)
    return Listing(_latest(runs), reading=len(found))


def _latest(runs: list[StoredRun]) -> list[StoredRun]:
    """The latest run of each project and id, newest first."""
    latest: dict[tuple[str, str], StoredRun] = {}
    for run in sorted(runs, key=attrgetter("created", "starts")):
        latest[run.project, run.id] = run
    return sorted(latest.values(), key=attrgetter("created"), reverse=True)


def leave_out_details(run: StoredRun) -> None:
    """Remove what only `show` and `diff` need, and what would make every listing slower."""
    run.settings, run.settings_origins, run.settings_losers = {}, {}, {}
    run.config_origins, run.config_losers, run.files = {}, {}, {}
    run.metadata.pop("packages", None)


def _indexed(
    path: Path, found: dict[str, JournalFile], tell: Callable[[int, int], None]
) -> Listing:
    """All runs, from the index at ``path``, which is rebuilt if it is damaged."""
    database = open_cache(path, _VERSION, _TABLE)
    if database is not None:
        # Pages may be damaged, and so may the content of a row.
        with contextlib.closing(database), contextlib.suppress(*_DAMAGE):
            return _Update(database, found).run(tell)
    remove_cache(path)
    database = open_cache(path, _VERSION, _TABLE) or open_cache(None, _VERSION, _TABLE)
    assert database is not None
    with contextlib.closing(database):
        return _Update(database, found).run(tell)


class _Update:
    """Updates an index and lists its runs.

    Args:
        database: The open index.
        found: The journals that exist, by path.
    """

    def __init__(self, database: sqlite3.Connection, found: dict[str, JournalFile]) -> None:
        self.database = database
        self.found = found
        # Relative paths, because the index may be moved together with its directory.
        self.base = os.path.dirname(os.path.dirname(next(iter(found))))  # noqa: PTH120
        self.changed: list[tuple[str, int, int, int, bytes, bytes, int]] = []
        self.listing = Listing()

    def run(self, tell: Callable[[int, int], None]) -> Listing:
        """Read the new parts of the journals, and store the changed runs; see `list_runs`."""
        unknown = dict(self.found)
        gone: list[tuple[str]] = []
        rows = self.database.execute("SELECT * FROM runs")
        for relative, inode, size, modified, stored, rest, checksum in rows:
            file = unknown.pop(os.path.join(self.base, relative), None)  # noqa: PTH118
            if file is None:
                gone.append((relative,))
                continue
            if _checksum(stored, rest) != checksum:
                raise ValueError("a row of the index is damaged, or of another version")
            run = _IndexedRun.of(file.path, stored, rest)
            if (file.inode, file.size, file.modified) == (inode, size, modified):
                self.list(run)
            else:
                replaced = file.inode != inode or file.size < run.position
                self.read_on(None if replaced else run, file)
        for count, file in enumerate(unknown.values(), 1):
            self.read_on(None, file)
            tell(count, len(unknown))
        if self.changed or gone:
            # If the disk is full or read-only, the next listing reads the same journals again.
            with contextlib.suppress(sqlite3.OperationalError), self.database as database:
                statement = "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)"
                database.executemany(statement, self.changed)
                database.executemany("DELETE FROM runs WHERE journal = ?", gone)
        return self.listing

    def list(self, run: StoredRun) -> None:
        """Put a run into the listing, if its journal has a `run` record."""
        if run.started_run:
            self.listing.runs.append(run)

    def read_on(self, run: StoredRun | None, file: JournalFile) -> None:
        """Read the new part of a journal, list the run, and remember its row.

        Args:
            run: The run, as far as its journal was read; ``None`` for a new journal.
            file: The journal.
        """
        try:
            if run is None:
                run = load_run(file.path)  # of a long one, from its checkpoint
            else:
                run.read_on()
        except (OSError, RunError) as error:
            self.listing.unreadable[file.path] = str(error)
            return
        leave_out_details(run)
        relative = os.path.relpath(file.path, self.base)
        members = run.to_json()
        rest = encode({name: members.pop(name) for name in _REST})
        stored = encode(members)
        known = (relative, file.inode, file.size, file.modified)
        self.changed.append((*known, stored, rest, _checksum(stored, rest)))
        self.list(run)


def _checksum(stored: bytes, rest: bytes) -> int:
    return zlib.crc32(rest, zlib.crc32(stored, _MEMBERS))


def _is_ours(path: Path) -> bool:
    """Whether an index is a regular file that is in no other place as well, and that we can trust.

    So are the files that SQLite has beside it while it writes.

    A link would lead to another program's database, which has nothing to do with runs. The owner
    of the directory could replace its runs as well, and other users cannot.
    """
    try:
        status, above = path.lstat(), path.parent.stat()
        others = [
            other.lstat()
            for suffix in _OTHERS
            if (other := path.with_name(path.name + suffix)).is_symlink() or other.exists()
        ]
    except OSError:
        return False
    known = {above.st_uid, *([os.geteuid()] if sys.platform != "win32" else [])}
    return all(
        stat.S_ISREG(each.st_mode) and each.st_nlink == 1 and each.st_uid in known
        for each in (status, *others)
    )


def remove_cache(path: Path) -> None:
    """Remove a cache with the files that SQLite has beside it, if that is allowed.

    Args:
        path: The file.
    """
    with contextlib.suppress(OSError):
        for suffix in ("", *_OTHERS):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def open_cache(
    path: Path | None, version: int, tables: str, patience: float = _PATIENCE
) -> sqlite3.Connection | None:
    """Open a cache in SQLite, and make its tables if it is new.

    Args:
        path: The file, which is created if it is missing; ``None`` for a cache in memory.
        version: The version of the tables, at least 1.
        tables: The SQL statements that make the tables.
        patience: The number of seconds to wait for another process that writes.

    Returns:
        The connection; ``None`` if the file is damaged, of another version, a link or another
        user's.
    """
    address = ":memory:"
    if path is not None:
        # SQLite would create the target of a link.
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666))
        if not _is_ours(path):
            return None
        address = f"{path.absolute().as_uri()}?mode=rw"
    try:
        database = sqlite3.connect(address, timeout=patience, uri=True)
    except sqlite3.Error:
        return None
    try:
        (found,) = database.execute("PRAGMA user_version").fetchone()
        # SQLite has opened the file by now, and it follows links.
        if path is not None and not _is_ours(path):
            found = None
        elif found == 0:
            database.executescript(f"BEGIN; {tables}; PRAGMA user_version = {version:d}; COMMIT")
        if found in (0, version):
            return database
    except sqlite3.Error:
        pass  # damaged, and so of no use
    database.close()
    return None
