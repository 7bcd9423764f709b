"""Reads the next part of a journal as a batch: numbers as series, everything else as events.

A batch begins where the one before it ended, and has the state of the run at its end. Whoever
stores all of it with its end has each record exactly once.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from runsettings.journal.aggregates import as_float, merge_summary
from runsettings.journal.reader import open_regular, parse, read_lines
from runsettings.journal.records import State
from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import encode

BYTES: Final = 4 << 20
"""Bytes of a journal after which a batch ends."""

_EXACT: Final = 1 << 53
"""Integers below this are the same as a float."""

_LARGEST_STEP: Final = (1 << 63) - 1
_TAIL: Final = 1 << 12


class RunIdentity(NamedTuple):
    """What distinguishes one run from all others, also from runs of the same id."""

    project: str
    id: str
    generation: str
    """A digest of its first start record, which has the time, the host and the process."""


class Event(NamedTuple):
    """A record with the text that the journal has."""

    position: int
    """The byte at which its line ends."""
    type: str
    time: float | None
    text: str


@dataclass(slots=True)
class Series:
    """The numbers of one key in a batch."""

    steps: array[int] = field(default_factory=lambda: array("q"))
    times: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))
    whole: bool = True
    """Whether all values were integers."""


@dataclass(slots=True)
class Batch:
    """A part of a journal."""

    start: int
    """The byte at which it begins."""
    run: StoredRun
    """The run at its end."""
    state: State = "running"
    """The state of the run at the time of shipping, which the records alone do not tell."""
    series: dict[str, Series] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    tail: str = ""
    """A digest of the bytes before its end, by which a changed journal is noticed."""

    @property
    def end(self) -> int:
        """The byte at which the next batch begins."""
        return self.run.position


def read_identity(journal: str) -> RunIdentity | None:
    """Read which run a journal is of; ``None`` if it does not say yet.

    Args:
        journal: The path of the journal.

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
    """Read the part of a journal after a state of its run, and replay it on that state.

    Args:
        run: The state, which is changed.
        most: The number of bytes after which the batch ends.

    Returns:
        The batch, or ``None`` if there is nothing new.

    Raises:
        OSError: The journal cannot be read.
        RunError: It is not a journal, or one of a later version.
    """
    batch = Batch(run.position, run)
    fd = open_regular(run.journal)
    try:
        for record, end in read_lines(os.dup(fd), run.position):
            if record is None:
                run.torn += 1
            else:
                try:
                    if run.apply(record):
                        _add(batch, record, fd, end)
                except ValueError:
                    run.torn += 1  # not a valid record of its type
            run.position = end
            if end - batch.start >= most:
                break
        if batch.end == batch.start:
            return None
        batch.tail = _digest(fd, batch.end)
    finally:
        os.close(fd)
    return batch


def tail_digest(journal: str, position: int) -> str | None:
    """A digest of the bytes of a journal before a position; ``None`` if it is shorter.

    Args:
        journal: The path of the journal.
        position: The byte up to which it was shipped.

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


def _add(batch: Batch, record: dict[str, Any], fd: int, end: int) -> None:
    """Add a valid record, whose line ends at ``end`` and begins at the position of the run."""
    kind = record.get("type")
    if kind == "history" and _add_numbers(batch.series, record):
        return
    line = os.pread(fd, end - batch.run.position, batch.run.position).strip()
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        text = encode(parse(line)).decode()  # read as JSON, but not in UTF-8
    time = record.get("time")
    seconds = as_float(time) if isinstance(time, (int, float)) else None
    batch.events.append(Event(end, kind if isinstance(kind, str) else "", seconds, text))


def _add_numbers(series: dict[str, Series], record: Mapping[str, Any]) -> bool:
    """Add the numbers of a row to their series.

    Args:
        series: The series, by flat key.
        record: The row.

    Returns:
        Whether the series hold all of it, so that its text is not needed.
    """
    step, time = record["step"], as_float(record["time"])
    if step > _LARGEST_STEP:
        return False
    flat: dict[str, Any] = {}
    merge_summary(flat, record["data"])
    complete = bool(flat)
    for key, value in flat.items():
        kind = type(value)
        if kind is float:
            number = value
        elif kind is int:
            number = as_float(value)
            complete = complete and -_EXACT < value < _EXACT
        else:
            complete = False
            continue
        known = series.get(key)
        if known is None:
            known = series[key] = Series()
        known.steps.append(step)
        known.times.append(time)
        known.values.append(number)
        if kind is float:
            known.whole = False
    return complete


def _read(journal: str, start: int, end: int) -> bytes:
    fd = open_regular(journal)
    try:
        return os.pread(fd, end - start, start)
    finally:
        os.close(fd)
