"""Opens the saved files of a run to ship them, and nothing else that a name may lead to."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from runsettings.journal.directory import FILES
from runsettings.journal.reader import open_regular

LARGEST_FILE: Final = 10_000_000
"""Bytes of the largest file that is shipped, unless the setting ``store_file_limit`` says else."""

_PART: Final = 1 << 20


def open_saved(journal: str, path: str) -> BinaryIO:
    """Open a saved file of a run.

    Args:
        journal: The path of the run's journal.
        path: The path of the file below ``files/``, from the journal.

    Raises:
        OSError: It cannot be read, is not a regular file, or is not below the directory.
    """
    home = Path(journal).with_name(FILES).resolve()
    # A journal or a symbolic link that somebody else wrote may lead anywhere.
    if "\0" in path or not (home / path).resolve().is_relative_to(home):
        raise OSError(errno.EPERM, "it is not below the directory of the run's files", path)
    return os.fdopen(open_regular(home / path), "rb")


def read_parts(file: BinaryIO, most: int) -> Iterator[bytes]:
    """Read a file in parts.

    Args:
        file: The open file, which may grow meanwhile.
        most: The number of bytes after which the reading ends.

    Yields:
        The parts; one empty part of an empty file.
    """
    left = most
    part = file.read(min(_PART, left))
    while True:
        yield part
        left -= len(part)
        part = file.read(min(_PART, left))
        if not part:
            return
