"""Typical mistakes in the project of the tutorial: each is told with its place and what to do."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

TUTORIAL = Path(__file__).parents[1] / "examples" / "tutorial"


class Mistake(NamedTuple):
    """A mistake, and what must be told about it.

    Attributes:
        name: What was done wrong.
        file: The file that is changed, if one is.
        change: What is replaced in it, and by what.
        command: The command that meets the mistake.
        place: Where the mistake is, as it is told.
        hint: What to do, as it is told.
    """

    name: str
    file: str | None
    change: tuple[str, str]
    command: str
    place: str
    hint: str


NONE = ("", "")
TRAIN = "python train.py"
SETTINGS = "--model runsettings:Settings"
MISTAKES = [
    # The file of the config.
    Mistake(
        "misspelt key",
        "train.yaml",
        ("momentum", "momentun"),
        TRAIN,
        "train.yaml:2:1",
        "did you mean 'momentum'?",
    ),
    Mistake(
        "wrong type",
        "train.yaml",
        ("0.5", "fast"),
        TRAIN,
        "train.yaml:1:5",
        "must be a valid number",
    ),
    Mistake(
        "no space behind the colon",
        "train.yaml",
        ("lr: ", "lr:"),
        TRAIN,
        "train.yaml:1:3",
        "write it as `key: value`",
    ),
    Mistake(
        "= for a colon",
        "train.yaml",
        ("lr:", "lr ="),
        TRAIN,
        "train.yaml:1:4",
        "write it as `key: value`",
    ),
    Mistake(
        "wrong indentation",
        "train.yaml",
        ("momentum", "  momentum"),
        TRAIN,
        "train.yaml:2:11",
        "indent the key as the keys before it",
    ),
    Mistake("tab", "train.yaml", (" 0.5", "\n\t0.5"), TRAIN, "train.yaml:2:1", "use spaces"),
    Mistake(
        "key twice",
        "train.yaml",
        ("momentum", "lr"),
        TRAIN,
        "train.yaml:2:1",
        "keep one of them",
    ),
    Mistake(
        "wrong name of the file",
        "train.py",
        ('"train.yaml"', '"trian.yaml"'),
        TRAIN,
        "train.py:29 Train.resolve(files=)",
        "did you mean 'train.yaml'?",
    ),
    # The command line and the variables.
    Mistake("misspelt flag", None, NONE, f"{TRAIN} --lrr 2", "--lrr", "did you mean '--lr'?"),
    Mistake("no dashes", None, NONE, f"{TRAIN} lr=2", "lr=2", "did you mean --lr=2?"),
    Mistake("no value", None, NONE, f"{TRAIN} --lr", "--lr:", "needs a value"),
    Mistake(
        "value out of range", None, NONE, f"{TRAIN} --lr -1", "    --lr\n", "must be greater than 0"
    ),
    Mistake(
        "wrong choice", None, NONE, f"{TRAIN} --mode offlin", "--mode", "did you mean 'offline'?"
    ),
    Mistake(
        "wrong variable",
        None,
        NONE,
        f"TRAIN_EPOCHS=few {TRAIN}",
        "    TRAIN_EPOCHS\n",
        "must be a valid integer",
    ),
    Mistake(
        "misspelt variable",
        None,
        NONE,
        f"TRAIN_EPOCH=5 {TRAIN}",
        "    TRAIN_EPOCH\n",
        "did you mean 'TRAIN_EPOCHS'?",
    ),
    # The settings.
    Mistake(
        "quotes in the workspace's file",
        "wandb/settings",
        ("offline", '"offline"'),
        TRAIN,
        "wandb/settings:2",
        "INI has no quotes: write offline",
    ),
    Mistake(
        "no section",
        "wandb/settings",
        ("[default]\n", ""),
        TRAIN,
        "wandb/settings:1",
        "put [default] on a line above it",
    ),
    Mistake(
        "misspelt setting",
        None,
        NONE,
        f"runsettings set projct x {SETTINGS}",
        "projct",
        "did you mean 'project'?",
    ),
    # The code.
    Mistake(
        "misspelt argument",
        "train.py",
        ("init(config=", "init(conifg="),
        TRAIN,
        "train.py:31 init(conifg=)",
        "did you mean 'config'?",
    ),
    Mistake(
        "number for log()",
        "train.py",
        ("log(metrics)", "log(1)"),
        TRAIN,
        "train.py:33",
        "log() takes a mapping of names to values",
    ),
    Mistake(
        "assignment to a config",
        "train.py",
        ("run.log(metrics)", "run.config.lr = 3"),
        TRAIN,
        "train.py:33 config.lr =",
        "pass allow_val_change=True to init(), or to config.update()",
    ),
    Mistake(
        "argument in the singular",
        "train.py",
        ("resolve(files=", "resolve(file="),
        TRAIN,
        "train.py:29 Train.resolve(file=)",
        "did you mean 'files'?",
    ),
    Mistake(
        "other suffix, beside a script of the name",
        "train.py",
        ("config=train,", 'config="train.yml",'),
        TRAIN,
        "train.py:31 init(config=)",
        "did you mean 'train.yaml'?",
    ),
    Mistake(
        "two values for one",
        "train.py",
        ("runsettings.parse_args(parser)", "parser.parse_known_args()"),
        TRAIN,
        "train.py:29",
        "parse_known_args() gives two values: args, rest",
    ),
    Mistake(
        "decorator without parentheses",
        "train.py",
        ("exit_on_error()", "exit_on_error"),
        f"{TRAIN} --lr -1",
        "    --lr\n",
        "must be greater than 0",
    ),
    # The project's table and the commands.
    Mistake(
        "period for a colon",
        "pyproject.toml",
        ("train:Train", "train.Train"),
        "runsettings explain lr",
        "pyproject.toml:2:9",
        "did you mean 'train:Train'?",
    ),
    Mistake(
        "misspelt table",
        "pyproject.toml",
        ("program", "progam"),
        f"runsettings check {SETTINGS}",
        "pyproject.toml:1:19",
        "did you mean 'program'?",
    ),
    Mistake(
        "misspelt key of a command",
        None,
        NONE,
        "runsettings explain lrr",
        "lrr",
        "did you mean 'lr'?",
    ),
    Mistake(
        "setting of the run for the model",
        None,
        NONE,
        "runsettings explain mode",
        "mode is not a key of Train",
        "give --model runsettings:Settings",
    ),
    Mistake(
        "misspelt class",
        None,
        NONE,
        "runsettings check train.yaml --model train:Trian",
        "--model: 'train:Trian'",
        "did you mean 'Train'?",
    ),
    Mistake(
        "misspelt run",
        None,
        NONE,
        "python train.py --run-name fast; runsettings runs show fst",
        "there is no run 'fst' in wandb",
        "did you mean 'fast'?",
    ),
    Mistake(
        "filter without its part",
        None,
        NONE,
        "python train.py; runsettings runs ls --where 'lr < 1'",
        "--where",
        "did you mean 'config.lr'?",
    ),
    Mistake(
        "error in the module of the model",
        "train.py",
        ("main() -> None:", "main() -> None"),
        "runsettings check train.yaml",
        "model in pyproject.toml:2:9",
        "(train.py, line 22)",
    ),
    Mistake(
        "model without its class",
        "pyproject.toml",
        ("train:Train", "train"),
        "runsettings explain lr",
        "pyproject.toml:2:9",
        "the class Train of train.py is train:Train",
    ),
    Mistake(
        "key and value in one word",
        None,
        NONE,
        "runsettings set mode=offline",
        "KEY and VALUE are two words",
        "runsettings set mode VALUE",
    ),
    Mistake(
        "value of the model in the workspace",
        None,
        NONE,
        "runsettings set lr 1 --model train:Train",
        "Train reads no settings files",
        "write the value into a file that the program names",
    ),
    Mistake(
        "command of another tool",
        None,
        NONE,
        "runsettings runs list",
        "there is no command 'list'",
        "the commands are ls, ",
    ),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake.name for mistake in MISTAKES])
def test_mistake_is_told_with_its_place_and_what_to_do(jail, warm, mistake: Mistake) -> None:
    """And without a traceback."""
    copy = shutil.copytree(TUTORIAL, jail.cwd / "digits")
    if mistake.file is not None:
        text = (copy / mistake.file).read_text()
        assert mistake.change[0] in text
        (copy / mistake.file).write_text(text.replace(*mistake.change, 1))
    for command in mistake.command.split("; "):
        words = shlex.split(command)
        variables = dict(word.split("=", 1) for word in words if word.startswith("TRAIN_"))
        done = warm.run(
            words[len(variables) :],
            copy,
            {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", **variables},
        )
    assert mistake.place in done.printed
    assert mistake.hint in done.printed
    assert "Traceback" not in done.printed
    if "warning: " not in done.printed:
        assert done.code != 0
