"""Ships runs to W&B through the official client. The training script must not import the client.

The client has no transactions, and uploads in threads and in a separate process. The position is
therefore stored only after the client has finished an upload, in ``wandb-client/`` beside the
journal. The next upload sends again all records after the position, from the step that the server
reports. During an upload, ``wandb-client/`` also has the client's own files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import wandb

from runsettings.journal.replay import StoredRun
from runsettings.secrets.forms import MASK
from runsettings.shipping.addresses import Server
from runsettings.shipping.batches import Batch, RunIdentity
from runsettings.shipping.stores.base import Committed, Destination, IncompleteError
from runsettings.shipping.stores.wandb_client.position import DIRECTORY, Position, lock_run
from runsettings.shipping.stores.wandb_client.reports import Messages, has_failed_uploads
from runsettings.shipping.stores.wandb_client.sending import RunSender
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

_MIN_VERSION: Final = (0, 31)
"""The oldest version of the client that accepts an API key in the way it is passed here."""

_UPLOAD_TIMEOUT: Final = 3600.0
"""The number of seconds after which an upload is aborted. The next upload tries again."""

_RETRIES: Final = 6
"""The number of retries of a request in `sync`, in about two minutes. A running script has more."""

_RETRY_SETTINGS: Final = tuple(
    f"x_{requests}_retry_max" for requests in ("file_stream", "file_transfer", "graphql")
)

_INIT_TIMEOUT: Final = 20.0
"""The number of seconds in which the server must answer."""

_KEPT_PREFIXES: Final = (
    "WANDB_X_",
    "WANDB_HTTP",
    "WANDB_INSECURE_",
    "WANDB_CONFIG_DIR",
    "WANDB_CACHE_DIR",
)
"""Prefixes of the variables that say how the client works, not what it records."""

_FIXED: Final = {
    "console": "off",
    "disable_code": True,
    "disable_git": True,
    "disable_job_creation": True,
    "finish_timeout": _UPLOAD_TIMEOUT,
    "finish_timeout_raises": True,
    "init_timeout": _INIT_TIMEOUT,
    "label_disable": True,
    "reinit": "create_new",
    "sagemaker_disable": True,
    "save_code": False,
    "silent": True,
    "x_disable_machine_info": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_save_requirements": False,
}
"""Settings with which the client records nothing about this process, which is not the training."""


class _Opened(NamedTuple):
    """The run that is shipped."""

    key: int
    identity: RunIdentity
    journal: str
    lock: int
    """The file descriptor of the lock that this process holds while it ships the run."""

    @property
    def directory(self) -> Path:
        return Path(self.journal).with_name(DIRECTORY)


class WandbClient(Destination):
    """A W&B server, reached through the official client.

    Args:
        server: The address and the login.

    Raises:
        RunError: The installed client is too old.
    """

    def __init__(self, server: Server) -> None:
        if tuple(map(int, wandb.__version__.split(".")[:2])) < _MIN_VERSION:
            raise RunError.of(
                Rule.MISSING_PACKAGE,
                f"wandb {wandb.__version__} is too old to ship runs: "
                "pip install --upgrade 'runsettings[wandb]'",
            )
        self._server = server
        self._key = 0
        self._opened: _Opened | None = None
        self._known: Position | None = None
        """What was uploaded; ``None`` before the first upload of the run."""
        self._sent = 0
        """The byte offset in the journal up to which all records were passed to the client."""
        self._refused_rows = 0
        """The number of rows since the position that the client does not take."""
        self._run: Any = None
        self._sender: RunSender | None = None
        self._marks_end = False
        """Whether the end of the client's run is the end of the run."""
        self._is_patient = False
        """Whether the client retries for hours, because the script is running."""
        self._messages = Messages()
        # The journal already has the values of the user's variables that describe the run.
        self._environ = {
            name: os.environ.pop(name)
            for name in list(os.environ)
            if name.startswith("WANDB_") and not name.startswith(_KEPT_PREFIXES)
        }

    def find_run(self, identity: RunIdentity, journal: str) -> Committed | None:
        """How much of a run was uploaded; ``None`` if nothing was uploaded from this directory."""
        known = Position.read(journal, identity, self._server.base_url)
        return None if known is None else known.committed(0, journal)

    def open_run(self, identity: RunIdentity, journal: str) -> Committed:
        """How much of a run was uploaded; locks the run, so that only this process ships it."""
        if self._opened is None or self._opened.journal != journal:
            self._release()
            self._key += 1
            self._opened = _Opened(self._key, identity, journal, lock_run(journal))
        self._abandon()
        server = self._server.base_url
        self._known = Position.read(journal, identity, server)
        known = self._known or Position(identity.generation, server)
        found = known.committed(self._opened.key, journal)
        self._sent, self._refused_rows = found.position, 0
        return found

    def commit(self, key: int, batch: Batch, promise: float | None = None) -> bool:
        """Pass a batch to the client. If the run ends in it, wait for the end of the upload."""
        if self._opened is None or self._opened.key != key or self._sent != batch.start:
            return False
        run = batch.run
        with self._translated():
            if self._run is None:
                self._is_patient = promise is not None
                # A caller that announces another check-in will probably ship the run's end too.
                self._start(run, marks_end=run.exit is not None or promise is not None)
            assert self._sender is not None
            self._refused_rows += self._sender.send(batch)
            if run.exit is not None:
                self._end(run)
        self._sent = batch.end
        return True

    def check_in(self, key: int, state: str, promise: float | None = None) -> None:
        """Do nothing: the client itself tells the server that the run is running."""

    def merge(self, key: int, few: int = 1) -> None:
        """Do nothing: the server has no chunks to merge."""

    def flush(self, key: int) -> None:
        """Wait until everything is uploaded."""
        if self._run is not None and self._opened is not None and self._opened.key == key:
            with self._translated():
                assert self._sender is not None
                self._end(self._sender.run)

    def refused_rows(self, key: int) -> str | None:
        """A message about rows whose step is smaller than the step of the row before."""
        if self._refused_rows == 0 or self._opened is None or self._opened.key != key:
            return None
        return (
            f"{self._refused_rows:,} rows are not at W&B, which takes no row with a smaller step "
            "than the row before; the journal has them"
        )

    def close(self) -> None:
        """Stop the client and release the lock on the run."""
        self._stop()
        self._release()
        os.environ.update(self._environ)
        self._environ = {}

    def _start(self, run: StoredRun, *, marks_end: bool) -> None:
        """Start a run of the client.

        Args:
            run: The run at the end of the batch that is sent first.
            marks_end: Whether the server shows the run as ended when the client's run ends.
        """
        assert self._opened is not None
        directory = self._opened.directory
        self._remove_files()  # of a process that was killed
        wanted = run.settings.get("resume")
        first = {None: None, "never": "never"}.get(wanted, "allow")
        settings = {
            **_FIXED,
            **self._retries(),
            "api_key": self._server.key,
            "base_url": self._server.base_url,
            "entity": run.entity,
            "host": run.host,
            "mode": "offline" if self._server.offline else "online",
            "project": run.project,
            "resume": first if self._known is None else "allow",
            "root_dir": os.fspath(directory),
            "run_group": run.group,
            "run_id": run.id,
            "run_job_type": run.job_type,
            "run_name": run.name,
            "run_notes": run.notes,
            "run_tags": tuple(run.tags),
            "x_update_finish_state": marks_end,
        }
        known = wandb.Settings.model_fields
        given = {
            name: value for name, value in settings.items() if name in known and value is not None
        }
        self._messages.listen()
        with contextlib.chdir(directory):  # it has no config-defaults.yaml that adds to the config
            client = wandb.init(config=run.config, settings=wandb.Settings(**given))
        self._run, self._marks_end = client, marks_end
        start = client.starting_step
        offset = self._known.offset if self._known is not None else start
        position = 0 if self._known is None else self._known.position
        self._write(position, offset)
        self._sender = RunSender(client, run, offset=offset, first_step=start)

    def _retries(self) -> dict[str, int]:
        """The client's settings for retries; the user's own variables come first."""
        if self._is_patient:
            return {}
        names = (name for name in _RETRY_SETTINGS if f"WANDB_{name.upper()}" not in os.environ)
        return dict.fromkeys(names, _RETRIES)

    def _end(self, run: StoredRun) -> None:
        """Upload everything that was sent, and end the run of the client.

        Args:
            run: The run as it was sent last.
        """
        marks_end = run.exit is not None
        assert self._sender is not None
        position = self._sender.complete(run)
        code = run.exit["code"] if run.exit is not None else int(run.state == "crashed")
        self._finish(code)
        if marks_end != self._marks_end:
            # The client must know at its start whether it marks_end the run as ended.
            self._start(run, marks_end=marks_end)
            self._finish(code)
        assert self._known is not None
        self._write(position, self._known.offset)
        self._abandon()

    def _finish(self, code: int) -> None:
        assert self._run is not None
        try:
            self._run.finish(exit_code=code)
        except TimeoutError:
            raise self._failed(f"the upload did not finish in {_UPLOAD_TIMEOUT:g} s") from None
        if self._messages.report_loss or has_failed_uploads(self._run.settings.log_internal):
            error = self._failed("it has refused an upload, so the run is not complete there")
            raise IncompleteError(error.diagnostics)

    def _abandon(self) -> None:
        """Drop the client's run without an upload, and remove its files."""
        self._run = self._sender = None
        self._remove_files()

    def _remove_files(self) -> None:
        if self._opened is not None and not self._server.offline:
            shutil.rmtree(self._opened.directory / "wandb", ignore_errors=True)

    def _release(self) -> None:
        self._abandon()
        if self._opened is not None:
            os.close(self._opened.lock)
        self._opened = self._known = None

    def _write(self, position: int, offset: int) -> None:
        assert self._opened is not None
        url = None if self._server.offline else self._run.url
        generation = self._opened.identity.generation
        self._known = Position(generation, self._server.base_url, position, offset, url)
        self._known.write(self._opened.journal)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn exceptions of the client into `RunError`."""
        try:
            yield
        except RunError:
            self._stop()
            raise
        except Exception as error:  # noqa: BLE001 - also what its threads and sockets raise
            self._stop()
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise self._failed(lines[0], final=_is_final(error)) from None

    def _stop(self) -> None:
        """Stop the client's process: it would reject a second run with the same id."""
        with contextlib.suppress(Exception):  # it has ended already
            wandb.teardown(exit_code=1)
        self._abandon()

    def _failed(self, reason: str, *, final: bool = False) -> RunError:
        reason = reason.replace(self._server.key, MASK)
        rule = Rule.BAD_STORE if final else Rule.STORE_UNREACHABLE
        hint = None if final else "try again later: rows that the server has are not sent again"
        return RunError.of(rule, f"W&B at {self._server.base_url} failed: {reason}", hint=hint)


def _is_final(error: Exception) -> bool:
    """Whether a retry cannot succeed, because the server refused the login or the run."""
    # The client itself retries after failures of the network or the server, until its timeout.
    return isinstance(error, (wandb.Error, ValueError)) and "timed out" not in str(error).lower()
