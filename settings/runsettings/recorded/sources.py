"""Where recorded runs are: in a directory, or in a store. Both answer the same questions."""

from __future__ import annotations

import math
import os
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from runsettings.documents.paths import named_path
from runsettings.journal import removal
from runsettings.journal.aggregates import as_float, merge_summary
from runsettings.journal.directory import FILES, wandb_directory
from runsettings.journal.index import Listing, list_runs
from runsettings.journal.query.finding import choose_run, find_run, runs_directory
from runsettings.journal.query.listing import Question, answer
from runsettings.journal.query.metrics import (
    Bucket,
    Metric,
    buckets_of,
    join_buckets,
    read_metrics,
)
from runsettings.journal.query.run_objects import saved_files
from runsettings.journal.reader import open_regular, read_history
from runsettings.journal.replay import StoredRun, load_run
from runsettings.shipping.addresses import check_packages, shown
from runsettings.shipping.stores.base import Store
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

SETTING: Final = "setting"
"""The word that stands for the address in the setting ``store``."""

_PART: Final = 1 << 20
"""Bytes of a file that are read at a time."""

Tell = Callable[[int, int], None]
"""Is called with the number of finished steps and the number of all steps."""


class RunSource(Protocol):
    """Finds and reads runs."""

    place: str
    """Where they are, for messages."""

    def runs(self, tell: Tell = lambda _done, _all: None) -> Listing:
        """All runs, newest first, without what listings leave out."""

    def select(self, question: Question, tell: Tell = lambda _done, _all: None) -> Listing:
        """The runs that a question asks for, without what listings leave out.

        Raises:
            QueryError: A filter or a key is wrong, or no run has it.
        """

    def find(self, name: str) -> StoredRun:
        """One run with everything.

        Args:
            name: An id, a display name, the beginning of an id; or ``latest``.

        Raises:
            RunNotFoundError: No run matches, or several do.
        """

    def load(self, listed: StoredRun) -> StoredRun:
        """A listed run with everything."""

    def family(self, run: StoredRun) -> list[StoredRun]:
        """The run, and those that it overwrote, as far as they have files of their own."""

    def change_tags(self, run: StoredRun, add: Sequence[str], remove: Sequence[str]) -> list[str]:
        """Add and remove tags of a run, and return its tags after that.

        Raises:
            SettingsError: A tag is empty or too long.
        """

    def remove(self, run: StoredRun, *, force: bool) -> None:
        """Remove a run; with ``force`` also if a process records it."""

    def metrics(self, run: StoredRun) -> dict[str, Metric]:
        """The metrics of a run."""

    def series(
        self, run: StoredRun, key: str, buckets: int, first: float = 0, last: float = math.inf
    ) -> list[Bucket]:
        """One metric of a run in buckets, for a chart.

        Args:
            run: The run.
            key: The dotted key of the metric.
            buckets: The largest number of buckets.
            first: The first step.
            last: The last step.

        Returns:
            The buckets in the order of the steps; none if there is no such metric.
        """

    def history(self, run: StoredRun) -> Iterator[dict[str, Any]]:
        """The rows of a run by dotted key, each with ``_step`` and ``_timestamp``."""

    def files(self, run: StoredRun) -> Mapping[str, int | None]:
        """The files of a run with their sizes in bytes."""

    def read_file(self, run: StoredRun, path: str) -> Iterator[bytes]:
        """The content of a file of a run, in parts.

        Args:
            run: The run.
            path: One of `files`.

        Raises:
            OSError: The file cannot be read.
            RunError: The store does not have it, or failed.
        """


