"""`Run`: the object that a script gets from `init`, logs to and finishes."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Never, NoReturn, Self

from pydantic_core import PydanticSerializationError, to_json

from runsettings.documents.paths import working_directory
from runsettings.journal.recorder import Recorder
from runsettings.journal.replay import StoredRun
from runsettings.layers.known_arguments import checks_arguments, known_arguments, unknown_arguments
from runsettings.models.settings import Settings
from runsettings.runconfig.changes.change import Change
from runsettings.runconfig.config import Config
from runsettings.runs.files.origin_records import config_key_record
from runsettings.runs.files.run_files import RunFiles
from runsettings.runs.files.save_patterns import SavePolicy
from runsettings.runs.recording.exits import Ending
from runsettings.runs.recording.log_values import has_huge_integer, plain_data, whole_number
from runsettings.runs.recording.metrics import RunMetrics
from runsettings.runs.recording.summary import Summary
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.rendering import counted

_NUMBERS: Final = frozenset({int, float, bool, type(None)})
_TEXT: Final = frozenset({str})

_SHORT: Final = 4096
"""Bytes of a row in which no integer can have more digits than Python reads."""

_SELDOM: Final = 127
"""`log` looks whether a checkpoint is due at steps that have none of these bits."""


class Run(RunMetrics):
    """A run that is being recorded. `runsettings.init` makes it.

    Args:
        stored: The state of the run, which goes on from there.
        settings: The settings that it was started with.
        config: Its config; changes are recorded from now on.
        recorder: Writes its journal.
        files: Writes its files.
        resumed: Whether the run existed before.
        on_finish: Called when it is finished.
    """

    def __init__(
        self,
        stored: StoredRun,
        settings: Settings,
        config: Config,
        recorder: Recorder,
        files: RunFiles,
        *,
        resumed: bool,
        on_finish: Callable[[Run], None],
    ) -> None:
        super().__init__(stored, settings, recorder)
        self._config = config
        self._append = recorder.journal.append
        self._holds_secret = recorder.holds_secret
        self._lock = recorder.lock
        self._files = files
        self._step = self.starting_step = stored.step
        self._row_open = False
        self._followed = 0  # new rows of other packages
        self._skipped = stored.step - stored.rows
        self._writes_at_once = not stored.metrics
        self._values = stored.summary
        self._summary = Summary(stored.summary, self._set_summary, self._own_summary)
        self._resumed = resumed
        self._on_finish = on_finish
        self._detach: list[Callable[[], None]] = []
        self._ending = False
        self._is_end_certain = True
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
    def resumed(self) -> bool:
        """Whether the run existed before."""
        return self._resumed

    @property
    def dir(self) -> str:
        """The directory of the run's files; a script may write files of its own there."""
        return str(self._files.home)

    # --- what it does ---

    @checks_arguments
    def log(  # noqa: D417 - `unknown` is no argument
        self,
        data: Mapping[str, Any] | None = None,
        step: int | None = None,
        commit: bool | None = None,
        sync: bool | None = None,  # noqa: ARG002 - an older client's argument
        **unknown: Never,
    ) -> None:
        """Record metrics. Once this returns, they survive whatever happens to the process.

        Args:
            data: Names and values; without it, the gathered row is committed.
            step: The step of the row to add to. Steps never go back: a lower one is refused.
            commit: Whether the row is complete, so that the next one gets the next step. By
                default it is, unless ``step`` is given.
            sync: Has no effect; every call is recorded before it returns.

        Raises:
            RunError: The run is finished, or under ``strict`` something had to be left out.
        """
        if unknown:
            raise unknown_arguments(Run.log, unknown)
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
                if self._writes_at_once:
                    at, now = self._step, time.time()
                    record = {"type": "history", "step": at, "time": now, "data": data}
                    try:
                        line = to_json(record, inf_nan_mode="constants")
                    except PydanticSerializationError:
                        line = b""  # half a surrogate pair in a key; `_log` raises with the key
                    if (
                        line
                        and (len(line) < _SHORT or not has_huge_integer(data))
                        and not self._holds_secret(line)
                    ):
                        self._step = at + 1
                        self._row_open = False
                        self._values.update(data)
                        if not self._append(line + b"\n"):
                            self._recorder.refuse_if_strict()
                        if not at & _SELDOM:
                            self._stored.last = now
                            self._checkpoint()
                        return
        self._log(data, step, commit)

    @known_arguments()
    def save(
        self,
        path: str | Path | None = None,
        base_path: str | Path | None = None,
        policy: SavePolicy = "live",
    ) -> list[str]:
        """Copy files into the run, and again at its end if they changed since.

        Args:
            path: A file, a directory or a glob. Without it nothing is done, with a warning.
            base_path: The directory that names in the run are relative to; by default the
                working directory for files below it, else the file's own directory.
            policy: ``"live"`` copies now and at the end, ``"now"`` and ``"end"`` only then.

        Returns:
            The paths of the copies made now.

        Raises:
            RunError: The path leaves the run's directory, or policy or state of the run is wrong.
        """
        if not self._require_open("save"):
            return []
        if path is not None:
            return self._files.save(path, base_path, working_directory(), policy)
        self._warn_once("save", "save() without a path does nothing; changes are recorded")
        return []

    @known_arguments()
    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """End the run. Does nothing if it is finished already.

        Args:
            exit_code: 0 is success; any other number is failure. By default it is 0; while an
                exception is handled, the run has failed, unless the process ends well.
            quiet: Whether to print warnings only from now on.

        Raises:
            RunError: The exit code is not an integer.
        """
        if quiet:
            self._recorder.notices.quiet = True
        if exit_code is not None:
            self._end(Ending(whole_number(exit_code, "exit_code")))
            return
        error = sys.exception()
        self._is_end_certain = error is None
        self._end(Ending() if error is None else Ending.of(error))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end(Ending() if error is None else Ending.of(error))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Run belongs to its process; call init() in the other one")

    # --- inside ---

    def _log(self, data: Any, step: int | None, commit: bool | None) -> None:
        if not self._require_open("log"):
            return
        plain = self._plain(data, "log()")
        with self._lock:
            # Another thread may have finished the run during the conversion.
            if not self._require_open("log"):
                return
            if step is None:
                complete = commit is not False
            else:
                at = whole_number(step, "step")
                if at < self._step:
                    self._refuse_step(at)
                    return
                if at > self._step:
                    self._skipped += at - self._step - self._row_open
                    self._step, self._row_open = at, False
                complete = bool(commit)
            if plain:
                plain = self._summarize(plain, self._step)
                self._row_open = True
                self._recorder.write({"type": "history", "step": self._step, "data": plain})
            if complete and self._row_open:
                self._step, self._row_open = self._step + 1, False
            if plain:
                self._checkpoint()

    def _plain(self, data: Any, call: str) -> dict[str, Any]:
        leave_out = None if self._settings.strict else self._warn_once
        return plain_data(data, self._recorder.mask, call, leave_out)

    def _set_summary(self, values: Mapping[str, Any], removed: list[str]) -> None:
        if not self._require_open("summary"):
            return
        plain = self._plain(values, "summary")
        with self._lock:
            if self._require_open("summary"):
                flat, replaced = self._summary.flat(plain)
                record: dict[str, Any] = {"type": "summary", "values": flat}
                removed = [*removed, *replaced]
                self._recorder.write({**record, "removed": removed} if removed else record)

    def _own_summary(self) -> dict[str, Any]:
        return self._files.own_summary(self._step) if self._step else {}

    def _note_config(self, change: Change) -> None:
        """Record a change of the config; called while the config is locked."""
        self._recorder.write(config_key_record(self._config, str(change.path[0])))
        self._files.config_changed = True

    def _refuse_step(self, step: int) -> None:
        text = f"log(step={step}) is before step {self._step}; the data was not recorded"
        if self._settings.strict:
            raise RunError.of(Rule.BAD_VALUE, text)
        self._warn_once("step", text)

    def _end(self, ending: Ending, *, at_exit: bool = False) -> None:
        """End the run.

        Args:
            ending: How it ends.
            at_exit: Whether the process has ended so; Ctrl-C cannot change that any more.
        """
        with self._lock:
            if not self._open:
                return
            if self._ending:
                if ending.signal is not None:  # it interrupted `finish`, which never returns
                    self._record_end(ending)
                return
            self._ending = True
        # Without the lock: this waits for another thread, which may need it.
        try:
            self._end_integrations()
            self._files.close(self._config, self._summary.as_dict(), self._step)
        except KeyboardInterrupt as error:
            if not at_exit:
                ending, self._is_end_certain = Ending.of(error), False
            raise
        finally:
            self._stop_observing()
            try:
                self._record_end(ending)
            finally:
                self._on_finish(self)

    def _end_integrations(self) -> None:
        while self._detach:
            try:
                self._detach.pop()()
            except Exception as error:  # noqa: BLE001 - another package's, most likely; it is told
                self._recorder.notices.warn(f"{type(error).__name__}: {error}")

    def _record_end(self, ending: Ending) -> None:
        """Record the end, and close the journal; no other thread can log after that."""
        with self._lock:
            try:
                self._recorder.write(ending.record())
                self._checkpoint(at_end=True)
                self._recorder.close()
            finally:
                self._open = self._writes_at_once = False
        after = f"after {counted(self._rows + self._followed, 'step')}"
        self._recorder.notices.tell(
            f"run {self.name} ({self.id}) {ending.state} {after}: {self.path}"
        )

    def _forked(self) -> None:
        """Called in a forked child: the run belongs to the parent."""
        self._recorder.lock = self._lock = threading.RLock()
        self._foreign = self._open or self._foreign
        self._open = self._writes_at_once = False
