"""The directories of runs on disk: ``wandb/[offline-]run-<time>-<id>/``.

``run-<id>.jsonl`` is the journal; ``files/`` holds the files that other tools and people read.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from runsettings.documents.temporary_files import remove_abandoned
from runsettings.journal.writer import Journal
from runsettings.layers.settings_files.locations import workspace_directory

FILES: Final = "files"

CONFIG_FILES: Final = "config_files"
"""The directory below ``files/`` with copies of the files that the values of the run come from."""

_NEWEST: Final = 16
"""The number of runs in which a start looks for temporary files, also among ten thousand runs."""

LATEST: Final = "latest-run"
"""The link to the run that was started last."""

REMOVED: Final = ".removed-"
"""What the name of a directory or a link begins with while it is removed or made. The next removal
deletes what a kill left."""

_NAME: Final = re.compile(r"(?:offline-)?run-(\d{8}_\d{6})-(.+)", re.DOTALL)


class JournalFile(NamedTuple):
    """A run's journal as the file system describes it."""

    id: str
    path: str
    size: int
    """Bytes."""
    modified: int
    """Nanoseconds since 1970."""
    inode: int
    """The number of the file; a new file at the same path has another one."""


def wandb_directory(root: Path) -> Path:
    """The directory for runs under ``root``, which also has the workspace's settings."""
    return Path(workspace_directory(root, "wandb"))


def copy_name(name: str, cwd: str) -> str:
    """The path of the copy of a config file below ``files/``.

    Args:
        name: The file as an origin names it: absolute, or relative to ``cwd``.
        cwd: The working directory of the run. It may be the one of another machine.

    Returns:
        The path, which differs for different files; ``..`` becomes ``_up``.
    """
    path = os.path.normpath(os.path.join(cwd, name))  # noqa: PTH118 - without the disk
    try:
        path = os.path.relpath(path, cwd)
    except ValueError:
        path = os.path.splitdrive(path)[1].lstrip(os.sep)  # another drive
    parts = ("_up" if part == os.pardir else part for part in Path(path).parts)
    return "/".join((CONFIG_FILES, *parts))


def make_wandb_directory(wanted: Path) -> None:
    """Make the directory for runs, if it does not exist.

    Args:
        wanted: The result of `wandb_directory`.

    Raises:
        OSError: It cannot be made or written.
    """
    wanted.mkdir(parents=True, exist_ok=True)
    if not os.access(wanted, os.W_OK | os.X_OK):
        reason = "no permission, or a read-only file system"
        raise PermissionError(errno.EACCES, reason, os.fspath(wanted))


def make_temporary_directory(wanted: Path, error: OSError, warn: Callable[[str], None]) -> Path:
    """Make a temporary directory for runs, and warn that runs go there.

    Args:
        wanted: The directory that cannot be written.
        error: Why not.
        warn: Called with the message.

    Raises:
        OSError: It cannot be made either.
    """
    # Imported only if a disk fails: the import takes longer than the start of a run.
    import tempfile

    found = Path(tempfile.mkdtemp(prefix="runsettings-")) / "wandb"
    found.mkdir()
    warn(f"{wanted} cannot be written ({error.strerror or error}); runs go to {found}")
    return found


def create(
    directory: Path,
    run_id: str,
    first: bytes,
    *,
    offline: bool,
    now: float,
    kind: type[Journal] = Journal,
) -> Journal:
    """Make a run's directory with its ``files/`` and its journal, or nothing.

    A process that is killed meanwhile leaves a directory without a journal, which no reader and no
    start takes for a run.

    Args:
        directory: The ``wandb`` directory.
        run_id: The run's id.
        first: The first lines of the journal.
        offline: Whether the run stays on this machine; its directory is named so.
        now: The start time, in seconds since 1970.
        kind: The class of the journal.

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
            # Two runs of one id started in one second; the later one overwrites the earlier one.
            now += 1
            continue
        try:
            (home / FILES).mkdir()
            return kind.create(home / f"run-{run_id}.jsonl", first)
        except OSError:
            shutil.rmtree(home, ignore_errors=True)
            raise


def remove_temporary_files(directory: Path) -> None:
    """Remove the temporary files that killed processes left in the newest runs.

    Args:
        directory: The ``wandb`` directory.
    """
    with contextlib.suppress(OSError):
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries]
        for name in names:
            link = directory / name
            # At worst, the link does not lead to a run that starts at this moment.
            if name.startswith(f"{REMOVED}{LATEST}-") and link.is_symlink():
                link.unlink(missing_ok=True)
        started = [(start_time_in_name(name), directory / name) for name in names]
        for _, path in sorted((when, path) for when, path in started if when)[-_NEWEST:]:
            remove_abandoned(path)


def link_latest(home: Path) -> None:
    """Point the link ``latest-run`` to a run, as the wandb client does, if the disk has links.

    Args:
        home: The run's directory, which has the link beside it.
    """
    # Paths as texts: a start of a run makes few calls.
    directory, name = os.path.split(home)
    link = f"{directory}{os.sep}{LATEST}"
    new = f"{directory}{os.sep}{REMOVED}{LATEST}-{os.getpid()}"
    try:
        if os.path.lexists(link) and not os.path.islink(link):  # noqa: PTH114
            return  # somebody's own file or directory
        os.symlink(name, new, target_is_directory=True)  # noqa: PTH211
        os.replace(new, link)  # noqa: PTH105
    except (AttributeError, OSError):  # it is only a convenience, and not every platform has it
        with contextlib.suppress(OSError):
            os.unlink(new)  # noqa: PTH108


def start_time_in_name(name: str, run_id: str | None = None) -> str | None:
    """Read the start time from the name of a run's directory.

    Args:
        name: The directory's name.
        run_id: The id that the name must have; any id if left out.

    Returns:
        Local time in a form that sorts, ``20250131_143005``, or ``None`` for other names.
    """
    match = _NAME.fullmatch(name)
    return match[1] if match is not None and run_id in (None, match[2]) else None


def find_journals(directory: Path | str, run_id: str | None = None) -> Iterator[JournalFile]:
    """The journals below a ``wandb`` directory, in no order.

    Directories without a journal are skipped: the wandb client made them, or they were just
    deleted.

    Args:
        directory: The ``wandb`` directory; it need not exist.
        run_id: The id of the runs to find; all runs if left out.

    Raises:
        OSError: The disk fails. A directory that this user may not read counts as empty.
    """
    try:
        entries = os.scandir(directory)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
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
            yield JournalFile(match[2], journal, status.st_size, status.st_mtime_ns, status.st_ino)
