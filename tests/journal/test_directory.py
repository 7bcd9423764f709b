"""The directories of runs: what a killed process left there, and who removes it."""

from __future__ import annotations

import os

from runsettings.documents.atomic_write import write_file
from runsettings.journal.directory import remove_temporary_files

LEFT = ".runsettings-0123456789abcdef.tmp"


def test_a_start_removes_what_killed_runs_left(jail, begin):
    """Also in the directories of other runs; other files stay."""
    home = jail.cwd / "wandb" / "offline-run-20250131_143005-dead"
    left = jail.write(home / LEFT, "half")
    other = jail.write(home / "mine.tmp", "mine")
    run = begin()
    run._files.wait_for_facts()
    run.finish()
    assert not left.exists()
    assert other.exists()


def test_only_the_newest_runs_are_looked_at(jail):
    """A start costs the same in a directory with ten thousand runs."""
    homes = [jail.cwd / f"run-202501{day:02}_143005-a" for day in range(1, 21)]
    left = [jail.write(home / LEFT, "half") for home in homes]
    remove_temporary_files(jail.cwd)
    assert [path.exists() for path in left] == [True] * 4 + [False] * 16


def test_a_link_in_place_of_a_temporary_file_is_not_followed(jail):
    """What it leads to stays."""
    target = jail.write("mine", "mine")
    link = jail.cwd / "run-20250101_143005-a" / LEFT
    link.parent.mkdir()
    link.symlink_to(target)
    remove_temporary_files(jail.cwd)
    assert target.read_text() == "mine"


def test_a_pipe_in_place_of_a_file_of_the_run_is_replaced(jail):
    """Nobody waits for a reader that never comes."""
    path = jail.cwd / "config.yaml"
    os.mkfifo(path)
    write_file(path, b"a: 1\n", follow_links=False)
    assert path.read_text() == "a: 1\n"


def test_a_start_removes_a_link_that_a_killed_start_left(jail, begin):
    """The link ``latest-run`` is made under another name first."""
    left = jail.cwd / "wandb" / ".removed-latest-run-1"
    left.parent.mkdir()
    left.symlink_to("offline-run-20250131_143005-dead")
    run = begin()
    run._files.wait_for_facts()
    assert not left.is_symlink()
