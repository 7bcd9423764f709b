"""The files of an earlier commit."""

from __future__ import annotations

import subprocess

import pytest

from runsettings.checks.environments.revisions import checked_out, repository_root
from runsettings.documents.git import GitError


def git(cwd, *arguments: str) -> str:
    """Run git as somebody."""
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    done = subprocess.run(
        ["git", *who, *arguments], cwd=cwd, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def repository(jail):
    """A repository with one commit, and a change after it."""
    git(jail.cwd, "init", "-q")
    jail.write("a/train.yaml", "lr: 0.1\n")
    jail.write(".gitattributes", "a/train.yaml export-ignore\n")
    git(jail.cwd, "add", ".")
    git(jail.cwd, "commit", "-qm", "first")
    jail.write("a/train.yaml", "lr: 0.2\n")
    return jail.cwd


def test_the_files_are_those_of_the_commit(repository):
    """Also those that an archive would leave out."""
    with checked_out(repository, "HEAD") as tree:
        assert (tree / "a" / "train.yaml").read_text() == "lr: 0.1\n"


def test_the_directory_is_removed_afterwards(repository):
    """Nothing is left behind."""
    with checked_out(repository, "HEAD") as tree:
        pass
    assert not tree.exists()


def test_the_repository_is_not_touched(repository):
    """Neither its index, its files nor its list of working trees."""
    git(repository, "add", ".")
    before = git(repository, "status", "--porcelain"), git(repository, "worktree", "list")
    with checked_out(repository, "HEAD"):
        pass
    assert (git(repository, "status", "--porcelain"), git(repository, "worktree", "list")) == before


@pytest.mark.parametrize(
    "revision", ["nothing", "--output=/tmp/x", "-h", "HEAD:a", "", "HEAD; true", "a\0b"]
)
def test_what_is_no_commit_is_refused(repository, revision):
    """An option, a tree or a command is none."""
    with pytest.raises(GitError), checked_out(repository, revision):
        pass


def test_a_hook_does_not_run(repository):
    """What a repository runs at a checkout is not for a check."""
    hook = repository / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    with checked_out(repository, "HEAD") as tree:
        assert not (tree / "ran").exists()
    assert not (repository / "ran").exists()


def test_variables_of_a_surrounding_git_do_not_count(repository, jail):
    """As in a commit hook, where git points at its own index."""
    jail.setenv(GIT_INDEX_FILE=str(jail.cwd / "elsewhere"), GIT_DIR=str(jail.home))
    with checked_out(repository, "HEAD") as tree:
        assert (tree / "a" / "train.yaml").exists()


def test_no_repository_is_told(jail):
    """With git's own words."""
    with pytest.raises(GitError, match="not a git repository"):
        repository_root(jail.home)
