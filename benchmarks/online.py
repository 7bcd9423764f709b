"""What online mode costs a script that logs 100 times a second, in processor time.

``python benchmarks/online.py [SECONDS] [URL]`` runs such a script, for a minute by default, with a
SQLite file or the database of the URL as its store.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import runsettings
from runsettings.shipping import launch

PER_SECOND = 100


def processor_time(pid: int) -> float:
    """The seconds that a process has used the processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run the script, and print what its shipper took."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with tempfile.TemporaryDirectory() as directory:
        url = sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{directory}/runs.db"
        settings = {"store": url, "mode": "online", "quiet": True, "disable_git": True}
        run = runsettings.init(project="online", dir=directory, settings=settings)
        shipper = launch._started[-1].pid
        start, rows = time.monotonic(), 0
        while time.monotonic() - start < seconds:
            run.log({"loss": rows, "acc": rows / 3})
            rows += 1
            time.sleep(max(0.0, start + rows / PER_SECOND - time.monotonic()))
        used = processor_time(shipper)
        before = time.monotonic()
        run.finish()
        waited = time.monotonic() - before
    print(
        f"{rows:,} rows in {seconds:g} s: the shipper took {used:.2f} s of processor time "
        f"({used / seconds:.1%} of a core), and finish() waited {waited:.2f} s"
    )


if __name__ == "__main__":
    main()
