"""Starts a new run or resumes an existing one, by the setting ``resume``.

=============  =======================================  ====================================
``resume``     a run with this id exists                none exists
=============  =======================================  ====================================
``None``       a new run overwrites it                  a new run
``"allow"``    it is resumed                            a new run
``"never"``    an error                                 a new run
``"must"``     it is resumed                            an error
``"auto"``     with an id: as ``"allow"``. Without one: the last run of the project that was
               started on this machine in this directory is resumed if it did not end well,
               that is, unless it is running or finished with exit code 0
=============  =======================================  ====================================

A run is identified by its project and its id. Overwriting deletes nothing: the new run has its own
directory, and readers show the latest run with an id.

In every case, it is an error if a live process is recording the run. The error names the process.
"""

from __future__ import annotations

import contextlib
import os
import platform
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from runsettings._version import __version__
from runsettings.journal.checkpoint import store_checkpoint
from runsettings.journal.directory import create
from runsettings.journal.durable import journal_class
from runsettings.journal.lock import directory_lock
from runsettings.journal.records import FORMAT, VERSION
from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import Journal, encode
from runsettings.models import provenance
from runsettings.models.settings import Settings
from runsettings.runs.starting.earlier_runs import EarlierRuns, GrownError
from runsettings.runs.starting.naming import new_id
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

if TYPE_CHECKING:
    from runsettings.runs.starting.store_runs import RunInStore

_WRITER: Final = f"runsettings {__version__}"

_MIN_AGE_DIFFERENCE: Final = 0.001
"""A run starts at least this number of seconds after the run that it overwrites."""


_MAX_LOCKED_BYTES: Final = 1 << 20
"""The largest number of bytes of a journal that a start may read under the lock."""

_MAX_UNLOCKED_READS: Final = 5
"""The number of times that a start reads growing journals before it waits with the lock."""


class StartRequest(NamedTuple):
    """What a start asks for."""

    settings: Settings
    """The settings, for ``run_id`` and ``resume``."""
    project: str
    offline: bool
    """Whether the run stays on this machine."""
    now: float
    """Seconds since 1970."""
    in_store: RunInStore | None = None
    """The run in the store; ``None`` if the store was not asked or does not have it."""

    @property
    def journal_class(self) -> type[Journal]:
        """The class of the journal, by the setting ``durability``."""
        return journal_class(self.settings.durability)

    def error(self, rule: Rule, message: str, hint: str) -> RunError:
        """Make the error for an id that cannot be used, with the origin of its setting."""
        field = "run_id" if self.settings.run_id is not None else "resume"
        origin = provenance.origin(self.settings, field)
        return RunError.of(rule, message, path=("run_id",), origin=origin, hint=hint)


class StartedRun(NamedTuple):
    """The journal of a run, locked by this process, and the state of the run."""

    journal: Journal
    stored: StoredRun
    resumed: bool
    files: Mapping[str, int]
    """The sizes in bytes of the files that the journal already records, by name."""


def start_or_resume(directory: Path, request: StartRequest) -> StartedRun:
    """Start or resume a run in a ``wandb`` directory, and lock its journal.

    Args:
        directory: The ``wandb`` directory.
        request: The run to start.

    Raises:
        RunError: A live process is recording the run, or ``resume`` does not allow the start.
        OSError: The directory cannot be written.
    """
    run_id, resume = request.settings.run_id, request.settings.resume
    if run_id is None and resume in (None, "allow", "never"):
        # No other process can use this run, because its id is new.
        return _start(directory, request, new_id())
    runs = EarlierRuns(directory)
    started = None
    for limit in (*[_MAX_LOCKED_BYTES] * _MAX_UNLOCKED_READS, None):
        # Long journals are read before the lock is acquired, so that other starts need not wait.
        runs.limit = None
        _find(request, runs)
        runs.limit = limit
        with contextlib.suppress(GrownError), directory_lock(directory):
            started = _start_locked(directory, request, runs)
            break
    assert started is not None
    return started


def _start_locked(directory: Path, request: StartRequest, runs: EarlierRuns) -> StartedRun:
    """Start or resume a run while holding the lock of its directory."""
    run_id, resume = request.settings.run_id, request.settings.resume
    earlier = _find(request, runs)
    if run_id is not None and earlier is not None:
        _check_allowed(request, earlier)
    if request.in_store is not None and request.in_store.replaces(earlier):
        return _continue(directory, request, request.in_store)
    if earlier is None:
        if resume == "must":
            raise _missing(request)
        return _start(directory, request, run_id or new_id())
    if resume is None:
        # The later of two runs with one id counts, even if the clock was put back.
        later = max(request.now, earlier.created + _MIN_AGE_DIFFERENCE)
        return _start(directory, request._replace(now=later), earlier.id)
    return _resume(request, earlier)


