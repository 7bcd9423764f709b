"""Opens the journal of a run in the directory of the settings, or in a temporary directory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from runsettings._deferred import deferred
from runsettings.documents.paths import named_path
from runsettings.journal.directory import (
    make_temporary_directory,
    make_wandb_directory,
    wandb_directory,
)
from runsettings.journal.notices import Notices
from runsettings.models import provenance
from runsettings.models.settings import Settings
from runsettings.runs.starting.login import Shipping
from runsettings.runs.starting.naming import check_length
from runsettings.runs.starting.resume import StartedRun, StartRequest, start_or_resume
from runsettings.shipping.addresses import is_wandb
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

if TYPE_CHECKING:
    from runsettings.runs.starting import store_runs
else:  # most runs have no store
    store_runs = deferred("runsettings.runs.starting.store_runs")


def open_journal(
    settings: Settings,
    project: str,
    shipping: Shipping,
    cwd: Path,
    notices: Notices,
) -> StartedRun:
    """Start or resume a run.

    If the directory cannot be written and the settings are not ``strict``, a new run is recorded in
    a temporary directory.

    Args:
        settings: The settings.
        project: The project.
        shipping: How the records are shipped. A store is asked for the run to resume.
        cwd: The working directory.
        notices: Prints messages.

    Returns:
        The journal and the state of the run.

    Raises:
        RunError: As for `start_or_resume` and `find_in_store`; or the directory cannot be written,
            and a temporary one is not allowed.
    """
    check_length(settings)
    request = StartRequest(settings, project, shipping.mode == "offline", time.time())
    wanted = wandb_directory(named_path(settings.root_dir or ".", cwd))
    store = None if is_wandb(shipping.store or "") else shipping.store
    if store is not None and settings.run_id is not None and settings.resume is not None:
        found = store_runs.find_in_store(wanted, request, store, notices)
        request = request._replace(in_store=found, now=time.time())
    try:
        try:
            make_wandb_directory(wanted)
            return start_or_resume(wanted, request)
        except OSError as error:
            # A run to resume cannot be in a temporary directory.
            if settings.strict or (settings.resume == "must" and request.in_store is None):
                raise
            temporary = make_temporary_directory(wanted, error, notices.warn)
            return start_or_resume(temporary, request)
    except OSError as error:
        raise RunError.of(
            Rule.UNWRITABLE_FILE,
            f"the run cannot be started in {wanted}: {error.strerror or error}",
            path=("root_dir",),
            origin=provenance.origin(settings, "root_dir"),
            hint="name one that can be written with dir=, or mode='disabled'",
        ) from error
