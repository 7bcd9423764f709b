"""The sources of recorded runs: a directory and a store, with the same interface."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from runsettings.documents.paths import named_path
from runsettings.journal import removal
from runsettings.journal.aggregates import merge_summary
from runsettings.journal.directory import FILES, wandb_directory
from runsettings.journal.index import Listing, list_runs
from runsettings.journal.query.finding import find_run, runs_directory
from runsettings.journal.query.groups import GroupListing, group_listing, members_of
from runsettings.journal.query.keys import Key
from runsettings.journal.query.listing import Question, answer
from runsettings.journal.query.metrics import Bucket, Metric, read_metrics
from runsettings.journal.query.run_objects import saved_files
from runsettings.journal.reader import open_regular, read_history
from runsettings.journal.replay import StoredRun, load_run
from runsettings.recorded.arguments import check_argument
from runsettings.recorded.journal_series import JournalSeries
from runsettings.recorded.store_source import StoreSource, Tell
from runsettings.shipping.addresses import check_packages, shown
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.origin import PlacedText

if TYPE_CHECKING:
    # It loads the settings, which a reader does not need.
    from runsettings.journal.edits import Edit

SETTING: Final = "setting"
"""The argument that selects the store of the setting ``store``."""

_PART: Final = 1 << 20
"""The number of bytes of a file that are read at a time."""


class RunSource(Protocol):
    """Finds and reads runs."""

    place: str
    """The directory or the address, for messages."""

    def runs(self, tell: Tell = lambda _done, _all: None) -> Listing:
        """All runs, newest first, without the details; ``tell`` reports progress."""

    def select(self, question: Question, tell: Tell = lambda _done, _all: None) -> Listing:
        """The runs that a question selects, without the details; ``tell`` reports progress.

        Raises:
            QueryError: A filter or a key is wrong, or no run has it.
        """

    def groups(self, question: Question, metrics: Sequence[Key]) -> GroupListing:
        """Group the runs that a question selects.

        Args:
            question: The filters, the keys to group by and to sort by, and the range of groups.
            metrics: The keys of the numbers.

        Raises:
            QueryError: A filter or a key is wrong, or no run has it.
        """

    def members(self, question: Question, member: str) -> Listing:
        """The runs of one group, without the details, and their number.

        Args:
            question: The filters, the keys to group by and to sort by, and the range of runs.
            member: The `GroupRow.member` of the group.

        Raises:
            QueryError: A filter or a key is wrong, or no run has it.
        """

    def find(self, name: str) -> StoredRun:
        """Find one run, with all details.

        Args:
            name: An id, a display name, the beginning of an id; or ``latest``.

        Raises:
            RunNotFoundError: No run matches, or several do.
        """

    def load(self, listed: StoredRun) -> StoredRun:
        """Load the details of a run from `runs` or `select`."""

    def family(self, run: StoredRun) -> list[StoredRun]:
        """The run and the runs that it overwrote, if they are stored separately."""

    def edit(self, run: StoredRun, edit: Edit) -> None:
        """Change the name, notes and tags of a run; see `edits.edit_run`."""

    def remove(self, run: StoredRun, *, force: bool) -> None:
        """Remove a run; with ``force``, even if a process is recording it."""

    def metrics(self, run: StoredRun) -> dict[str, Metric]:
        """The metrics of a run."""

    def series(
        self, run: StoredRun, key: str, buckets: int, first: float = 0, last: float = math.inf
    ) -> list[Bucket]:
        """Read one metric of a run in buckets, for a chart.

        Args:
            run: The run.
            key: The dotted key of the metric; `metrics.TIMES` for the times of the steps.
            buckets: The largest number of buckets.
            first: The first step.
            last: The last step, included.

        Returns:
            The buckets in the order of the steps; empty if there is no such metric.
        """

    def history(self, run: StoredRun) -> Iterator[dict[str, Any]]:
        """Read the rows of a run by dotted key, with ``_step`` and ``_timestamp`` in seconds."""

    def files(self, run: StoredRun) -> Mapping[str, int | None]:
        """The files of a run by path, with their sizes in bytes; ``None`` for a missing file."""

    def read_file(self, run: StoredRun, path: str) -> Iterator[bytes]:
        """Read a file of a run.

        Args:
            run: The run.
            path: A path from `files`.

        Yields:
            The content, in parts.

        Raises:
            OSError: The file cannot be read.
            RunError: The store does not have the content, or failed.
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
        """The runs that a question selects."""
        listing = self.runs(tell)
        found = answer(question.whole, listing.runs)
        return replace(listing, runs=found[question.range], total=len(found))

    def groups(self, question: Question, metrics: Sequence[Key]) -> GroupListing:
        """The groups of the runs that a question selects."""
        listing = self.select(question.whole)
        return group_listing(question, listing.runs, metrics)._replace(reading=listing.reading)

    def members(self, question: Question, member: str) -> Listing:
        """The runs of one group."""
        listing = self.select(question.whole)
        return replace(members_of(question, listing.runs, member), reading=listing.reading)

    def find(self, name: str) -> StoredRun:
        """One run with all details; the name may also be any path of a run."""
        return find_run(self.directory, name)

    def load(self, listed: StoredRun) -> StoredRun:
        """A listed run with everything."""
        return load_run(listed.journal)

    def family(self, run: StoredRun) -> list[StoredRun]:
        """The run and the runs that it overwrote."""
        return removal.overwritten(run)

    def edit(self, run: StoredRun, edit: Edit) -> None:
        """Change the name, notes and tags of a run in its journal."""
        from runsettings.journal.edits import edit_run  # pydantic: it checks tags as settings

        edit_run(run, edit)

    def remove(self, run: StoredRun, *, force: bool) -> None:
        """Remove a run with its directory."""
        removal.remove(run, self.directory, force=force)

    def metrics(self, run: StoredRun) -> dict[str, Metric]:
        """The metrics of a run."""
        return read_metrics(run)

    def series(
        self, run: StoredRun, key: str, buckets: int, first: float = 0, last: float = math.inf
    ) -> list[Bucket]:
        """One metric of a run in buckets."""
        return self.journal_series(run).buckets(key, buckets, first, last)

    def journal_series(self, run: StoredRun) -> JournalSeries:
        """All metrics of a run; its whole journal is read."""
        found = JournalSeries(run.journal)
        found.read_on()
        return found

    def history(self, run: StoredRun) -> Iterator[dict[str, Any]]:
        """The rows of a run, read one by one from its journal."""
        for row in read_history(run.journal):
            flat = {"_step": row["_step"], "_timestamp": row["_timestamp"]}
            merge_summary(flat, row)
            yield flat

    def files(self, run: StoredRun) -> Mapping[str, int | None]:
        """The files of a run with their sizes in bytes."""
        return saved_files(run)

    def read_file(self, run: StoredRun, path: str) -> Iterator[bytes]:
        """The content of a file of a run; symbolic links are not followed."""
        with os.fdopen(open_regular(run.directory / FILES / path), "rb") as file:
            while part := file.read(_PART):
                yield part


