"""The interfaces of the destinations: `Destination` for the shipper, `Store` for queries too."""

from __future__ import annotations

import abc
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from runsettings.journal.index import Listing
from runsettings.journal.query.groups import GroupListing
from runsettings.journal.query.keys import Key
from runsettings.journal.query.listing import Question
from runsettings.journal.query.metrics import Bucket, Metric
from runsettings.journal.records import State
from runsettings.journal.replay import StoredRun
from runsettings.shipping.batches import Batch, RunIdentity
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

if TYPE_CHECKING:
    # It loads the settings, which a reader does not need.
    from runsettings.journal.edits import Edit


class Committed(NamedTuple):
    """How much of a run a store has."""

    key: int
    """The number of the run in the store."""
    position: int
    """The byte offset in the journal up to which all records are stored."""
    tail: str
    """A digest of the last bytes before the position."""
    state: Mapping[str, Any] | None
    """The JSON object of the run at the position; ``None`` if the position is 0."""
    removed: bool
    """Whether the run was removed from the store; the store never accepts it again."""


class Latest(NamedTuple):
    """The latest run with a project and an id in a store."""

    run: StoredRun
    """The run with the details that `Store.load_run` adds."""
    state: State
    """Its state at the last check-in."""
    generation: str
    """Distinguishes it from other runs with the same id; see `RunIdentity`."""
    promised: float | None
    """The deadline of its next check-in, in seconds since 1970 by the store's clock; ``None`` if
    there is no deadline."""
    now: float
    """The current time by the store's clock, in seconds since 1970."""


def may_pass(error: RunError) -> bool:
    """Whether a retry may succeed, because the store did not answer.

    Args:
        error: The error of a store.
    """
    return any(each.rule is Rule.STORE_UNREACHABLE for each in error.diagnostics)


class BusyError(RunError):
    """Another process is shipping the run; only one process may at a time."""


class IncompleteError(RunError):
    """The destination did not take everything of one run; it may take the other runs."""


class NoStoreError(RunError):
    """A store was opened for reading, and there is none at the address."""


class NotShippedError(RunError):
    """A store has the size of a file, but not its content."""


