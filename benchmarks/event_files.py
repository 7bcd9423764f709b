"""How many events of TensorBoard's files are read in a second, with their checksums.

Beside it: the package's own ``EventFileLoader``, where tensorboard is installed. CPU time of this
process; the best of several turns.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tensorboardX import SummaryWriter

from runsettings.shipping.event_files.framing import read_event_records
from runsettings.shipping.event_files.messages import event_parser

EVENTS = 50_000
TURNS = 5


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        with SummaryWriter(directory) as writer:
            for step in range(EVENTS):
                writer.add_scalar("charts/episodic_return", step / 2, step)
        (path,) = Path(directory).iterdir()
        report("runsettings", read, os.fspath(path))
        if importlib.util.find_spec("tensorboard") is not None:
            report("EventFileLoader", load, os.fspath(path))


def report(name: str, reader: Callable[[str], int], path: str) -> None:
    best = float("inf")
    for _ in range(TURNS):
        start = time.process_time()
        count = reader(path)
        best = min(best, time.process_time() - start)
    print(f"{name:16} {count / best:10,.0f} events/s")


def read(path: str) -> int:
    parse = event_parser()
    return sum(len(parse(data).scalars) for _, data in read_event_records(path))


def load(path: str) -> int:
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

    return sum(len(event.summary.value) for event in EventFileLoader(path).Load())


if __name__ == "__main__":
    main()
