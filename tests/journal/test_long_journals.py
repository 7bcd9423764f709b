"""Starts and readers of long journals, in processor time and memory of whole processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from runsettings.journal.checkpoint import checkpoint_path

pytestmark = pytest.mark.skipif(
    "RUNSETTINGS_LONG" not in os.environ or not hasattr(os, "wait4"),
    reason="takes minutes and gigabytes",
)

MOST_SECONDS = 5.0
"""Processor time of one start."""
MOST_MEMORY = 100 << 20
"""Bytes of memory that `runs show` may use."""
LONGEST = 2 << 30

RESUME = """
import sys
import runsettings
run = runsettings.init(mode="offline", project="p", id=sys.argv[1], resume="must",
                       settings={"quiet": True, "disable_git": True})
run.log({"loss": 1.0})
run.finish()
"""
SHOW = """
from runsettings.cli.main import main
try:
    main(["runs", "show", "long"])
finally:
    with open("/proc/self/status") as status:
        print(*[line.split()[1] for line in status if line.startswith("VmHWM")])
"""


def write_journal(jail, run_id, size):
    """A journal of at least so many bytes, of a run that crashed.

    Its rows are long, so that a journal of gigabytes has not too many to write in a minute.
    """
    path = jail.cwd / f"wandb/offline-run-20250131_143005-{run_id}/run-{run_id}.jsonl"
    (path.parent / "files").mkdir(parents=True)
    note = "x" * min(size // 100_000, 1_000)
    with path.open("w") as file:
        for record in (
            {"type": "header", "format": "runsettings-journal", "version": 1, "writer": "x"},
            {"type": "run", "time": 1.0, "id": run_id, "project": "p"},
            {"type": "start", "time": 1.0, "pid": 1, "host": "h", "step": 0, "resumed": False},
        ):
            file.write(json.dumps(record) + "\n")
        step = 0
        while file.tell() < size:
            file.write(
                "".join(
                    f'{{"type":"history","step":{number},"time":2.0,"data":'
                    f'{{"loss":{1 / (number + 1)},"accuracy":0.5,"note":"{note}"}}}}\n'
                    for number in range(step, step + 1_000)
                )
            )
            step += 1_000
    return path


def start(run_id):
    """A process that resumes a run."""
    return subprocess.Popen([sys.executable, "-c", RESUME, run_id], stderr=subprocess.PIPE)


def seconds_of(process):
    """The processor time of a process, once it has ended well."""
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    assert process.returncode == 0, told
    return usage.ru_utime + usage.ru_stime


@pytest.mark.parametrize("checkpoints", ["without checkpoints", "with checkpoints"])
def test_sixty_four_jobs_that_resume_at_once_all_start_quickly(jail, checkpoints):
    """In one directory, with journals of 20 MiB; the first resume writes the checkpoint."""
    ids = [f"job{number}" for number in range(64)]
    journals = [write_journal(jail, each, 20 << 20) for each in ids]
    rounds = 2 if checkpoints == "with checkpoints" else 1
    for _ in range(rounds):
        times = [seconds_of(process) for process in [start(each) for each in ids]]
        assert all(checkpoint_path(journal).exists() for journal in journals)
    assert max(times) < MOST_SECONDS, sorted(times)


def test_a_journal_of_gigabytes_is_resumed_quickly_and_shown_in_little_memory(jail):
    """The first resume reads it, and later ones read its checkpoint."""
    write_journal(jail, "long", LONGEST)
    seconds_of(start("long"))
    took = seconds_of(start("long"))
    assert took < MOST_SECONDS
    line = [sys.executable, "-c", SHOW]
    shown = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert "loss" in shown
    used = int(shown.splitlines()[-1]) << 10
    assert used < MOST_MEMORY
    print(f"resumed in {took:.2f} s of processor time; shown with {used >> 20} MiB")