class Destination(abc.ABC):
    """A store or server that runs are shipped to. Every method raises `RunError` if it fails."""

    @abc.abstractmethod
    def find_run(self, identity: RunIdentity, journal: str) -> Committed | None:
        """Return how much of a run the destination has.

        Args:
            identity: The identity of the run.
            journal: The path of its journal.

        Returns:
            The position and state; ``None`` if the destination does not know the run.
        """

    @abc.abstractmethod
    def open_run(self, identity: RunIdentity, journal: str) -> Committed:
        """Return how much of a run the destination has, and add the run if it is unknown.

        Args:
            identity: The identity of the run.
            journal: The path of its journal.

        Returns:
            The position and state.
        """

    @abc.abstractmethod
    def commit(self, key: int, batch: Batch, promise: float | None = None) -> bool:
        """Store a batch and its end position in one transaction.

        Args:
            key: The number of the run in the store.
            batch: The batch.
            promise: As for `check_in`.

        Returns:
            Whether the batch was stored. It is not stored if the position of the run is no longer
            the start of the batch, because another process has shipped in the meantime.
        """

    @abc.abstractmethod
    def check_in(self, key: int, state: str, promise: float | None = None) -> None:
        """Record the state of a run whose journal has no new records.

        Args:
            key: The number of the run in the store.
            state: The state of the run.
            promise: The number of seconds until the deadline of the next check-in. A running run
                that misses it is shown as crashed. ``None`` for no deadline.
        """

    @abc.abstractmethod
    def merge(self, key: int, few: int = 1) -> None:
        """Merge the small chunks in which the numbers of a run are stored.

        Args:
            key: The number of the run in the store.
            few: Series with at most this many small chunks are not merged.
        """

    @abc.abstractmethod
    def flush(self, key: int) -> None:
        """Wait until everything that was committed has arrived, if `commit` does not wait.

        Args:
            key: The number of the run in the store.
        """

    def refused_rows(self, key: int) -> str | None:  # noqa: ARG002 - a store takes every row
        """A message about committed rows that the destination does not take; ``None`` if none.

        Args:
            key: The number of the run in the store.
        """
        return None

    @abc.abstractmethod
    def close(self) -> None:
        """Close the connections."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Store(Destination):
    """A destination whose runs can be read, changed and removed."""

    @abc.abstractmethod
    def remove_run(self, run: StoredRun) -> None:
        """Remove a run and the runs that it overwrote. The store never accepts them again.

        Args:
            run: The run, from `list_runs`.
        """

    @abc.abstractmethod
    def edit_run(self, run: StoredRun, edit: Edit) -> None:
        """Change the name, notes and tags of a run, only in the store. Later batches keep this.

        Args:
            run: The run, from `list_runs`; its members are updated.
            edit: The change, after `edits.checked`.
        """

    @abc.abstractmethod
    def list_runs(self) -> list[StoredRun]:
        """The latest run of each project and id, newest first, as in `index.Listing`."""

    @abc.abstractmethod
    def select_runs(self, question: Question) -> Listing:
        """Select runs in the same way as `query.listing.answer`.

        Args:
            question: The filters, the keys to sort by, and the range.

        Returns:
            The runs, sorted, with only the sections that the question needs; and the number of
            all selected runs, if it needs that.

        Raises:
            QueryError: A filter or a key is wrong, or no run has it.
        """

    @abc.abstractmethod
    def group_runs(self, question: Question, metrics: Sequence[Key]) -> GroupListing:
        """Group runs in the same way as `query.groups.group_listing`.

        Args:
            question: The filters, the keys to group by and to sort by, and the range of groups.
            metrics: The keys of the numbers.

        Returns:
            The groups in the range, and the number of all groups.

        Raises:
            QueryError: A filter or a key is wrong, or no run has it.
        """

    @abc.abstractmethod
    def select_members(self, question: Question, member: str) -> Listing:
        """Select the runs of one group.

        Args:
            question: The filters, the keys to group by and to sort by, and the range of runs.
            member: The `GroupRow.member` of the group.

        Returns:
            The runs in the range, and the number of all runs of the group.

        Raises:
            QueryError: A filter or a key is wrong, or no run has it.
        """

    @abc.abstractmethod
    def find_latest(self, project: str, run_id: str) -> Latest | None:
        """Find the latest run with a project and an id, to resume it.

        Args:
            project: The project.
            run_id: The id.

        Returns:
            The run; ``None`` if there is none.
        """

    @abc.abstractmethod
    def load_run(self, listed: StoredRun) -> StoredRun:
        """Load the settings, origins and files of a run.

        Args:
            listed: The run, from `list_runs`.
        """

    @abc.abstractmethod
    def files_to_ship(self, key: int) -> dict[str, int]:
        """The files whose latest version the store does not have.

        Args:
            key: The number of the run in the store.

        Returns:
            By the path below ``files/``, the byte offset of the file's record in the journal.
        """

    @abc.abstractmethod
    def put_file(
        self, key: int, position: int, path: str, size: int, parts: Iterable[bytes]
    ) -> None:
        """Store a file in place of its earlier version.

        Args:
            key: The number of the run in the store.
            position: The byte offset of the file's record in the journal.
            path: Its path below ``files/``.
            size: Its size in bytes.
            parts: Its content, in parts; empty if the content is not shipped.
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
        """Every metric of a run by dotted key, as `query.metrics.read_metrics` returns them.

        Args:
            run: The run, from `list_runs`.
        """

    @abc.abstractmethod
    def read_series(
        self,
        run: StoredRun,
        key: str,
        buckets: int = 1000,
        first: float = 0,
        last: float = math.inf,
    ) -> list[Bucket]:
        """Read one metric of a run in buckets, for a chart, without reading every value of it.

        Args:
            run: The run, from `list_runs`.
            key: The dotted key of the metric.
            buckets: The largest number of buckets; a long metric has at least half as many.
            first: The first step.
            last: The last step, included.

        Returns:
            The buckets in the order of the steps; none if there is no such metric.
        """

    @abc.abstractmethod
    def read_history(self, run: StoredRun) -> Iterator[dict[str, Any]]:
        """Read the rows of a run, one for each step.

        Args:
            run: The run, from `list_runs`.

        Yields:
            The values by dotted key, with ``_step`` and ``_timestamp`` (in seconds since 1970).
            The rows are read in parts, and no transaction is open while the caller uses a row.
        """

    @abc.abstractmethod
    def pin(self, key: str, *, remove: bool = False) -> None:
        """Create the indexes for filters on a key, or remove them.

        Args:
            key: The key, such as ``config.lr``.
            remove: Whether to remove the indexes.
        """
