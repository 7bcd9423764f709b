"""The run of a callback: the one that it was given, or the current one."""

from __future__ import annotations

from runsettings.runs.recording import active
from runsettings.runs.recording.disabled import RunDisabled
from runsettings.runs.recording.run import Run
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError


def run_of(given: Run | RunDisabled | None, what: str) -> Run | RunDisabled:
    """The run that a callback logs to.

    Args:
        given: The run that the callback was given.
        what: The callback, for the error.

    Raises:
        RunError: There is none.
    """
    run = active.run() if given is None else given
    if run is None:
        raise RunError.of(Rule.RUN_INACTIVE, f"{what} needs a run", hint="call init() first")
    return run


def as_number(value: object) -> object:
    """A metric of a framework as a number, if it is a tensor with one element."""
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "size", None) is not None else value
