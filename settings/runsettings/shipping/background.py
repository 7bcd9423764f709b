"""The process that ships one run while its script runs. `launch` starts it with ``python -m``.

It reads its arguments from the standard input. It ends when the run has ended and everything is
shipped, or at the latest a fixed time after the end of the script, even if the store fails.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import random
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from runsettings.secrets.masking import SecretMask
from runsettings.shipping.event_files.following import EventFiles
from runsettings.shipping.saved_files import LARGEST_FILE
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.status import Status, read_status, write_status
from runsettings.shipping.stores.base import may_pass
from runsettings.shipping.stores.destinations import open_destination
from runsettings.values.errors import RunError
from runsettings.values.rendering import with_hint

AFTER_SCRIPT: Final = 300.0
"""The number of seconds after the end of the script at which this process ends in any case."""

_CORRECTION_TIME: Final = 30.0
"""The number of seconds after the end of a run in which the script may correct the exit code."""

_POLL: Final = 0.25
_PAUSE: Final = 0.5
"""The number of seconds between two batches, so that frequent logging causes few transactions."""

_CHECK_IN: Final = 20.0
_CHECK_IN_DEADLINE: Final = 60.0
"""The number of seconds until the deadline of a check-in; a slow store may miss two check-ins."""

_LONGEST_BACK_OFF: Final = 30.0


class Background:
    """Ships a journal until its run has ended.

    Args:
        journal: The journal.
        url: The address of the store.
        parent: The process ID of the script.
        largest: The size in bytes of the largest saved file that is shipped.
        after: The number of seconds after the end of the script at which this process ends in
            any case.
        secrets: The secrets of the script; they are masked in rows from event files.
    """

    def __init__(
        self,
        journal: Path,
        url: str,
        parent: int,
        largest: int = LARGEST_FILE,
        after: float = AFTER_SCRIPT,
        secrets: Iterable[str] = (),
    ) -> None:
        self.largest = largest
        self.after = after
        self.journal = journal
        self.url = url
        self.parent = parent
        self.event_files = EventFiles(journal, _log, SecretMask(secrets))
        self.failures = 0
        self.quiet_since = time.monotonic()
        """The time of the last new record in the journal, by `time.monotonic`."""
        self.contact = 0.0
        """The time of the last write to the store, by `time.monotonic`."""

    @property
    def script_ended(self) -> bool:
        """Whether the script's process has ended.

        The lock on the journal is not used, because some network file systems have no locks.
        """
        return os.getppid() != self.parent

    @functools.cached_property
    def shipper(self) -> Shipper:
        """The shipper; opens the store at the first use."""
        found = Shipper(open_destination(self.url), self.journal, largest=self.largest)
        found.alive = lambda: not self.script_ended
        return found

    def run(self) -> bool:
        """Ship until the run has ended.

        Returns:
            Whether everything was shipped.
        """
        threading.Thread(target=self._end_in_time, daemon=True).start()
        while True:
            try:
                if self._ship_or_check_in():
                    return True
            except FileNotFoundError:
                return True  # the run was removed
            except OSError as error:
                self._write_error(f"{self.journal} cannot be read: {error.strerror or error}")
                self._back_off()
            except RunError as error:
                final = not may_pass(error)
                first = error.diagnostics[0]
                self._write_error(with_hint(first.message, first.hint), final=final)
                if final:
                    return False
                self._back_off()
            else:
                self.failures = 0

    def _ship_or_check_in(self) -> bool:
        """Ship new records; if there are none and a check-in is due, check in.

        Returns:
            Whether everything is done.

        Raises:
            RunError: The store failed.
            OSError: The journal cannot be read.
        """
        self.journal.stat()  # raises if the run was removed, also while the store fails
        ended = self.script_ended  # checked first, so that all its records are shipped below
        shipped, shipper = self._ship(), self.shipper
        now = time.monotonic()
        if shipped:
            self.quiet_since = now
        elif ended or (shipper.has_ended and now - self.quiet_since > _CORRECTION_TIME):
            if not shipper.has_ended:
                shipper.alive = None  # the lock shows whether the run was already resumed
                shipper.check_in()
            shipper.complete()
            return True
        elif not shipper.has_ended and now - self.contact > _CHECK_IN:
            shipper.check_in(_CHECK_IN_DEADLINE)
            self.contact = now
        if not ended:
            self._wait_for_records()
        return False

    def _ship(self) -> int:
        """Ship new records and files.

        Returns:
            The number of bytes of the journal.

        Raises:
            RunError: The store failed.
            OSError: The journal was removed.
        """
        total = 0
        self._follow()
        while (count := self.shipper.ship_batch(_CHECK_IN_DEADLINE)) is not None:
            total += count
            self.contact = time.monotonic()
            if self.shipper.has_ended:
                self._follow()  # before the status says that everything is shipped
            self._write_progress()
            if 0 < count < self.shipper.most and not self.shipper.has_ended:
                break  # newer records wait for the next batch, so that there are fewer batches
        had_files = bool(self.shipper.files)
        self.shipper.ship_files()
        if had_files or (self.failures and not total):
            self._write_progress()  # this also clears the last error
        return total

    def _follow(self) -> None:
        """Append the new records of the run's event files to the journal."""
        run = self.shipper.run
        if run is not None:
            self.event_files.follow(run, everything=self.shipper.has_ended or self.script_ended)

    def _wait_for_records(self) -> None:
        """Wait until the journal has grown, the script has ended, or a check-in is due."""
        time.sleep(_PAUSE)
        until = time.monotonic() + 1
        while time.monotonic() < until and not self.script_ended:
            if self.journal.stat().st_size > self.shipper.position:
                return
            time.sleep(_POLL)

    def _back_off(self) -> None:
        """Wait before the next try, longer after each failure, or until the script ends."""
        self.failures += 1
        until, had_ended = time.monotonic() + pause_after(self.failures), self.script_ended
        while time.monotonic() < until and self.script_ended == had_ended:
            time.sleep(_POLL)

    def _write_error(self, message: str, *, final: bool = False) -> None:
        """Write an error to the log and to the status file."""
        _log(message)
        self._write(read_status(self.journal)._replace(error=message, final=final))

    def _write_progress(self) -> None:
        """Write the progress to the status file."""
        shipper = self.shipper
        files, left_out = len(shipper.files), tuple(shipper.left_out)
        refused = shipper.refused_rows
        self._write(Status(shipper.position, files=files, left_out=left_out, refused_rows=refused))

    def _write(self, status: Status) -> None:
        # If the status cannot be written, as on a full disk, `finish` reports missing records.
        with contextlib.suppress(OSError):
            write_status(self.journal, status)

    def _end_in_time(self) -> None:
        """End the process a fixed time after the script, even if the store does not answer."""
        while not self.script_ended:
            time.sleep(1)
        time.sleep(self.after)
        os._exit(3)


def _log(message: str) -> None:
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {message}", file=sys.stderr, flush=True)  # noqa: T201


def pause_after(failures: int) -> float:
    """Return the number of seconds to wait before the next try, with jitter.

    Args:
        failures: The number of failures in a row, at least 1.
    """
    longest = min(2.0 ** min(failures - 1, 10), _LONGEST_BACK_OFF)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - no secret


def main() -> None:
    """Ship the run that the standard input names, as JSON with the arguments of `Background`."""
    job = json.load(sys.stdin)
    try:
        complete = Background(**{**job, "journal": Path(job["journal"])}).run()
    except FileNotFoundError:
        complete = True  # the run was removed
    sys.exit(0 if complete else 1)


if __name__ == "__main__":
    main()
