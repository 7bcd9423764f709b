"""Follows the event files of a run: appends their new records to the run's journal."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from runsettings.journal.replay import StoredRun, load_run
from runsettings.journal.writer import append_once, encode
from runsettings.secrets import live
from runsettings.secrets.masking import SecretMask
from runsettings.shipping.event_files.copying import copy_event_file, is_below
from runsettings.shipping.event_files.framing import DamagedError, read_event_records
from runsettings.shipping.event_files.messages import (
    Event,
    MissingPackageError,
    NoEventError,
    event_parser,
)
from runsettings.values.key_paths import format_path, leaves_of
from runsettings.values.origin import Layer

METADATA: Final = "tensorboard"
"""The key of the run's metadata that says what is followed: ``directories``, each with the prefix
of its tags, ``earlier``, the files that existed before the run, and ``base``, the script's working
directory."""

EXTRA: Final = "runsettings[tensorboard]"

_MAX_DEPTH: Final = 8
"""The depth to which directories are searched for event files."""

_ROWS: Final = 4096
"""The number of rows that are appended in one write."""

_SCAN_PAUSE_FACTOR: Final = 20
"""The pause between two scans of the directories, as a multiple of the duration of a scan."""


class EventFiles:
    """The event files of one run, and the position up to which each was read.

    Args:
        journal: The path of the run's journal.
        tell: Called once with each message for the user.
        mask: Masks secrets; by default, the secrets that this process knows.
        others: Runs that may have written into the same directories after this one crashed.
    """

    def __init__(
        self,
        journal: Path | str,
        tell: Callable[[str], None],
        mask: SecretMask | None = None,
        others: Iterable[StoredRun] = (),
    ) -> None:
        self._journal = Path(journal)
        self._tell = tell
        self._mask = live.mask() if mask is None else mask
        self._others = others
        self._end: float | None = None
        """Events after this time belong to another run, in seconds since 1970."""
        self._positions: dict[str, int] = {}
        self._hparams: set[str] = set()
        """The keys of the config that were appended; the state of the run may not have them yet."""
        self._said: set[str] = set()
        self._found: list[tuple[str, str]] = []
        self._next_scan = 0.0

    def follow(self, run: StoredRun, *, everything: bool = False) -> int:
        """Append the new records of the event files to the journal.

        Args:
            run: The state of the run from its journal, with the directories to follow. It may be
                outdated: readers ignore rows that are appended twice.
            everything: Whether to scan for new files now, as at the end of a run.

        Returns:
            The number of bytes that were appended.
        """
        followed = run.metadata.get(METADATA)
        if not isinstance(followed, dict):
            return 0
        try:
            parse = event_parser()
        except MissingPackageError as error:
            self._say(f"event files are not read: {error}; install {EXTRA}")
            return 0
        now = time.monotonic()
        if everything or now >= self._next_scan:
            self._found = list(event_files(followed, run.directory.parent))
            self._next_scan = now + _SCAN_PAUSE_FACTOR * (time.monotonic() - now)
        self._end = _end(run, self._others)
        total = 0
        try:
            for path, prefix in self._found:
                total += self._read(path, prefix, run, parse)
            if everything and run.state == "crashed":
                total += self._copy(followed, parse)
        except OSError as error:
            self._say(f"{self._journal} cannot be written: {error.strerror or error}")
        return total

    def _copy(self, followed: dict[str, Any], parse: Callable[[bytes], Event]) -> int:
        """Copy the event files of a killed run into the run; return the bytes of their records."""
        total, run = 0, load_run(self._journal)  # a run from a listing has no files
        for path, _ in self._found:
            try:
                if self._is_of_run(path, parse) and (
                    record := copy_event_file(run, path, followed)
                ):
                    line = encode(self._mask.record(record))
                    append_once(self._journal, line)
                    total += len(line)
            except OSError as error:
                self._say(f"{path} cannot be copied: {error.strerror or error}")
        return total

    def _is_of_run(self, path: str, parse: Callable[[bytes], Event]) -> bool:
        """Whether an event file begins before the events of another run."""
        try:
            return self._end is None or any(
                parse(data).time <= self._end for _, data in islice(read_event_records(path, 0), 1)
            )
        except (DamagedError, NoEventError):
            return False

    def _read(self, path: str, prefix: str, run: StoredRun, parse: Callable[[bytes], Event]) -> int:
        """Append the new records of one file.

        Raises:
            OSError: The journal cannot be written.
        """
        start, total = max(self._positions.get(path, 0), run.sources.get(path, 0)), 0
        while True:
            records: list[dict[str, Any]] = []
            end = start
            try:
                if os.stat(path).st_size > start:  # noqa: PTH116 - asked again and again
                    for end, data in read_event_records(path, start):
                        try:
                            event = parse(data)
                        except NoEventError:
                            self._say(f"{path} has records that are no events; they are left out")
                            continue
                        if self._end is not None and event.time > self._end:
                            continue
                        records += _rows(event, path, end, prefix)
                        if event.hparams:
                            records += self._config(event, path, run)
                        if len(records) >= _ROWS:
                            break
            except DamagedError as error:
                self._say(f"{path} is damaged at byte {error.offset:,}; it was read up to there")
            except OSError as error:
                self._say(f"{path} cannot be read: {error.strerror or error}")
            if records:
                lines = b"".join(map(encode, records))
                if any(trace in lines for trace in self._mask.traces()):
                    lines = b"".join(encode(self._mask.record(record)) for record in records)
                append_once(self._journal, lines)
                total += len(lines)
            self._positions[path] = end
            if end == start:
                return total
            start = end

    def _config(self, event: Event, path: str, run: StoredRun) -> Iterator[dict[str, Any]]:
        """The record of an event's hyperparameters, without keys that the config already has."""
        values: dict[str, Any] = {}
        for name, value in event.hparams.items():
            # A dot in a name means nesting, as in the name of a flag.
            *outer, last = (part for part in name.split(".") if part) if name.strip(".") else [name]
            inside = values
            for part in outer:
                inside = inside.setdefault(part, {})
                if not isinstance(inside, dict):
                    break
            else:
                inside[last] = value
        known = run.config.keys() | self._hparams
        new = {key: value for key, value in values.items() if key and key not in known}
        self._hparams |= new.keys()
        origin = {"layer": Layer.FILE.label, "where": path, "call": "add_hparams()"}
        if new:
            origins = {format_path(at): origin for at, _ in leaves_of(new)}
            yield {"type": "config", "time": event.time, "values": new, "origins": origins}

    def _say(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            self._tell(self._mask.message(message))


def event_files(followed: dict[str, Any], runs: Path) -> Iterator[tuple[str, str]]:
    """Find the event files of a run.

    Args:
        followed: The value of `METADATA` in the run's metadata.
        runs: The directory of all runs; copies of event files in it are ignored.

    Yields:
        The path of each file, and the prefix of its tags.
    """
    earlier = set(followed.get("earlier", ()))
    for top, prefix in followed.get("directories", {}).items():
        for directory, names in _walk(top, os.fspath(runs.absolute())):
            below = os.path.relpath(directory, top).replace(os.sep, "/")
            here = "/".join(part for part in (prefix, "" if below == "." else below) if part)
            for name in names:
                path = os.path.join(directory, name)  # noqa: PTH118 - asked again and again
                if path not in earlier and _is_regular(path):
                    yield path, here


def _walk(top: str, runs: str) -> Iterator[tuple[str, list[str]]]:
    """The directories at and below ``top``, with the names of their event files."""
    depth = top.count(os.sep) + _MAX_DEPTH
    for directory, directories, names in os.walk(top):
        directories[:] = sorted(
            name
            for name in directories
            if directory.count(os.sep) < depth and os.path.join(directory, name) != runs  # noqa: PTH118
        )
        found = sorted(name for name in names if is_event_file(name))
        if found:
            yield directory, found


def is_event_file(name: str) -> bool:
    """Whether TensorBoard treats a file with this name as an event file.

    Args:
        name: The name of the file.
    """
    return "tfevents" in name and not name.endswith(".profile-empty")


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _end(run: StoredRun, others: Iterable[StoredRun]) -> float | None:
    """The time after which events belong to another run: the run's end, or a later run's start.

    Args:
        run: The run.
        others: Runs that may follow the same directories.
    """
    if run.exit is not None:
        return run.ended
    tops = _tops(run)
    if not tops or run.state != "crashed":
        return None
    later = [
        other.started
        for other in others
        if other.started > run.started
        and any(is_below(a, b) or is_below(b, a) for a in tops for b in _tops(other))
    ]
    return min(later, default=None)


def _tops(run: StoredRun) -> list[str]:
    followed = run.metadata.get(METADATA)
    return list(followed.get("directories", ())) if isinstance(followed, dict) else []


def _rows(event: Event, path: str, end: int, prefix: str) -> Iterator[dict[str, Any]]:
    """The row of an event, if it has scalars."""
    data: dict[str, Any] = {
        f"{prefix}/{tag}" if prefix else tag: value for tag, value in event.scalars.items() if tag
    }
    if data:
        data.setdefault("global_step", event.step)
        yield {
            "type": "history",
            "step": max(event.step, 0),
            "time": event.time,
            "data": data,
            "source": {"file": path, "offset": end},
        }
