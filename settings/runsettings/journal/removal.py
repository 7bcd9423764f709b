"""Deletes runs, and no other files.

A run is renamed first, and then deleted, so that no half run is listed after a kill. The next
removal in the same ``wandb`` directory deletes what is left. After an error the run has its name
again.

Only a directory directly below the ``wandb`` directory is deleted, and only if its name and its
journal have the same run id. Symbolic links are never followed. The checks and the deletion use
the same open directory, so replacing it by a link meanwhile has no effect.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from runsettings.journal.directory import (
    LATEST,
    REMOVED,
    find_journals,
    link_latest,
    start_time_in_name,
)
from runsettings.journal.lock import claim, directory_lock
from runsettings.journal.reader import read_records
from runsettings.journal.replay import StoredRun, load_run
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError


def overwritten(run: StoredRun) -> list[StoredRun]:
    """The run, and the earlier runs of its project and id, which it overwrote.

    If only the run were deleted, listings would show an earlier one again.

    Args:
        run: The run.
    """
    found = [run]
    for journal in find_journals(run.directory.parent, run.id):
        if Path(journal.path).parent.name == run.directory.name:
            continue
        try:
            other = load_run(journal.path)
        except (OSError, RunError):
            continue
        same = (other.project, other.id) == (run.project, run.id)
        if same and other.created <= run.created:
            found.append(other)
    return found


def remove(run: StoredRun, directory: Path, *, force: bool = False) -> None:
    """Delete the directory of a run. The process that records the run is not stopped.

    Args:
        run: The run.
        directory: The ``wandb`` directory that it must be in.
        force: Whether to delete it even while a live process records it.

    Raises:
        RunError: A live process records it, or the directory is not that run's own.
        OSError: It cannot be deleted. The journal is deleted last, so the call can be repeated.
    """
    name, journal = run.directory.name, Path(run.journal).name
    if run.directory.parent.resolve() != directory.resolve():
        raise _refused(f"{run.directory} is not in {directory}")
    with contextlib.ExitStack() as stack:
        stack.enter_context(directory_lock(directory))
        above = stack.enter_context(_opened(directory, os.O_DIRECTORY))
        home = stack.enter_context(_opened(name, os.O_DIRECTORY, run=run, dir_fd=above))
        locked = stack.enter_context(_opened(journal, os.O_NONBLOCK, run=run, dir_fd=home))
        _verify(run, locked)
        if not claim(locked) and not force:
            loss = ": it continues, and what it logs is lost" if run.state == "running" else ""
            raise RunError.of(
                Rule.RUN_OWNED,
                f"run '{run.id}' {run.lock_holder}",
                hint=f"wait for it, stop it, or use --force{loss}",
            )
        aside = f"{REMOVED}{name}"
        os.rename(name, aside, src_dir_fd=above, dst_dir_fd=above)
        try:
            if not os.path.samestat(
                os.fstat(home), os.stat(aside, dir_fd=above, follow_symlinks=False)
            ):
                raise _refused(f"another program replaced {run.directory} meanwhile")
            _empty(home, journal)
        except (OSError, RunError):
            with contextlib.suppress(OSError):
                os.rename(aside, name, src_dir_fd=above, dst_dir_fd=above)
            raise
        os.rmdir(aside, dir_fd=above)
        # The run is removed. The next removal tries again what is only tidying up.
        with contextlib.suppress(OSError):
            _delete_removed(above)
        with contextlib.suppress(OSError):
            _update_latest_link(directory)


def _empty(home: int, journal: str) -> None:
    """Delete everything in the open directory of a run, its journal last."""
    for entry in sorted(os.listdir(home)):
        if stat.S_ISDIR(os.stat(entry, dir_fd=home, follow_symlinks=False).st_mode):
            shutil.rmtree(entry, dir_fd=home)
        elif entry != journal:
            os.unlink(entry, dir_fd=home)
    os.unlink(journal, dir_fd=home)


def _delete_removed(directory: int) -> None:
    """Delete what earlier removals left that were stopped.

    The caller holds the lock of the directory.

    Args:
        directory: The descriptor of the ``wandb`` directory.

    Raises:
        OSError: One of them cannot be deleted.
    """
    for name in os.listdir(directory):
        run = name.removeprefix(REMOVED)
        if run == name or not (run.startswith(LATEST) or start_time_in_name(run)):
            continue
        if stat.S_ISDIR(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode):
            shutil.rmtree(name, dir_fd=directory)
        else:
            os.unlink(name, dir_fd=directory)


def size(run: StoredRun) -> int:
    """The size of a run's directory in bytes. Symbolic links are not followed."""
    total = 0
    for folder, _, files in os.walk(run.directory):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
    return total


@contextlib.contextmanager
def _opened(
    path: Path | str, flags: int, *, run: StoredRun | None = None, dir_fd: int | None = None
) -> Iterator[int]:
    """Open a directory or a journal; for those of a run, symbolic links are not followed.

    Raises:
        RunError: The path of a run is a symbolic link.
        OSError: It cannot be opened.
    """
    close = getattr(os, "O_CLOEXEC", 0)
    links = 0 if run is None else os.O_NOFOLLOW
    try:
        fd = os.open(path, os.O_RDONLY | flags | links | close, dir_fd=dir_fd)
    except OSError as error:
        if run is not None and error.errno in {errno.ELOOP, errno.ENOTDIR}:
            message = f"{run.directory} is, or holds, a symbolic link in place of the run"
            raise _refused(message) from None
        raise
    try:
        yield fd
    finally:
        os.close(fd)


def _verify(run: StoredRun, journal: int) -> None:
    """Check that the open journal is that of the run.

    Raises:
        RunError: It is of another run, or its directory has the name of another run.
    """
    if not stat.S_ISREG(os.fstat(journal).st_mode):
        raise _refused(f"the journal in {run.directory} is not a file")
    named = next(
        (
            record
            for record in read_records(os.dup(journal))
            if record.get("type") == "run" and record.get("id")
        ),
        {},
    )
    if start_time_in_name(run.directory.name, run.id) is None or (
        named.get("id"),
        named.get("project"),
    ) != (run.id, run.project):
        raise _refused(f"the journal in {run.directory} is not that of run '{run.id}'")


def _refused(message: str) -> RunError:
    return RunError.of(
        Rule.UNSAFE_PATH,
        f"{message}; nothing was deleted",
        hint="delete it by hand if you are sure",
    )


def _update_latest_link(directory: Path) -> None:
    """Point ``latest-run`` to the newest run, if its run was deleted."""
    link = directory / LATEST
    if not link.is_symlink() or link.exists():
        return
    names = [path.name for path in directory.iterdir() if path.is_dir()]
    started = [(when, name) for name in names if (when := start_time_in_name(name)) is not None]
    if not started:
        link.unlink()
        return
    link_latest(directory / max(started)[1])
