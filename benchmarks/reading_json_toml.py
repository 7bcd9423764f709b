"""Reading JSON and TOML with positions, against `json.loads` and `tomllib.loads`.

    python benchmarks/reading_json_toml.py [LEAVES]

It prints the median processor times of our reader while no position is asked for, of our reader
with all positions, and of the standard library, taken in turns in one process, and both ratios.
The texts are a config of that many leaves (20,000 if not given), nested three deep, and, for
JSON, about 8 MB of objects and of numbers, on one line and on many. What must hold: for
the config in JSON at most 8 and 20, in TOML at most 1.3 and 2; for each text of 8 MB at most 20
with all positions.
"""

import json
import statistics
import sys
import time
import tomllib
from collections.abc import Callable
from typing import Any

from runsettings.documents import json as our_json
from runsettings.documents import toml as our_toml
from runsettings.values.origin import Layer
from runsettings.values.reading import Reading

VALUES = (0.001, 1e-3, 128, True, "adamw", "quoted", [1, 2], "runs/exp_1", "no", -1)
ROUNDS = 9
LARGE = 8 * 1024 * 1024


def config(leaves: int) -> dict[str, Any]:
    """A config of that many leaves, nested three deep, of every common kind of value."""
    width = max(1, round((leaves / 10) ** 0.5))
    parts = range(leaves // 10)
    data: dict[str, Any] = {}
    for part in parts:
        group = data.setdefault(f"group_{part // width}", {})
        group[f"part_{part}"] = {f"setting_{i}": value for i, value in enumerate(VALUES)}
    return data


def as_toml(data: dict[str, Any]) -> str:
    """A config of three levels in TOML, one table for each part."""
    lines = []
    for group, parts in data.items():
        for part, settings in parts.items():
            lines.append(f"[{group}.{part}]")
            lines += [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    return "\n".join(lines) + "\n"


def medians(*readers: Callable[[], object]) -> list[float]:
    """Median seconds of processor time; the readers take turns, to meet the same noise."""
    times: list[list[float]] = [[] for _ in readers]
    for _ in range(ROUNDS):
        for reader, taken in zip(readers, times, strict=True):
            start = time.process_time()
            result = reader()
            taken.append(time.process_time() - start)
            del result
    return [statistics.median(taken) for taken in times]


def row(
    name: str,
    text: str,
    ours: Callable[[str, Layer, str], Reading],
    theirs: Callable[[str], object],
) -> None:
    values, marks, other = medians(
        lambda: ours(text, Layer.FILE, "config"),
        lambda: ours(text, Layer.FILE, "config").tree.marks,
        lambda: theirs(text),
    )
    print(
        f"{name:<28}{len(text) / 1e6:>6.2f}{other * 1e3:>12.1f}{values * 1e3:>10.1f}"
        f"{marks * 1e3:>11.1f}{values / other:>8.2f}{marks / other:>11.2f}"
    )


def main(leaves: int) -> None:
    print("text                            MB  library ms   ours ms  +marks ms   ratio  with marks")
    data = config(leaves)
    row("TOML config", as_toml(data), our_toml.read, tomllib.loads)
    row("JSON config", json.dumps(data, indent=2), our_json.read, json.loads)
    row("JSON config, one line", json.dumps(data), our_json.read, json.loads)
    objects = {"runs": [{"id": i, "name": f"run {i}", "loss": i / 7} for i in range(LARGE // 55)]}
    numbers = {"values": list(range(LARGE // 9))}
    for name, large in (("objects", objects), ("numbers", numbers)):
        row(f"8 MB of {name}", json.dumps(large, indent=1), our_json.read, json.loads)
        row(f"8 MB of {name}, one line", json.dumps(large), our_json.read, json.loads)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
