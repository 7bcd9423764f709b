"""Finds a run to resume in a store, because another machine may have recorded it last."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from typing import Final

from runsettings.journal.lock import is_alive
from runsettings.journal.notices import Notices
from runsettings.journal.replay import StoredRun
from runsettings.runs.starting.earlier_runs import EarlierRuns
from runsettings.runs.starting.resume import StartRequest
from runsettings.shipping.addresses import shown
from runsettings.shipping.asking import ask_store
from runsettings.shipping.batches import read_identity
from runsettings.shipping.stores.base import Latest
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.rendering import with_hint

_POLL: Final = 2.0
"""The number of seconds between two queries while waiting for a check-in."""


class RunInStore:
    """The latest run with an id in a store.

    Args:
        found: The answer of the store.
        place: The address of the store, for messages.
    """

    def __init__(self, found: Latest, place: str) -> None:
        self.run = found.run
        self.generation = found.generation
        self.place = place

    def replaces(self, here: StoredRun | None) -> bool:
        """Whether to resume this run instead of the run of a local journal.

        Args:
            here: The latest run with the id on this machine; ``None`` if there is none.
        """
        if here is None:
            return True
        generation = _generation(here)
        if generation == self.generation or self.generation in here.generations:
            return False
        if generation in self.run.generations:
            return True
        return (self.run.created, self.run.starts) > (here.created, here.starts)

    def generations(self) -> dict[str, int]:
        """The generations that a resumed run continues, each with the step at which it ends."""
        return {**self.run.generations, self.generation: self.run.step}


def find_in_store(
    directory: Path, request: StartRequest, url: str, notices: Notices
) -> RunInStore | None:
    """Ask a store for the run to resume.

    Args:
        directory: The ``wandb`` directory.
        request: The run to start; it has an id and ``resume``.
        url: The address of the store.
        notices: Prints messages.

    Returns:
        The run; ``None`` if the store does not have it, or did not answer and the start can
        continue without an answer.

    Raises:
        RunError: A live process is recording the run; or the store did not answer, and the start
            needs the answer.
    """
    settings = request.settings
    assert settings.run_id is not None
    try:
        found = ask_store(url, request.project, settings.run_id)
        while found is not None and _may_live(found, directory, request):
            found = _poll_again(found, request, url, notices)
    except RunError as error:
        first = error.diagnostics[0]
        if first.rule is Rule.RUN_OWNED:
            raise
        if settings.resume in ("must", "never") or settings.strict:
            raise request.error(
                first.rule,
                f"{first.message}; without its answer, it is unknown whether a run "
                f"'{settings.run_id}' exists",
                hint=f'{first.hint or "try again"}; or set mode="offline", which asks this '
                "machine alone",
            ) from None
        reason = with_hint(first.message, first.hint)
        notices.warn(f"run '{settings.run_id}' continues from the local journal: {reason}")
        return None
    return None if found is None else RunInStore(found, shown(url))


def _may_live(found: Latest, directory: Path, request: StartRequest) -> bool:
    """Whether a process may be recording the run, by the store and the local journals."""
    if found.state != "running" or found.promised is None or found.promised <= found.now:
        return False
    assert request.settings.run_id is not None  # the store was asked for it
    here = EarlierRuns(directory).latest(request.project, request.settings.run_id)
    return here is None or _generation(here) != found.generation or not _ended(here)


def _ended(run: StoredRun) -> bool:
    """Whether the last process of a run has ended for certain."""
    if run.exit is not None:
        return True
    # The lock is not reliable for another machine, because the file system may not share it.
    return run.host == platform.node() and run.state == "crashed" and not is_alive(run.pid)


def _poll_again(found: Latest, request: StartRequest, url: str, notices: Notices) -> Latest | None:
    """Ask again shortly before the deadline of the next check-in.

    Raises:
        RunError: A check-in has arrived, so a live process is recording the run; or the store
            failed.
    """
    assert found.promised is not None
    left = found.promised - found.now
    notices.tell(
        f"waiting for up to {left:.0f} s whether run '{found.run.id}' on {found.run.host} checks in"
    )
    time.sleep(min(left, _POLL))
    later = ask_store(url, request.project, found.run.id)
    if later is not None and later.state == "running" and later.promised != found.promised:
        run = later.run
        raise request.error(
            Rule.RUN_OWNED,
            f"run '{run.id}' is being written by process {run.pid} on {run.host}, "
            "according to the store",
            hint="wait for it, stop it, or choose another id",
        )
    return later


def _generation(run: StoredRun) -> str | None:
    identity = read_identity(run.journal)
    return None if identity is None else identity.generation
