"""Runs for the tests of commands about runs, recorded by the real writer."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from runsettings.journal.replay import load_run
from runsettings.runs.recording import active
from runsettings.runs.starting import start

QUIET = {"quiet": True, "disable_git": True}

_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_STAMP = re.compile(r"\d{8}_\d{6}")


@pytest.fixture
def record():
    """Records a whole run: its config, rows of data, and arguments of `init`."""

    def record(run_id, config=None, rows=(), *, exit_code=0, settings=QUIET, **arguments):
        run = start.init(
            id=run_id,
            name=arguments.pop("name", f"name-{run_id}"),
            mode="offline",
            config=config,
            settings=settings,
            **arguments,
        )
        for row in rows:
            run.log(row)
        run.finish(exit_code=exit_code)
        return load_run(run.journal_path)

    yield record
    active.finish()


@pytest.fixture
def three(record):
    """Three runs that differ in everything that a listing tells apart."""
    return [
        record(
            "aa11",
            {"lr": 0.1, "layers": [64, 64], "optim": {"name": "adam"}},
            [{"loss": 1.0}, {"loss": 0.5}],
            project="p",
            group="g",
            tags=["baseline", "small"],
            name="first",
        ),
        record(
            "ab22",
            {"lr": 1, "deep": True, "note": None},
            [{"loss": 2.5, "acc": 0.5}],
            project="p",
            tags=["baseline"],
            job_type="eval",
            name="Second One",
        ),
        record("cc33", {"lr": "auto", "version": "1.0"}, project="q", exit_code=3, name="third"),
    ]


@pytest.fixture
def ids(run):
    """The ids that a listing has, oldest first."""

    def ids(*arguments):
        result = run("runs", "ls", "--columns", "id", *arguments)
        assert result.exit_code == 0, result.output
        return list(reversed(result.stdout.split()))

    return ids


@pytest.fixture
def masked():
    """Replaces what is different each time in an output: times and durations."""

    def masked(text):
        text = _STAMP.sub("<stamp>", _TIME.sub("<the time of day>", text))
        return re.sub(r"\d+\.\ds", "0.0s", text)

    return masked


@pytest.fixture
def run_status():
    """Runs the command line as a process, for errors as a person sees them."""

    def run_status(*arguments, **env):
        return subprocess.run(
            [sys.executable, "-m", "runsettings", *arguments],
            capture_output=True,
            check=False,
            timeout=60,
            env={**os.environ, **env},
            encoding="utf-8",
            errors="replace",
        )

    return run_status
