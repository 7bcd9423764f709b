"""Finds the runs of this machine that a start may resume or overwrite."""

from __future__ import annotations

from pathlib import Path

from runsettings.journal.directory import JournalFile, find_journals
from runsettings.journal.replay import StoredRun, load_run
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError


class GrownError(Exception):
    """A journal has grown by more than may be read."""


class EarlierRuns:
    """The runs of a ``wandb`` directory. A journal that was read is read on from there.

    Args:
        directory: The ``wandb`` directory.

    Attributes:
        limit: The largest number of new bytes of a journal to read; ``None`` for no limit.
    """

    def __init__(self, directory: Path) -> None:
        self.limit: int | None = None
        self._directory = directory
        self._runs: dict[tuple[str, int], StoredRun] = {}

    def latest(self, project: str, run_id: str) -> StoredRun | None:
        """The latest run of a project with an id; ``None`` if there is none.

        Args:
            project: The name of the project.
            run_id: The id.

        Raises:
            GrownError: There is more to read than the limit.
            RunError: A journal with this id cannot be read; it may be that of the run.
        """
        found = []
        for journal in find_journals(self._directory, run_id):
            try:
                run = self._load(journal)
            except OSError as error:
                raise RunError.of(
                    Rule.UNREADABLE_FILE, f"{journal.path} cannot be read: {error.strerror}"
                ) from error
            if run.started_run and run.project == project:
                found.append(run)
        return max(found, key=lambda run: (run.created, run.starts), default=None)

    def last_started(self, project: str, host: str) -> StoredRun | None:
        """The run of a project that was started last on a host; ``None`` if there is none.

        Args:
            project: The name of the project.
            host: The name of the machine.

        Raises:
            GrownError: There is more to read than the limit.
        """
        best: StoredRun | None = None
        for journal in sorted(find_journals(self._directory), key=lambda file: -file.modified):
            # A run cannot have started after its journal was last written.
            if best is not None and journal.modified / 1e9 < best.started - 1:
                break
            try:
                run = self._load(journal)
            except (OSError, RunError):
                continue  # a run that cannot be read cannot be resumed
            if run.started_run and (run.project, run.host) == (project, host):
                best = run if best is None or run.started > best.started else best
        return best

    def _load(self, file: JournalFile) -> StoredRun:
        """Read a journal, or only its new records if it was read before.

        Raises:
            GrownError: There are more new bytes than the limit.
            OSError: The journal cannot be read.
            RunError: It is not a journal, or one of a later version.
        """
        run = self._runs.get((file.path, file.inode))
        if run is not None and run.position > file.size:
            run = None
        new = file.size - (run.position if run is not None else 0)
        if self.limit is not None and new > self.limit:
            raise GrownError
        if run is None:
            run = load_run(file.path)
        else:
            run.read_on()
        self._runs[file.path, file.inode] = run
        return run
