"""The files of an earlier commit, laid out in a directory of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runsettings.documents.git import GitError, run_git


def repository_root(directory: Path) -> Path:
    """The root of the repository that ``directory`` is in.

    Raises:
        GitError: It is in none.
    """
    return Path(run_git(directory, "rev-parse", "--show-toplevel").rstrip("\n"))


@contextmanager
def checked_out(root: Path, revision: str) -> Iterator[Path]:
    """The files of a commit in a temporary directory, which is removed afterwards.

    Neither the repository's index nor its working tree is touched, and no hook runs.

    Args:
        root: The repository's root.
        revision: A commit as git names it. One that looks like an option is none.

    Raises:
        GitError: There is no such commit.
    """
    try:
        commit = run_git(
            root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"
        ).strip()
    except GitError as error:
        raise GitError(f"there is no commit {revision!r} here: {error}") from error
    with tempfile.TemporaryDirectory(prefix="runsettings-") as temporary:
        tree = Path(temporary).resolve() / "tree"
        tree.mkdir()
        index = Path(temporary) / "index"
        run_git(root, "read-tree", commit, index=index)
        run_git(root, "checkout-index", "--all", "--quiet", f"--prefix={tree}{os.sep}", index=index)
        yield tree
