"""Finds the directory of runs, and a run by its id, name or path."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Final

from runsettings.documents.paths import named_path
from runsettings.journal.directory import find_journals, wandb_directory
from runsettings.journal.index import list_runs
from runsettings.journal.query.errors import QueryError, RunNotFoundError
from runsettings.journal.replay import StoredRun, load_run
from runsettings.secrets.forms import MASK
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.rendering import printable

LATEST: Final = "latest"
"""The name of the run that was started last."""

_CANDIDATES: Final = 10
"""The largest number of runs in the error if several runs match."""


def runs_directory(root: str | os.PathLike[str]) -> Path:
    """Find the ``wandb`` directory at or below a directory.

    Args:
        root: The directory above it, as in ``init(dir=)``, or the ``wandb`` directory itself.

    Returns:
        The path, which is relative if ``root`` is.

    Raises:
        QueryError: There is no such directory.
    """
    given = named_path(root, Path())
    if not given.is_dir():
        raise QueryError(f"there is no directory {os.fspath(root)!r}")
    below = wandb_directory(given)
    is_wandb = given.name in ("wandb", ".wandb") or any(True for _ in find_journals(given))
    return given if is_wandb and not below.is_dir() else below


def find_runs(runs: list[StoredRun], name: str) -> list[StoredRun]:
    """Find the runs with an id; if there are none, with a name; or else with a prefix of the id.

    Args:
        runs: The runs to search.
        name: An id, a display name, or the beginning of an id.

    Returns:
        The matching runs.
    """
    return (
        [run for run in runs if run.id == name]
        or [run for run in runs if run.name == name]
        or [run for run in runs if run.id.startswith(name)]
    )


def find_run(directory: Path, name: str) -> StoredRun:
    """Find one run, and read all of its journal.

    Args:
        directory: The ``wandb`` directory.
        name: The path of any run's directory or journal; an id, a display name, the beginning
            of an id; or ``latest``.

    Returns:
        The run.

    Raises:
        RunNotFoundError: No run matches, or several do.
        OSError: The journal cannot be read.
    """
    if not name.strip():
        raise RunNotFoundError("an empty name means no run")
    at_path = _run_at(Path(name))
    if at_path is not None:
        return at_path
    chosen = choose_run(list_runs(directory).runs, name, str(directory))
    return load_run(chosen.journal)


def choose_run(runs: list[StoredRun], name: str, place: str) -> StoredRun:
    """Choose the run of a list that a name identifies.

    Args:
        runs: The runs, newest first.
        name: An id, a display name, the beginning of an id; or ``latest``.
        place: The directory or the store of the runs, for the error.

    Returns:
        The run.

    Raises:
        RunNotFoundError: No run matches, or several do.
    """
    found = find_runs(runs, name)
    if not found and name == LATEST:
        found = runs[:1]
    if len(found) == 1:
        return found[0]
    raise RunNotFoundError(_ambiguous(name, found) if found else _missing(name, place, runs))


def _run_at(path: Path) -> StoredRun | None:
    """The run whose directory or journal is at this path, or ``None``."""
    try:
        if path.is_dir():
            journals = sorted(path.glob("run-*.jsonl"))
        else:
            journals = [path] if path.name.endswith(".jsonl") and path.is_file() else []
    except (OSError, ValueError):
        return None  # not a path: too long, or with a NUL character
    if len(journals) != 1:
        return None
    run = load_run(journals[0])
    return run if run.started_run else None


def _ambiguous(name: str, found: list[StoredRun]) -> str:
    lines = [f"'{printable(name)}' may mean {len(found)} runs; give more of an id, or a path:"]
    lines += [
        printable(f"  {run.id}  {run.name}  {run.project}  {run.directory}")
        for run in found[:_CANDIDATES]
    ]
    if len(found) > _CANDIDATES:
        lines.append(f"  … and {len(found) - _CANDIDATES} more")
    return "\n".join(lines)


def listing_command(place: str) -> str:
    """The command that lists the runs of a place.

    Args:
        place: A directory, or the address of a store as messages show it.
    """
    command = ["runsettings", "runs", "ls"]
    if "://" in place:
        # No command may have a password: such an address is in the setting.
        command += ["--store", "setting" if MASK in place else place]
    elif Path(place) != wandb_directory(Path()):
        command += ["--dir", place]
    return shlex.join(command)


def _missing(name: str, place: str, runs: list[StoredRun]) -> str:
    message = f"there is no run '{printable(name)}' in {printable(place)}"
    if "://" not in place and os.path.exists(name):  # noqa: PTH110 - raises for no path
        message += ", and the file or directory of this name is not that of a run"
    if not runs:
        return f"{message} — no runs are there: name another directory or store"
    hint = did_you_mean(name, [text for run in runs for text in (run.id, run.name)])
    return f"{message} — {printable(hint or f'`{listing_command(place)}` lists them')}"
