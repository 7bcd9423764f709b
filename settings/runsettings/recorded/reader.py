"""`read_runs`: the recorded runs of a directory or a store, for programs."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from runsettings.journal.query.listing import Question
from runsettings.journal.records import State
from runsettings.journal.replay import StoredRun
from runsettings.layers.known_arguments import known_arguments
from runsettings.recorded.arguments import texts_of
from runsettings.recorded.run_history import Row, RunHistory
from runsettings.recorded.sources import RunSource, open_source
from runsettings.recorded.stored_runs import query_errors
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.origin import Origin
from runsettings.values.tree import Tree


class _Opened:
    """A source that is closed when no run refers to it any more.

    Args:
        source: The source.
        close: Closes it.
    """

    def __init__(self, source: RunSource, close: Callable[[], None]) -> None:
        self.source = source
        weakref.finalize(self, close)


@dataclass(frozen=True)
class RecordedRun:
    """A recorded run, as it was when `read_runs` read it.

    ``Config.load(run)`` and ``init(config=run)`` load its config with origins. Times are in
    seconds since 1970.
    """

    id: str
    name: str
    project: str
    entity: str | None
    group: str | None
    job_type: str | None
    notes: str | None
    tags: tuple[str, ...]
    mode: str
    """``online`` or ``offline``."""
    state: State
    """``running``, ``finished``, ``failed``, ``killed`` or ``crashed``."""
    exit_code: int | None
    """The exit code of its last process; ``None`` if it is not known."""
    host: str
    """The host name of the machine of its last process."""
    created: float
    """The time at which it was first started."""
    started: float
    """The time at which its last process started."""
    ended: float | None
    """The time at which its last process ended; ``None`` if it is not known."""
    runtime: float
    """The number of seconds for which its processes ran."""
    steps: int
    """The number of rows in its history."""
    config: Mapping[str, Any]
    """Its config, nested."""
    summary: Mapping[str, Any]
    """Its summary by dotted key."""
    directory: Path
    """Its directory on the machine that recorded it."""
    _listed: StoredRun = field(repr=False, compare=False)
    _opened: _Opened = field(repr=False, compare=False)

    @cached_property
    def stored(self) -> StoredRun:
        """The run with all details, but without the rows; read at the first use.

        Raises:
            RunError: The journal or the store cannot be read.
        """
        with query_errors():
            return self._opened.source.load(self._listed)

    @property
    def origins(self) -> dict[str, Origin]:
        """The origin of each leaf of the config, by dotted key."""
        recorded = self.stored.config_origins
        return {key: Origin.from_json(origin) for key, origin in recorded.items()}

    @property
    def settings(self) -> Mapping[str, Any]:
        """Its settings by key, without secrets."""
        return self.stored.settings

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Its machine and program, as nested mappings."""
        return self.stored.metadata

    @property
    def files(self) -> Mapping[str, int | None]:
        """The sizes of its files in bytes by path; ``None`` for a file that is missing."""
        with query_errors():
            return self._opened.source.files(self.stored)

    @property
    def history(self) -> RunHistory:
        """The rows that it logged."""
        return RunHistory(self._rows)

    def _rows(self) -> Iterator[Row]:
        with query_errors():
            yield from self._opened.source.history(self._listed)

    def _trees(self) -> tuple[Tree, ...]:
        return self.stored._trees()


@known_arguments()
def read_runs(
    where: str | Sequence[str] = (),
    *,
    sort: str | Sequence[str] = (),
    limit: int | None = None,
    dir: str | os.PathLike[str] | None = None,  # noqa: A002 - the name in init()
    store: str | None = None,
) -> Iterator[RecordedRun]:
    """Read the recorded runs of a directory or a store, newest first.

    Args:
        where: A filter such as ``"config.lr < 0.1 and state = finished"``, in the syntax of
            ``runsettings runs ls --where``; or several filters, which must all match.
        sort: Keys to sort by, the most important first; a ``-`` before a key sorts the largest
            value first.
        limit: The largest number of runs; 0 or more.
        dir: The directory above ``wandb``, as in ``init(dir=)``, or ``wandb`` itself; the
            settings' own by default.
        store: The address of a store to read in place of a directory; ``"setting"`` for the one
            in the setting ``store``.

    Returns:
        An iterator over the runs. The origins, settings, metadata and rows of a run are read when
        they are used.

    Raises:
        SettingsError: The settings have errors, so that the directory is unknown.
        RunError: A filter, a key or the limit is wrong, there is no such directory, or the store
            cannot be used.
    """
    if limit is not None and (not isinstance(limit, int) or limit < 0):
        raise RunError.of(Rule.BAD_QUERY, f"the limit must be 0 or more; got {limit!r}")
    filters, order = texts_of("where", where), texts_of("sort", sort)
    with query_errors(), ExitStack() as stack:
        source = stack.enter_context(open_source(dir, store))
        found = source.select(
            Question(filters, order, limit=limit, sections=("config", "summary"))
        ).runs
        opened = _Opened(source, stack.pop_all().close)
    return (_recorded(run, opened) for run in found)


def _recorded(run: StoredRun, opened: _Opened) -> RecordedRun:
    code = None if run.exit is None else run.exit.get("code")
    names = ("id", "name", "project", "entity", "group", "job_type", "notes", "mode", "state")
    more = ("host", "created", "started", "ended", "runtime", "config", "summary", "directory")
    return RecordedRun(
        **{name: getattr(run, name) for name in (*names, *more)},
        tags=tuple(run.tags),
        exit_code=code,
        steps=run.rows,
        _listed=run,
        _opened=opened,
    )
