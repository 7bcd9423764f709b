"""The writing side of a run: every record passes here, and so does every trouble.

A backend must not stop a script: what cannot be written is kept, said once, and tried again.
With ``strict`` it is an error, raised where it happens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from runsettings.journal.notices import Notices
from runsettings.journal.writer import Journal, encode
from runsettings.resolution.secrets import MASK, mask
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError


class Recorder:
    """Writes the records of one run.

    Args:
        journal: Where to; owned by this process.
        notices: The run's voice.
        secrets: What no record may hold.
        strict: Whether trouble is an error.
    """

    def __init__(
        self, journal: Journal, notices: Notices, secrets: Iterable[str] = (), *, strict: bool
    ) -> None:
        self.journal = journal
        self.notices = notices
        # Longest first: one may be the beginning of another, whose end would stay.
        self.secrets = tuple(sorted(secrets, key=len, reverse=True))
        self.strict = strict
        # A signal handler may finish the run while its own thread is inside of `log`.
        self.lock = threading.RLock()
        self._masks = [
            (form, MASK.encode())
            for secret in self.secrets
            # As it stands in JSON, and in a program's text.
            for form in dict.fromkeys((encode(secret)[1:-2], secret.encode()))
        ]
        journal.trouble = self._trouble
        journal.relief = self._relief

    def write(self, *records: Mapping[str, Any]) -> None:
        """Write records in one go, each with the time; does nothing once the run is closed."""
        now = time.time()
        lines = b"".join(
            encode({"type": record["type"], "time": now, **record}) for record in records
        )
        with self.lock:
            if self.journal.fd >= 0:
                self.journal.append(self.masked(lines))

    def masked(self, text: bytes) -> bytes:
        """Encoded text without secrets."""
        for secret, masked in self._masks:
            if secret in text:
                text = text.replace(secret, masked)
        return text

    def attempt(self, what: str, action: Callable[[], object]) -> None:
        """Do something that needs the disk; if it fails, say so and go on.

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
            self.notices.warn("; ".join(fault.message for fault in error.diagnostics))

    def complain(self, message: str, cause: Exception | None = None) -> None:
        """Say that something is wrong with the backend.

        Raises:
            RunError: With ``strict``.
        """
        if self.strict:
            raise RunError.of(Rule.UNWRITABLE_FILE, mask(message, self.secrets)) from cause
        self.notices.warn(message)

    def close(self) -> None:
        """Write what is left, and let go of the run."""
        with self.lock:
            if self.journal.fd < 0:
                return
            try:
                if self.journal.is_deleted:
                    self.complain(f"{self.journal.path} was deleted; the run is lost")
                elif not self.journal.flush():
                    self.complain(
                        f"{self.journal.pending} records could not be written to "
                        f"{self.journal.path} and are lost"
                    )
            finally:
                self.journal.close()

    def _trouble(self, error: OSError) -> None:
        self.complain(
            f"{self.journal.path} cannot be written: {error.strerror}; "
            "records are kept in memory and tried again with each log()",
            error,
        )

    def _relief(self, count: int) -> None:
        self.notices.tell(f"{self.journal.path} can be written again; {count} records caught up")
