"""What the engine is for, seen from the outside: six sources, one key, every place."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from runsettings import Settings, SettingsError, parse_args


@pytest.fixture
def six(jail) -> dict[str, Any]:
    """A project in which six sources set ``project``, and the arguments for the last two."""
    jail.write_user("[default]\nproject = from-user\n")
    jail.write("pyproject.toml", '[tool.runsettings]\nproject = "from-pyproject"\n')
    jail.write_workspace("[default]\nmode = online\nproject = from-workspace\n")
    jail.setenv(WANDB_PROJECT="from-variable")
    jail.write("train.yaml", "# how to run\n\nproject: from-file\n")
    parser = argparse.ArgumentParser()
    Settings.add_arguments(parser)
    args = parse_args(parser, ["--project", "from-flag"])
    return {"args": args, "files": ["train.yaml"]}


def test_explanation_names_all_six(jail, six):
    """Each source with its place, in the order of precedence."""
    user = f"{jail.home}/.config/wandb/settings:2"
    width = len(user) + 2
    assert Settings.resolve(**six).explain("project") == "\n".join(
        [
            "project = 'from-file'",
            f"  ▸ file       {'train.yaml:3:10':<{width}}'from-file'",
            f"    flag       {'--project':<{width}}'from-flag'",
            f"    env        {'WANDB_PROJECT':<{width}}'from-variable'",
            f"    workspace  {'wandb/settings:3':<{width}}'from-workspace'",
            f"    pyproject  {'pyproject.toml:2:11':<{width}}'from-pyproject'",
            f"    user       {user:<{width}}'from-user'",
            f"    default    {'Settings.project':<{width}}None",
        ]
    )


def test_invalid_winner_is_told_with_all_it_beat(jail, six):
    """The winner's line and caret, and every value that would have counted instead."""
    jail.write("train.yaml", "# how to run\n\nproject: a/b\n")
    with pytest.raises(SettingsError) as caught:
        Settings.resolve(**six)
    assert str(caught.value) == (
        "1 problem in settings\n\n"
        "  project: must not contain '/'; got 'a/b'\n"
        "    train.yaml:3:10\n"
        "      3 │ project: a/b\n"
        "        │          ^^^\n"
        "    over  --project = 'from-flag'\n"
        "    over  WANDB_PROJECT = 'from-variable'\n"
        "    over  wandb/settings:3 = 'from-workspace'\n"
        "    over  pyproject.toml:2:11 = 'from-pyproject'\n"
        f"    over  {jail.home}/.config/wandb/settings:2 = 'from-user'"
    )


def test_error_of_the_design(jail):
    """The very message that the design promises, character by character."""
    jail.write_workspace("[default]\n\n\nmode = online\n")
    jail.write("train.yaml", "\n\n\n\n\n\nmode: offlin\n")
    jail.setenv(WANDB_RUN_ID="exp/1")
    with pytest.raises(SettingsError) as caught:
        Settings.resolve(files="train.yaml")
    mode = (
        "  mode: must be one of 'online', 'offline', 'disabled'; got 'offlin'"
        " — did you mean 'offline'?\n"
        "    train.yaml:7:7\n"
        "      7 │ mode: offlin\n"
        "        │       ^^^^^^\n"
        "    over  wandb/settings:4 = 'online'"
    )
    run_id = "  run_id: must not contain '/'; got 'exp/1'\n    WANDB_RUN_ID"
    assert str(caught.value) == f"2 problems in settings\n\n{mode}\n\n{run_id}"
