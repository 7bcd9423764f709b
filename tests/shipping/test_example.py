"""The example that ships runs while it trains, with a PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import runsettings

DIGITS = Path(__file__).parents[2] / "examples" / "digits"


def test_a_training_ships_its_run_and_reads_it_back(jail, postgres):
    """With the origin of its learning rate; `tests/test_examples.py` tries a SQLite file."""
    copy = shutil.copytree(DIGITS, jail.cwd / "digits")
    done = subprocess.run(
        [sys.executable, "train_store.py", "--run-name", "fast", "--lr", "2.0"],
        cwd=copy,
        env={**os.environ, "WANDB_STORE": postgres},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("the best run is fast\n")
    (run,) = runsettings.read_runs(store=postgres)
    assert str(runsettings.Config.load(run).origin("lr")) == "--lr"
