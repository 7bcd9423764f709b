"""Paths as a person writes and reads them: ``~`` is their home, and ``.`` where they stand."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def working_directory() -> Path:
    """The directory that relative paths start from; ``.`` if it was deleted."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


def named_path(name: str | os.PathLike[str], cwd: Path) -> Path:
    """The path that a person in ``cwd`` names.

    An unknown user's ``~name`` stays as it is written, and is a file that does not exist.
    """
    return cwd / os.path.expanduser(name)  # noqa: PTH111 - Path's raises for an unknown user


def shown_path(path: str | os.PathLike[str], cwd: str | os.PathLike[str]) -> str:
    """The path as a person in ``cwd`` would name it: relative if it is below ``cwd``."""
    base = os.fspath(cwd)
    return os.fspath(path).removeprefix(base if base.endswith(os.sep) else base + os.sep)


def several_files(files: Any) -> Sequence[Any]:
    """The files of an option that takes one, several, or ``None`` for none."""
    if files is None:
        return ()
    if isinstance(files, str) or not isinstance(files, Sequence):
        return (files,)
    return files
