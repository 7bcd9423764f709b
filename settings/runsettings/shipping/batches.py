"""Reads the next part of a journal as a batch: numbers as series, everything else as events.

A batch begins where the previous one ended, and has the state of the run at its end. A store that
commits a batch together with its end position has each record exactly once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from runsettings.journal.aggregates import as_float
from runsettings.journal.reader import open_regular, parse, read_lines
from runsettings.journal.records import State
from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import encode
from runsettings.shipping.series import Rows, Series, add_row, add_rows, read_parts

BYTES: Final = 4 << 20
"""The number of bytes of a journal after which a batch ends."""

_TAIL: Final = 1 << 12


class RunIdentity(NamedTuple):
    """Distinguishes one run from all others, also from runs with the same id."""

    project: str
    id: str
    generation: str
    """A digest of its first start record, which has the time, the host and the process."""


class Event(NamedTuple):
    """A record with its text from the journal."""

    position: int
    """The byte offset in the journal at which its line ends."""
    type: str
    time: float | None
    text: str


@dataclass(slots=True)
class Batch:
    """A part of a journal."""

    start: int
    """The byte offset in the journal at which it begins."""
    run: StoredRun
    """The run at its end."""
    state: State = "running"
    """The state of the run at the time of shipping; the records alone do not show it."""
    series: dict[str, Series] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    tail: str = ""
    """A digest of the last bytes before its end, to detect a changed journal."""

    @property
    def end(self) -> int:
        """The byte offset in the journal at which the next batch begins."""
        return self.run.position


def read_identity(journal: str) -> RunIdentity | None:
    """Read the identity of the run that a journal records.

    Args:
        journal: The path of the journal.

    Returns:
        The identity; ``None`` if the journal does not have it yet.

    Raises:
        OSError: The journal cannot be read.
    """
    named: tuple[str, str] | None = None
    start = 0
    for record, end in read_lines(journal):
        kind = None if record is None else record.get("type")
        if kind == "run" and named is None and record is not None:
            run_id, project = record.get("id"), record.get("project")
            if isinstance(run_id, str) and isinstance(project, str) and run_id:
                named = project, run_id
        elif kind == "start" and named is not None:
            line = _read(journal, start, end).strip()
            return RunIdentity(*named, blake2b(line, digest_size=8).hexdigest())
        start = end
    return None


def read_batch(run: StoredRun, most: int = BYTES) -> Batch | None:
    """Read the next records of a journal, and apply them to the state of its run.

    Args:
        run: The state of the run after the previous batch; it is changed in place.
        most: The number of bytes after which the batch ends.

    Returns:
        The batch; ``None`` if there are no new records.

    Raises:
        OSError: The journal cannot be read.
        RunError: It is not a journal, or one of a later version.
    """
    batch = Batch(run.position, run)
    fd = open_regular(run.journal)
    try:
        for part in read_parts(os.dup(fd), run.position, most):
            if isinstance(part, Rows):
                add_rows(batch.series, run, part)
                run.position = part.end
                continue
            for line, record, end in zip(*part, strict=True):
                _apply(batch, record, line, end)
                run.position = end
        if batch.end == batch.start:
            return None
        batch.tail = _digest(fd, batch.end)
    finally:
        os.close(fd)
    return batch


def tail_digest(journal: str, position: int) -> str | None:
    """Compute a digest of the last bytes of a journal before a position.

    Args:
        journal: The path of the journal.
        position: The byte offset up to which it was shipped.

    Returns:
        The digest; ``None`` if the journal is shorter.

    Raises:
        OSError: The journal cannot be read.
    """
    fd = open_regular(journal)
    try:
        return _digest(fd, position) if os.fstat(fd).st_size >= position else None
    finally:
        os.close(fd)


def _digest(fd: int, position: int) -> str:
    size = min(_TAIL, position)
    return blake2b(os.pread(fd, size, position - size), digest_size=16).hexdigest()


def _apply(batch: Batch, record: dict[str, Any] | None, line: bytes, end: int) -> None:
    """Apply a record to the run of a batch, and add it if it counts."""
    run = batch.run
    if record is None:
        run.torn += 1
        return
    try:
        if run.apply(record):
            _add(batch, record, line, end)
    except ValueError:
        run.torn += 1  # not a valid record of its type


def _add(batch: Batch, record: dict[str, Any], line: bytes, end: int) -> None:
    """Add a valid record, whose line ends at the byte ``end``."""
    kind = record.get("type")
    if kind == "history" and add_row(batch.series, record):
        return
    try:
        text = line.strip().decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        text = encode(parse(line)).decode()  # valid JSON, but not valid UTF-8
    time = record.get("time")
    seconds = as_float(time) if isinstance(time, (int, float)) else None
    batch.events.append(Event(end, kind if isinstance(kind, str) else "", seconds, text))


def _read(journal: str, start: int, end: int) -> bytes:
    fd = open_regular(journal)
    try:
        return os.pread(fd, end - start, start)
    finally:
        os.close(fd)
