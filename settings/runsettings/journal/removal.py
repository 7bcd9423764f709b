"""Taking runs away: what goes with a run, and deleting it without harm to anything else.

Only a real directory directly below the ``wandb`` directory is deleted, and only if the journal
in it says that it is the run it is named for. Symbolic links are never followed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from runsettings.journal.directory import places, stamp
from runsettings.journal.lock import claim, turnstile
from runsettings.journal.replay import StoredRun, load
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

_LATEST: Final = "latest-run"
"""The link that the wandb client keeps to its last run."""


def overwritten(run: StoredRun) -> list[StoredRun]:
    """The run and the earlier ones of its project and id, which would show again without it.

    Args:
        run: The run.
    """
    found = [run]
    for place in places(run.directory.parent, run.id):
        if os.path.basename(os.path.dirname(place.journal)) == run.directory.name:  # noqa: PTH119, PTH120
            continue
        try:
            other = load(place.journal)
        except (OSError, RunError):
            continue
        same = (other.project, other.id) == (run.project, run.id)
        if same and other.created <= run.created:
            found.append(other)
    return found


def remove(run: StoredRun, directory: Path, *, force: bool = False) -> None:
    """Delete one run's directory; a process that writes it is never touched.

    Args:
        run: The run.
        directory: The ``wandb`` directory that it must be in.
        force: Whether to delete it even while a live process is writing it.

    Raises:
        RunError: A live process is writing it, or it is not what it must be.
        OSError: It cannot be deleted. Its journal goes last, so it can be tried again.
    """
    home = run.directory
    _verify(run, directory)
    with turnstile(directory), _owned(run, force=force):
        for entry in sorted(home.iterdir()):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != Path(run.journal).name:
                entry.unlink()
        Path(run.journal).unlink()
        home.rmdir()
        _mend_latest(directory)


def size(run: StoredRun) -> int:
    """Bytes in a run's directory; links count for themselves."""
    total = 0
    for folder, _, files in os.walk(run.directory):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
    return total


def _verify(run: StoredRun, directory: Path) -> None:
    """Refuse to delete what is not a run's own directory in its place.

    Raises:
        RunError: It is a link, is elsewhere, or its journal names another run.
        OSError: The journal cannot be read.
    """
    home = run.directory
    if home.is_symlink() or Path(run.journal).is_symlink():
        raise _refused(f"{home} is, or holds, a symbolic link in place of the run")
    if home.resolve().parent != directory.resolve():
        raise _refused(f"{home} is not in {directory}")
    found = load(run.journal)
    if stamp(home.name, found.id) is None or (found.id, found.project) != (run.id, run.project):
        raise _refused(f"the journal in {home} is not that of run '{run.id}'")


def _refused(message: str) -> RunError:
    return RunError.of(
        Rule.UNSAFE_PATH, f"{message}; nothing was deleted", hint="delete it by hand if you must"
    )


@contextlib.contextmanager
def _owned(run: StoredRun, *, force: bool) -> Iterator[None]:
    """Own the journal while it is deleted, so that nobody resumes the run meanwhile.

    Raises:
        RunError: A live process owns it, and ``force`` is off.
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


def _mend_latest(directory: Path) -> None:
    """Let ``latest-run`` point to the newest run left, if it pointed to one that is gone."""
    link = directory / _LATEST
    if not link.is_symlink() or link.exists():
        return
    stamped = [(stamp(path.name), path.name) for path in directory.iterdir() if path.is_dir()]
    newest = max(((when, name) for when, name in stamped if when is not None), default=None)
    link.unlink()
    if newest is not None:
        link.symlink_to(newest[1], target_is_directory=True)
