"""What loading a run config costs, beside PyYAML's C loader and OmegaConf.

Two YAML files, nested three deep, the second overriding a tenth of the first: read, merged,
checked against the key rules, with the origin of every leaf kept. CSafeLoader reads the same
two files and merges nothing; OmegaConf loads and merges them.

    python benchmarks/run_config.py [--repeat 7]

All contenders run in one process, turn by turn, and medians are compared, so that a busy
machine slows all of them. Memory is the peak of what Python allocates, measured in runs of
its own.
"""

from __future__ import annotations

import argparse
import gc
import math
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf

from runsettings.runconfig.config import Config

SIZES = (100, 1_000, 10_000, 100_000)
OMEGACONF_LIMIT = 10_000
"""OmegaConf takes half a minute for more."""


def text_of(leaves: int, *, every: int = 1) -> str:
    """A YAML config with up to ``leaves`` leaves, three deep; ``every`` tenth leaf, for 10."""
    values = ("0.001", "adam", "42", "true", "imagenet-1k", "1e-3", "null", "no", "3.14", "a b c")
    width = max(round(leaves ** (1 / 3)), 1)
    lines = []
    number = 0
    for outer in range(math.ceil(leaves / width**2)):
        lines.append(f"section_{outer}:")
        for middle in range(width):
            lines.append(f"  group_{middle}:")
            for inner in range(width):
                if number < leaves and number % every == 0:
                    lines.append(f"    value_{inner}: {values[(number // every) % len(values)]}")
                number += 1
            if lines[-1].endswith(f"group_{middle}:"):
                lines.pop()
        if lines[-1] == f"section_{outer}:":
            lines.pop()
    return "\n".join(lines) + "\n"


def load_ours(files: list[Path]) -> Any:
    return Config.load(files)


def load_pyyaml(files: list[Path]) -> Any:
    return [yaml.load(file.read_bytes(), yaml.CSafeLoader) for file in files]


def load_omegaconf(files: list[Path]) -> Any:
    return OmegaConf.merge(*[OmegaConf.load(file) for file in files])


def timed(load: Callable[[list[Path]], Any], files: list[Path], times: int) -> float:
    """Seconds for one load, of several in a row where one is too short to be timed alone."""
    gc.collect()
    start = time.perf_counter()
    for _ in range(times):
        loaded = load(files)
    took = time.perf_counter() - start
    del loaded
    return took / times


def peak(load: Callable[[list[Path]], Any], files: list[Path]) -> int:
    gc.collect()
    tracemalloc.start()
    loaded = load(files)
    _, top = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del loaded
    return top


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=7, help="turns per size")
    repeat = parser.parse_args().repeat
    ours: dict[int, float] = {}
    print(f"{'leaves':>8} {'ours':>10} {'CSafeLoader':>12} {'ratio':>6} {'OmegaConf':>10} "
          f"{'ratio':>6} {'memory':>9} {'CSafeLoader':>12} {'ratio':>6}")  # fmt: skip
    for size in SIZES:
        with tempfile.TemporaryDirectory() as directory:
            files = [Path(directory, "base.yaml"), Path(directory, "override.yaml")]
            files[0].write_text(text_of(size))
            files[1].write_text(text_of(size, every=10))
            contenders = {"ours": load_ours, "pyyaml": load_pyyaml}
            if size <= OMEGACONF_LIMIT:
                contenders["omegaconf"] = load_omegaconf
            times: dict[str, list[float]] = {name: [] for name in contenders}
            for _ in range(repeat):
                for name, load in contenders.items():
                    if name == "omegaconf" and len(times[name]) >= 3:
                        continue
                    inner = max(2_000 // size, 1) if name != "omegaconf" else 1
                    times[name].append(timed(load, files, inner))
            median = {name: statistics.median(taken) for name, taken in times.items()}
            memory = {name: peak(contenders[name], files) for name in ("ours", "pyyaml")}
        ours[size] = median["ours"]
        omega = median.get("omegaconf")
        print(
            f"{size:>8,} {median['ours'] * 1e3:>8.2f}ms {median['pyyaml'] * 1e3:>10.2f}ms "
            f"{median['ours'] / median['pyyaml']:>6.2f} "
            + (f"{omega * 1e3:>8.1f}ms {median['ours'] / omega:>6.3f}" if omega else " " * 17)
            + f" {memory['ours'] / 2**20:>7.2f}MB {memory['pyyaml'] / 2**20:>10.2f}MB "
            f"{memory['ours'] / memory['pyyaml']:>6.2f}"
        )
    small, large = SIZES[1], SIZES[-1]
    exponent = math.log(ours[large] / ours[small]) / math.log(large / small)
    print(f"cost grows with leaves^{exponent:.2f} from {small:,} to {large:,}")


if __name__ == "__main__":
    main()
