"""Which run a start is: a new one, or one that is there already.

=============  =======================================  ====================================
``resume``     a run with this id exists                none exists
=============  =======================================  ====================================
``None``       a new run, which overwrites it           a new run
``"allow"``    it is resumed                            a new run
``"never"``    an error                                 a new run
``"must"``     it is resumed                            an error
``"auto"``     with an id: as ``"allow"``. Without one: the last run of the project that was
               started on this machine in this directory is resumed if it did not end well,
               that is, unless it is running or finished with exit code 0
=============  =======================================  ====================================

A run is known by its project and its id. Overwriting deletes nothing: the new run has a
directory of its own, and of several runs with one id readers show the latest.

In every case, a run that a live process owns is left alone, and the error names the owner.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from runsettings._version import __version__
from runsettings.journal.directory import create, places
from runsettings.journal.lock import turnstile
from runsettings.journal.records import FORMAT, VERSION
from runsettings.journal.replay import StoredRun, load
from runsettings.journal.writer import Journal, encode
from runsettings.models.settings import Resume
from runsettings.runs.starting.naming import new_id
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.origin import Origin

_WRITER: Final = f"runsettings {__version__}"

_TICK: Final = 0.001
"""Seconds by which a run is at least younger than the one that it overwrites."""


class Wanted(NamedTuple):
    """What a start asks for."""

    project: str
    run_id: str | None
    resume: Resume | None
    host: str
    offline: bool
    now: float
    id_origin: Origin | None = None
    resume_origin: Origin | None = None


class Taken(NamedTuple):
    """The run that a start got: its id, its journal, and what it was if it is resumed."""

    run_id: str
    journal: Journal
    earlier: StoredRun | None


def take(directory: Path, wanted: Wanted) -> Taken:
    """Make or resume a run in a ``wandb`` directory, and own it.

    Raises:
        RunError: A live process owns the run, or ``resume`` forbids what would happen.
        OSError: The directory cannot be written.
    """
    if wanted.run_id is None and wanted.resume in (None, "allow", "never"):
        # Nobody else can mean this run: its id was never told.
        return _new(directory, wanted, new_id())
    with turnstile(directory):
        earlier = _find(directory, wanted)
        if wanted.run_id is not None:
            _judge(wanted, earlier)
        elif earlier is None and wanted.resume == "must":
            raise RunError.of(
                Rule.RUN_MISSING,
                'resume="must" needs the id of a run',
                path=("run_id",),
                origin=wanted.resume_origin,
                hint='give id=, set WANDB_RUN_ID, or use resume="auto"',
            )
        if earlier is None:
            return _new(directory, wanted, wanted.run_id or new_id())
        if wanted.resume is None:
            # The later of two runs with one id counts, also where the clock was put back.
            later = max(wanted.now, earlier.created + _TICK)
            return _new(directory, wanted._replace(now=later), earlier.id)
        try:
            journal = Journal.resume(Path(earlier.journal))
        except OSError as error:
            raise RunError.of(
                Rule.UNWRITABLE_FILE, f"{earlier.journal} cannot be written: {error.strerror}"
            ) from error
        if journal is None:
            raise _owned(earlier, wanted)
        # Records may have come in between looking and taking.
        earlier.read_on()
        journal.append(_start(wanted, earlier.step, resumed=True))
        return Taken(earlier.id, journal, earlier)


def latest(directory: Path, project: str, run_id: str) -> StoredRun | None:
    """The latest run with this id in a ``wandb`` directory, or ``None``.

    Raises:
        RunError: A journal of this id cannot be read: it may be the one that is meant.
    """
    found = []
    for place in places(directory, run_id):
        try:
            run = load(place.journal)
        except OSError as error:
            raise RunError.of(
                Rule.UNREADABLE_FILE, f"{place.journal} cannot be read: {error.strerror}"
            ) from error
        if run.started_run and run.project == project:
            found.append(run)
    return max(found, key=lambda run: run.created, default=None)


def last_started(directory: Path, project: str, host: str) -> StoredRun | None:
    """The run of the project that was started last on this machine, or ``None``."""
    best: StoredRun | None = None
    for place in sorted(places(directory), key=lambda place: -place.modified):
        # A run cannot have started after its journal was last written.
        if best is not None and place.modified / 1e9 < best.started - 1:
            break
        try:
            run = load(place.journal)
        except (OSError, RunError):
            continue  # whatever it is, it cannot be resumed
        if not run.started_run or run.project != project or run.host != host:
            continue
        if best is None or run.started > best.started:
            best = run
    return best


def _find(directory: Path, wanted: Wanted) -> StoredRun | None:
    if wanted.run_id is not None:
        return latest(directory, wanted.project, wanted.run_id)
    if wanted.resume != "auto":
        return None
    run = last_started(directory, wanted.project, wanted.host)
    return run if run is not None and run.state not in ("running", "finished") else None


def _judge(wanted: Wanted, earlier: StoredRun | None) -> None:
    """Raise for what ``resume`` or a live owner forbids."""
    if earlier is None:
        if wanted.resume == "must":
            raise RunError.of(
                Rule.RUN_MISSING,
                f"no run '{wanted.run_id}' of project '{wanted.project}' exists here",
                path=("run_id",),
                origin=wanted.id_origin,
                hint='resume="allow" starts it',
            )
        return
    if earlier.state == "running":
        raise _owned(earlier, wanted)
    if wanted.resume == "never":
        raise RunError.of(
            Rule.RUN_EXISTS,
            f"a run '{wanted.run_id}' of project '{wanted.project}' exists: {earlier.directory}",
            path=("run_id",),
            origin=wanted.id_origin,
            hint='choose another id, or resume="allow"',
        )


def _owned(run: StoredRun, wanted: Wanted) -> RunError:
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.started))
    return RunError.of(
        Rule.RUN_OWNED,
        f"run '{run.id}' is being written by process {run.pid} on {run.host} since {since}",
        path=("run_id",),
        origin=wanted.id_origin,
        hint="wait for it, stop it, or choose another id",
    )


def _new(directory: Path, wanted: Wanted, run_id: str) -> Taken:
    journal = create(directory, run_id, offline=wanted.offline, now=wanted.now)
    header = {"type": "header", "format": FORMAT, "version": VERSION, "writer": _WRITER}
    named = {"type": "run", "time": wanted.now, "id": run_id, "project": wanted.project}
    journal.trouble = _fail
    try:
        journal.append(encode(header) + encode(named) + _start(wanted, 0, resumed=False))
    except OSError:
        # A run that cannot be written from its first record on is better off elsewhere.
        journal.close()
        shutil.rmtree(journal.path.parent, ignore_errors=True)
        raise
    return Taken(run_id, journal, None)


def _fail(error: OSError) -> NoReturn:
    raise error


def _start(wanted: Wanted, step: int, *, resumed: bool) -> bytes:
    """The record that tells whoever comes next who owns the run."""
    return encode(
        {
            "type": "start",
            "time": wanted.now,
            "pid": os.getpid(),
            "host": wanted.host,
            "step": step,
            "resumed": resumed,
        }
    )
