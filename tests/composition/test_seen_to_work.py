"""A composed and typed project from end to end: it trains, and each difference has its reason."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from runsettings.cli.main import cli

PROGRAM = """
import argparse

from pydantic import BaseModel, Field

import runsettings
from runsettings import RunConfig


class Optim(BaseModel):
    lr: float = Field(default=0.1, gt=0)
    warmup: int = 0


class Model(BaseModel):
    name: str = "none"
    depth: int = 1
    width: int = 64


class Train(RunConfig):
    model_config = {"env_prefix": "TRAIN_", "env_nested_delimiter": "__"}

    model: Model = Model()
    optim: Optim = Optim()
    epochs: int = 1
    workers: int = 1
    steps: int = 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    runsettings.add_config_arguments(parser)
    Train.add_arguments(parser)
    parser.add_argument("--id")
    args = runsettings.parse_args(parser)
    with runsettings.exit_on_error():
        train = Train.resolve(files="train.yaml", args=args)
        with runsettings.init(config=train, mode="offline", id=args.id, name=args.id) as run:
            for step in range(train.epochs):
                run.log({"loss": train.optim.lr / (step + 1)})
"""

FILES = {
    "train.py": PROGRAM,
    "train.yaml": (
        "$config: 1\n"
        "$use: [base.yaml, {model: model/vit.yaml}]\n"
        "$profiles:\n"
        "  slurm: {workers: 16, optim: {warmup: 500}}\n"
        "  debug: {epochs: 2}\n"
        "optim: {lr: 0.01}\n"
        'steps: "${epochs}"\n'
    ),
    "base.yaml": "$config: 1\noptim: {lr: 0.1, warmup: 100}\nepochs: 3\n",
    "model/vit.yaml": "name: vit\ndepth: 12\n",
    "model/resnet.yaml": "name: resnet\nwidth: 128\n",
}


@pytest.fixture
def train(jail):
    """Starts the program of the project with a command line."""
    for name, text in FILES.items():
        jail.write(name, text)

    def start(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "train.py", *words],
            cwd=jail.cwd,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return start


def runs(*words: str) -> str:
    """What ``runsettings runs`` prints."""
    result = CliRunner().invoke(cli, ["runs", *words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_two_runs_and_why_they_differ(jail, train):
    """Files, profiles, variables, overrides and flags set up two runs; each difference is told."""
    first = ("--profile", "slurm", "--set", "model=@model/resnet.yaml", "--optim.lr", "3e-4")
    assert train(*first, "--id", "a").returncode == 0
    jail.setenv(TRAIN_WORKERS="4")
    assert train("--profile", "debug", "--id", "b").returncode == 0

    why = runs("diff", "a", "b", "--why").split("\n\n")
    why = [block for block in why if block.startswith("config.")]
    assert [re.sub(" {2,}", "  ", block).splitlines() for block in why] == [
        [
            "config.model.name",
            '  a  "resnet"  flag  model/resnet.yaml:1:7  used by --set model=@model/resnet.yaml',
            "  -  flag  --set model=@model/resnet.yaml",
            '  "vit"  file  model/vit.yaml:1:7  used by train.yaml:2:27',
            '  b  "vit"  file  model/vit.yaml:1:7  used by train.yaml:2:27',
        ],
        [
            "config.model.depth",
            "  a  1  flag  --set model=@model/resnet.yaml",
            "  12  file  model/vit.yaml:2:8  used by train.yaml:2:27",
            "  b  12  file  model/vit.yaml:2:8  used by train.yaml:2:27",
        ],
        [
            "config.model.width",
            "  a  128  flag  model/resnet.yaml:2:8  used by --set model=@model/resnet.yaml",
            "  -  flag  --set model=@model/resnet.yaml",
            "  b  64  default  Model.width",
        ],
        [
            "config.optim.lr",
            "  a  0.0003  flag  --optim.lr",
            "  0.01  file  train.yaml:6:13",
            "  0.1  file  base.yaml:2:13  used by train.yaml:2:8",
            "  b  0.01  file  train.yaml:6:13",
            "  0.1  file  base.yaml:2:13  used by train.yaml:2:8",
        ],
        [
            "config.optim.warmup",
            "  a  500  file  train.yaml:4:40  profile slurm",
            "  100  file  base.yaml:2:26  used by train.yaml:2:8",
            "  b  100  file  base.yaml:2:26  used by train.yaml:2:8",
        ],
        [
            "config.epochs",
            "  a  3  file  base.yaml:3:9  used by train.yaml:2:8",
            "  b  2  file  train.yaml:5:19  profile debug",
            "  3  file  base.yaml:3:9  used by train.yaml:2:8",
        ],
        [
            "config.workers",
            "  a  16  file  train.yaml:4:20  profile slurm",
            "  b  4  env  TRAIN_WORKERS",
        ],
        [
            "config.steps",
            "  a  3  file  train.yaml:7:8 → base.yaml:3:9",
            "  b  2  file  train.yaml:7:8 → train.yaml:5:19",
        ],
    ]
    shown = runs("show", "a")
    assert "used by train.yaml:2:8" in shown
    assert "profile slurm" in shown
    losers = json.loads(runs("show", "a", "--json"))["config"]["optim.lr"]["losers"]
    assert [loser["value"] for loser in losers] == [0.01, 0.1, 0.1]


def test_everything_that_is_wrong_is_told_at_once(jail, train):
    """A wrong key in each file, a bad override and a bad variable are one report."""
    for name in ("train.yaml", "base.yaml", "model/vit.yaml", "model/resnet.yaml"):
        jail.write(name, FILES[name] + "dpeth: 1\n")
    jail.setenv(TRAIN_WORKERS="few")
    chosen = ("--profile", "slurm", "--set", "model=@model/resnet.yaml", "--optim.lr", "3e-4")
    ended = train(*chosen, "--set", "optim.rl=1")
    assert ended.returncode == 2
    assert ended.stderr.startswith("6 problems in settings\n")
    for place in (
        "train.yaml:8:1",
        "base.yaml:4:1   used by train.yaml:2:8",
        "model/vit.yaml:3:1   used by train.yaml:2:27",
        "model/resnet.yaml:3:1   used by --set model=@model/resnet.yaml",
        "--set optim.rl=1",
        "TRAIN_WORKERS",
    ):
        assert f"\n    {place}\n" in ended.stderr
    assert not (jail.cwd / "wandb").exists()
