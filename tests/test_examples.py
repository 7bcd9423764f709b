"""The example works where a person copies it to, and shows what its page says it shows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def example(jail) -> Path:
    """A copy of the example, as a person would make one."""
    copy = jail.cwd / "example"
    shutil.copytree(EXAMPLES, copy, ignore=shutil.ignore_patterns("*run-*", "__pycache__"))
    return copy


def run(directory: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command as in a shell in which the package is installed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        check=False,
        cwd=directory,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_files_alone_settle_the_run(example: Path) -> None:
    """Without variables and flags, the files' values count, each with its line."""
    done = run(example, "python", "train.py")
    assert done.returncode == 0, done.stderr
    assert "  ▸ workspace  wandb/settings:2               'scratch'\n" in done.stdout
    assert "  ▸ file       train.yaml:2:5                 0.05\n" in done.stdout


def test_variable_and_flags_beat_the_files(example: Path) -> None:
    """A variable and flags that were given win, and the files' values are named as losers."""
    done = run(example, "python", "train.py", "--lr", "0.2", WANDB_PROJECT="capsules")
    assert done.returncode == 0, done.stderr
    assert (
        "project = 'capsules'\n"
        "  ▸ env        WANDB_PROJECT                  'capsules'\n"
        "    workspace  wandb/settings:2               'scratch'\n"
    ) in done.stdout
    assert (
        "lr = 0.2\n"
        "  ▸ flag       --lr                           0.2\n"
        "    file       train.yaml:2:5                 0.05\n"
    ) in done.stdout


def test_flag_without_effect_is_told(example: Path) -> None:
    """A flag that a file of the program's beats is pointed out."""
    done = run(example, "python", "train.py", "--run-tags", "mine")
    assert "run_tags: --run-tags has no effect — run.yaml:2:11 sets it\n" in done.stderr


def test_training_learns(example: Path) -> None:
    """The example really trains: the last loss is below the first."""
    done = run(example, "python", "train.py")
    losses = [float(line.split()[-1]) for line in done.stdout.splitlines() if "  loss " in line]
    assert len(losses) == 5
    assert losses[-1] < losses[0]


def test_run_is_recorded(example: Path) -> None:
    """The run leaves a directory beside the settings file, with a journal in it."""
    run(example, "python", "train.py")
    (journal,) = (example / "wandb").glob("offline-run-*/run-*.jsonl")
    assert '"loss"' in journal.read_text()


def test_slip_is_refused_before_training(example: Path) -> None:
    """A wrong file stops the program with everything that is wrong, and nothing is trained."""
    done = run(example, "python", "train.py", "--settings-file", "slip.yaml")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "2 problems in settings\n"
        "\n"
        "  projct is not a key of Settings — did you mean 'project'?\n"
        "    slip.yaml:2:1\n"
        "      2 │ projct: capsules\n"
        "        │ ^^^^^^\n"
        "\n"
        "  mode: must be one of 'online', 'offline', 'disabled'; got 'offlin'"
        " — did you mean 'offline'?\n"
        "    slip.yaml:3:7\n"
        "      3 │ mode: offlin\n"
        "        │       ^^^^^^\n"
        "    over  wandb/settings:4 = 'offline'\n"
    )


def test_demo_runs_to_its_end(example: Path) -> None:
    """`make demo` shows all three runs, and its slip does not fail it."""
    done = run(example, "sh", "demo.sh")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("$ python train.py") == 2
    assert "$ WANDB_PROJECT=capsules python train.py" in done.stdout
