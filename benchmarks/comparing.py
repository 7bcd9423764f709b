"""What this version costs beside another one: start, settings, run config, checks, runs.

    git worktree add ../before v1.0
    python benchmarks/comparing.py ../before                  # a few minutes
    python benchmarks/comparing.py ../before --instructions   # needs valgrind

Every figure is processor time, the median of fresh processes in which the versions take turns, so
that another program on the machine counts little. ``--instructions`` counts the instructions of
whole processes instead, once each: a loaded machine does not change them at all. Without another
version, this one is measured alone.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from listing_runs import write_runs
from run_config import text_of

HERE = Path(__file__).resolve().parents[1]

ONE_FIELD = """
class S(Base): lr: float = 0.1
S()
"""

FIGURE = """
import time
def figure(job, number, scale):
    job()
    before = time.process_time()
    for _ in range(number):
        job()
    print("FIGURE", (time.process_time() - before) / number * scale)
"""

INIT = """
import runsettings
def job():
    runsettings.init(mode="offline", project="bench")
    runsettings.finish()
figure(job, 40, 1e3)
"""

LOG = """
import runsettings
run = runsettings.init(mode="offline", project="bench")
data = {"loss": 0.123456, "accuracy": 0.98, "epoch": 3}
figure(lambda: run.log(data), 20_000, 1e6)
runsettings.finish()
"""

CONFIG = """
from runsettings import Config
figure(lambda: Config.load(["base.yaml", "over.yaml"]), 40, 1e3)
"""


class Case(NamedTuple):
    """One row: its name, its unit, and what Python is started with."""

    name: str
    unit: str
    command: Sequence[str]


WHOLE = [
    Case("`import runsettings`", "ms", ["-c", "import runsettings"]),
    Case("`Settings()`", "ms", ["-c", "import runsettings; runsettings.Settings()"]),
    Case(
        "a `LayeredSettings` of one field",
        "ms",
        ["-c", f"from runsettings import LayeredSettings as Base{ONE_FIELD}"],
    ),
    Case(
        "a `BaseSettings` of one field, for comparison",
        "ms",
        ["-c", f"from pydantic_settings import BaseSettings as Base{ONE_FIELD}"],
    ),
    Case("`runsettings --help`", "ms", ["-m", "runsettings", "--help"]),
    Case("`runsettings get project`", "ms", ["-m", "runsettings", "get", "project"]),
    Case(
        "`runsettings check`, 200 files of 100 keys", "ms", ["-m", "runsettings", "check", "many"]
    ),
    Case("`runsettings runs ls`, 1,000 runs", "ms", ["-m", "runsettings", "runs", "ls"]),
]
"""Whole processes."""

WARM = [
    Case(
        "`Settings()`, warm",
        "µs",
        ["-c", f"{FIGURE}\nfrom runsettings import Settings\nfigure(Settings, 2_000, 1e6)"],
    ),
    Case("`init()` and `finish()`, warm", "ms", ["-c", FIGURE + INIT]),
    Case("`log()` of a small dict", "µs", ["-c", FIGURE + LOG]),
    Case("run config of two YAML files, 1,000 leaves", "ms", ["-c", FIGURE + CONFIG]),
]
"""Jobs that are repeated in one process, which prints what one of them takes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("before", nargs="?", type=Path, help="a checkout of the other version")
    parser.add_argument("--rounds", type=int, default=15, help="processes for each figure")
    parser.add_argument("--instructions", action="store_true")
    arguments = parser.parse_args()
    versions = [HERE] if arguments.before is None else [arguments.before.resolve(), HERE]
    with tempfile.TemporaryDirectory() as name:
        rooms = [prepared(Path(name) / str(i), root) for i, root in enumerate(versions)]
        print("| |", " | ".join(["before", "now", "ratio"] if rooms[1:] else ["now"]), "|")
        for case in WHOLE if arguments.instructions else WHOLE + WARM:
            figures = taken(case, rooms, 1 if arguments.instructions else arguments.rounds)
            unit = "M" if arguments.instructions else case.unit
            row = [f"{figure:,.1f} {unit}" for figure in figures]
            ratio = [f"{figures[1] / figures[0]:.3f}"] if rooms[1:] else []
            print("|", " | ".join([case.name, *row, *ratio]), "|", flush=True)


def taken(case: Case, rooms: Sequence[tuple[Path, dict[str, str]]], rounds: int) -> list[float]:
    """The median figure of each version; with one round, the instructions of one process."""
    found: list[list[float]] = [[] for _ in rooms]
    for round_ in range(rounds + 1):
        for (cwd, environ), figures in zip(rooms, found, strict=True):
            command = [sys.executable, *case.command]
            if rounds == 1 and round_:
                counted = ["valgrind", "--tool=cachegrind", "--cache-sim=no"]
                command = [*counted, "--cachegrind-out-file=/dev/null", *command]
            before = children()
            done = subprocess.run(
                command, cwd=cwd, env=environ, capture_output=True, text=True, check=True
            )
            used = children() - before
            if not round_:
                continue  # the first process writes bytecode and fills the disk's cache
            if rounds == 1:
                refs = re.findall(r"I\s+refs:\s+([\d,]+)", done.stderr)[0]
                figures.append(int(refs.replace(",", "")) / 1e6)
            elif "FIGURE" in done.stdout:
                figures.append(float(done.stdout.split()[-1]))
            else:
                figures.append(used * 1e3)
    return [statistics.median(figures) for figures in found]


def children() -> float:
    """The processor time, in seconds, of all processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def prepared(cwd: Path, root: Path) -> tuple[Path, dict[str, str]]:
    """A directory with all that the cases read, and the environment of one version."""
    (cwd / "wandb").mkdir(parents=True)
    (cwd / "many").mkdir()
    (cwd / "base.yaml").write_text(text_of(1_000))
    (cwd / "over.yaml").write_text(text_of(1_000, every=10))
    for number in range(200):
        (cwd / "many" / f"{number}.yaml").write_text(text_of(100))
    write_runs(cwd / "wandb", 1_000, 10)
    environ = {key: value for key, value in os.environ.items() if not key.startswith("WANDB_")}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    environ |= {"PYTHONPATH": str(root / "settings"), "HOME": str(cwd), "WANDB_SILENT": "true"}
    return cwd, environ | {"PYTHONHASHSEED": "0"}


if __name__ == "__main__":
    main()
