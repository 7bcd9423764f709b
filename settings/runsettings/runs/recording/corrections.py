"""Correcting the recorded end of a run, once the end of its process is known.

A `finish()` while an exception is handled cannot know whether the exception ends the process.
"""

from __future__ import annotations

import os
from pathlib import Path

from runsettings.journal.replay import load_run
from runsettings.journal.writer import Journal, encode
from runsettings.runs.recording.exits import Ending
from runsettings.values.errors import RunError


def correct_end(path: Path, started: float, ending: Ending) -> None:
    """Record how a run ended, if its journal says something else.

    Nothing is recorded if another process has resumed the run, or if the journal is gone.

    Args:
        path: The journal.
        started: When this process started the run, in seconds since 1970.
        ending: How the process ends.
    """
    try:
        journal = Journal.resume(path)
    except OSError:
        return
    if journal is None:
        return
    try:
        run = load_run(path)
        ours = (run.pid, run.started) == (os.getpid(), started)
        if ours and run.exit is not None:
            record = {**ending.record(), "time": run.exit["time"]}
            if record != run.exit:
                journal.append(encode(record))
    except (OSError, RunError):
        return
    finally:
        journal.close()
