"""Reading YAML into a tree with positions, against PyYAML's fastest loader.

    python benchmarks/reading_yaml.py [LEAVES ...]

For each size (100 to 100,000 leaves, nested three deep) it prints the median times of
`runsettings.documents.yaml.reader.read` and of ``yaml.load(text, Loader=CSafeLoader)``, in turns in
one process, their ratio, the exponent with which our time grows from one size to the next,
and the peak memory of both. What must hold: ratio at most 0.6, growth at most 1.1, memory at
most 4 times as much.
"""

import math
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable

import yaml

from runsettings.documents.yaml.reader import read
from runsettings.values.origin import Layer

SIZES = (100, 1_000, 10_000, 100_000)


def document(leaves: int) -> str:
    """A config of that many leaves, nested three deep, of every common kind of scalar."""
    width = max(1, round((leaves / 10) ** 0.5))
    values = ("0.001", "1e-3", "128", "true", "adamw", "'quoted'", "null", "runs/exp_1", "no", "-1")
    lines: list[str] = []
    written = 0
    for group in range(math.ceil(leaves / (10 * width))):
        lines.append(f"group_{group}:")
        for part in range(width):
            if written >= leaves:
                break
            lines.append(f"  part_{part}:")
            for index, value in enumerate(values[: leaves - written]):
                lines.append(f"    setting_{index}: {value}")
                written += 1
    return "\n".join(lines) + "\n"


def ours(text: str) -> object:
    return read(text, Layer.FILE, "config.yaml")


def theirs(text: str) -> object:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def medians(text: str, rounds: int) -> tuple[float, float]:
    """Median seconds of ours and theirs; the two take turns, so that both meet the same noise."""
    times: dict[Callable[[str], object], list[float]] = {ours: [], theirs: []}
    for _ in range(rounds):
        for reader, taken in times.items():
            start = time.perf_counter()
            result = reader(text)
            taken.append(time.perf_counter() - start)
            del result
    return statistics.median(times[ours]), statistics.median(times[theirs])


def peak(reader: Callable[[str], object], text: str) -> int:
    """Bytes that Python had allocated at most while reading."""
    tracemalloc.start()
    reader(text)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def main(sizes: tuple[int, ...]) -> None:
    print("leaves      ours ms   CSafeLoader ms   ratio   growth   memory ratio")
    before: tuple[int, float] | None = None
    for leaves in sizes:
        text = document(leaves)
        mine, other = medians(text, max(5, min(200, 100_000 // leaves)))
        growth = "-"
        if before is not None:
            growth = f"{math.log(mine / before[1]) / math.log(leaves / before[0]):.2f}"
        before = (leaves, mine)
        memory = peak(ours, text) / peak(theirs, text)
        print(
            f"{leaves:>7,}  {mine * 1e3:>10.2f}  {other * 1e3:>14.2f}  {mine / other:>6.2f}"
            f"  {growth:>7}  {memory:>12.2f}"
        )


if __name__ == "__main__":
    main(tuple(int(size) for size in sys.argv[1:]) or SIZES)
