"""Finds and opens the saved files of a run, and refuses paths that lead outside of them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from runsettings.journal.directory import FILES
from runsettings.journal.reader import open_regular

LARGEST_FILE: Final = 10_000_000
"""The size in bytes of the largest file that is shipped; the setting is ``store_file_limit``."""

_PART: Final = 1 << 20


def saved_path(journal: str, path: str) -> Path:
    """The place of a saved file of a run.

    Args:
        journal: The path of the run's journal.
        path: The path of the file below ``files/``.

    Returns:
        Its place.

    Raises:
        OSError: It is not below ``files/``.
    """
    home = Path(journal).with_name(FILES).resolve()
    # Another user may have written the journal or a symbolic link, which can lead anywhere.
    if "\0" in path or not (home / path).resolve().is_relative_to(home):
        raise OSError(errno.EPERM, "it is not below the directory of the run's files", path)
    return home / path


def open_saved(journal: str, path: str) -> BinaryIO:
    """Open a saved file of a run.

    Args:
        journal: The path of the run's journal.
        path: The path of the file below ``files/``, from the journal.

    Returns:
        The open file.

    Raises:
        OSError: The file cannot be read, is not a regular file, or is not below ``files/``.
    """
    return os.fdopen(open_regular(saved_path(journal, path)), "rb")


def read_parts(file: BinaryIO, most: int) -> Iterator[bytes]:
    """Read a file in parts.

    Args:
        file: The open file, which another process may be extending.
        most: The largest number of bytes to read.

    Yields:
        The parts; one empty part for an empty file.
    """
    left = most
    part = file.read(min(_PART, left))
    while True:
        yield part
        left -= len(part)
        part = file.read(min(_PART, left))
        if not part:
            return
