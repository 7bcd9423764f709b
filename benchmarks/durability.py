"""What `durability` costs: `log()` and `finish()` in each mode, on one machine in one go.

    python benchmarks/durability.py [DIRECTORY]

The modes are taken in turns, each in a process of its own. The directory should be on the disk that
is meant: a file system in memory syncs at once.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile

ROWS = 2000
REPEATS = 5
MODES = {"kernel": ("kernel", False), "power": ("power", False), "power, strict": ("power", True)}
CODE = """
import sys, time
import runsettings
settings = {"quiet": True, "disable_git": True, "durability": sys.argv[1]}
settings["strict"] = len(sys.argv) > 3
run = runsettings.init(mode="offline", settings=settings)
run._files.wait_for_facts()
begin, cpu = time.perf_counter(), time.process_time()
for step in range(int(sys.argv[2])):
    run.log({"loss": step / 7, "accuracy": 0.5, "lr": 0.001})
logged, logged_cpu = time.perf_counter() - begin, time.process_time() - cpu
begin = time.perf_counter()
run.finish()
print(logged, logged_cpu, time.perf_counter() - begin)
"""


def measured(durability: str, strict: bool, directory: str) -> list[float]:
    """Seconds of one process: all `log()` calls, their processor time, and `finish()`."""
    line = [sys.executable, "-c", CODE, durability, f"{ROWS}", *(["strict"] if strict else [])]
    done = subprocess.run(line, cwd=directory, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    """Print the medians."""
    found: dict[str, list[list[float]]] = {mode: [] for mode in MODES}
    for _ in range(REPEATS):
        for mode, (durability, strict) in MODES.items():
            with tempfile.TemporaryDirectory(dir=sys.argv[1] if sys.argv[1:] else None) as place:
                found[mode].append(measured(durability, strict, place))
    print(f"{'':16}{'log()':>12}{'its CPU time':>16}{'finish()':>12}")
    for mode, figures in found.items():
        logged, cpu, finished = (statistics.median(column) for column in zip(*figures, strict=True))
        print(
            f"{mode:16}{logged / ROWS * 1e6:9.1f} µs{cpu / ROWS * 1e6:13.1f} µs"
            f"{finished * 1e3:9.1f} ms"
        )


if __name__ == "__main__":
    main()
