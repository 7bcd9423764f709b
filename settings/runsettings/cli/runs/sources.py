"""Where the runs of ``ls``, ``show``, ``diff`` and ``rm`` are: in a directory, or in a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from runsettings.cli.runs.options import all_runs, find_run, runs_directory
from runsettings.cli.runs.store_addresses import SETTING, store_address
from runsettings.journal import removal
from runsettings.journal.query.errors import RunNotFoundError
from runsettings.journal.query.finding import choose_run
from runsettings.journal.query.metrics import Metric, read_metrics
from runsettings.journal.query.run_objects import saved_files
from runsettings.journal.replay import StoredRun
from runsettings.shipping.addresses import shown
from runsettings.shipping.stores.base import Store

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Source(Protocol):
    """Finds and reads runs."""

    place: str
    """Where they are, for messages."""

    def all(self) -> list[StoredRun]:
        """All runs, newest first, as listings have them."""

    def find(self, name: str) -> StoredRun:
        """One run with everything; raises `click.ClickException` if no run or several match."""

    def family(self, run: StoredRun) -> list[StoredRun]:
        """The run, and those that it overwrote, as far as they have files of their own."""

    def remove(self, run: StoredRun, *, force: bool) -> None:
        """Remove a run; with ``force`` also if a process records it."""

    def metrics(self, run: StoredRun) -> dict[str, Metric]:
        """The metrics of a run."""

    def files(self, run: StoredRun) -> Mapping[str, int | None]:
        """The files of a run with their sizes in bytes."""


class _Directory:
    """The runs below a ``wandb`` directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.place = str(directory)

    def all(self) -> list[StoredRun]:
        return all_runs(self.directory)

    def find(self, name: str) -> StoredRun:
        return find_run(self.directory, name)

    def family(self, run: StoredRun) -> list[StoredRun]:
        return removal.overwritten(run)

    def remove(self, run: StoredRun, *, force: bool) -> None:
        removal.remove(run, self.directory, force=force)

    def metrics(self, run: StoredRun) -> dict[str, Metric]:
        return read_metrics(run)

    def files(self, run: StoredRun) -> Mapping[str, int | None]:
        return saved_files(run)


class _Shipped:
    """The runs in a store."""

    def __init__(self, store: Store, place: str) -> None:
        self.store = store
        self.place = place

    def all(self) -> list[StoredRun]:
        return self.store.list_runs()

    def find(self, name: str) -> StoredRun:
        try:
            return self.store.load_run(choose_run(self.store.list_runs(), name, self.place))
        except RunNotFoundError as error:
            raise click.ClickException(str(error)) from None

    def family(self, run: StoredRun) -> list[StoredRun]:
        return [run]

    def remove(self, run: StoredRun, *, force: bool) -> None:
        del force  # the command has asked; no lock tells more
        self.store.remove_run(run)

    def metrics(self, run: StoredRun) -> dict[str, Metric]:
        return self.store.read_metrics(run)

    def files(self, run: StoredRun) -> Mapping[str, int | None]:
        return run.files


def store_option(command: _Command) -> _Command:
    """The option ``--store``: its text, or ``None``."""
    return click.option(
        "--store",
        metavar="URL",
        help=f"Ask the store at this address in place of local runs; `{SETTING}` for the one in "
        "the setting store (WANDB_STORE).",
    )(command)


@contextmanager
def run_source(root: str | None, store: str | None, *, writable: bool = False) -> Iterator[Source]:
    """The source that the options ``--dir`` and ``--store`` name.

    Args:
        root: The argument of ``--dir``.
        store: The argument of ``--store``.
        writable: Whether runs are to be removed.

    Raises:
        click.UsageError: Both are given, or the address has a password.
        RunError: The store cannot be used.
    """
    if store is None:
        yield _Directory(runs_directory(root))
        return
    if root is not None:
        raise click.UsageError("--dir and --store exclude each other")
    url = store_address(store, "--store")
    from runsettings.shipping.stores.opening import open_store  # sqlalchemy: --dir needs none

    with open_store(url, writable=writable) as opened:
        yield _Shipped(opened, shown(url))
