"""Finds the run that a callback logs to: its argument, or the current run."""

from __future__ import annotations

from runsettings.runs.recording import active
from runsettings.runs.recording.disabled import RunDisabled
from runsettings.runs.recording.run import Run
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError


def run_of(given: Run | RunDisabled | None, what: str) -> Run | RunDisabled:
    """Return the run that a callback logs to.

    Args:
        given: The argument ``run`` of the callback; ``None`` for the current run.
        what: The name of the callback, for the error.

    Returns:
        The run.

    Raises:
        RunError: No run was given, and none is active.
    """
    run = active.run() if given is None else given
    if run is None:
        raise RunError.of(Rule.RUN_INACTIVE, f"{what} needs a run", hint="call init() first")
    return run


def as_number(value: object) -> object:
    """Convert a tensor with one element to a number; return other values unchanged.

    Args:
        value: A metric of a framework.
    """
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "size", None) is not None else value
