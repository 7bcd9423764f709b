"""Caches settings files that have not changed since they were read.

A sweep's worker resolves its settings hundreds of times from the same few files. A file counts as
unchanged if its identity, size and times are the same, and if its last change was some time before
it was read: a second change within one tick of the file system's clock would leave the times as
they are (git takes the same care with its index).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable
from typing import Final

from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

_SETTLED: Final = 2.0
"""Seconds after which a change is in an earlier tick; FAT's clock ticks every two seconds."""

_MOST: Final = 64
"""The greatest number of files in the cache; processes read far fewer."""

_Signature = tuple[int, int, int, int, int]

_readings: dict[Hashable, tuple[_Signature, Reading]] = {}


def read_once(file: tuple[str, *tuple[Hashable, ...]], read: Callable[[], Reading]) -> Reading:
    """Read a file, or return its cached reading if it has not changed.

    Args:
        file: The file's path, and everything else that the reading depends on, such as the name
            that its origins show.
        read: Reads the file.

    Returns:
        The reading. The caller may change the top level of its tree.
    """
    try:
        status = os.stat(file[0])  # noqa: PTH116 - on every resolution
    except (OSError, ValueError):
        return read()  # it reports the error
    signature = (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
    known = _readings.get(file)
    if known is not None and known[0] == signature:
        reading = known[1]
        return reading._replace(tree=own_copy(reading.tree))
    reading = read()
    if time.time() - max(status.st_mtime, status.st_ctime) > _SETTLED:
        if len(_readings) >= _MOST:
            _readings.clear()
        _readings[file] = (signature, reading._replace(tree=own_copy(reading.tree)))
    return reading


def own_copy(tree: Tree) -> Tree:
    """A tree whose top level can be changed without changing ``tree``."""
    return tree.with_data(tree.data.copy())
