"""What composing a run config of many files costs, beside reading these files alone and Hydra.

240 files with 1,980 leaves: a root that uses 9 files, each of which uses more, all under keys, and
60 references. Compared with:

- reading each of the 240 files alone, with positions (promised: at most 1.3);
- Hydra's ``compose`` of the same tree, with its references resolved, where hydra-core is installed
  (promised: 50 times faster);
- and the same values in one plain file, which is not composed.

    python benchmarks/composing.py [--repeat 9]

Processor time of one process, turn by turn; medians are compared.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runsettings.composition.merge import merge
from runsettings.documents.files import read_file
from runsettings.documents.yaml.writing import yaml_text
from runsettings.runconfig.config import Config
from runsettings.runconfig.inputs.reader import InputReader
from runsettings.values.origin import Layer, Origin

GROUPS, PARTS, LEAVES, REFERENCES = 9, 230, 1_980, 60
VALUES = ("0.001", "adam", "42", "true", "imagenet-1k", "1.0e-3", "null", "3.14", "a b c")


def write_tree(directory: Path, *, hydra: bool) -> None:
    """Write the root, its groups and their parts, for this library or for Hydra."""
    shares: list[list[str]] = [[] for _ in range(GROUPS)]
    for part in range(PARTS):
        group = part % GROUPS
        shares[group].append(f"part_{part}")
        count = LEAVES // PARTS + (part < LEAVES % PARTS)
        lines = [f"value_{i}: {VALUES[(part + i) % len(VALUES)]}" for i in range(count)]
        if part % 3 == 0 and part // 3 < REFERENCES:
            lower = (part + 1) % PARTS
            lines[0] = f'value_0: "${{group_{lower % GROUPS}.part_{lower}.value_1}}"'
        folder = directory / f"group_{group}" / f"part_{part}"
        folder.mkdir(parents=True)
        (folder / "plain.yaml").write_text("\n".join(header(hydra, []) + lines) + "\n")
    for group, parts in enumerate(shares):
        used = [(part, f"{part}/plain") for part in parts]
        text = "\n".join(header(hydra, used)) + "\n"
        (directory / f"group_{group}" / "main.yaml").write_text(text)
    used = [(f"group_{group}", f"group_{group}/main") for group in range(GROUPS)]
    (directory / "train.yaml").write_text("\n".join(header(hydra, used)) + "\n")


def header(hydra: bool, used: list[tuple[str, str]]) -> list[str]:
    """The first lines of a file that uses others, each a key and a file."""
    if hydra:
        chosen = [f"  - {key}: {name.rpartition('/')[2]}" for key, name in used]
        return ["defaults:", *chosen, "  - _self_"] if used else []
    lines = [f"  - {{{key}: {name}.yaml}}" for key, name in used]
    return ["$config: 1", *(["$use:", *lines] if used else [])]


def composed(root: Path) -> Any:
    """The files of a root read, put together and merged, with references looked up."""
    reader = InputReader(Path.cwd(), Origin(Layer.INIT, "benchmark"))
    reader.read_path(root)
    reader.finish()
    assert not reader.diagnostics
    return merge(reader.trees).data


def read_alone(files: list[Path]) -> Any:
    """Each file read alone."""
    return [read_file(file, Layer.FILE) for file in files]


def hydra_compose(directory: Path) -> Callable[[], Any] | None:
    """Hydra's ``compose`` of a tree, or ``None`` if it is not installed."""
    try:
        hydra = importlib.import_module("hydra")
        omegaconf = importlib.import_module("omegaconf")
    except ImportError:
        return None
    hydra.initialize_config_dir(str(directory), version_base=None)
    return lambda: omegaconf.OmegaConf.to_container(hydra.compose("train"), resolve=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=9, help="turns")
    parser.add_argument("--no-hydra", action="store_true", help="leave Hydra out")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        ours, theirs = Path(name, "ours"), Path(name, "hydra")
        write_tree(ours, hydra=False)
        write_tree(theirs, hydra=True)
        os.chdir(ours)
        root, files = ours / "train.yaml", sorted(ours.rglob("*.yaml"))
        plain = Path(name, "plain.yaml")
        plain.write_text(yaml_text(composed(root)))
        contenders: dict[str, Callable[[], Any]] = {
            "read alone": lambda: read_alone(files),
            "composed": lambda: composed(root),
            "Config.load, composed": lambda: Config.load(root),
            "Config.load, one plain file": lambda: Config.load(plain),
        }
        hydra = None if args.no_hydra else hydra_compose(theirs)
        if hydra is not None:
            assert hydra() == composed(root), "both make the same config"
            contenders["Hydra"] = hydra
        assert len(files) == 1 + GROUPS + PARTS
        times: dict[str, list[float]] = {each: [] for each in contenders}
        for turn in range(args.repeat):
            for each, run in contenders.items():
                if each == "Hydra" and turn >= 3:
                    continue
                gc.collect()
                start = time.process_time()
                run()
                times[each].append(time.process_time() - start)
    median = {each: statistics.median(taken) for each, taken in times.items()}
    print(f"{len(files)} files, {LEAVES:,} leaves, {REFERENCES} references")
    for each, took in median.items():
        print(f"{each:28} {took * 1e3:9.1f} ms   {took / median['read alone']:7.2f} x reading")
    if hydra is not None:
        print(f"Hydra / composed {median['Hydra'] / median['composed']:.0f}")


if __name__ == "__main__":
    main()
