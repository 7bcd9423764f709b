"""The process that ships one run while its script runs: started by `launch`, with ``python -m``.

It gets its job on the standard input. It ends once the run has ended and everything is shipped.
After the script it lives for a stated time at the most, whatever the store does.
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

AFTER_SCRIPT: Final = 300.0
"""Seconds after the end of the script at which this process ends in any case."""

_LINGER: Final = 30.0
"""Seconds after the end of a run in which the script may still correct how it ended."""

_POLL: Final = 0.25
_PAUSE: Final = 0.5
"""Seconds between two batches, so that a script that logs often makes few transactions."""

_CHECK_IN: Final = 20.0
_PROMISE: Final = 60.0
"""Seconds in which the next check-in is promised; a slow store may miss two of them."""

_LONGEST_BACK_OFF: Final = 30.0


class Background:
    """Ships a journal until its run has ended.

    Args:
        journal: The journal.
        url: The address of the store.
        parent: The number of the script's process.
        largest: The number of bytes of the largest saved file that is shipped.
        after: Seconds after the end of the script at which this process ends in any case.
        secrets: The secrets of the script, which event files must not bring into the journal.
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
        """Since when nothing new was in the journal."""
        self.contact = 0.0
        """When the store was last written to."""

    @property
    def script_ended(self) -> bool:
        """Whether the script's process is gone.

        Not asked of the lock on the journal, which some network disks do not have.
        """
        return os.getppid() != self.parent

    @functools.cached_property
    def shipper(self) -> Shipper:
        """The shipper, once the store could be opened."""
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
                if self._turn():
                    return True
            except FileNotFoundError:
                return True  # the run was removed
            except OSError as error:
                self._say(f"{self.journal} cannot be read: {error.strerror or error}")
                self._back_off()
            except RunError as error:
                final = not may_pass(error)
                self._say(error.diagnostics[0].message, final=final)
                if final:
                    return False
                self._back_off()
            else:
                self.failures = 0

    def _turn(self) -> bool:
        """Ship what is new, or else tell the store that the run goes on.

        Returns:
            Whether there is nothing more to do.

        Raises:
            RunError: The store failed.
            OSError: The journal cannot be read.
        """
        self.journal.stat()  # also while the store fails: a run that was removed needs no process
        ended = self.script_ended  # asked first, so that all it wrote is shipped below
        shipped, shipper = self._ship(), self.shipper
        now = time.monotonic()
        if shipped:
            self.quiet_since = now
        elif ended or (shipper.has_ended and now - self.quiet_since > _LINGER):
            if not shipper.has_ended:
                shipper.alive = None  # the lock tells whether it was resumed already
                shipper.check_in()
            shipper.complete()
            return True
        elif not shipper.has_ended and now - self.contact > _CHECK_IN:
            shipper.check_in(_PROMISE)
            self.contact = now
        if not ended:
            self._wait_for_records()
        return False

    def _ship(self) -> int:
        """Ship what is new.

        Returns:
            The number of bytes.

        Raises:
            RunError: The store failed.
            OSError: The journal is gone.
        """
        total = 0
        self._follow()
        while (count := self.shipper.ship_batch(_PROMISE)) is not None:
            total += count
            self.contact = time.monotonic()
            if self.shipper.has_ended:
                self._follow()  # before `finish` is told that everything is stored
            self._tell()
            if 0 < count < self.shipper.most and not self.shipper.has_ended:
                break  # records that came meanwhile wait, so that each batch has more of them
        had_files = bool(self.shipper.files)
        self.shipper.ship_files()
        if had_files or (self.failures and not total):
            self._tell()  # also: the last failure is no longer true
        return total

    def _follow(self) -> None:
        """Append to the journal what the event files of the run have gained."""
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
        """Wait before the next try, longer after each failure; the end of the script cuts it."""
        self.failures += 1
        until, had_ended = time.monotonic() + pause_after(self.failures), self.script_ended
        while time.monotonic() < until and self.script_ended == had_ended:
            time.sleep(_POLL)

    def _say(self, message: str, *, final: bool = False) -> None:
        """Write a failure to the log and to the status."""
        _log(message)
        self._write(read_status(self.journal)._replace(error=message, final=final))

    def _tell(self) -> None:
        """Write how far the shipping is to the status."""
        shipper = self.shipper
        files, left_out = len(shipper.files), tuple(shipper.left_out)
        self._write(Status(shipper.position, files=files, left_out=left_out))

    def _write(self, status: Status) -> None:
        # Without a status, as on a full disk, `finish` takes the records for missing.
        with contextlib.suppress(OSError):
            write_status(self.journal, status)

    def _end_in_time(self) -> None:
        """End the process a stated time after the script, also while the store does not answer."""
        while not self.script_ended:
            time.sleep(1)
        time.sleep(self.after)
        os._exit(3)


def _log(message: str) -> None:
    print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {message}", file=sys.stderr, flush=True)  # noqa: T201


def pause_after(failures: int) -> float:
    """The seconds to wait after a number of failures, with jitter."""
    longest = min(2.0 ** min(failures - 1, 10), _LONGEST_BACK_OFF)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - no secret


def main() -> None:
    """Do the job on the standard input."""
    job = json.load(sys.stdin)
    try:
        complete = Background(**{**job, "journal": Path(job["journal"])}).run()
    except FileNotFoundError:
        complete = True  # the run was removed
    sys.exit(0 if complete else 1)


if __name__ == "__main__":
    main()
