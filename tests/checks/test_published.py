"""What other tools take from this repository: hooks of pre-commit, and a GitHub Action."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from runsettings.cli.main import cli

ROOT = Path(__file__).parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
BY_ID = {hook["id"]: hook for hook in HOOKS}


def run_hook(hook_id: str, *files: str):
    """Run a hook's command on files, as pre-commit does."""
    program, *arguments = shlex.split(BY_ID[hook_id]["entry"])
    assert program == "runsettings"
    return CliRunner().invoke(cli, [*arguments, *files])


@pytest.mark.parametrize("hook", HOOKS, ids=BY_ID)
def test_a_hook_has_what_pre_commit_asks_for(hook):
    """Id, name, entry and language."""
    assert {"id", "name", "entry", "language"} <= hook.keys()


@pytest.mark.parametrize(
    ("name", "hooks"),
    [
        ("configs/train.yaml", {"runsettings-check", "runsettings-fix"}),
        ("vision/config/optim/adam.yml", {"runsettings-check", "runsettings-fix"}),
        ("configs/model.json", {"runsettings-check"}),
        ("wandb/settings", {"runsettings-check"}),
        ("deploy/.wandb/settings.toml", {"runsettings-check"}),
        ("pyproject.toml", {"runsettings-check"}),
        (".github/workflows/ci.yml", set()),
        ("package.json", set()),
        ("wandb/settings.bak", set()),
    ],
)
def test_the_hooks_take_configs_and_settings_by_default(name, hooks):
    """And not every YAML file of a repository."""
    taken = {hook["id"] for hook in HOOKS if "files" in hook and re.search(hook["files"], name)}
    assert taken == hooks


def test_the_check_hook_fails_for_a_wrong_file_alone(jail):
    """Right files pass."""
    jail.write("right.yaml", "lr: 0.1\n")
    jail.write("wrong.yaml", "a.b: 1\n")
    assert run_hook("runsettings-check", "right.yaml").exit_code == 0
    assert run_hook("runsettings-check", "right.yaml", "wrong.yaml").exit_code == 1


def test_the_fix_hook_rewrites(jail):
    """It sees that a file has changed, and fails the commit."""
    path = jail.write("train.yaml", "lr: 1e-3\na.b: 1\n")
    assert run_hook("runsettings-fix", "train.yaml").exit_code == 0
    assert path.read_text() == "lr: 1.0e-3\na.b: 1\n"


def test_the_layers_hook_checks_the_settings(jail):
    """Without files."""
    assert run_hook("runsettings-layers").exit_code == 0
    jail.write_workspace("[default]\nmode = offlin\n")
    assert run_hook("runsettings-layers").exit_code == 1


def test_no_input_of_the_action_is_text_in_a_script():
    """Else a branch's or file's name could be code."""
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_the_action_uses_every_input_and_no_other():
    """Inputs and what the steps read of them are the same."""
    used = {
        name
        for step in ACTION["runs"]["steps"]
        for value in step["env"].values()
        for name in re.findall(r"inputs\.(\w+)", value)
    }
    assert used == ACTION["inputs"].keys()


def test_the_actions_check_runs(jail):
    """The script itself, with names that try to be more than names."""
    jail.write("a b.yaml", "a.b: 1\n")
    jail.write("$(touch forged).yaml", "lr: 0.1\n")
    script = ACTION["runs"]["steps"][-1]["run"]
    jail.setenv(
        PYTHON=sys.executable,
        FILES="a b.yaml\n\n$(touch forged).yaml\n",
        ARGUMENTS="--no-settings\n",
        SARIF="out.sarif",
    )
    done = subprocess.run(["bash", "-e", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=a b.yaml,line=1,col=1,")
    assert (jail.cwd / "out.sarif").exists()
    assert not (jail.cwd / "forged").exists()
