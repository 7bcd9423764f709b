"""The state of the git repository that a run was started in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from runsettings.documents.git import GitError, run_git
from runsettings.secrets.forms import mask_remote

_TIMEOUT: Final = 10.0
"""Seconds for each call; a huge repository on a slow disk must not delay the end of a run."""


def git_facts(directory: Path) -> dict[str, Any] | None:
    """Commit, branch, remote and whether tracked files were changed; ``None`` outside of git.

    Args:
        directory: A directory in the repository.
    """
    options = ("--porcelain=v2", "--branch", "--untracked-files=no")
    try:
        status = run_git(directory, "status", *options, timeout=_TIMEOUT)
    except GitError:
        return None
    facts: dict[str, Any] = {"commit": None, "branch": None, "dirty": False, "remote": None}
    for line in status.splitlines():
        if line.startswith("# branch.oid "):
            oid = line.removeprefix("# branch.oid ")
            facts["commit"] = None if oid == "(initial)" else oid
        elif line.startswith("# branch.head "):
            facts["branch"] = line.removeprefix("# branch.head ")
        elif not line.startswith("#"):
            facts["dirty"] = True
    try:
        remote = run_git(directory, "config", "--get", "remote.origin.url", timeout=_TIMEOUT)
    except GitError:
        return facts
    facts["remote"] = mask_remote(remote.strip()) or None
    return facts
