"""Deleting runs, and nothing else.

Only a real directory directly below the ``wandb`` directory is deleted, and only if the journal
in it names the same run as the directory. Symbolic links are never followed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from runsettings.journal.directory import find_journals, start_time_in_name
from runsettings.journal.lock import claim, directory_lock
from runsettings.journal.replay import StoredRun, load_run
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

_LATEST: Final = "latest-run"
"""The link that the wandb client keeps to its last run."""


def overwritten(run: StoredRun) -> list[StoredRun]:
    """The run, and the earlier runs that it overwrote: those of its project and id.

    If the run alone were deleted, listings would show an earlier one again.

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
    """Delete one run's directory. A process that records the run is left alone.

    Args:
        run: The run.
        directory: The ``wandb`` directory that it must be in.
        force: Whether to delete it even while a live process records it.

    Raises:
        RunError: A live process records it, or the directory is not that run's own.
        OSError: It cannot be deleted. The journal is deleted last, so one can try again.
    """
    home = run.directory
    _verify(run, directory)
    with directory_lock(directory), _locked(run, force=force):
        for entry in sorted(home.iterdir()):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != Path(run.journal).name:
                entry.unlink()
        Path(run.journal).unlink()
        home.rmdir()
        _update_latest_link(directory)


def size(run: StoredRun) -> int:
    """The bytes in a run's directory; a link counts as itself."""
    total = 0
    for folder, _, files in os.walk(run.directory):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
    return total


def _verify(run: StoredRun, directory: Path) -> None:
    """Check that the directory to delete is the run's own.

    Raises:
        RunError: It is a link, is elsewhere, or its journal names another run.
        OSError: The journal cannot be read.
    """
    home = run.directory
    if home.is_symlink() or Path(run.journal).is_symlink():
        raise _refused(f"{home} is, or holds, a symbolic link in place of the run")
    if home.resolve().parent != directory.resolve():
        raise _refused(f"{home} is not in {directory}")
    found = load_run(run.journal)
    if start_time_in_name(home.name, found.id) is None or (found.id, found.project) != (
        run.id,
        run.project,
    ):
        raise _refused(f"the journal in {home} is not that of run '{run.id}'")


def _refused(message: str) -> RunError:
    return RunError.of(
        Rule.UNSAFE_PATH, f"{message}; nothing was deleted", hint="delete it by hand if you must"
    )


@contextlib.contextmanager
def _locked(run: StoredRun, *, force: bool) -> Iterator[None]:
    """Hold the lock of the journal while it is deleted, so that nobody resumes the run.

    Raises:
        RunError: A live process holds it, and ``force`` is off.
    """
    fd = os.open(run.journal, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        if not claim(fd) and not force:
            raise RunError.of(
                Rule.RUN_OWNED,
                f"run '{run.id}' is being written by process {run.pid} on {run.host}",
                hint="wait for it, stop it, or --force: it goes on, and what it logs is lost",
            )
        yield
    finally:
        os.close(fd)


def _update_latest_link(directory: Path) -> None:
    """Point ``latest-run`` to the newest run, if its run was deleted."""
    link = directory / _LATEST
    if not link.is_symlink() or link.exists():
        return
    names = [path.name for path in directory.iterdir() if path.is_dir()]
    started = [(when, name) for name in names if (when := start_time_in_name(name)) is not None]
    link.unlink()
    if started:
        link.symlink_to(max(started)[1], target_is_directory=True)
