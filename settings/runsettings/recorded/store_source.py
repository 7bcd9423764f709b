"""The runs in a store, as the same source as a directory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runsettings.journal.index import Listing
from runsettings.journal.query.finding import choose_run
from runsettings.journal.query.groups import GroupListing
from runsettings.journal.query.keys import Key
from runsettings.journal.query.listing import Question
from runsettings.journal.query.metrics import Bucket, Metric
from runsettings.journal.replay import StoredRun
from runsettings.shipping.stores.base import Store

if TYPE_CHECKING:
    # It loads the settings, which a reader does not need.
    from runsettings.journal.edits import Edit

Tell = Callable[[int, int], None]
"""Called with the number of journals that were read, and the total number."""


class StoreSource:
    """The runs in a store.

    Args:
        store: The open store.
        place: Its address without secrets.
    """

    def __init__(self, store: Store, place: str) -> None:
        self.store, self.place = store, place

    def runs(self, tell: Tell = lambda _done, _all: None) -> Listing:
        """All runs, newest first."""
        del tell
        return Listing(self.store.list_runs())

    def select(self, question: Question, tell: Tell = lambda _done, _all: None) -> Listing:
        """The runs that a question selects; the database selects them."""
        del tell
        return self.store.select_runs(question)

    def groups(self, question: Question, metrics: Sequence[Key]) -> GroupListing:
        """The groups of the runs that a question selects; the database makes them."""
        return self.store.group_runs(question, metrics)

    def members(self, question: Question, member: str) -> Listing:
        """The runs of one group; the database selects them."""
        return self.store.select_members(question, member)

    def find(self, name: str) -> StoredRun:
        """One run with everything."""
        listed = self.store.select_runs(Question(sections=())).runs
        return self.load(choose_run(listed, name, self.place))

    def load(self, listed: StoredRun) -> StoredRun:
        """A listed run with everything."""
        return self.store.load_run(listed)

    def family(self, run: StoredRun) -> list[StoredRun]:
        """Only the run: a store removes the runs that it overwrote together with it."""
        return [run]

    def edit(self, run: StoredRun, edit: Edit) -> None:
        """Change the name, notes and tags of a run in the store; its journal does not change."""
        from runsettings.journal.edits import checked  # pydantic: it checks tags as settings

        self.store.edit_run(run, checked(edit))

    def remove(self, run: StoredRun, *, force: bool) -> None:
        """Remove a run from the store."""
        del force  # the caller has checked the state; a store has no lock to check
        self.store.remove_run(run)

    def metrics(self, run: StoredRun) -> dict[str, Metric]:
        """The metrics of a run."""
        return self.store.read_metrics(run)

    def series(
        self, run: StoredRun, key: str, buckets: int, first: float = 0, last: float = math.inf
    ) -> list[Bucket]:
        """One metric of a run in buckets, from the summaries of its chunks in the store."""
        return self.store.read_series(run, key, buckets, first, last)

    def history(self, run: StoredRun) -> Iterator[dict[str, Any]]:
        """The rows of a run, read in parts."""
        return self.store.read_history(run)

    def files(self, run: StoredRun) -> Mapping[str, int | None]:
        """The files of a run with their sizes in bytes."""
        return run.files

    def read_file(self, run: StoredRun, path: str) -> Iterator[bytes]:
        """The content of a file of a run, if it was not too large to be shipped."""
        return self.store.read_file(run, path)
