"""The examples work where a person copies them to, and show what they say they show."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
DIGITS = EXAMPLES / "digits"
TUTORIAL = EXAMPLES / "tutorial"

FILE_AND_FLAG = """\
lr = 2.0
  ▸ flag       --lr                           2.0
    file       train.yaml:2:5                 0.5
"""
DIFFERENCE = """\
  fast  2.0  flag  --lr
        0.5  file  train.yaml:2:5
"""
SHOWN = {
    "train_argparse.py": [FILE_AND_FLAG, "no problems in settings and train.yaml\n", DIFFERENCE],
    "train_absl.py": [FILE_AND_FLAG, "no problems in settings and train.yaml\n", DIFFERENCE],
    "train_typed.py": [
        """\
optim.lr = 2.0
  ▸ flag       --optim.lr                     2.0
    file       typed.yaml:2:13                0.5
    default    Optim.lr                       0.1
""",
        "no problems in settings and typed.yaml\n",
        """\
  fast  8  env   TRAIN_EPOCHS
        5  file  typed.yaml:3:9
""",
    ],
    "train_composed.py": [
        """\
  ▸ file       composed/train.yaml:5:13                                        0.25
    file       composed/optim/sgd.yaml:1:5   used by composed/train.yaml:2:27  0.5
    default    Optim.lr                                                        0.1
""",
        "no problems in settings and composed/train.yaml\n",
        """\
  fast  20  file  composed/train.yaml:4:19   profile night
        4   file  composed/base.yaml:2:9   used by composed/train.yaml:2:8
""",
    ],
    "train_processes.py": [
        """\
seed = 2
  ▸ init       train_processes.py:20 init(config=)  2
""",
        "no problems in settings and train.yaml\n",
        "  seed-1  1  init  train_processes.py:20 init(config=)\n",
    ],
    "train_store.py": [
        FILE_AND_FLAG,
        "the best run is ",
        "no problems in settings and train.yaml\n",
        "fast  finished  2\nslow  finished  0.5\n",
        DIFFERENCE,
    ],
}
"""What the commands in the docstring of each script show."""


@pytest.fixture
def example(jail) -> Path:
    """A copy of the example, as a person would make one."""
    copy = jail.cwd / "example"
    shutil.copytree(EXAMPLES, copy, ignore=shutil.ignore_patterns("*run-*", "__pycache__"))
    return copy


LONGEST = 300
"""Seconds that the commands of an example may take on a busy machine."""


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
        timeout=LONGEST,
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


def commands_of(script: Path) -> str:
    """The commands in the docstring of a script, which are what is indented."""
    docstring = ast.get_docstring(ast.parse(script.read_text()), clean=False)
    assert docstring is not None
    return "".join(re.findall(r"^    (.*\n)", docstring, re.MULTILINE))


@pytest.mark.parametrize("script", SHOWN)
def test_commands_of_a_docstring_explain_check_and_compare(jail, script: str) -> None:
    """In the order in which they stand there, and none of them fails."""
    copy = shutil.copytree(DIGITS, jail.cwd / "digits")
    done = run(copy, "sh", "-ec", commands_of(copy / script), WANDB_QUIET="true")
    assert (done.returncode, done.stderr) == (0, "")
    for shown in SHOWN[script]:
        assert shown in done.stdout


def test_every_script_for_digits_is_tried() -> None:
    """Here; that for Lightning needs large packages, and `make integrations` tries it."""
    found = {path.name for path in DIGITS.glob("train_*.py")}
    assert found == {*SHOWN, "train_lightning.py"}


@pytest.mark.filterwarnings("ignore")  # of the kernel's client
def test_notebook_explains_checks_and_compares(jail) -> None:
    """In a real kernel; the origin of a value of a cell is its line in the cell."""
    copy = shutil.copytree(DIGITS, jail.cwd / "digits")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    jail.setenv(PATH=path, WANDB_QUIET="true", NO_COLOR="1")
    notebook = nbformat.read(copy / "train.ipynb", as_version=4)
    place = {"metadata": {"path": str(copy)}}
    nbclient.NotebookClient(
        notebook, timeout=LONGEST, kernel_name="python3", resources=place
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    text = "\n".join(output.get("text") or output["data"]["text/plain"] for output in outputs)
    text = text.replace("\r\n", "\n")  # of the notebook's shell
    assert "  ▸ init       cell In[1]:5 Settings(mode=)   'offline'\n" in text
    assert "  ▸ file       train.yaml:2:5                 0.5\n" in text
    assert "no problems" in text
    assert "  fast  2.0  init  cell In[3]:1 init(config=)\n" in text


def test_tutorial_ends_with_the_files_of_its_example() -> None:
    """The last version of each file on the page is the file in `examples/tutorial`."""
    page = (EXAMPLES.parent / "docs" / "getting-started.md").read_text()
    block = re.compile(r"^```\{code-block\} \w+\n:caption: (.+)\n\n((?:.*\n)*?)```$", re.MULTILINE)
    files = dict(block.findall(page))
    files.pop("broken.yaml")  # the page removes it
    for name, text in files.items():
        assert (TUTORIAL / name).read_text() == text, name
    assert {"digits.py", "train.py", "train.yaml", "pyproject.toml"} < files.keys()
    assert (TUTORIAL / "digits.py").read_text() == (DIGITS / "digits.py").read_text()


def test_tutorial_is_a_project_that_trains_and_checks(jail) -> None:
    """A copy of its files is enough."""
    copy = shutil.copytree(TUTORIAL, jail.cwd / "tutorial")
    commands = "python train.py --run-name first; runsettings check train.yaml; runsettings get lr"
    done = run(copy, "sh", "-ec", commands, WANDB_QUIET="true")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\nno problems in settings and train.yaml\n0.5\n")