@contextmanager
def store_source(url: str, *, writable: bool = False) -> Iterator[StoreSource]:
    """Open a store as a source.

    Args:
        url: The address of the store.
        writable: Whether the caller changes or removes runs.

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
    """Open the source for the arguments of a program.

    Args:
        dir: The directory above ``wandb``, as in ``init(dir=)``, or ``wandb`` itself. If neither
            ``dir`` nor ``store`` is given, the directory of the settings.
        store: The address of a store; `SETTING` for the one in the setting ``store``.

    Yields:
        The source.

    Raises:
        QueryError: There is no such directory.
        RunError: Both are given, the setting has no store, or the store cannot be used.
        SettingsError: The settings are needed, and have errors.
    """
    check_argument("dir", dir, (str, os.PathLike), "the path of a directory")
    check_argument("store", store, str, "the address of a store")
    if store is None:
        yield DirectorySource(settings_directory() if dir is None else runs_directory(dir))
        return
    if dir is not None:
        raise RunError.of(Rule.BAD_QUERY, "dir and store exclude each other: runs are in one place")
    url = setting_store() if store == SETTING else store
    if url is None:
        hint = "set WANDB_STORE"
        raise RunError.of(Rule.BAD_STORE, "there is no store", path=("store",), hint=hint)
    check_packages(url)
    with store_source(url) as source:
        yield source


def settings_directory() -> Path:
    """The ``wandb`` directory of the settings.

    Raises:
        SettingsError: The settings have errors, so that the directory is unknown.
    """
    return wandb_directory(named_path(_settings().root_dir or ".", Path()))


def setting_store(settings: Any = None) -> str | None:
    """The address in the setting ``store``, with its place; ``None`` if it is not set.

    Args:
        settings: The settings, as `runsettings.Settings`; resolved if left out.

    Raises:
        SettingsError: The settings have errors, so that the store is unknown.
    """
    settings = _settings() if settings is None else settings
    if settings.store is None:
        return None
    return PlacedText(settings.store.get_secret_value(), settings.origin("store"))


def _settings() -> Any:
    from runsettings.models.settings import Settings  # pydantic: explicit arguments do not need it

    return Settings.resolve()
