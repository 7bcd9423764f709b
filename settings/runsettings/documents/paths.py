"""Paths as users write them: ``~`` is the home directory, and paths may be relative."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def working_directory() -> Path:
    """The working directory; ``.`` if it was deleted."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


def named_path(name: str | os.PathLike[str], cwd: Path) -> Path:
    """The path that a user means.

    ``~name`` of an unknown user stays as it is written, and is a file that does not exist.

    Args:
        name: The path as the user writes it.
        cwd: The directory that a relative path starts from.
    """
    return cwd / os.path.expanduser(name)  # noqa: PTH111 - Path's raises for an unknown user


def shown_path(path: str | os.PathLike[str], cwd: str | os.PathLike[str]) -> str:
    """The path for a message: relative if it is below ``cwd``.

    Args:
        path: The path.
        cwd: The user's working directory.
    """
    base = os.fspath(cwd)
    return os.fspath(path).removeprefix(base if base.endswith(os.sep) else base + os.sep)


def several_files(files: Any) -> Sequence[Any]:
    """The files, or other names, of an option that takes one, several, or ``None``."""
    if files is None:
        return ()
    if isinstance(files, str) or not isinstance(files, Sequence):
        return (files,)
    return files
