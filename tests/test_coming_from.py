"""The projects of the page on coming from other tools make the same config in both."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECTS = Path(__file__).parents[1] / "examples" / "coming_from"
PAGE = Path(__file__).parents[1] / "docs" / "coming-from.md"
HYDRA = ["hydra.run.dir=.", "hydra.output_subdir=null"]  # it makes no directory of its own then
WORDS = {
    ("hydra", "hydra"): [
        ([*HYDRA], []),
        (
            ["optim=sgd", "optim.lr=0.05", "epochs=3", "+note=night", *HYDRA],
            [
                *("--set", "optim=@optim/sgd.yaml", "--set", "optim.lr=0.05"),
                *("--set", "epochs=3", "--set", "+note=night"),
            ],
        ),
    ],
    ("omegaconf", "omegaconf"): [
        ([], []),
        (["epochs=3", "optim.lr=0.05"], ["--epochs", "3", "--optim.lr", "0.05"]),
    ],
    ("lightning", "jsonargparse"): [
        ([], []),
        (["--config", "config.yaml", "--model.depth", "5"],) * 2,
    ],
    ("tyro", "tyro"): [
        (["--epochs", "3"],) * 2,
        (["--epochs", "3", "--optim.betas", "0.8", "0.9", "--precision", "bf16", "--compile"],) * 2,
    ],
}
CASES = [
    pytest.param(project, package, *words, id=f"{project}-{number}")
    for (project, package), cases in WORDS.items()
    for number, words in enumerate(cases)
]


def run(directory: Path, words: list[str], program: str = "train.py") -> Any:
    """What a project prints, which is its config as JSON."""
    done = subprocess.run(
        [sys.executable, program, *words],
        cwd=directory,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("project", "package", "theirs", "ours"), CASES)
def test_both_make_the_same_config(
    jail: Any, project: str, package: str, theirs: list[str], ours: list[str]
) -> None:
    """With the real package, by the flags that the page shows."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    copy = jail.cwd / project
    shutil.copytree(PROJECTS / project, copy)
    assert run(copy / "ours", ours) == run(copy / "theirs", theirs)


@pytest.mark.parametrize("words", [[], ["--config", "config.yaml", "--model.depth", "5"]])
def test_lightning_cli_makes_the_same_config(jail: Any, words: list[str]) -> None:
    """The real one, which ``make integrations`` has."""
    for package in ("lightning", "jsonargparse"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    copy = jail.cwd / "lightning"
    shutil.copytree(PROJECTS / "lightning", copy)
    assert run(copy / "ours", words) == run(copy / "theirs", words, "lightning_cli.py")


@pytest.mark.parametrize("project", [project for project, _ in WORDS])
def test_the_page_shows_both(project: str) -> None:
    """Each file of each project is on the page."""
    shown = PAGE.read_text()
    for path in (PROJECTS / project).rglob("*.*"):
        if path.suffix in {".py", ".yaml"}:
            assert f"../examples/{path.relative_to(PROJECTS.parent)}" in shown
