"""What `runsettings check` costs, against loading the same files and against a bare import.

    python benchmarks/checking.py [FILES [ROUNDS]]

Two figures, each the median of rounds in which both sides take turns:

* ``check`` of 1,000 YAML files of 100 keys, as a command, against a script that loads them
  with PyYAML's `CSafeLoader` on as many processes. The start-up of the command (a check of
  one such file) and of the script (the import of yaml and one file) are taken off both.
  What must hold: at most 1.5 times.
* the start-up of the command to its first output, against ``python -c "import
  pydantic_settings"``. What must hold: at most 2 times.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

LOADER = """
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import yaml

def load(paths):
    return sum(len(yaml.load(open(path, "rb").read(), Loader=yaml.CSafeLoader)) for path in paths)

def main():
    directory, processes = sys.argv[1], int(sys.argv[2])
    from pathlib import Path
    paths = sorted(map(str, Path(directory).glob("*.yaml")))
    chunks = [paths[start : start + 16] for start in range(0, len(paths), 16)]
    if processes == 1:
        print(sum(map(load, chunks)))
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        print(sum(pool.map(load, chunks)))

main()
"""


def document(number: int) -> str:
    """A config of 100 keys, three deep, as training configs are; some hold ``1e-3``."""
    values = ("0.001", "128", "true", "adamw", "'quoted'", "null", "runs/exp_1", "-1", "0.5")
    values = (*values, "1e-3" if number % 2 else "3.0e-4")
    lines: list[str] = []
    for group in range(5):
        lines.append(f"group_{group}:")
        for part in range(2):
            lines.append(f"  part_{part}:")
            lines += [f"    setting_{i}: {value}" for i, value in enumerate(values)]
    return "\n".join(lines) + "\n"


def seconds(command: list[str], cwd: Path) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, cwd=cwd, capture_output=True, check=False)
    taken = time.perf_counter() - start
    if done.returncode not in {0, 1} or not done.stdout:
        raise RuntimeError(done.stderr.decode())
    return taken


def medians(sides: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each side; they take turns, so that all meet the same noise."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            taken[name].append(side())
    return {name: statistics.median(times) for name, times in taken.items()}


def check(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "runsettings", "check", "--no-settings", *arguments]


def main() -> None:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 9
    processes = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        many, one = base / "many", base / "one"
        for directory, count in ((many, files), (one, 1)):
            directory.mkdir()
            for number in range(count):
                (directory / f"config_{number:04}.yaml").write_text(document(number))
        script = base / "load.py"
        script.write_text(LOADER)
        for jobs in sorted({1, processes}):
            loading = [sys.executable, str(script)]
            found = medians(
                {
                    "ours": lambda jobs=jobs: seconds(check(f"--jobs={jobs}", "many"), base),
                    "theirs": lambda loading=loading, jobs=jobs: seconds(
                        [*loading, "many", str(jobs)], base
                    ),
                    "our start": lambda: seconds(check("one"), base),
                    "their start": lambda loading=loading: seconds([*loading, "one", "1"], base),
                },
                rounds,
            )
            ours = found["ours"] - found["our start"]
            theirs = found["theirs"] - found["their start"]
            print(
                f"{files:,} files on {jobs} process(es): {ours * 1e3:,.0f} ms, CSafeLoader "
                f"{theirs * 1e3:,.0f} ms: {ours / theirs:.2f} times (start-up "
                f"{found['our start'] * 1e3:.0f} and {found['their start'] * 1e3:.0f} ms taken off)"
            )
        bare = [sys.executable, "-c", "import pydantic_settings; print()"]
        found = medians(
            {
                "ours": lambda: seconds([sys.executable, "-m", "runsettings", "check"], one),
                "bare": lambda: seconds(bare, one),
            },
            2 * rounds,
        )
        print(
            f"start-up of check: {found['ours'] * 1e3:.0f} ms, import pydantic_settings "
            f"{found['bare'] * 1e3:.0f} ms: {found['ours'] / found['bare']:.2f} times"
        )


if __name__ == "__main__":
    main()
