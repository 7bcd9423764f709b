"""Runs git. No other module of this package does."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_CALLED_BY_GIT: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""Variables that git sets for its hooks; with them, git would use another directory."""


class GitError(ValueError):
    """Git is not installed, took too long, or failed."""


def run_git(
    directory: Path, *arguments: str, index: Path | None = None, timeout: float = 120.0
) -> str:
    """Run git and return what it prints.

    Args:
        directory: The working directory of git.
        *arguments: The command and its arguments.
        index: An index file to use instead of the repository's own.
        timeout: Seconds that git may take.

    Raises:
        GitError: Git could not be run, or failed; the message says why.
    """
    # Imported here because `init` does not wait for git.
    import subprocess

    environ = {k: v for k, v in os.environ.items() if k not in _CALLED_BY_GIT}
    environ |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    if index is not None:
        environ["GIT_INDEX_FILE"] = str(index)
    # A repository of somebody else may name a program that git would run for it.
    line = ["git", "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a list, and no shell
            line,
            cwd=directory,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=timeout,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise GitError(f"git could not be run: {error}") from error
    if done.returncode:
        detail = done.stderr.decode(errors="replace").strip()
        raise GitError(detail or f"git {arguments[0]} found nothing")
    return os.fsdecode(done.stdout)
