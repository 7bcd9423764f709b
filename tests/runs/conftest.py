"""What the tests of runs share: runs in this process, and scripts in processes of their own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runsettings.runs import active, start
from runsettings.runs.reader import read_records
from runsettings.runs.run import Run
from runsettings.runs.stored import StoredRun, load

PRELUDE = """
import os, signal, sys
from runsettings.runs import active
from runsettings.runs.active import finish, log, save
from runsettings.runs.start import init
def begin(**given):
    return init(**{"mode": "offline", "settings": {"quiet": True, "disable_git": True}, **given})
"""


@pytest.fixture
def begin() -> Iterator[Callable[..., Any]]:
    """`init` in offline mode and quietly; whatever is active at the end is finished."""
    try:
        yield lambda **given: start.init(
            **{"mode": "offline", "settings": {"quiet": True, "disable_git": True}, **given}
        )
    finally:
        active.finish()
        active._early = None


def command(cwd: Path, code: str, *args: str) -> list[str]:
    """The command line for a script of these lines."""
    path, text = cwd / "train.py", PRELUDE + textwrap.dedent(code)
    # Another process may be reading the same script just now.
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    return [sys.executable, "train.py", *args]


@pytest.fixture
def script(jail) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script, with `PRELUDE` before it, in a process of its own in the jail."""

    def run(code: str, *args: str) -> subprocess.CompletedProcess[str]:
        line = command(jail.cwd, code, *args)
        return subprocess.run(line, cwd=jail.cwd, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def spawn(jail) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a script and go on; it is killed at the end of the test if it lives."""
    started: list[subprocess.Popen[str]] = []

    def launch(code: str, *args: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command(jail.cwd, code, *args),
            cwd=jail.cwd,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield launch
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def journals(jail) -> Callable[[], list[Path]]:
    """Finds all journals below the working directory, oldest first."""
    return lambda: sorted(jail.cwd.glob("wandb/*run-*/run-*.jsonl"))


@pytest.fixture
def records() -> Callable[..., list[dict[str, Any]]]:
    """Reads the records of a run or journal, all or those of one type."""

    def read(source: Run | Path, kind: str | None = None) -> list[dict[str, Any]]:
        path = source._recorder.journal.path if isinstance(source, Run) else source
        return [record for record in read_records(path) if kind in (None, record["type"])]

    return read


@pytest.fixture
def stored(journals) -> Callable[[], StoredRun]:
    """Reads the one run below the working directory."""

    def read() -> StoredRun:
        (journal,) = journals()
        return load(journal)

    return read
