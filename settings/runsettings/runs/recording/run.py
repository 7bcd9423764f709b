"""`Run`: a training run as its script meets it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, NoReturn, Self

from pydantic_core import PydanticSerializationError, to_json

from runsettings.documents.paths import working_directory
from runsettings.journal.recorder import Recorder
from runsettings.journal.replay import merge_summary
from runsettings.models.settings import Settings
from runsettings.runconfig.changes.change import Change
from runsettings.runconfig.config import Config
from runsettings.runs.files.file_contents import sourced_key
from runsettings.runs.files.run_files import Paperwork
from runsettings.runs.recording.exits import Ending
from runsettings.runs.recording.log_values import has_vast, plain_data, whole_number
from runsettings.runs.recording.names import Described, Identity
from runsettings.runs.recording.summary import Summary
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

_NUMBERS: Final = frozenset({int, float, bool, type(None)})
_TEXT: Final = frozenset({str})

_SHORT: Final = 4096
"""Bytes of a row in which no integer can have more digits than Python reads."""


class Run(Described):
    """A run that is being recorded. `runsettings.init` makes it.

    Args:
        identity: What it is called.
        settings: The settings that it was started with.
        config: Its config; changes are recorded from now on.
        recorder: Writes its journal.
        paperwork: Writes its files.
        step: The first step.
        summary: The summary to go on from.
        resumed: Whether it was there before.
        let_go: Called when it is finished.
    """

    def __init__(
        self,
        identity: Identity,
        settings: Settings,
        config: Config,
        recorder: Recorder,
        paperwork: Paperwork,
        *,
        step: int,
        summary: dict[str, Any],
        started: float,
        resumed: bool,
        let_go: Callable[[Run], None],
    ) -> None:
        super().__init__(identity, settings, recorder)
        self._config = config
        self._append = recorder.journal.append
        self._masked = recorder.masked
        self._lock = recorder.lock
        self._paperwork = paperwork
        self._step = step
        self._row_open = False
        self._values = summary
        self._summary = Summary(summary, self._set_summary)
        self._started = started
        self._resumed = resumed
        self._let_go = let_go
        self._open = True
        self._ending = False
        self._foreign = False
        self._told_back = False
        self._told_foreign = False
        self._stop_observing = config.observe(self._note_config)

    # --- what it is ---

    @property
    def config(self) -> Config:
        """The run config."""
        return self._config

    @property
    def summary(self) -> Summary:
        """The last value of everything logged; may be added to."""
        return self._summary

    @property
    def step(self) -> int:
        """The step of the next row."""
        return self._step

    @property
    def start_time(self) -> float:
        """When this process started the run, in seconds since 1970."""
        return self._started

    @property
    def resumed(self) -> bool:
        """Whether the run was there before."""
        return self._resumed

    @property
    def mode(self) -> Literal["offline"]:
        """Where records go. This version keeps all of them on this machine."""
        return "offline"

    @property
    def url(self) -> None:
        """Where the run can be seen; nowhere, as long as it is on this machine alone."""
        return

    @property
    def dir(self) -> str:
        """The directory of the run's files; what is put there belongs to the run."""
        return str(self._paperwork.files.home)

    @property
    def path(self) -> Path:
        """The run's own directory, with its journal."""
        return self._recorder.journal.path.parent

    # --- what it does ---

    def log(
        self,
        data: Mapping[str, Any] | None = None,
        step: int | None = None,
        commit: bool | None = None,
    ) -> None:
        """Record metrics. What this returned from is not lost, whatever happens to the process.

        Args:
            data: Names and values; without it, the row that was gathered is committed.
            step: The row to add to. Steps never go back: a lower one is refused.
            commit: Whether the row is complete, so that the next one gets the next step. By
                default it is, unless ``step`` says which row it is.

        Raises:
            RunError: The run is finished, or the data holds an empty key or what JSON cannot.
        """
        if (
            step is None
            and commit is None
            and type(data) is dict
            and data
            and _NUMBERS.issuperset(map(type, data.values()))
            and _TEXT.issuperset(map(type, data))
            and "" not in data
        ):
            with self._lock:
                if self._open:
                    at = self._step
                    record = {"type": "history", "step": at, "time": time.time(), "data": data}
                    try:
                        line = to_json(record, inf_nan_mode="constants")
                    except PydanticSerializationError:
                        line = b""  # half a surrogate pair in a key: said below, with the key
                    if line and (len(line) < _SHORT or not has_vast(data)):
                        self._step = at + 1
                        self._row_open = False
                        self._values.update(data)
                        self._append(self._masked(line) + b"\n")
                        return
        self._log(data, step, commit)

    def save(self, path: str | Path, base_path: str | Path | None = None) -> list[str]:
        """Save files with the run; those that change until the end are saved again then.

        Args:
            path: A file, a directory or a glob.
            base_path: The directory that names in the run start from; by default the working
                directory for what is below it, else the file's own directory.

        Returns:
            The paths of the copies made now.

        Raises:
            RunError: The path would leave the run's directory, or the run is finished.
        """
        if not self._require_open("save"):
            return []
        return self._paperwork.save(path, base_path, working_directory())

    def finish(self, exit_code: int | None = None) -> None:
        """End the run. Does nothing if it is finished already.

        Args:
            exit_code: 0, which is the default, is success; anything else is failure.

        Raises:
            RunError: The exit code is no integer.
        """
        self._end(Ending(0 if exit_code is None else whole_number(exit_code, "exit_code")))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(Ending() if error is None else Ending.of(error))

    def __repr__(self) -> str:
        return f"<Run {self.name} ({self.id})>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Run belongs to its process; call init() in the other one")

    # --- inside ---

    def _log(self, data: Any, step: int | None, commit: bool | None) -> None:
        if not self._require_open("log"):
            return
        plain = plain_data(data, self._recorder.secrets)
        with self._lock:
            if step is None:
                complete = commit is not False
            else:
                at = whole_number(step, "step")
                if at < self._step:
                    self._refuse_step(at)
                    return
                if at > self._step:
                    self._step, self._row_open = at, False
                complete = bool(commit)
            if plain:
                merge_summary(self._values, plain)
                self._row_open = True
                self._recorder.write({"type": "history", "step": self._step, "data": plain})
            if complete and self._row_open:
                self._step, self._row_open = self._step + 1, False

    def _set_summary(self, values: Mapping[str, Any], removed: list[str]) -> dict[str, Any]:
        if not self._require_open("summary"):
            return {}
        plain = plain_data(values, self._recorder.secrets, "summary")
        flat: dict[str, Any] = {}
        merge_summary(flat, plain)
        record: dict[str, Any] = {"type": "summary", "values": flat}
        self._recorder.write({**record, "removed": removed} if removed else record)
        return flat

    def _note_config(self, change: Change) -> None:
        """Record a change of the config; called while the config holds still."""
        key = str(change.path[0])
        now = sourced_key(self._config, key)
        if now is not None:
            self._recorder.write(now.record("config"))
        else:
            gone = {"type": "config", "values": {}, "origins": {}, "removed": [key]}
            self._recorder.write(gone)
        self._paperwork.config_changed = True

    def _refuse_step(self, step: int) -> None:
        text = f"log(step={step}) is before step {self._step}; the data was not recorded"
        if self._settings.strict:
            raise RunError.of(Rule.BAD_VALUE, text)
        if not self._told_back:
            self._told_back = True
            self._recorder.notices.warn(f"{text} (said once)")

    def _require_open(self, what: str) -> bool:
        """Whether this process may write; a finished run is an error.

        A forked child has its parent's run before its eyes and must not write it: that is
        said once, and left at that, because the code that logs is often not the code that forked.
        """
        if self._open:
            return True
        if not self._foreign:
            raise RunError.of(
                Rule.RUN_INACTIVE,
                f"run '{self.id}' is finished; {what} has no effect any more",
                hint="call init() to start another",
            )
        text = f"{what} was ignored: the run belongs to the parent process"
        if self._settings.strict:
            raise RunError.of(Rule.RUN_INACTIVE, text, hint="call init() in the child")
        if not self._told_foreign:
            self._told_foreign = True
            self._recorder.notices.warn(f"{text}; call init() in the child (said once)")
        return False

    def _end(self, ending: Ending) -> None:
        with self._lock:
            if not self._open:
                return
            if self._ending:
                if ending.signal is not None:
                    # The process dies before `finish`, which it interrupts, is done.
                    self._record_end(ending)
                return
            self._ending = True
        # The lock is not held here: other threads are waited for, and may want it.
        try:
            self._paperwork.close(self._config, self._values, self._step)
        finally:
            self._stop_observing()
            try:
                with self._lock:
                    self._record_end(ending)
            finally:
                self._open = False
                self._let_go(self)

    def _record_end(self, ending: Ending) -> None:
        self._recorder.write(ending.record())
        self._recorder.close()
        self._recorder.notices.tell(
            f"run {self.name} ({self.id}) {ending.state} after {self._step} steps: {self.path}"
        )

    def _forked(self) -> None:
        """Called in a child: the run is the parent's."""
        self._recorder.lock = self._lock = threading.RLock()
        self._open, self._foreign = False, self._open or self._foreign
