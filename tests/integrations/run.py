"""Try the integrations with the real packages: ``make integrations``.

The packages are large, and go into an environment of their own, in the versions of
``constraints.txt`` beside this file. One that cannot be had is skipped with a line, and so are its
tests; under CI that is a failure.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
PLACE: Final = ROOT / ".venv" / "integrations"
PYTHON: Final = str(PLACE / "bin" / "python")
CONSTRAINTS: Final = HERE / "constraints.txt"

TOOLS: Final = (
    "pytest",
    "pytest-xdist",
    "hypothesis",
    "tensorboardX",
    "gymnasium",
    "psycopg[binary]",
)
"""What the tests of the gate have, too."""

FRAMEWORKS: Final = {
    "TensorBoard": ("tensorboard",),
    "TensorFlow": ("tensorflow-cpu",),
    "the videos of Gymnasium": ("gymnasium[classic-control]", "moviepy"),
    "PyTorch": ("torch",),
    "Keras": ("keras",),
    "Lightning": ("lightning", "pytorch-lightning", "jsonargparse[signatures]"),
    "transformers": ("transformers", "accelerate"),
}
"""What is tried, and its packages; those after PyTorch need it."""

INSTALLING: Final = 1800
"""Seconds until an installation counts as failed: no network answers slowly for ever."""

RUNNING: Final = 900
"""Seconds until a run of the tests counts as failed; it takes about two minutes."""


def main() -> None:
    """Install what can be had, and run the tests."""
    missing = install()
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "settings")}
    tests = [HERE, ROOT / "tests" / "shipping" / "event_files", ROOT / "tests/test_coming_from.py"]
    options = ["-q", "-rs", "-n", "auto", "-p", "no:cacheprovider"]
    command = [PYTHON, "-m", "pytest", *options, *map(str, tests)]
    done = subprocess.run(command, cwd=ROOT, env=environ, timeout=RUNNING, check=False)
    sys.exit(done.returncode or (1 if missing and os.environ.get("CI") else 0))


def install() -> list[str]:
    """Install what is not installed yet.

    Returns:
        The frameworks that cannot be had.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras: dict[str, Any] = project["optional-dependencies"]
    needed = [*project["dependencies"], *extras["store"], *extras["tensorboard"], *TOOLS]
    stamp = PLACE / "stamp"
    wanted = "\n".join([sys.version, CONSTRAINTS.read_text(), *needed, repr(FRAMEWORKS)])
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest:
        return []
    stamp.unlink(missing_ok=True)
    if not Path(PYTHON).exists():
        venv.create(PLACE, with_pip=True)
    if (problem := pip(*needed)) is not None:
        say(f"the integrations cannot be tried: {problem}")
        sys.exit(1 if os.environ.get("CI") else 0)
    missing = []
    for name, packages in FRAMEWORKS.items():
        say(f"getting {name}")
        if (problem := pip(*packages)) is not None:
            say(f"{name}: skipped, it cannot be had: {problem}")
            missing.append(name)
    if not missing:
        stamp.write_text(digest)
    return missing


def pip(*packages: str) -> str | None:
    """Install packages; what went wrong, or ``None``."""
    command = [PYTHON, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", *packages]
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "PIP_CONSTRAINT": str(CONSTRAINTS)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=INSTALLING,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"pip took more than {INSTALLING} s"
    return None if done.returncode == 0 else done.stdout.strip().splitlines()[-1]


def say(line: str) -> None:
    """Print a line at once, before what it announces."""
    print(line, flush=True)


if __name__ == "__main__":
    main()
