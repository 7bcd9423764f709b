"""What a store has of a run that is to be resumed: another machine may have recorded it last."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from typing import Final

from runsettings.journal.lock import is_alive
from runsettings.journal.notices import Notices
from runsettings.journal.replay import StoredRun
from runsettings.runs.starting.resume import StartRequest, latest_here
from runsettings.shipping.addresses import shown
from runsettings.shipping.asking import ask_store
from runsettings.shipping.batches import read_identity
from runsettings.shipping.stores.base import Latest
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

_LOOK: Final = 2.0
"""Seconds between two questions while a check-in is awaited."""


class RunInStore:
    """The latest run of an id, as a store has it.

    Args:
        found: What the store answered.
        place: The address of the store, for messages.
    """

    def __init__(self, found: Latest, place: str) -> None:
        self.run = found.run
        self.generation = found.generation
        self.place = place

    def replaces(self, here: StoredRun | None) -> bool:
        """Whether this run, and not the one of a local journal, is the one to resume.

        Args:
            here: The latest run of the id on this machine; ``None`` if there is none.
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
        """The generations that a resumed run continues, each with the first step after it."""
        return {**self.run.generations, self.generation: self.run.step}


def find_in_store(
    directory: Path, request: StartRequest, url: str, notices: Notices
) -> RunInStore | None:
    """Ask a store for the run that a start may resume.

    Args:
        directory: The ``wandb`` directory.
        request: What to start; it has an id and ``resume``.
        url: The address of the store.
        notices: Prints messages.

    Returns:
        The run; ``None`` if the store has none, or did not answer where the start can go on.

    Raises:
        RunError: A live process records the run; or the store did not answer, and the start
            depends on it.
    """
    settings = request.settings
    assert settings.run_id is not None
    try:
        found = ask_store(url, request.project, settings.run_id)
        while found is not None and _may_live(found, directory, request):
            found = _next_look(found, request, url, notices)
    except RunError as error:
        first = error.diagnostics[0]
        if first.rule is Rule.RUN_OWNED:
            raise
        if settings.resume in ("must", "never") or settings.strict:
            raise request.error(
                first.rule,
                f"{first.message}; without its answer, nobody knows whether a run "
                f"'{settings.run_id}' exists",
                hint='try again; or set mode="offline", which asks this machine alone',
            ) from None
        notices.warn(f"{first.message}; run '{settings.run_id}' goes on from what is here")
        return None
    return None if found is None else RunInStore(found, shown(url))


def _may_live(found: Latest, directory: Path, request: StartRequest) -> bool:
    """Whether a process may be recording the run, as far as the store and this machine know."""
    if found.state != "running" or found.promised is None or found.promised <= found.now:
        return False
    here = latest_here(directory, request)
    return here is None or _generation(here) != found.generation or not _ended(here)


def _ended(run: StoredRun) -> bool:
    """Whether the last process of a run has ended for certain."""
    if run.exit is not None:
        return True
    # The lock says nothing about another machine, where the file system may not share it.
    return run.host == platform.node() and run.state == "crashed" and not is_alive(run.pid)


def _next_look(found: Latest, request: StartRequest, url: str, notices: Notices) -> Latest | None:
    """Ask again before a check-in is due.

    Raises:
        RunError: It came: a live process records the run. Or the store failed.
    """
    assert found.promised is not None
    left = found.promised - found.now
    notices.tell(
        f"waiting for up to {left:.0f} s whether run '{found.run.id}' on {found.run.host} checks in"
    )
    time.sleep(min(left, _LOOK))
    later = ask_store(url, request.project, found.run.id)
    if later is not None and later.state == "running" and later.promised != found.promised:
        run = later.run
        raise request.error(
            Rule.RUN_OWNED,
            f"run '{run.id}' is being written by process {run.pid} on {run.host}, says the store",
            hint="wait for it, stop it, or choose another id",
        )
    return later


def _generation(run: StoredRun) -> str | None:
    identity = read_identity(run.journal)
    return None if identity is None else identity.generation
