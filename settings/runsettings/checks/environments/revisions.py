"""The files of an earlier commit, laid out in a directory of their own."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TIMEOUT = 120
"""Seconds that git may take."""


class RevisionError(ValueError):
    """There is no such commit, no repository, or no git."""


def repository_root(directory: Path) -> Path:
    """The root of the repository that ``directory`` is in.

    Raises:
        RevisionError: It is in none.
    """
    return Path(_git(directory, "rev-parse", "--show-toplevel").rstrip("\n"))


@contextmanager
def checked_out(root: Path, revision: str) -> Iterator[Path]:
    """The files of a commit in a temporary directory, which is removed afterwards.

    Neither the repository's index nor its working tree is touched, and no hook runs.

    Args:
        root: The repository's root.
        revision: A commit as git names it. One that looks like an option is none.

    Raises:
        RevisionError: There is no such commit.
    """
    try:
        commit = _git(
            root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"
        ).strip()
    except RevisionError as error:
        raise RevisionError(f"there is no commit {revision!r} here: {error}") from error
    with tempfile.TemporaryDirectory(prefix="runsettings-") as temporary:
        tree = Path(temporary).resolve() / "tree"
        tree.mkdir()
        index = Path(temporary) / "index"
        _git(root, "read-tree", commit, index=index)
        _git(root, "checkout-index", "--all", "--quiet", f"--prefix={tree}{os.sep}", index=index)
        yield tree


def _git(directory: Path, *arguments: str, index: Path | None = None) -> str:
    environ = {**os.environ, "LC_ALL": "C"}
    # Set where git itself calls us, as in a hook: they would turn it away from `directory`.
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"):
        environ.pop(name, None)
    if index is not None:
        environ["GIT_INDEX_FILE"] = str(index)
    try:
        done = subprocess.run(  # noqa: S603 - a list, and no shell
            ["git", *arguments],  # noqa: S607 - whichever git the person uses
            cwd=directory,
            env=environ,
            capture_output=True,
            check=False,
            timeout=_TIMEOUT,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise RevisionError(f"git could not be run: {error}") from error
    if done.returncode:
        detail = done.stderr.decode(errors="replace").strip()
        raise RevisionError(detail or f"git {arguments[0]} found nothing")
    return os.fsdecode(done.stdout)
