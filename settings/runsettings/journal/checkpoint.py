"""Checkpoints: the replayed state of a run at one byte of its journal, in a file beside it.

A resume of a long run reads the checkpoint and the records after it, not the whole journal. The
journal remains the record of the run: a checkpoint that is missing, damaged, of another version, or
of a journal that was replaced or edited since, is ignored, and a later one replaces it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from runsettings.documents.atomic_write import write_file
from runsettings.journal.reader import open_regular, parse
from runsettings.journal.records import VERSION as JOURNAL_VERSION
from runsettings.journal.writer import encode

VERSION: Final = 1

SMALLEST: Final = 1 << 20
"""Bytes of a journal that are replayed faster than a checkpoint of them is worth."""

_SAMPLE: Final = 1 << 12
_EDGE: Final = 1 << 16
_SAMPLES: Final = 32


def checkpoint_path(journal: Path | str) -> Path:
    """The path of a journal's checkpoint: ``run-<id>.checkpoint``."""
    return Path(journal).with_suffix(".checkpoint")


def store(fd: int, journal: Path | str, position: int, state: Mapping[str, Any]) -> bool:
    """Write the checkpoint of a journal, if the position is the end of a line.

    Args:
        fd: The descriptor of the open journal.
        journal: Its path.
        position: The byte up to which the journal was replayed.
        state: The state of the run at that byte.

    Returns:
        Whether it was written.

    Raises:
        OSError: It cannot be written.
    """
    if not position or os.pread(fd, 1, position - 1) != b"\n":
        return False
    body = encode(state)
    mark = {**make_mark(fd, position), "state": blake2b(body, digest_size=16).hexdigest()}
    write_file(
        checkpoint_path(journal),
        encode(mark) + body,
        durable=False,
        follow_links=False,
        # Who may not read the journal may not read its checkpoint.
        mode=os.fstat(fd).st_mode & 0o777,
    )
    return True


def store_checkpoint(state: Mapping[str, Any], fd: int) -> bool:
    """Store the state of a long run, so that `load_run` need not replay what led to it.

    Args:
        state: The run, replayed up to its ``position``, as `StoredRun.to_json` makes it.
        fd: The descriptor of the open journal, which this process has locked.

    Returns:
        Whether there is a new checkpoint.
    """
    if state["position"] < SMALLEST:
        return False
    try:
        return store(fd, state["journal"], state["position"], state)
    except OSError:
        return False  # without a checkpoint, the journal is read


def restore(fd: int, journal: Path | str) -> dict[str, Any] | None:
    """Read the checkpoint of a journal.

    Args:
        fd: The descriptor of the open journal, whose offset is not changed.
        journal: Its path.

    Returns:
        The state that `store` was given; ``None`` without a checkpoint that fits the journal.
    """
    journal_status = os.fstat(fd)
    if journal_status.st_size < SMALLEST:
        return None
    try:
        file = os.fdopen(open_regular(checkpoint_path(journal)), "rb")
        with file:
            status = os.fstat(file.fileno())
            if status.st_uid not in (journal_status.st_uid, os.geteuid()):
                return None
            head = file.readline(_EDGE)
            # Whatever is in a checkpoint is in the journal as well.
            body = file.read(journal_status.st_size + 1)
    except OSError:
        return None
    mark = parse(head)
    if mark is None or mark.pop("state", None) != blake2b(body, digest_size=16).hexdigest():
        return None
    return parse(body) if fits(fd, mark) else None


def fits(fd: int, mark: Mapping[str, Any]) -> bool:
    """Whether a journal still begins with the bytes that a mark describes.

    Args:
        fd: The descriptor of the open journal, whose offset is not changed.
        mark: What should be a mark that `make_mark` made, from a file.
    """
    status = os.fstat(fd)
    position = mark.get("position")
    if type(position) is not int or not 0 < position <= status.st_size:
        return False
    expected = make_mark(fd, position)
    if position < status.st_size:
        # While nothing was appended, the time of the last change tells of an edit, too.
        expected["modified"] = mark.get("modified")
    return mark == expected


def make_mark(fd: int, position: int) -> dict[str, Any]:
    """Describe the first bytes of a journal, so that `fits` recognizes them.

    Args:
        fd: The descriptor of the open journal, whose offset is not changed.
        position: The number of bytes.

    Returns:
        A JSON object with the ``position``.
    """
    status = os.fstat(fd)
    return {
        "format": "runsettings-checkpoint",
        "version": VERSION,
        "journal": JOURNAL_VERSION,
        "inode": status.st_ino,
        "modified": status.st_mtime_ns,
        "position": position,
        "samples": _samples(fd, position),
    }


def _samples(fd: int, position: int) -> str:
    """A hash of the beginning, the end, and parts between them: the same work for any length."""
    found = blake2b(os.pread(fd, min(_EDGE, position), 0), digest_size=16)
    found.update(os.pread(fd, min(_EDGE, position), max(position - _EDGE, 0)))
    for number in range(1, _SAMPLES):
        at = position * number // _SAMPLES
        found.update(os.pread(fd, min(_SAMPLE, position - at), at))
    return found.hexdigest()
