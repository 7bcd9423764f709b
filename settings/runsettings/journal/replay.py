"""Computes the state of a run from the records of its journal.

Reading can stop after any record and continue later at that byte, as the index does.
"""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self, cast

from pydantic import TypeAdapter

from runsettings.journal.aggregates import (
    Definitions,
    Totals,
    are_totals,
    define,
    merge_summary,
    summarize,
)
from runsettings.journal.checkpoint import restore
from runsettings.journal.lock import is_owned, owner
from runsettings.journal.reader import check_beginning, check_header, open_regular, read_lines
from runsettings.journal.records import Exit, State, checked, is_double, is_row
from runsettings.layers.known_arguments import known_arguments
from runsettings.runconfig.inputs.leaf_trees import recorded_trees
from runsettings.values.key_paths import format_path, leaves_of
from runsettings.values.origin import Layer
from runsettings.values.tree import Tree

_NAMES: Final = (
    *("id", "name", "project", "entity", "group", "job_type", "notes", "mode", "anonymous"),
)


@dataclass(slots=True)
class StoredRun:
    """The state of one run, from its journal.

    Origins are the JSON objects of `values.origin.Origin.to_json`, by the dotted path of the leaf.
    """

    journal: str
    """Path of the journal."""
    id: str = ""
    name: str = ""
    project: str = ""
    entity: str | None = None
    group: str | None = None
    job_type: str | None = None
    notes: str | None = None
    mode: str = "offline"
    anonymous: bool = False
    tags: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    config_origins: dict[str, dict[str, str | int]] = field(default_factory=dict)
    config_losers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The values that each leaf beat, the highest first, each with its origin."""
    settings: dict[str, Any] = field(default_factory=dict)
    settings_origins: dict[str, dict[str, str | int]] = field(default_factory=dict)
    settings_losers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    """The last value of each logged key or its aggregates, flat, with dotted keys."""
    metrics: Definitions = field(default_factory=Definitions)
    """The members of `metric` records, by the name of the metric or its glob."""
    totals: Totals = field(default_factory=dict)
    """What the aggregates of the defined metrics are computed from."""
    metadata: dict[str, Any] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    """Saved files with their size in bytes, by path below ``files/``."""
    created: float = 0.0
    """When the run was first started, in seconds since 1970."""
    started: float = 0.0
    """When its last process started."""
    ended: float | None = None
    last: float = 0.0
    """The time of the last record."""
    pid: int = 0
    host: str = ""
    earlier_runtime: float = 0.0
    """Seconds that the processes before the last one ran."""
    generations: dict[str, int] = field(default_factory=dict)
    """The journals of other machines that this one continues, as in its `continued` record."""
    starts: int = 0
    step: int = 0
    """The next step to log."""
    rows: int = 0
    """How many steps have data."""
    sources: dict[str, int] = field(default_factory=dict)
    """The highest offset of the rows from each file that is followed, by its path."""
    source_step: int = 0
    """The step after the highest one of the rows from files, which do not change `step`."""
    exit: Exit | None = None
    """The last `exit` record; ``None`` if the last process has not written one."""
    torn: int = 0
    """The number of lines that a crash or a full disk made unreadable."""
    lost: int = 0
    """The number of records that could not be written."""
    position: int = 0
    """The byte up to which the journal was read."""

    @property
    def directory(self) -> Path:
        """The run's directory."""
        return Path(self.journal).parent

    @property
    def state(self) -> State:
        """The state of the run. Without an `exit` record, it depends on the lock on the journal."""
        if self.exit is not None:
            return self.exit["state"]
        pid = self.pid if self.host == platform.node() else None
        return "running" if is_owned(self.journal, pid) else "crashed"

    @property
    def lock_holder(self) -> str:
        """What to say of the run while a process holds the lock on its journal."""
        if self.state == "running":
            return f"is being written by process {self.pid} on {self.host}"
        return f"is locked by {owner(self.journal) or 'a process'}, which does not record it"

    @property
    def runtime(self) -> float:
        """Seconds from each start to its end, or to the last record before the next."""
        ended = self.ended if self.ended is not None else self.last
        return self.earlier_runtime + max(ended - self.started, 0.0)

    @property
    def started_run(self) -> bool:
        """Whether the journal has a `run` record."""
        return bool(self.id)

    def read_on(self, fd: int | None = None) -> bool:
        """Replay the records that were written since the last reading.

        Args:
            fd: The descriptor of the open journal, which is closed; it is opened if left out.

        Returns:
            Whether there were any.

        Raises:
            OSError: The journal cannot be read.
            RunError: It is not a journal, or one of a later version.
        """
        before = self.position
        for record, end in read_lines(self.journal if fd is None else fd, self.position):
            if record is None:
                self.torn += 1
            else:
                try:
                    self.apply(record)
                except ValueError:
                    # A JSON object, but not a valid record of its type.
                    self.torn += 1
            self.position = end
        return self.position != before

    def apply(self, record: dict[str, Any]) -> bool:
        """Replay one record after checking it; records of unknown types are skipped.

        Returns:
            Whether the record counts: not if it is a row from a file that was read before.

        Raises:
            ValueError: Its members are not those of its type.
            RunError: It is a header of something else, or of a later version.
        """
        kind = record.get("type")
        if kind == "history":
            return self._history(record)
        if kind == "header":
            check_header(record, self.journal)
        else:
            known = checked(record)
            if known is not None:
                self.update(known)
        return True

    def update(self, record: Mapping[str, Any]) -> None:
        """Replay one valid record that is neither a header nor a row.

        Args:
            record: The record, with its time.
        """
        kind = record["type"]
        if kind == "start":
            self._start(record)
        self.last = max(self.last, record["time"])
        if kind == "run":
            for name in _NAMES:
                if name in record:
                    setattr(self, name, record[name])
        elif kind == "continued":
            self._continue(record)
        elif kind == "config":
            self._config(record)
        elif kind == "settings":
            self.settings, self.settings_origins = record["values"], record["origins"]
            self.settings_losers = record.get("losers", {})
        elif kind == "summary":
            self.summary.update(record["values"])
            for key in record.get("removed", ()):
                self.summary.pop(key, None)
        elif kind == "metric":
            define(self.metrics, self.summary, record)
        elif kind == "tags":
            gone = set(record["remove"])
            self.tags = [tag for tag in self.tags if tag not in gone] + record["add"]
            self.tags = list(dict.fromkeys(self.tags))
        elif kind == "file":
            self.files[record["path"]] = record["size"]
        elif kind == "metadata":
            self.metadata.update(record["values"])
        elif kind == "lost":
            self.lost += record["records"]
        elif kind == "exit":
            self.exit, self.ended = cast("Exit", dict(record)), record["time"]

    def _trees(self) -> tuple[Tree, ...]:
        """The config as an input of another config, with the origins and losers of its values."""
        # Copies: the run's own change with each record, and the history of a key keeps this source.
        config, origins = dict(self.config), dict(self.config_origins)
        losers = dict(self.config_losers)
        return tuple(recorded_trees(Layer.DEFAULT, f"run {self.id}", config, origins, losers))

    def _history(self, record: dict[str, Any]) -> bool:
        if not is_row(record):
            raise ValueError("the record is not a row")
        if is_double(record, self.sources):
            return False
        step, self.last = record["step"], max(self.last, record["time"])
        if "source" in record:
            if step >= self.source_step:
                self.rows += 1
                self.source_step = step + 1
        elif step >= self.step:
            self.rows += 1
            self.step = step + 1
        self.summarize(record["data"], step)
        return True

    def add_rows(
        self, steps: Sequence[int], times: Sequence[float], data: Callable[[int], dict[str, Any]]
    ) -> None:
        """Replay valid rows that the script logged; `data` returns that of one, all of one form."""
        self.last = max(self.last, *times)
        for step in steps:
            if step >= self.step:
                self.rows += 1
                self.step = step + 1
        # Without definitions, the summary has the keys in the order of the first row, and the
        # values of the last one.
        for index in range(0, len(steps), 1 if self.metrics else max(len(steps) - 1, 1)):
            self.summarize(data(index), steps[index])

    def summarize(self, data: Mapping[str, Any], step: int) -> None:
        """Put the values of a row into the summary."""
        if self.metrics:
            summarize(self.summary, data, step, self.metrics, self.totals)
        else:
            merge_summary(self.summary, data)

    def _continue(self, record: Mapping[str, Any]) -> None:
        here = {"journal": self.journal, "position": self.position}
        members = StoredRun.__slots__  # the other version that wrote it may have had others
        known = {name: record["run"][name] for name in members if name in record["run"]}
        run = StoredRun.from_json({**StoredRun("").to_json(), **known, **here})
        run.generations = dict(record["generations"])
        for name in members:
            setattr(self, name, getattr(run, name))

    def _start(self, record: Mapping[str, Any]) -> None:
        self.created = self.created or record["time"]
        self.earlier_runtime = self.runtime if self.starts else 0.0
        self.started = record["time"]
        self.pid, self.host = record["pid"], record["host"]
        self.starts += 1
        self.exit = self.ended = None

    def _config(self, record: Mapping[str, Any]) -> None:
        removed = record.get("removed", ())
        replaced = {key: self.config.get(key) for key in (*record["values"], *removed)}
        for path, _ in leaves_of(replaced):
            self.config_origins.pop(format_path(path), None)
            self.config_losers.pop(format_path(path), None)
        for key in removed:
            self.config.pop(key, None)
        self.config.update(record["values"])
        self.config_origins.update(record["origins"])
        self.config_losers.update(record.get("losers", {}))

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads."""
        return {name: getattr(self, name) for name in StoredRun.__slots__}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The run that `to_json` stored.

        Raises:
            ValueError: Members are missing or unknown, or of a wrong type.
        """
        if stored.keys() != set(StoredRun.__slots__):
            raise ValueError("these are not the members of a run")
        kind: Any = cls
        run: Self = _checker(kind).validate_python(stored)
        for name, definition in run.metrics.items():
            checked({**definition, "type": "metric", "time": 0.0, "name": name})
        if run.totals and not are_totals(run.totals):
            raise ValueError("these are not the totals of metrics")
        return run


@functools.cache
def _checker(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


@known_arguments()
def load_run(journal: Path | str) -> StoredRun:
    """Read a run from its journal; of a long one, from its checkpoint and the records after it.

    Raises:
        OSError: The journal cannot be read.
        RunError: It is not a journal, or one of a later version.
    """
    path = os.fspath(journal)
    fd = open_regular(path)
    run = StoredRun(path)
    state = restore(fd, path)
    if state is not None:
        try:
            run = StoredRun.from_json({**state, "journal": path})
        except ValueError:
            run = StoredRun(path)  # the members of another version
    run.read_on(fd)
    if not run.started_run:
        check_beginning(path)
    return run
