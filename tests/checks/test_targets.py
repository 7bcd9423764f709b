"""Which files are meant."""

from __future__ import annotations

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
