"""The commands that start a run again, for a shell."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from runsettings.journal.query.reproduction import reproduce
from runsettings.journal.replay import StoredRun

HOSTILE = ["it's", "$(touch x)", "`id`", "a b", "", "-n", "\x1b[31m", "a\nb", "\\", "'\n'", "é"]


def run_of(program="train.py", args=(), **facts):
    """A run with a command line."""
    return StoredRun("x", metadata={"program": program, "args": list(args), **facts})


def test_commit_directory_and_command():
    """In the order in which a person runs them."""
    git = {"commit": "a" * 40, "dirty": True, "remote": "https://example.com/a.git"}
    assert reproduce(run_of(args=["--lr", "0.1"], cwd="/home/a b", git=git)).splitlines() == [
        "cd '/home/a b'",
        "# a clone of https://example.com/a.git",
        f"git checkout {'a' * 40}",
        "# tracked files had changes that this commit does not have",
        "python train.py --lr 0.1",
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_an_argument_reaches_the_program_as_it_was(text):
    """Whatever it contains; bash, because a terminal must not see control characters."""
    command = reproduce(run_of("/usr/bin/printf", ["%s.", text, "end"]))
    assert all(char.isprintable() for char in command)
    printed = subprocess.check_output(["bash", "-c", command], timeout=30)
    assert printed.decode() == f"{text}.end."


@pytest.mark.parametrize("commit", ["--force", "HEAD;id", None, "", "$(id)"])
def test_a_commit_that_is_none_is_left_out(commit):
    """A journal of somebody else may name anything."""
    assert reproduce(run_of(git={"commit": commit, "remote": None})) == "python train.py"


def test_a_remote_with_a_line_break_stays_a_comment():
    """The line after it would be a command."""
    git = {"commit": "a" * 40, "remote": "x\nid"}
    assert reproduce(run_of(git=git)).splitlines()[0] == "# a clone of x id"


def test_a_remote_cannot_write_to_the_terminal():
    """Its comment is printed as it is, and a journal of somebody else may name anything."""
    git = {"commit": "a" * 40, "remote": "x\x1b]0;y\x07"}
    assert reproduce(run_of(git=git)).splitlines()[0] == r"# a clone of x\x1b]0;y\x07"


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        (["--api-key", "***"], '--api-key "${API_KEY}"'),
        (["--db.password=***"], '--db.password="${DB_PASSWORD}"'),
        (["***"], '"${SECRET}"'),
        (["--é=***"], "'--é='\"${SECRET}\""),
        (["--url", "https://me:***@host/$x"], "--url https://me:\"${URL}\"'@host/$x'"),
    ],
)
def test_a_masked_secret_becomes_a_variable(args, shown):
    """With the name of its flag."""
    command = reproduce(run_of(args=args))
    assert command == f"python train.py {shown}"
    assert "***" not in shlex.split(command)


def test_variables_that_set_values_come_first():
    """Not those that a flag beat, and not the id of the recorded run; a secret stays a variable."""
    run = run_of()
    run.settings = {"project": "a b", "api_key": "***", "run_id": "x", "mode": "offline"}
    run.settings_origins = {
        "project": {"layer": "env", "where": "WANDB_PROJECT"},
        "api_key": {"layer": "env", "where": "WANDB_API_KEY"},
        "run_id": {"layer": "env", "where": "WANDB_RUN_ID"},
        "mode": {"layer": "flag", "where": "--mode"},
    }
    run.config = {"lr": 0.1, "optim": {"a": 1, "b": {"c": True}}}
    run.config_origins = {
        "lr": {"layer": "env", "where": "APP_LR"},
        "optim.a": {"layer": "env", "where": "APP_OPTIM"},
        "optim.b.c": {"layer": "env", "where": "APP_OPTIM"},
    }
    assert reproduce(run) == (
        'APP_LR=0.1 APP_OPTIM=\'{"a": 1, "b": {"c": true}}\' WANDB_API_KEY="${WANDB_API_KEY}" '
        "WANDB_PROJECT='a b' python train.py"
    )


def test_a_hostile_name_of_a_variable_is_left_out():
    """A shell would run it."""
    run = run_of()
    run.settings = {"project": "x"}
    run.settings_origins = {"project": {"layer": "env", "where": "$(id) A"}}
    assert reproduce(run) == "python train.py"


@pytest.mark.parametrize("program", ["-c", "", None])
def test_code_that_was_no_file_has_no_command(program):
    """The line says so."""
    assert reproduce(run_of(program)).startswith("# the program was not a file")
