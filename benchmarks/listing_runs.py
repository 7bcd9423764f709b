"""How long it takes to list many runs: the first time, later, and after some runs went on.

Run it with ``python benchmarks/listing_runs.py``. It writes journals as a run does, small ones,
and then times whole processes of the command line; medians are shown. The disk's cache is warm,
as it is for whoever lists runs twice.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from runsettings.journal.directory import create, find_journals
from runsettings.journal.index import FILE
from runsettings.journal.records import FORMAT, VERSION
from runsettings.journal.writer import encode

START = 1_700_000_000.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=10, help="logged steps of each run")
    parser.add_argument("--times", type=int, default=5, help="how often each figure is taken")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        wandb = Path(root) / "wandb"
        wandb.mkdir()
        write_runs(wandb, arguments.runs, arguments.steps)
        print(f"{arguments.runs:,} runs of {arguments.steps} steps, whole processes:")
        for name, prepare, command in cases(wandb):
            taken = []
            for _ in range(arguments.times):
                prepare()
                taken.append(timed([*command, "--dir", root]))
            print(f"  {name:42} {statistics.median(taken) * 1000:7.0f} ms")


def cases(wandb: Path) -> list[tuple[str, Any, list[str]]]:
    """What is timed: its name, what happens before it, and the arguments."""

    def forget() -> None:
        (wandb / FILE).unlink(missing_ok=True)

    def go_on() -> None:
        for file in list(find_journals(wandb))[:100]:
            with Path(file.path).open("ab") as journal:
                journal.write(encode(history(99, START, random.random())))

    def nothing() -> None:
        pass

    where = ["--where", "config.lr < 0.5 and tags = baseline", "--sort", "-summary.loss"]
    return [
        ("runs ls, the first time", forget, ["ls"]),
        ("runs ls", nothing, ["ls"]),
        ("runs ls, 100 runs went on", go_on, ["ls"]),
        ("runs ls --where … --sort … --limit 20", nothing, ["ls", *where, "--limit", "20"]),
        ("runs ls --group-by group", nothing, ["ls", "--group-by", "group"]),
        ("runs ls --json", nothing, ["ls", "--json"]),
        ("runs ls --csv", nothing, ["ls", "--csv"]),
        ("runs show", nothing, ["show", "00000007"]),
    ]


def timed(arguments: list[str]) -> float:
    """Seconds of a process of the command line."""
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "runsettings", "runs", *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - begun


def write_runs(wandb: Path, count: int, steps: int) -> None:
    """Write the journals of many finished runs, some of them crashed."""
    chance = random.Random(0)
    for number in range(count):
        now = START + 60 * number
        run_id = f"{number:08x}"
        lines = b"".join(map(encode, records(run_id, number, now, steps, chance)))
        create(wandb, run_id, lines, offline=True, now=now).close()


def records(
    run_id: str, number: int, now: float, steps: int, chance: random.Random
) -> list[dict[str, Any]]:
    """The records of one run."""
    config = {"lr": chance.random(), "batch_size": 32, "optim": {"name": "adam", "beta": 0.9}}
    origin = {"layer": "file", "where": "train.yaml", "line": 3, "column": 5}
    head: list[dict[str, Any]] = [
        {"type": "header", "format": FORMAT, "version": VERSION, "writer": "benchmark"},
        {"type": "run", "time": now, "id": run_id, "name": f"lively-river-{number}"},
        {"type": "run", "time": now, "project": f"project-{number % 3}", "group": f"g{number % 7}"},
        {"type": "start", "time": now, "pid": 1, "host": "host", "step": 0, "resumed": False},
        {"type": "tags", "time": now, "add": ["baseline"] if number % 2 else [], "remove": []},
        {
            "type": "config",
            "time": now,
            "values": config,
            "origins": dict.fromkeys(("lr", "batch_size", "optim.name", "optim.beta"), origin),
        },
    ]
    rows = [history(step, now, chance.random()) for step in range(steps)]
    end = {"type": "exit", "time": now + steps, "state": "finished", "code": 0}
    return head + rows + ([end] if number % 10 else [])


def history(step: int, now: float, loss: float) -> dict[str, Any]:
    """What one call of ``log`` writes."""
    return {
        "type": "history",
        "step": step,
        "time": now + step,
        "data": {"loss": loss, "accuracy": 1 - loss, "epoch": step},
    }


if __name__ == "__main__":
    main()
