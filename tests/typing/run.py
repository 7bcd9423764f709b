"""Hold the types of the public face to what type checkers make of them: ``make typing``.

``user_code.py`` holds typical programs: each checker must find nothing in it. In
``wrong_types.py`` it must complain about each line that is marked ``# wrong``, and no other.
A mark may name the checkers that see it (``# wrong: mypy-plugin``) or that do not (``# wrong:
not mypy-plugin``). The checkers are pyright and basedpyright, and mypy without pydantic's plugin,
with it, and with it and ``init_typed``: they build the signature of a model in four different
ways.

Where a checker is not installed, or cannot get the rest of itself, it says so and skips; under
CI that is a failure.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple

HERE: Final = Path(__file__).parent
SOURCES: Final = HERE.parents[1] / "settings"
CLEAN: Final = HERE / "user_code.py"
WRONG: Final = HERE / "wrong_types.py"

MYPY: Final = """\
[mypy]
strict = True
plugins = {plugins}
[pydantic-mypy]
init_typed = {init_typed}
"""
"""The plugin takes arguments of any type, unless it is asked not to by ``init_typed``."""

MARK: Final = re.compile(r"# wrong(?:: (not )?([\w, -]+))?$")

STARTING: Final = 300
"""Seconds until a checker counts as unavailable: pyright gets its own code when first run."""


class UnavailableError(Exception):
    """A checker is not installed, or does not start."""


class Complaint(NamedTuple):
    """What a checker says about a line."""

    file: str
    line: int
    message: str


def main() -> None:
    """Run the checkers that are named, or all, and tell what is not as it should be."""
    names = sys.argv[1:] or list(CHECKERS)
    bad = missing = False
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {name: pool.submit(CHECKERS[name]) for name in names}
    for name in names:
        marked = marked_for(name)
        try:
            complaints = running[name].result()
        except UnavailableError as error:
            print(f"{name}: skipped, it cannot be run: {error}", flush=True)
            missing = True
            continue
        found = [c for c in complaints if c.file == CLEAN.name]
        flagged = {c.line for c in complaints if c.file == WRONG.name}
        found += [c for c in complaints if c.file == WRONG.name and c.line not in marked]
        unseen = [
            Complaint(WRONG.name, line, "is wrong, and not seen") for line in marked - flagged
        ]
        wrong = [*found, *sorted(unseen)]
        print(
            f"{name}: {len(marked & flagged)} of {len(marked)} wrong lines seen, "
            f"{len(found)} complaints about right ones",
            flush=True,
        )
        for complaint in wrong:
            print(f"    {complaint.file}:{complaint.line}: {complaint.message}")
        bad = bad or bool(wrong)
    sys.exit(1 if bad or (missing and os.environ.get("CI")) else 0)


def marked_for(checker: str) -> set[int]:
    """The lines of `WRONG` that ``checker`` must complain about."""
    marked = set()
    for number, line in enumerate(WRONG.read_text().splitlines(), 1):
        mark = MARK.search(line)
        if mark and (not mark[2] or (checker in mark[2].split(", ")) is not bool(mark[1])):
            marked.add(number)
    return marked


def run(command: Sequence[str]) -> str:
    """What a checker prints.

    Raises:
        UnavailableError: It is not there, or ends otherwise than with its findings.
    """
    environ = {**os.environ, "MYPYPATH": str(SOURCES), "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    try:
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=STARTING, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(str(error)) from None
    if done.returncode not in (0, 1) or not done.stdout.strip():
        raise UnavailableError((done.stderr or done.stdout).strip()[-500:])
    return done.stdout


def pyright(program: str) -> list[Complaint]:
    """What pyright, or a fork of it, says at its standard level."""
    with tempfile.TemporaryDirectory() as directory:
        # It looks at files below its configuration only.
        for file in (CLEAN, WRONG):
            shutil.copy(file, directory)
        config = Path(directory, "pyrightconfig.json")
        config.write_text(
            json.dumps({"extraPaths": [str(SOURCES)], "typeCheckingMode": "standard"})
        )
        command = [sys.executable, "-m", program, "--outputjson", "--project", str(config)]
        output = run([*command, "--pythonpath", sys.executable])
    report = json.loads(output[output.index("{") :])
    if report["summary"]["filesAnalyzed"] != len((CLEAN, WRONG)):
        raise UnavailableError("it did not look at the files")
    return [
        Complaint(Path(found["file"]).name, found["range"]["start"]["line"] + 1, found["message"])
        for found in report["generalDiagnostics"]
        if found["severity"] in ("error", "warning")
    ]


def mypy(*plugins: str, init_typed: bool = False) -> list[Complaint]:
    """What mypy says under ``--strict``."""
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory, "mypy.ini")
        config.write_text(MYPY.format(plugins=", ".join(plugins), init_typed=init_typed))
        command = [sys.executable, "-m", "mypy", "--config-file", str(config)]
        output = run(
            [*command, "--no-error-summary", "--cache-dir", directory, str(CLEAN), str(WRONG)]
        )
    found = re.findall(r"^(?:.*/)?(\w+\.py):(\d+): error: (.*)$", output, re.MULTILINE)
    return [Complaint(file, int(line), message) for file, line, message in found]


CHECKERS: Final[dict[str, Callable[[], list[Complaint]]]] = {
    "pyright": lambda: pyright("pyright"),
    "basedpyright": lambda: pyright("basedpyright"),
    "mypy": mypy,
    "mypy-plugin": lambda: mypy("pydantic.mypy"),
    "mypy-typed": lambda: mypy("pydantic.mypy", init_typed=True),
}


if __name__ == "__main__":
    main()
