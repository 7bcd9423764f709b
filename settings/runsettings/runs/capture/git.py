"""The state of the git repository that a run was started in, as git itself tells it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from runsettings.runs.capture.host import without_password

_TIMEOUT: Final = 10.0
"""Seconds for each of two calls; a huge repository on a slow disk must not hold up an end."""


def git_facts(directory: Path) -> dict[str, Any] | None:
    """Commit, branch, remote and whether tracked files were changed; ``None`` outside of git.

    Args:
        directory: A directory in the repository.
    """
    status = _git(directory, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    if status is None:
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
    remote = _git(directory, "config", "--get", "remote.origin.url")
    facts["remote"] = without_password(remote.strip()) if remote else None
    return facts


def _git(directory: Path, *arguments: str) -> str | None:
    """What git prints, or ``None`` if it is not installed, fails, or takes too long."""
    # Imported on the thread that needs it, not on the path of `init`.
    import subprocess

    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["git", *arguments],  # noqa: S607 - the user's git
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None
