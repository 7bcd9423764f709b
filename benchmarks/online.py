"""What online mode costs a script that logs 100 times a second, and how far its store lags behind.

``python benchmarks/online.py [SECONDS] [URL] [RATE]`` runs such a script, for a minute by default,
with a SQLite file or the database of the URL as its store. It logs RATE times a second. The lag is
the age of the oldest record that the store does not have, by the clock.
"""

from __future__ import annotations

import collections
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import runsettings
from runsettings.shipping import launch
from runsettings.shipping.status import read_status

_SAMPLE = 0.05
"""The number of seconds between two looks at the lag."""


def processor_time(pid: int) -> float:
    """The seconds that a process has used the processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run the script, and print what its shipper took."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    rate = float(sys.argv[3]) if len(sys.argv) > 3 else 100.0
    with tempfile.TemporaryDirectory() as directory:
        url = sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{directory}/runs.db"
        settings = {"store": url, "mode": "online", "quiet": True, "disable_git": True}
        run = runsettings.init(project="online", dir=directory, settings=settings)
        shipper = launch._started[-1].pid
        start, rows, lags = time.monotonic(), 0, list[float]()
        sizes = collections.deque[tuple[float, int]]()
        sampled = now = start
        while now - start < seconds:
            run.log({"loss": rows, "acc": rows / 3})
            rows += 1
            if now - sampled > _SAMPLE:
                sampled = now
                sizes.append((now, run.journal_path.stat().st_size))
                position = read_status(run.journal_path).position
                while sizes and sizes[0][1] <= position:
                    sizes.popleft()
                lag = now - sizes[0][0] if sizes else 0.0
                if lags or (position and lag < 1):  # not while the shipper starts
                    lags.append(lag)
            time.sleep(max(0.0, start + rows / rate - time.monotonic()))
            now = time.monotonic()
        used = processor_time(shipper)
        before = time.monotonic()
        run.finish()
        waited = time.monotonic() - before
    print(
        f"{rows:,} rows in {seconds:g} s: the shipper took {used:.2f} s of processor time "
        f"({used / seconds:.1%} of a core), and finish() waited {waited:.2f} s"
    )
    print(f"the store lagged {statistics.median(lags):.2f} s behind, at most {max(lags):.2f} s")


if __name__ == "__main__":
    main()
