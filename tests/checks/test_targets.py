"""Which files are meant."""

from __future__ import annotations

import os

import pytest

from runsettings.checks.targets import find_files


def names(jail, *targets: str, exclude=()) -> list[str]:
    """The files found, relative to the working directory."""
    paths, _ = find_files(targets, jail.cwd, exclude)
    return [path.relative_to(jail.cwd).as_posix() for path in paths]


def test_a_directory_is_searched_for_configs_in_order(jail):
    """YAML, JSON and TOML files at every depth; nothing else."""
    for name in ("c/b.yaml", "c/a.yml", "c/d/x.json", "c/d/y.toml", "c/readme.md", "c/z.ini"):
        jail.write(name, "")
    assert names(jail, "c") == ["c/a.yml", "c/b.yaml", "c/d/x.json", "c/d/y.toml"]


def test_tools_and_runs_are_not_entered(jail):
    """Hidden directories, and what runs have written, are no configs."""
    for name in (
        *(".git/x.yaml", "node_modules/x.json", "wandb/run-20260101_000000-abc/files/config.yaml"),
        *("wandb/offline-run-1-a/config.yaml", "pyproject.toml", "package.json", ".hidden.yaml"),
    ):
        jail.write(name, "")
    assert names(jail, ".") == []


def test_a_pattern_matches_at_every_depth(jail):
    """``**`` and ``*`` as the shell has them."""
    for name in ("c/a.yaml", "c/d/b.yaml", "c/d/b.json"):
        jail.write(name, "")
    assert names(jail, "c/**/*.yaml") == ["c/a.yaml", "c/d/b.yaml"]


def test_a_pattern_that_matches_nothing_is_a_fault(jail):
    """A check that looks at nothing must not pass for one that found nothing."""
    paths, (fault,) = find_files(["c/*.yaml"], jail.cwd)
    assert paths == []
    assert (str(fault.rule), fault.message) == ("unreadable-file", "matches no file")


def test_a_file_is_checked_once(jail):
    """However often it is named."""
    jail.write("c/a.yaml", "")
    assert names(jail, "c/a.yaml", "c", "c/*.yaml") == ["c/a.yaml"]


def test_a_file_whose_name_looks_like_a_pattern_is_itself(jail):
    """A name that exists is no pattern."""
    jail.write("run[1].yaml", "")
    assert names(jail, "run[1].yaml") == ["run[1].yaml"]


def test_excluded_files_are_not_found_but_can_be_named(jail):
    """Patterns hold for what is looked for."""
    jail.write("c/a.yaml", "")
    jail.write("c/old/b.yaml", "")
    assert names(jail, "c", exclude=["c/old/*"]) == ["c/a.yaml"]
    assert names(jail, "c/old/b.yaml", exclude=["c/old/*"]) == ["c/old/b.yaml"]


def test_a_link_that_leads_back_is_entered_once(jail):
    """A loop of directories ends."""
    jail.write("c/a.yaml", "")
    (jail.cwd / "c" / "again").symlink_to(jail.cwd / "c")
    assert names(jail, "c") == ["c/a.yaml"]


def test_a_linked_directory_is_searched(jail):
    """Configs may live elsewhere."""
    jail.write(jail.home / "shared" / "a.yaml", "")
    (jail.cwd / "c").mkdir()
    (jail.cwd / "c" / "shared").symlink_to(jail.home / "shared")
    assert names(jail, "c") == ["c/shared/a.yaml"]


@pytest.mark.parametrize("target", ["none.yaml", "c/none.yaml"])
def test_a_name_of_no_file_is_handed_on(jail, target):
    """Reading it tells what is wrong."""
    assert names(jail, target) == [target]


def test_a_pattern_names_a_file_once_where_a_link_leads_back(jail):
    """By its shortest name."""
    jail.write("c/d/a.yaml", "")
    (jail.cwd / "c" / "again").symlink_to(jail.cwd / "c")
    assert names(jail, "c/**/*.yaml", "c/d/../d/a.yaml") == ["c/d/a.yaml"]


def test_a_link_to_a_file_is_a_file_of_its_own(jail):
    """Both are named in a commit, and both are told about."""
    jail.write("c/a.yaml", "")
    (jail.cwd / "c" / "b.yaml").symlink_to("a.yaml")
    assert names(jail, "c/*.yaml") == ["c/a.yaml", "c/b.yaml"]


def test_a_directory_without_configs_is_told(jail):
    """Or a misspelt one would be right for ever."""
    jail.write("c/readme.md", "")
    _, (fault,) = find_files(["c"], jail.cwd)
    assert (fault.message, str(fault.origin)) == (
        "has no YAML, JSON or TOML file that could be a config",
        "c",
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_a_directory_that_cannot_be_searched_is_a_fault(jail):
    """What is in it was not checked."""
    jail.write("c/a.yaml", "")
    jail.write("c/closed/b.yaml", "")
    (jail.cwd / "c" / "closed").chmod(0)
    try:
        _, faults = find_files(["c"], jail.cwd)
    finally:
        (jail.cwd / "c" / "closed").chmod(0o700)
    assert [str(fault.origin) for fault in faults] == ["c/closed"]
