"""Runs, side by side with the wandb client (offline) and trackio, on one machine in one go.

    python benchmarks/runs.py            # a minute and a half
    python benchmarks/runs.py --million  # and a million log() calls

Needs wandb and trackio (the `bench` and `test` extras). Nothing leaves the machine: wandb is in
offline mode, trackio writes to a temporary directory, and every process has a home of its own.
Each figure is the median of several processes, taken in turns so that all see the same machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

PRELUDES = {
    "runsettings": """
import runsettings as module
module.init
def start():
    return module.init(mode="offline", project="bench")
""",
    "wandb": """
import wandb as module
def start():
    return module.init(mode="offline", project="bench", settings=module.Settings(silent=True))
""",
    "trackio": """
import trackio as module
def start():
    return module.init(project="bench", embed=False)
""",
}

START = """
import time
before = time.perf_counter()
run = start()
took = time.perf_counter() - before
print("FIGURE", took)
module.finish()
"""

WHOLE = """
run = start()
for step in range(1000):
    module.log({"loss": 1 / (step + 1), "accuracy": 0.5, "epoch": step})
module.finish()
"""

LOG = """
import time
run = start()
number = 2000
data = {"loss": 0.123456, "accuracy": 0.98, "epoch": 3}
for _ in range(200):
    run.log(data)
before = time.perf_counter()
for _ in range(number):
    run.log(data)
print("FIGURE", (time.perf_counter() - before) / number)
module.finish()
"""

HAND = """
import json, os, time
data = {"loss": 0.123456, "accuracy": 0.98, "epoch": 3}
fd = os.open("hand.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
number = 100_000
before = time.perf_counter()
for _ in range(number):
    os.write(fd, (json.dumps(data) + "\\n").encode())
print("FIGURE", (time.perf_counter() - before) / number)
"""

LONG_LOG = LOG.replace("number = 2000", "number = 100_000")

DISABLED = """
import time
run = module.init(mode="disabled")
data = {"loss": 0.123456, "accuracy": 0.98, "epoch": 3}
number = 200_000
before = time.perf_counter()
for _ in range(number):
    run.log(data)
print("FIGURE", (time.perf_counter() - before) / number)
"""

MILLION = """
import resource, time
run = start()
data = {"loss": 0.123456, "accuracy": 0.98, "epoch": 3}
for tenth in range(10):
    before = time.perf_counter()
    for _ in range(100_000):
        run.log(data)
    took = (time.perf_counter() - before) / 100_000
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"  calls {tenth}00,000 to {tenth + 1}00,000: {took * 1e6:.2f} µs each, {memory} MB")
module.finish()
"""


def measured(code: str) -> tuple[float, float | None, str]:
    """Run code in a process of its own: its whole time, the figure it printed, its output."""
    with tempfile.TemporaryDirectory() as home:
        quiet = {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}
        environment = {
            **os.environ,
            **quiet,
            "HOME": home,
            "TRACKIO_DIR": home,
            "HF_HUB_OFFLINE": "1",
            "GRADIO_ANALYTICS_ENABLED": "False",
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        before = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=home,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        whole = time.perf_counter() - before
    if done.returncode:
        sys.exit(f"{code}\n{done.stderr}")
    figures = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FIGURE")]
    return whole, float(figures[0]) if figures else None, done.stdout


def compare(title: str, codes: dict[str, str], repeats: int, unit: str) -> dict[str, float]:
    """Print and return the median of each of several codes, run in turns."""
    scale = {"ms": 1e3, "µs": 1e6}[unit]
    taken: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(repeats):
        for name, code in codes.items():
            whole, figure, _ = measured(code)
            taken[name].append(whole if figure is None else figure)
    medians = {name: statistics.median(times) for name, times in taken.items()}
    print(f"\n{title}")
    for name, times in taken.items():
        low, high = min(times) * scale, max(times) * scale
        share = medians[name] / medians["runsettings"]
        print(
            f"  {name:<12} {medians[name] * scale:10.2f} {unit}"
            f"  ({low:.2f} to {high:.2f})  {share:7.1f} x ours"
        )
    return medians


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--json", action="store_true", help="print the medians as JSON as well")
    options = parser.parse_args()
    repeats = options.repeats
    for prelude in PRELUDES.values():
        measured(prelude + WHOLE)  # fills bytecode caches

    found = {
        "init": compare(
            "init(mode='offline'), the package imported",
            {name: prelude + START for name, prelude in PRELUDES.items()},
            repeats,
            "ms",
        ),
        "whole": compare(
            "whole process: import, init, 1,000 x log, finish",
            {name: prelude + WHOLE for name, prelude in PRELUDES.items()},
            repeats,
            "ms",
        ),
        "log": compare(
            "log() of a small dict, the first 2,000",
            {name: prelude + LOG for name, prelude in PRELUDES.items()},
            repeats,
            "µs",
        ),
        "hand": compare(
            "log() of a small dict, 100,000 calls, against json.dumps + os.write",
            {"runsettings": PRELUDES["runsettings"] + LONG_LOG, "by hand": HAND},
            repeats,
            "µs",
        ),
        "disabled": compare(
            "log() in disabled mode",
            {name: PRELUDES[name] + DISABLED for name in ("runsettings", "wandb")},
            repeats,
            "µs",
        ),
    }
    if options.million:
        print("\nrunsettings, a million calls")
        print(measured(PRELUDES["runsettings"] + MILLION)[2], end="")
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