def _find(request: StartRequest, runs: EarlierRuns) -> StoredRun | None:
    """The existing run, or ``None``."""
    run_id, resume = request.settings.run_id, request.settings.resume
    if run_id is not None:
        return runs.latest(request.project, run_id)
    if resume != "auto":
        return None
    run = runs.last_started(request.project, platform.node())
    return run if run is not None and run.state not in ("running", "finished") else None


def _check_allowed(request: StartRequest, earlier: StoredRun) -> None:
    """Check that the run may be resumed or overwritten.

    Raises:
        RunError: A live process is recording it, or ``resume`` does not allow it.
    """
    if earlier.state == "running":
        raise _in_use(earlier, request)
    if request.settings.resume == "never":
        raise _exists(request, str(earlier.directory))


def _continue(directory: Path, request: StartRequest, earlier: RunInStore) -> StartedRun:
    """Continue a run of another machine in a new journal on this machine."""
    if request.settings.resume == "never":
        raise _exists(request, earlier.place)
    members = StoredRun.__slots__
    state = {name: getattr(earlier.run, name) for name in members}
    record = {"type": "continued", "time": request.now, "generations": earlier.generations()}
    return _start(directory, request, earlier.run.id, {**record, "run": state})


def _resume(request: StartRequest, earlier: StoredRun) -> StartedRun:
    """Lock the journal of an earlier run, and record the start."""
    try:
        journal = request.journal_class.resume(Path(earlier.journal))
    except OSError as error:
        raise RunError.of(
            Rule.UNWRITABLE_FILE, f"{earlier.journal} cannot be written: {error.strerror}"
        ) from error
    if journal is None:
        raise _in_use(earlier, request)
    # Records may have been added before the journal was locked.
    earlier.read_on(os.dup(journal.fd))
    store_checkpoint(earlier.to_json(), journal.fd)
    begin = _start_record(request, earlier.step, resumed=True)
    journal.append(encode(begin))
    earlier.update(begin)
    return StartedRun(journal, earlier, resumed=True, files=earlier.files)


def _start(
    directory: Path,
    request: StartRequest,
    run_id: str,
    continued: Mapping[str, Any] | None = None,
) -> StartedRun:
    """Make the directory and the journal of a new run, with its first records.

    Args:
        directory: The ``wandb`` directory.
        request: The run to start.
        run_id: The id of the run.
        continued: The record of the run that it continues; ``None`` for a new run.
    """
    header = {"type": "header", "format": FORMAT, "version": VERSION, "writer": _WRITER}
    named = {"type": "run", "time": request.now, "id": run_id, "project": request.project}
    earlier = () if continued is None else (continued,)
    step = 0 if continued is None else continued["run"]["step"]
    begin = _start_record(request, step, resumed=continued is not None)
    first = b"".join(map(encode, (header, named, *earlier, begin)))
    journal = create(
        directory,
        run_id,
        first,
        offline=request.offline,
        now=request.now,
        kind=request.journal_class,
    )
    stored = StoredRun(os.fspath(journal.path))
    for record in (named, *earlier, begin):
        stored.update(record)
    return StartedRun(journal, stored, resumed=continued is not None, files={})


def _start_record(request: StartRequest, step: int, *, resumed: bool) -> dict[str, Any]:
    """The record that identifies the process that records the run."""
    return {
        "type": "start",
        "time": request.now,
        "pid": os.getpid(),
        "host": platform.node(),
        "step": step,
        "resumed": resumed,
    }


def _exists(request: StartRequest, place: str) -> RunError:
    return request.error(
        Rule.RUN_EXISTS,
        f"a run '{request.settings.run_id}' of project '{request.project}' exists: {place}",
        hint='choose another id, or resume="allow"',
    )


def _missing(request: StartRequest) -> RunError:
    run_id = request.settings.run_id
    if run_id is None:
        return request.error(
            Rule.RUN_MISSING,
            'resume="must" needs the id of a run',
            hint='give id=, set WANDB_RUN_ID, or use resume="auto"',
        )
    where = "here" if request.offline else "here or in the store"
    return request.error(
        Rule.RUN_MISSING,
        f"no run '{run_id}' of project '{request.project}' exists {where}",
        hint='resume="allow" starts it',
    )


def _in_use(run: StoredRun, request: StartRequest) -> RunError:
    since = time.strftime(" since %Y-%m-%d %H:%M:%S", time.localtime(run.started))
    return request.error(
        Rule.RUN_OWNED,
        f"run '{run.id}' {run.lock_holder}{since if run.state == 'running' else ''}",
        hint="wait for it, stop it, or choose another id",
    )
