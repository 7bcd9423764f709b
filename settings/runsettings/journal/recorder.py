"""Records: masks every record, writes it to the journal, and handles failures of the disk.

A failing disk must not stop a script. A record that cannot be written is kept in memory and tried
again, after one warning. With ``strict``, it is an error.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from runsettings.journal.checkpoint import store_checkpoint
from runsettings.journal.notices import Notices
from runsettings.journal.replay import StoredRun, load_run
from runsettings.journal.writer import Journal, encode
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.rendering import counted


class Recorder:
    """Writes the records of one run.

    Args:
        journal: The journal, locked by this process.
        stored: The state of the run. Written records are applied to it, but not rows: `Run.log`
            knows what they change.
        notices: Prints the messages of the run.
        mask: Masks the secrets; more can be added to it later.
        strict: Whether a failure is an error.

    Raises:
        RunError: The record of the start is not in the journal, and ``strict`` is on.
    """

    def __init__(
        self,
        journal: Journal,
        stored: StoredRun,
        notices: Notices,
        mask: SecretMask,
        *,
        strict: bool,
    ) -> None:
        self.journal = journal
        self.stored = stored
        self._checkpointed = stored.position
        self.notices = notices
        self.mask = mask
        self.strict = strict
        # Reentrant: a signal handler may finish the run while its own thread is inside `log`.
        self.lock = threading.RLock()
        journal.trouble = self._trouble
        journal.relief = self._relief
        journal.waits = strict
        if journal.pending or journal.unsynced or (strict and not journal.sync()):
            # The record of the start could not be written, when nobody could tell of it yet.
            self.refuse_if_strict()
            self.notices.warn(self._why_not())

    def write(self, *records: Mapping[str, Any]) -> None:
        """Write records in one step, each with the current time.

        Args:
            *records: The records; a record with a time keeps it.

        Raises:
            RunError: They cannot be written, and ``strict`` is on.
        """
        now = time.time()
        timed = [{"type": record["type"], "time": now, **record} for record in records]
        lines = b"".join(map(encode, timed))
        if self.holds_secret(lines):
            # The values are masked, not the bytes: a secret may be a word of the format.
            lines = b"".join(encode(self.mask.record(record)) for record in timed)
        with self.lock:
            if self.journal.fd < 0:
                return
            if not self.journal.append(lines):
                self.refuse_if_strict()
            for record in timed:
                if record["type"] == "history":
                    self.stored.last = max(self.stored.last, record["time"])
                else:
                    self.stored.update(record)

    @property
    def grown(self) -> int:
        """The bytes by which the journal has grown since the last checkpoint."""
        return self.journal.end - self._checkpointed

    def checkpoint(self, step: int, rows: int) -> None:
        """Store the state of the run beside its journal. The caller holds the lock.

        Args:
            step: The next step to log.
            rows: How many steps have data.
        """
        journal, run = self.journal, self.stored
        if journal.fd < 0 or journal.pending:
            return
        self._checkpointed = journal.end
        run.step, run.rows, run.position = step, rows, journal.end
        if not journal.is_whole:
            # What others appended, and what was torn or lost, is known from the journal alone.
            try:
                run = load_run(journal.path)
            except (OSError, RunError):
                return  # it was deleted or replaced
        state = run.to_json()
        if self.holds_secret(encode(state)):
            # The journal has the masked values.
            state = {name: self.mask.record(value) for name, value in state.items()}
        store_checkpoint(state, journal.fd)

    def refuse_if_strict(self) -> None:
        """With ``strict``, raise for a record that is not in the journal.

        Raises:
            RunError: ``strict`` is on.
        """
        if self.strict:
            raise RunError.of(
                Rule.UNWRITABLE_FILE, self.mask.message(self._why_not())
            ) from self.journal.error

    def _why_not(self) -> str:
        error = self.journal.error
        reason = f": {error.strerror}" if error is not None else ""
        if self.journal.unsynced and not self.journal.pending:
            return (
                f"{self.journal.path} cannot be synced to the disk{reason}; "
                "a power failure may lose records"
            )
        return (
            f"{self.journal.path} cannot be written{reason}; "
            "records are kept in memory and tried again with each log()"
        )

    def holds_secret(self, line: bytes) -> bool:
        """Whether an encoded record contains a secret. This is fast, and most records have none."""
        return any(trace in line for trace in self.mask.traces())

    def attempt(self, what: str, action: Callable[[], object]) -> None:
        """Write something to the disk; if that fails, warn and continue.

        Args:
            what: What is written, for the warning.
            action: Writes it.

        Raises:
            RunError: It failed, and ``strict`` is on.
        """
        try:
            action()
        except OSError as error:
            self.complain(f"{what} cannot be written: {error.strerror or error}", error)
        except RunError as error:
            if self.strict:
                raise
            self.notices.warn("; ".join(diagnostic.message for diagnostic in error.diagnostics))

    def complain(self, message: str, cause: Exception | None = None) -> None:
        """Warn that something cannot be recorded.

        Args:
            message: The warning.
            cause: The exception that is the reason.

        Raises:
            RunError: ``strict`` is on.
        """
        if self.strict:
            raise RunError.of(Rule.UNWRITABLE_FILE, self.mask.message(message)) from cause
        self.notices.warn(message)

    def close(self) -> None:
        """Write the pending records, and close the journal.

        Raises:
            RunError: Records are lost, and ``strict`` is on.
        """
        with self.lock:
            if self.journal.fd < 0:
                return
            try:
                if self.journal.is_deleted:
                    self.complain(f"{self.journal.path} was deleted; the run is lost")
                elif not self.journal.flush():
                    self.complain(
                        f"the run lost {counted(self.journal.pending, 'record')} that could not "
                        f"be written to {self.journal.path}"
                    )
                elif not self.journal.sync():
                    self.refuse_if_strict()
            finally:
                self.journal.close()

    def _trouble(self, error: OSError) -> None:
        del error  # the journal keeps it
        if not self.strict:  # with it, each call raises
            self.notices.warn(self._why_not())

    def _relief(self, count: int) -> None:
        self.notices.tell(
            f"{self.journal.path} can be written again; {count} kept records were written"
        )
