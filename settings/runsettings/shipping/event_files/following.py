"""Follows the event files of a run: appends what they have gained to the run's journal."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import append_once, encode
from runsettings.secrets import live
from runsettings.secrets.masking import SecretMask
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
"""The member of the run's metadata that says what is followed: ``directories``, with the prefix of
their tags, and ``earlier``, the files that were in them before."""

EXTRA: Final = "runsettings[tensorboard]"

_DEEPEST: Final = 8
"""Directories below each other in which event files are looked for."""

_ROWS: Final = 4096
"""Rows that are appended in one write."""

_REST: Final = 20
"""Times as long as the last look at the directories took, no new one is made."""


class EventFiles:
    """The event files of one run, as far as they were read.

    Args:
        journal: The journal of the run.
        tell: Called with each message for people, once.
        mask: Masks secrets; those that this process knows, if left out.
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
        """The time after which what is written is not of this run."""
        self._positions: dict[str, int] = {}
        self._said: set[str] = set()
        self._found: list[tuple[str, str]] = []
        self._next_look = 0.0

    def follow(self, run: StoredRun, *, everything: bool = False) -> int:
        """Append to the journal what the event files have gained.

        Args:
            run: The state of the run from its journal, in which the files are named. It may be of
                some time ago: readers drop what is appended twice.
            everything: Look for new files now, as at the end of a run.

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
        if everything or now >= self._next_look:
            self._found = list(event_files(followed, run.directory.parent))
            self._next_look = now + _REST * (time.monotonic() - now)
        self._end = _end(run, self._others)
        total = 0
        try:
            for path, prefix in self._found:
                total += self._read(path, prefix, run, parse)
        except OSError as error:
            self._say(f"{self._journal} cannot be written: {error.strerror or error}")
        return total

    def _read(self, path: str, prefix: str, run: StoredRun, parse: Callable[[bytes], Event]) -> int:
        """Append what one file has gained.

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
        """The record of an event's hyperparameters, without keys that are there already."""
        values: dict[str, Any] = {}
        for name, value in event.hparams.items():
            # A dot in a name is nesting, as in the name of a flag.
            *outer, last = (part for part in name.split(".") if part) if name.strip(".") else [name]
            inside = values
            for part in outer:
                inside = inside.setdefault(part, {})
                if not isinstance(inside, dict):
                    break
            else:
                inside[last] = value
        new = {key: values[key] for key in values if key and key not in run.config}
        origin = {"layer": Layer.FILE.label, "where": path, "call": "add_hparams()"}
        if new:
            origins = {format_path(at): origin for at, _ in leaves_of(new)}
            yield {"type": "config", "time": event.time, "values": new, "origins": origins}

    def _say(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            self._tell(self._mask.message(message))


def event_files(followed: dict[str, Any], runs: Path) -> Iterator[tuple[str, str]]:
    """The event files of a run, each with the prefix of its tags.

    Args:
        followed: The member of the run's metadata.
        runs: The directory of all runs, in which copies of event files are no event files.
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
    """The directories from ``top`` on, with the names of their event files."""
    depth = top.count(os.sep) + _DEEPEST
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
    """Whether a file's name is that of an event file, by the rule of TensorBoard."""
    return "tfevents" in name and not name.endswith(".profile-empty")


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _end(run: StoredRun, others: Iterable[StoredRun]) -> float | None:
    """The time after which nothing is written for a run: its end, or the start of a later one.

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


def is_below(directory: str, top: str) -> bool:
    """Whether a directory is ``top``, or below it."""
    return directory == top or directory.startswith(top.rstrip(os.sep) + os.sep)


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