class DirectorySource:
    """The runs below a ``wandb`` directory.

    Args:
        directory: The directory; it need not exist.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.place = str(directory)

    def runs(self, tell: Tell = lambda _done, _all: None) -> Listing:
        """All runs, newest first; see `index.list_runs`."""
        return list_runs(self.directory, tell)

    def select(self, question: Question, tell: Tell = lambda _done, _all: None) -> Listing:
        """The runs that a question asks for."""
        listing = self.runs(tell)
        return Listing(answer(question, listing.runs), listing.unreadable)

    def find(self, name: str) -> StoredRun:
        """One run with everything; the name may be a path anywhere as well."""
        return find_run(self.directory, name)

    def load(self, listed: StoredRun) -> StoredRun:
        """A listed run with everything."""
        return load_run(listed.journal)

    def family(self, run: StoredRun) -> list[StoredRun]:
        """The run, and those that it overwrote."""
        return removal.overwritten(run)

    def change_tags(self, run: StoredRun, add: Sequence[str], remove: Sequence[str]) -> list[str]:
        """Add and remove tags of a run in its journal."""
        from runsettings.journal.tags import change_tags  # pydantic: it checks tags as settings

        change_tags(run, add, remove)
        return run.tags

    def remove(self, run: StoredRun, *, force: bool) -> None:
        """Remove a run with its directory."""
        removal.remove(run, self.directory, force=force)

    def metrics(self, run: StoredRun) -> dict[str, Metric]:
        """The metrics of a run."""
        return read_metrics(run)

    def series(
        self, run: StoredRun, key: str, buckets: int, first: float = 0, last: float = math.inf
    ) -> list[Bucket]:
        """One metric of a run in buckets; its whole journal is read."""
        steps, values = array("q"), array("d")
        for row in self.history(run):
            value: Any = row.get(key)
            is_number = type(value) in (int, float)
            if is_number and first <= row["_step"] <= last:
                steps.append(row["_step"])
                values.append(as_float(value))
        return join_buckets(buckets_of(steps, values, max(len(steps) // buckets, 1)), buckets)

    def history(self, run: StoredRun) -> Iterator[dict[str, Any]]:
        """The rows of a run, one after the other from its journal."""
        for row in read_history(run.journal):
            flat = {"_step": row["_step"], "_timestamp": row["_timestamp"]}
            merge_summary(flat, row)
            yield flat

    def files(self, run: StoredRun) -> Mapping[str, int | None]:
        """The files of a run with their sizes in bytes."""
        return saved_files(run)

    def read_file(self, run: StoredRun, path: str) -> Iterator[bytes]:
        """The content of a file of a run; links are not followed."""
        with os.fdopen(open_regular(run.directory / FILES / path), "rb") as file:
            while part := file.read(_PART):
                yield part


class StoreSource:
    """The runs in a store.

    Args:
        store: The open store.
        place: Its address without secrets.
    """

    def __init__(self, store: Store, place: str) -> None:
        self.store = store
        self.place = place

    def runs(self, tell: Tell = lambda _done, _all: None) -> Listing:
        """All runs, newest first."""
        del tell  # one query
        return Listing(self.store.list_runs())

    def select(self, question: Question, tell: Tell = lambda _done, _all: None) -> Listing:
        """The runs that a question asks for, selected by the database."""
        del tell
        return Listing(self.store.select_runs(question))

    def find(self, name: str) -> StoredRun:
        """One run with everything."""
        return self.load(choose_run(self.store.list_runs(), name, self.place))

    def load(self, listed: StoredRun) -> StoredRun:
        """A listed run with everything."""
        return self.store.load_run(listed)

    def family(self, run: StoredRun) -> list[StoredRun]:
        """The run alone: a store removes with it what it overwrote."""
        return [run]

    def change_tags(self, run: StoredRun, add: Sequence[str], remove: Sequence[str]) -> list[str]:
        """Add and remove tags of a run in the store; its journal does not change."""
        from runsettings.journal.tags import checked_tags  # pydantic: it checks tags as settings

        return self.store.change_tags(run, checked_tags(add), remove)

    def remove(self, run: StoredRun, *, force: bool) -> None:
        """Remove a run from the store."""
        del force  # the caller has asked; no lock tells more
        self.store.remove_run(run)

    def metrics(self, run: StoredRun) -> dict[str, Metric]:
        """The metrics of a run."""
        return self.store.read_metrics(run)

    def series(
        self, run: StoredRun, key: str, buckets: int, first: float = 0, last: float = math.inf
    ) -> list[Bucket]:
        """One metric of a run in buckets, from the summaries that the store has of its parts."""
        return self.store.read_series(run, key, buckets, first, last)

    def history(self, run: StoredRun) -> Iterator[dict[str, Any]]:
        """The rows of a run, some thousand at a time."""
        return self.store.read_history(run)

    def files(self, run: StoredRun) -> Mapping[str, int | None]:
        """The files of a run with their sizes in bytes."""
        return run.files

    def read_file(self, run: StoredRun, path: str) -> Iterator[bytes]:
        """The content of a file of a run, if it was not too large to be shipped."""
        return self.store.read_file(run, path)


@contextmanager
def store_source(url: str, *, writable: bool = False) -> Iterator[StoreSource]:
    """Open a store as a source.

    Args:
        url: The address of the store.
        writable: Whether runs are to be changed or removed.

    Raises:
        RunError: The store cannot be used.
    """
    from runsettings.shipping.stores.opening import open_store  # sqlalchemy: a directory needs none

    with open_store(url, writable=writable) as opened:
        yield StoreSource(opened, shown(url))


@contextmanager
def open_source(
    dir: str | os.PathLike[str] | None = None,  # noqa: A002 - the name in init()
    store: str | None = None,
) -> Iterator[RunSource]:
    """The source that a program names.

    Args:
        dir: The directory above ``wandb``, as in ``init(dir=)``, or ``wandb`` itself; the
            settings' own if neither it nor a store is given.
        store: The address of a store; `SETTING` for the one in the setting ``store``.

    Raises:
        QueryError: There is no such directory.
        RunError: Both are given, there is none in the setting, or the store cannot be used.
        SettingsError: The settings are asked, and have errors.
    """
    if store is None:
        yield DirectorySource(settings_directory() if dir is None else runs_directory(dir))
        return
    if dir is not None:
        message = "a directory and a store are given, but runs are read from one of them"
        raise RunError.of(Rule.BAD_QUERY, message)
    url = setting_store() if store == SETTING else store
    if url is None:
        raise RunError.of(
            Rule.BAD_STORE, "there is no store", path=("store",), hint="set WANDB_STORE"
        )
    check_packages(url)
    with store_source(url) as source:
        yield source


def settings_directory() -> Path:
    """The ``wandb`` directory of the settings.

    Raises:
        SettingsError: The settings have errors, so that the directory is unknown.
    """
    return wandb_directory(named_path(_settings().root_dir or ".", Path()))


def setting_store() -> str | None:
    """The address in the setting ``store``, or ``None``.

    Raises:
        SettingsError: The settings have errors, so that the store is unknown.
    """
    store = _settings().store
    return None if store is None else store.get_secret_value()


def _settings() -> Any:
    from runsettings.models.settings import Settings  # pydantic: a named place needs no models

    return Settings.resolve()
