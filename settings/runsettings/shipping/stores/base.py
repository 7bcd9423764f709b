"""What a destination can do for the shipper, and a store for queries as well."""

from __future__ import annotations

import abc
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

from runsettings.journal.query.listing import Question
from runsettings.journal.query.metrics import Bucket, Metric
from runsettings.journal.records import State
from runsettings.journal.replay import StoredRun
from runsettings.shipping.batches import Batch, RunIdentity
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError


class Committed(NamedTuple):
    """What a store has of a run."""

    key: int
    """The number of the run in the store."""
    position: int
    """The byte of the journal up to which everything is stored."""
    tail: str
    """The digest of the bytes before the position."""
    state: Mapping[str, Any] | None
    """The JSON object of the run at the position; ``None`` at the beginning."""
    removed: bool
    """Whether the run was removed from the store, which never takes it again."""


class Latest(NamedTuple):
    """The latest run of a project and an id, as a store has it."""

    run: StoredRun
    """The run with everything that `Store.load_run` adds."""
    state: State
    """Its state, as the last check-in tells."""
    generation: str
    """Which of the runs of this id it is; see `RunIdentity`."""
    promised: float | None
    """When its next check-in comes at the latest, by the clock of the store; ``None`` if none is
    promised."""
    now: float
    """The time of the store, in seconds since 1970."""


def may_pass(error: RunError) -> bool:
    """Whether another try may help: the store did not answer."""
    return any(each.rule is Rule.STORE_UNREACHABLE for each in error.diagnostics)


class BusyError(RunError):
    """Another process ships the run; it alone may."""


class NoStoreError(RunError):
    """There is nothing at the address that was opened for reading."""


class NotShippedError(RunError):
    """A store has the size of a file, but not its content."""


class Destination(abc.ABC):
    """A place that runs are shipped to. Every method raises `RunError` if the place fails."""

    @abc.abstractmethod
    def find_run(self, identity: RunIdentity, journal: str) -> Committed | None:
        """What the place has of a run; ``None`` if it does not know the run.

        Args:
            identity: The run.
            journal: The path of its journal.
        """

    @abc.abstractmethod
    def open_run(self, identity: RunIdentity, journal: str) -> Committed:
        """What the place has of a run; a run that it does not know is made.

        Args:
            identity: The run.
            journal: The path of its journal.
        """

    @abc.abstractmethod
    def commit(self, key: int, batch: Batch, promise: float | None = None) -> bool:
        """Store a batch and its end in one transaction.

        Args:
            key: The number of the run.
            batch: The batch.
            promise: As for `check_in`.

        Returns:
            Whether it was stored; not if the position of the run is no longer its start, because
            another process shipped meanwhile.
        """

    @abc.abstractmethod
    def check_in(self, key: int, state: str, promise: float | None = None) -> None:
        """Record the state of a run of whose journal nothing new is to be shipped.

        Args:
            key: The number of the run.
            state: The state of the run.
            promise: The seconds in which the next check-in comes; after them, a run that is
                running is shown as crashed. ``None`` if none is promised.
        """

    @abc.abstractmethod
    def merge(self, key: int, few: int = 1) -> None:
        """Join the small parts in which the numbers of a run are stored.

        Args:
            key: The number of the run.
            few: How many small parts of a series are left alone.
        """

    @abc.abstractmethod
    def flush(self, key: int) -> None:
        """Wait until the place has everything that was committed, if a commit does not.

        Args:
            key: The number of the run.
        """

    @abc.abstractmethod
    def close(self) -> None:
        """Close the connections."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Store(Destination):
    """A destination that can be asked for its runs."""

    @abc.abstractmethod
    def remove_run(self, run: StoredRun) -> None:
        """Remove a run, and the runs that it overwrote; the store never takes them again.

        Args:
            run: The run, from `list_runs`.
        """

    @abc.abstractmethod
    def change_tags(self, run: StoredRun, add: Sequence[str], remove: Sequence[str]) -> list[str]:
        """Add and remove tags of a run, in the store alone; what is shipped later keeps them so.

        Args:
            run: The run, from `list_runs`.
            add: Tags to add.
            remove: Tags to remove.

        Returns:
            Its tags after the change.
        """

    @abc.abstractmethod
    def list_runs(self) -> list[StoredRun]:
        """The latest run of each project and id, newest first, as `index.Listing` has them."""

    @abc.abstractmethod
    def select_runs(self, question: Question) -> list[StoredRun]:
        """The runs that a question asks for, as `query.listing.answer` selects them.

        Raises:
            QueryError: A filter or a key is wrong, or no run has it.
        """

    @abc.abstractmethod
    def find_latest(self, project: str, run_id: str) -> Latest | None:
        """The latest run of a project and an id, to resume it; ``None`` if there is none."""

    @abc.abstractmethod
    def load_run(self, listed: StoredRun) -> StoredRun:
        """A run with its settings, origins and files."""

    @abc.abstractmethod
    def files_to_ship(self, key: int) -> dict[str, int]:
        """The files whose latest version the store does not have.

        Args:
            key: The number of the run.

        Returns:
            The position of the file's record in the journal by its path below ``files/``.
        """

    @abc.abstractmethod
    def put_file(
        self, key: int, position: int, path: str, size: int, parts: Iterable[bytes]
    ) -> None:
        """Store a file in place of its earlier version.

        Args:
            key: The number of the run.
            position: The position of the file's record in the journal.
            path: Its path below ``files/``.
            size: Its size in bytes.
            parts: Its content, in parts; none if it is not shipped.
        """

    @abc.abstractmethod
    def read_file(self, run: StoredRun, path: str) -> Iterator[bytes]:
        """Read a saved file of a run.

        Args:
            run: The run, from `list_runs`.
            path: Its path below ``files/``.

        Yields:
            The content, in parts.

        Raises:
            NotShippedError: The store does not have it, because the file was too large.
            RunError: The store failed.
        """

    @abc.abstractmethod
    def read_metrics(self, run: StoredRun) -> dict[str, Metric]:
        """Every metric of a run by dotted key, as `query.metrics.read_metrics` has them."""

    @abc.abstractmethod
    def read_series(
        self,
        run: StoredRun,
        key: str,
        buckets: int = 1000,
        first: float = 0,
        last: float = math.inf,
    ) -> list[Bucket]:
        """One metric of a run in buckets, for a chart; it does not read a long metric as a whole.

        Args:
            run: The run, from `list_runs`.
            key: The dotted key of the metric.
            buckets: The largest number of buckets; of a long metric there are at least half.
            first: The first step.
            last: The last step.

        Returns:
            The buckets in the order of the steps; none if there is no such metric.
        """

    @abc.abstractmethod
    def read_history(self, run: StoredRun) -> Iterator[dict[str, Any]]:
        """The rows of a run by dotted key, one for each step, with ``_step`` and ``_timestamp``.

        Args:
            run: The run, from `list_runs`.

        Yields:
            The rows. Not all of them are in memory, and no transaction is open between two.
        """

    @abc.abstractmethod
    def pin(self, key: str, *, remove: bool = False) -> None:
        """Make the indices for filters of a key, or remove them.

        Args:
            key: The key: ``config.lr``.
            remove: Whether they are removed.
        """
