"""Correcting the recorded end of a run, once the end of its process is known.

A `finish()` while an exception is handled cannot know whether the exception ends the process.
"""

from __future__ import annotations

import os

from runsettings.journal.replay import load_run
from runsettings.journal.writer import encode
from runsettings.runs.recording.exits import Ending
from runsettings.runs.recording.run import Run
from runsettings.values.errors import RunError


def correct_end(run: Run, ending: Ending) -> None:
    """Record how a run ended, if its journal says something else.

    Nothing is recorded if another process has resumed the run, or if the journal is gone. If the
    disk fails, there is a warning.

    Args:
        run: The finished run.
        ending: How the process ends.
    """
    recorder = run._recorder
    path = recorder.journal.path
    try:
        journal = type(recorder.journal).resume(path)
        if journal is None:
            return
        try:
            stored = load_run(path)
            ours = (stored.pid, stored.started) == (os.getpid(), run.start_time)
            if not ours or stored.exit is None:
                return
            record = {**ending.record(), "time": stored.exit["time"]}
            if record != stored.exit and not (journal.append(encode(record)) and journal.sync()):
                recorder.notices.warn(
                    f"{path} cannot be written; it says that the run {stored.state}, "
                    f"and it {ending.state}"
                )
        finally:
            journal.close()
    except FileNotFoundError:
        return  # the run was deleted
    except OSError as error:
        recorder.notices.warn(f"{path} cannot be read ({error.strerror}); its end may be wrong")
    except RunError:
        return  # another file is in its place
