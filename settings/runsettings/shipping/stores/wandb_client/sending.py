"""Sends the records of a journal to a run of the W&B client."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from runsettings.journal.reader import read_lines
from runsettings.journal.records import checked, is_double, is_row
from runsettings.journal.replay import StoredRun
from runsettings.shipping.batches import Batch

_OWN_FILES: Final = ("settings.json", "wandb-metadata.json", "requirements.txt")
"""Files that the run writes itself. The client, with the settings used here, does not."""

_CLIENT_FILES: Final = frozenset({"config.yaml", "wandb-summary.json"})
"""Files that the client writes."""

_AGGREGATES: Final = frozenset({"min", "max", "mean", "last", "first", "none"})


class RunSender:
    """Sends one run to the client, batch by batch.

    The records of one step become one row of the client. The row is sent when the next step begins.

    Args:
        client: The client's run; it already has the names, tags and config of ``run``.
        run: The run at the end of the first batch.
        offset: The number that is added to each step.
        first_step: The first step that the server does not have.
    """

    def __init__(self, client: Any, run: StoredRun, *, offset: int, first_step: int) -> None:
        self.run = run
        self._client = client
        self._offset = offset
        self._first = first_step
        self._is_first = True
        self._row: dict[str, Any] = {}
        self._step = -1
        self._row_start = 0
        self._end = 0
        self._sources: dict[str, int] = {}
        """The highest offset of each event file."""

    def send(self, batch: Batch) -> int:
        """Send a batch.

        Args:
            batch: The batch.

        Returns:
            The number of rows that the client does not take, because their step is smaller than
            the step of the row before.
        """
        self.run, client = batch.run, self._client
        self._end = batch.end
        refused = 0
        names = tags = False
        start = batch.start
        summary: dict[str, None] = {}
        for record, end in read_lines(batch.run.journal, batch.start):
            if record is not None and start < batch.end:
                kind = record.get("type")
                if kind == "history":
                    refused += not self._add(record, start)
                elif (known := _valid(record)) is not None:
                    names, tags = names or kind == "run", tags or kind == "tags"
                    summary |= dict.fromkeys(self._send(known))
            start = end
            if end >= batch.end:
                break
        if not self._is_first:
            if names:
                client.name, client.notes = batch.run.name, batch.run.notes
            if tags:
                client.tags = tuple(batch.run.tags)
        self._is_first = False
        self._set_summary(summary)
        return refused

    def complete(self, run: StoredRun) -> int:
        """Send the last row, if it is complete, and the run's own files at the end of an upload.

        Args:
            run: The run as it was sent last.

        Returns:
            The byte offset in the journal up to which all records were sent.
        """
        position = self._end
        if run.state == "running" and self._row:
            position = self._row_start  # this step may get more records
        else:
            self._send_row()
        self._set_summary(dict.fromkeys(key.partition(".")[0] for key in run.summary))
        for name in _OWN_FILES:
            self._save(name)
        return position

    def _send(self, record: Mapping[str, Any]) -> list[str]:
        """Send a record that is not a row; return the summary keys that it changes."""
        kind = record["type"]
        if kind == "config" and not self._is_first:
            self._client.config.update(dict(record["values"]), allow_val_change=True)
        elif kind == "metric":
            words = [word for word in record.get("summary", ()) if word in _AGGREGATES]
            members = ("step_metric", "step_sync", "hidden", "overwrite")
            more = {name: record[name] for name in members if name in record}
            self._client.define_metric(record["name"], summary=",".join(words) or None, **more)
        elif kind == "file" and record["path"] not in _CLIENT_FILES:
            self._save(record["path"])
        elif kind == "summary":
            keys = [*record["values"], *record.get("removed", ())]
            return [key.partition(".")[0] for key in keys]
        return []

    def _add(self, record: Mapping[str, Any], start: int) -> bool:
        """Add a record to the row of its step; return whether the client takes it."""
        if not is_row(dict(record)) or is_double(record, self._sources):
            return True
        # The client rejects steps that decrease. Steps of event files may decrease.
        if record["step"] < self._step:
            return False
        if record["step"] != self._step:
            self._send_row()
            self._step, self._row_start = record["step"], start
        self._row.update(record["data"], _timestamp=record["time"])
        return True

    def _send_row(self) -> None:
        row, self._row = self._row, {}
        step = self._step + self._offset
        if row and step >= self._first:
            self._client.log(row, step=step, commit=True)

    def _set_summary(self, heads: Mapping[str, None]) -> None:
        """Set top-level keys of the summary to their current values, or remove them."""
        now = _nested(self.run.summary, heads)
        if now:
            self._client.summary.update(now)
        for head in heads.keys() - now.keys():
            del self._client.summary[head]

    def _save(self, name: str) -> None:
        """Let the client upload a file below ``files/``; skip a path that leads elsewhere."""
        home = (self.run.directory / "files").resolve()
        path = Path(os.path.normpath(home / name))
        if path.is_relative_to(home) and path.resolve().is_relative_to(home) and path.is_file():
            self._client.save(glob.escape(os.fspath(path)), base_path=home, policy="now")


def _nested(summary: Mapping[str, Any], heads: Mapping[str, None]) -> dict[str, Any]:
    """The parts of a flat summary below some top-level keys, as nested mappings."""
    found: dict[str, Any] = {}
    for key, value in summary.items():
        head, *rest = key.split(".")
        if head not in heads:
            continue
        if not rest:
            found[head] = value
            continue
        inner = found.setdefault(head, {})
        for part in rest[:-1]:
            inner = inner.setdefault(part, {}) if type(inner) is dict else {}
        if type(inner) is dict:
            inner[rest[-1]] = value
    return found


def _valid(record: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return checked(record)
    except ValueError:
        return None
