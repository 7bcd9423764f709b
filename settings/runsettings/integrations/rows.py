"""Records rows with the steps of other packages, without changing the step of `log`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from runsettings.journal.writer import append_once, encode
from runsettings.runs.recording.run import Run


def record_row(run: Run, data: Mapping[str, Any], step: int, file: str, offset: int) -> None:
    """Record a row with a `source`.

    A forked child may call this too, for example a worker of a vector environment.

    Args:
        run: The run; if it is finished, nothing is recorded.
        data: The values by name.
        step: The step of the other package.
        file: The path of the file that the row comes from.
        offset: The byte offset in the file up to which it was read. Readers ignore a row whose
            offset is not larger than that of the previous row from the same file.
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
            # The run does not count the row; a checkpoint has to replay it.
            recorder.journal.is_whole = False
            run._stored.sources[file] = offset
            run._stored.summarize(plain, step)
            if step >= run._stored.source_step:  # as in `StoredRun`
                run._followed, run._stored.source_step = run._followed + 1, step + 1
            run._summary.note_nested(plain)
