"""``runs rm``: runs are removed, and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from runsettings.journal.replay import load_run
from runsettings.runs.starting import start

PYTHON = sys.executable
QUIET = {"quiet": True, "disable_git": True}


def test_rm_removes_runs_and_tells(run, jail, three, masked):
    """Just these, with their directories."""
    result = run("runs", "rm", "first", "cc33", "--yes")
    output = re.sub(r"[\d,]+ bytes", "N bytes", masked(result.stdout))
    assert output == (
        "removed first (aa11), N bytes: wandb/offline-run-<stamp>-aa11\n"
        "removed third (cc33), N bytes: wandb/offline-run-<stamp>-cc33\n"
    )
    assert [path.name[-4:] for path in jail.cwd.glob("wandb/*run-*")] == ["ab22"]
    assert run("runs", "ls", "--columns", "id").stdout == "ab22\n"


def test_rm_dry_run_removes_nothing(run, jail, three):
    """It only tells."""
    result = run("runs", "rm", "first", "--dry-run")
    assert result.stdout.startswith("would remove first (aa11), ")
    assert len(list(jail.cwd.glob("wandb/*run-*"))) == 3


def test_rm_where_nobody_can_be_asked_wants_yes(run, jail, three):
    """A script says so, or nothing happens."""
    result = run("runs", "rm", "first", input="y\n")
    assert result.exit_code == 2
    assert "not a terminal: give --yes to remove runs" in result.stderr
    assert len(list(jail.cwd.glob("wandb/*run-*"))) == 3


@pytest.mark.parametrize(("typed", "status", "left"), [("n\n", 1, 3), ("\n", 1, 3), ("y\n", 0, 2)])
def test_rm_asks_on_a_terminal(jail, three, typed, status, left, on_terminal):
    """And an empty answer is no."""
    printed = on_terminal("runs", "rm", "first", typed=typed, status=status)
    assert "remove this run? [y/N]: " in printed
    assert len(list(jail.cwd.glob("wandb/*run-*"))) == left


def test_rm_removes_what_a_run_overwrote(run, jail, record):
    """Or an older run would show up in its place."""
    record("same", {"lr": 1})
    record("same", {"lr": 2})
    record("same", {"lr": 3}, project="other")
    result = run("runs", "rm", "wandb/" + load_newest(jail, "uncategorized"), "--yes")
    assert len(result.stdout.splitlines()) == 2
    assert run("runs", "ls", "--columns", "project").stdout == "other\n"


def test_rm_of_an_overwritten_run_keeps_the_later_one(run, record):
    """Its path means just it."""
    old = record("same", {"lr": 1})
    record("same", {"lr": 2})
    assert len(run("runs", "rm", str(old.directory), "--yes").stdout.splitlines()) == 1
    assert run("runs", "ls", "--columns", "config.lr").stdout == "2\n"


def load_newest(jail, project):
    """The directory's name of a project's last run."""
    found = [load_run(path) for path in sorted(jail.cwd.glob("wandb/*/run-*.jsonl"))]
    return [stored for stored in found if stored.project == project][-1].directory.name


def test_rm_refuses_a_running_run_and_all_with_it(run, jail, three):
    """Nothing is removed by halves."""
    start.init(id="live", name="live", mode="offline", settings=QUIET)
    result = run("runs", "rm", "first", "live", "--yes")
    assert result.exit_code == 1
    assert f"live (live) is running: process {os.getpid()}" in result.stderr
    assert len(list(jail.cwd.glob("wandb/*run-*"))) == 4


def test_rm_by_force_leaves_the_process_alone(run, jail):
    """The run's directory goes, its process goes on."""
    code = """
import runsettings
settings = {"quiet": True, "disable_git": True}
run = runsettings.init(id="live", mode="offline", settings=settings)
print(flush=True)
input()
run.log({"a": 1})
print("on", flush=True)
"""
    process = subprocess.Popen(
        [PYTHON, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        process.stdout.readline()
        assert run("runs", "rm", "live", "--yes").exit_code == 1
        assert run("runs", "rm", "live", "--yes", "--force").exit_code == 0
        assert process.poll() is None
        rest, _ = process.communicate("\n", timeout=60)
    assert rest == "on\n"


def test_rm_follows_no_link(run, jail, three, run_status):
    """A run's directory that is a link is refused, and what it points to stays."""
    home = three[0].directory
    outside = jail.home / "kept"
    home.rename(outside)
    home.symlink_to(outside)
    result = run_status("runs", "rm", "aa11", "--yes")
    assert result.returncode == 1
    assert "symbolic link" in result.stderr
    assert "nothing was deleted" in result.stderr
    assert (outside / "run-aa11.jsonl").exists()


def test_rm_keeps_what_links_in_a_run_point_to(run, jail, three):
    """The link goes, its target stays."""
    precious = jail.write(jail.home / "data/weights.bin", "precious")
    (three[0].directory / "files/data").symlink_to(precious.parent)
    assert run("runs", "rm", "aa11", "--yes").exit_code == 0
    assert not three[0].directory.exists()
    assert precious.read_text() == "precious"


def test_rm_removes_only_inside_of_the_directory(jail, three, record, run_status):
    """The path of a run elsewhere is refused."""
    other = record("zz99", dir=str(jail.home))
    result = run_status("runs", "rm", str(other.directory), "--yes", "--dir", str(jail.cwd))
    assert result.returncode == 1
    assert "is not in" in result.stderr
    assert other.directory.exists()


def test_rm_refuses_a_directory_whose_journal_is_of_another_run(jail, three, run_status):
    """A copied journal does not make a directory that run's."""
    home = jail.cwd / "wandb/offline-run-20260101_000000-precious"
    home.mkdir()
    text = Path(three[0].journal).read_text()
    (home / "run-precious.jsonl").write_text(text)
    result = run_status("runs", "rm", str(home), "--yes")
    assert result.returncode == 1
    assert "is not that of run" in result.stderr
    assert home.exists()


def test_rm_mends_the_link_to_the_latest_run(run, jail, three):
    """It points to the newest run left, and goes with the last."""
    link = jail.cwd / "wandb/latest-run"
    newest = max(path.name for path in jail.cwd.glob("wandb/offline-run-*"))
    link.unlink(missing_ok=True)
    link.symlink_to(newest)
    run("runs", "rm", newest[-4:], "--yes")
    assert link.resolve().name == max(path.name for path in jail.cwd.glob("wandb/offline-run-*"))
    run("runs", "rm", "--yes", *(path.name[-4:] for path in jail.cwd.glob("wandb/offline-run-*")))
    assert not link.is_symlink()
