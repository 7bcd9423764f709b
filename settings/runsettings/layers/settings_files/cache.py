"""Files that were read before and have not changed since are not read again.

A sweep's worker settles its settings hundreds of times from the same few files. A file is
taken as unchanged if its identity, size and times are the same and its last change was well
over before it was read: a second change within the file system's clock tick would leave the
times alone (the same caution git takes with its index).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable
from typing import Final

from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

_SETTLED: Final = 2.0
"""Seconds after which a change is surely in an earlier tick; FAT's clock ticks every two."""

_MOST: Final = 64
"""Files that are remembered; more than a process ever settles from."""

_Signature = tuple[int, int, int, int, int]

_readings: dict[Hashable, tuple[_Signature, Reading]] = {}


def read_once(file: tuple[str, *tuple[Hashable, ...]], read: Callable[[], Reading]) -> Reading:
    """What ``read`` gave for this file, or gives now.

    The tree is the caller's own: its top level may be changed.

    Args:
        file: The file's path, and whatever else the reading depends on, such as the name that
            its origins show.
        read: Reads it.
    """
    try:
        status = os.stat(file[0])  # noqa: PTH116 - on every resolution
    except (OSError, ValueError):
        return read()  # which tells what is wrong with it
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
