"""Fuzzes the readers of foreign text, guided by coverage: ``python tests/fuzz/run.py --help``.

With atheris installed, libFuzzer changes the inputs. Without it, Hypothesis does.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 4096
"""Bytes of one input: a reader whose time is not linear shows it in so many."""

_IN_MEMORY = Path("/dev/shm")
"""Where the inputs are written if this exists: each input replaces a file, and replacing a file on
a disk takes longer than reading it."""

_READERS = [
    f"runsettings.{room}" for room in ("documents", "layers", "composition", "journal", "secrets")
]
"""The packages that coverage guides. What is done with read values is not slowed down by it."""


def main() -> int:
    """Fuzz each target in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="names of targets; all of them if left out")
    parser.add_argument("--runs", type=int, default=50_000, help="inputs for each target")
    parser.add_argument("--seconds", type=int, default=0, help="the most seconds for each target")
    parser.add_argument("--corpus", type=Path, help="where found inputs are kept from run to run")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT / "tests"))
    if options.one:
        return _fuzz(options.targets[0], options.runs, options.seconds)
    from fuzz.targets import TARGETS

    counts = {
        name: _run(name, options.runs, options.seconds, options.corpus)
        for name in options.targets or TARGETS
    }
    failed = [name for name, count in counts.items() if count is None]
    print(f"{sum(count or 0 for count in counts.values())} inputs in {len(counts)} readers")
    print("failed: " + ", ".join(failed) if failed else "no reader failed")
    return bool(failed)


def _run(name: str, runs: int, seconds: int, corpus: Path | None) -> int | None:
    """Fuzz one target.

    Returns:
        The number of inputs that it read; ``None`` if it failed.
    """
    memory = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="runsettings-fuzz-", dir=memory) as home:
        kept = (corpus.resolve() if corpus else Path(home)) / name.replace(" ", "-")
        kept.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        line = [sys.executable, __file__, "--one", f"--runs={runs}", f"--seconds={seconds}", name]
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("WANDB_", "XDG_"))}
        environ |= {"HOME": home, "FUZZ_CORPUS": str(kept)}
        work = Path(home, "work")
        work.mkdir()
        done = subprocess.run(
            line,
            cwd=work,
            env=environ,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        counts = re.findall(r"(?m)^Done (\d+) runs", done.stderr)
        took = f"{time.monotonic() - begun:.0f} s"
        held = not done.returncode and bool(counts)
        print(
            f"{name}: {'held' if held else 'FAILED'}, {(counts or ['?'])[-1]} inputs, {took}",
            flush=True,
        )
        if not held:
            print(done.stdout[-2000:], done.stderr[-6000:], sep="\n", flush=True)
        return int(counts[-1]) if held else None


def _fuzz(name: str, runs: int, seconds: int) -> int:
    try:
        import atheris
    except ImportError:
        return _fuzz_with_hypothesis(name, runs)
    with atheris.instrument_imports(include=[*_READERS, "dotenv", "yaml", "tomllib"]):
        from fuzz.targets import TARGETS
    target = TARGETS[name]
    corpus = Path(os.environ["FUZZ_CORPUS"])
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = Path("words")
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words if word))
    atheris.Setup(
        [
            name,
            str(corpus),
            f"-dict={words}",
            f"-runs={runs}",
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST}",
            "-timeout=600",
            "-rss_limit_mb=1024",
            "-print_final_stats=1",
        ],
        target.hold,
    )
    atheris.Fuzz()
    return 0


def _fuzz_with_hypothesis(name: str, runs: int) -> int:
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st

    from fuzz.targets import TARGETS, inputs

    target = TARGETS[name]
    phases = [phase for phase in Phase if phase is not Phase.explain]
    count = 0

    @settings(
        max_examples=runs, deadline=None, phases=phases, suppress_health_check=list(HealthCheck)
    )
    @given(st.one_of(st.binary(max_size=LONGEST), inputs(target)))
    def hold(data: bytes) -> None:
        nonlocal count
        count += 1
        target.hold(data)

    run: Callable[[], None] = hold
    run()
    print(f"Done {count} runs", file=sys.stderr)
    return 0


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    sys.exit(main())
