"""Rows of other packages' steps, which do not move the steps of the script's own `log`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from runsettings.journal.writer import append_once, encode
from runsettings.runs.recording.run import Run


def record_row(run: Run, data: Mapping[str, Any], step: int, file: str, offset: int) -> None:
    """Record a row with a `source`.

    A forked child does it too, such as that of a vector environment: such rows may come from any
    process.

    Args:
        run: The run; if it is finished, nothing is recorded.
        data: Names and values.
        step: The step of the other package.
        file: The file that the row is about.
        offset: The byte up to which it is about the file; a row that is not above the last one of
            the same file is a double.
    """
    recorder = run._recorder
    plain = recorder.mask.record(run._plain(data, "log()"))
    row = {"type": "history", "step": max(step, 0), "time": time.time(), "data": plain}
    line = encode({**row, "source": {"file": file, "offset": offset}})
    if run._foreign:
        append_once(run.journal_path, line)
        return
    with run._lock:
        if run._open:
            recorder.journal.append(line)
            # A checkpoint replays the row, which the run does not count.
            recorder.journal.is_whole = False
            run._stored.sources[file] = offset
            run._stored.summarize(plain, step)
            run._followed_steps = max(run._followed_steps or 0, step + 1)
            run._summary.note_nested(plain)
