"""Starts the process that ships a run while its script runs, and waits for it at the end.

The script itself has no thread and no connection to the store. The process is started and not
forked, and has its own session. So neither Ctrl-C in the terminal nor the end of the script ends
it.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Final, TypeAlias

from runsettings.journal.notices import Notices
from runsettings.journal.reader import open_regular
from runsettings.journal.replay import StoredRun
from runsettings.shipping.addresses import Server, is_wandb
from runsettings.shipping.saved_files import LARGEST_FILE
from runsettings.shipping.status import read_status, status_path
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.rendering import counted

LOG: Final = "shipping.log"
"""The log file of the process, in the run's directory."""

_APPEND: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT

_BACKGROUND: Final = "runsettings.shipping.background"
_POLL: Final = 0.05
_FIRST_ANSWER_TIMEOUT: Final = 10.0
"""The number of seconds in which a store must answer if ``force`` is set."""

_PROGRESS_DELAY: Final = 1.0
"""The number of seconds of waiting after which the progress is shown."""

Process: TypeAlias = subprocess.Popen[bytes]

_started: Final[list[Process]] = []
"""Processes that were started and not reaped: the end of a script must not wait for them."""


def start_module(name: str, *, stdout: int | IO[bytes], stderr: int | IO[bytes]) -> Process:
    """Start a module as a process with its own session and a pipe as standard input.

    Args:
        name: The name of the module.
        stdout: The standard output, as for `subprocess.Popen`.
        stderr: The standard error, as for `subprocess.Popen`.

    Returns:
        The process.

    Raises:
        OSError: The process cannot be started.
    """
    try:
        return subprocess.Popen(  # noqa: S603 - our own module
            # `-P`: a module in the working directory must not shadow one of the standard library.
            [sys.executable, "-P", "-m", name],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    except (ValueError, TypeError) as error:  # this Python has no `sys.executable`
        raise OSError(str(error)) from error


def reap_later(process: Process) -> None:
    """Reap a process when the next one is started, and reap the ones that have ended.

    Args:
        process: The process.
    """
    _started[:] = [each for each in (*_started, process) if each.poll() is None]


def url_of(address: str, run: StoredRun) -> str | None:
    """Return where a user can see a run that is shipped to an address.

    Args:
        address: The address of a store or of W&B.
        run: The run.

    Returns:
        For W&B, the URL of the run's page, or ``None`` if the entity is unknown. For a store, the
        command that shows the run, because the address of the store may have a password.
    """
    if is_wandb(address):
        return Server.of(address).page(run.entity, run.project, run.id)
    return shlex.join(["runsettings", "runs", "show", run.id, "--store", "setting"])


class Shipment:
    """The process that ships one run.

    Args:
        journal: The journal of the run.
        process: The process; ``None`` if it could not be started.
        notices: Prints messages.
        in_code: Whether only the program sets the address of the store, so that commands need it
            as an argument.
    """

    def __init__(
        self, journal: Path, process: Process | None, notices: Notices, *, in_code: bool = False
    ) -> None:
        self.in_code = in_code
        self.journal = journal
        self.process = process
        self.notices = notices

    @classmethod
    def start(
        cls,
        journal: Path,
        url: str,
        notices: Notices,
        *,
        largest: int = LARGEST_FILE,
        in_code: bool = False,
    ) -> Shipment:
        """Start the process that ships a run.

        Args:
            journal: The journal of the run.
            url: The address of the store.
            notices: Prints messages.
            largest: The size in bytes of the largest saved file that is shipped.
            in_code: As for the class.

        Returns:
            The shipment. If the process cannot be started, a warning is printed.
        """
        path = os.fspath(journal.absolute())
        secrets = sorted(notices.mask.secrets)
        job = {"journal": path, "url": url, "parent": os.getpid(), "largest": largest}
        process = None
        with contextlib.suppress(OSError):
            status_path(journal).unlink()  # of an earlier process that recorded this run
        try:
            with os.fdopen(open_regular(journal.parent / LOG, _APPEND), "ab") as log:
                process = start_module(_BACKGROUND, stdout=log, stderr=log)
        except OSError as error:
            notices.warn(f"the process that ships the run cannot be started: {error}")
        else:
            reap_later(process)
            assert process.stdin is not None
            # Sent to standard input, because other users can see the arguments of a process. If
            # the process has already ended, `wait` reports it.
            with contextlib.suppress(OSError), process.stdin as stdin:
                stdin.write(json.dumps({**job, "secrets": secrets}).encode())
        return cls(journal, process, notices, in_code=in_code)

    def demand(self) -> None:
        """Wait until the first batch is in the store; used for ``force``.

        Raises:
            RunError: The store failed, or did not answer in time.
        """
        start = time.monotonic()
        while True:
            ended = self.process is None or self.process.poll() is not None
            status = read_status(self.journal)
            if status.position:
                return
            late = time.monotonic() - start >= _FIRST_ANSWER_TIMEOUT
            if status.error is not None or ended or late:
                reason = status.error or f"the store did not answer in {_FIRST_ANSWER_TIMEOUT:g} s"
                raise RunError.of(
                    Rule.STORE_UNREACHABLE,
                    f"{reason}; force=True demands to be online",
                    path=("store",),
                    hint='set mode="offline", and ship the run later: runsettings sync latest',
                )
            time.sleep(_POLL)

    def wait(self, seconds: float) -> None:
        """Wait until the whole journal and all files are shipped; otherwise print a warning.

        Args:
            seconds: The largest number of seconds to wait.
        """
        start = time.monotonic()
        while True:
            ended = self.process is None or self.process.poll() is not None
            status = read_status(self.journal)
            missing = self._size() - status.position
            waited = time.monotonic() - start
            complete = missing <= 0 and not status.files
            if complete or ended or status.final or waited >= seconds:
                break
            if waited >= _PROGRESS_DELAY:
                left = math.ceil(seconds - waited)
                what = counted(missing, "byte") if missing > 0 else counted(status.files, "file")
                self.notices.progress(f"{what} to ship; waiting for up to {left} s")
            time.sleep(min(_POLL, seconds - waited))
        self.notices.end_progress()
        for text in status.left_out:
            self.notices.warn(f"a file is not in the store: {text}")
        if status.refused_rows is not None:
            self.notices.warn(status.refused_rows)
        if complete:
            return
        reason = f": {status.error}" if status.error is not None else ""
        if ended and status.error is None:
            reason = f": the process that ships it has ended, see {self.journal.parent / LOG}"
        rest = shlex.join(["runsettings", "sync", os.fspath(self.journal.parent)])
        what = counted(missing, "byte") if missing > 0 else counted(status.files, "file")
        first = "set WANDB_STORE to its address, and " if self.in_code else ""
        self.notices.warn(
            f"the store misses {what} of the run{reason}; {first}send them with: {rest}"
        )

    def _size(self) -> int:
        try:
            return self.journal.stat().st_size
        except OSError:
            return 0  # the run was removed
