"""`stored_run`: a recorded run by its name, for a program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from runsettings.journal.query.errors import FilterError, QueryError, RunNotFoundError
from runsettings.journal.replay import StoredRun
from runsettings.layers.known_arguments import known_arguments
from runsettings.recorded.arguments import check_argument
from runsettings.recorded.sources import open_source
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError


@known_arguments()
def stored_run(
    name: str | os.PathLike[str],
    dir: str | os.PathLike[str] | None = None,  # noqa: A002 - the name in init()
    store: str | None = None,
) -> StoredRun:
    """Find one recorded run, and load all of its details.

    Args:
        name: An id, a display name, the beginning of an id, ``latest``, or the path of a run's
            directory or journal anywhere.
        dir: The directory above ``wandb``, as in ``init(dir=)``; by default that of the settings.
        store: The address of a store to read instead of a directory; ``"setting"`` for the one
            in the setting ``store``.

    Returns:
        The run.

    Raises:
        SettingsError: The settings have errors, so that the directory is unknown.
        RunError: There is no such run, its journal cannot be read, or the store cannot be used.
    """
    check_argument("name", name, (str, os.PathLike), "the id, the name or the path of a run")
    with query_errors(), open_source(dir, store) as source:
        return source.find(os.fspath(name))


@contextmanager
def query_errors() -> Iterator[None]:
    """Turn errors of queries and of the disk into errors of this library.

    Raises:
        RunError: A `QueryError` or an `OSError` was raised inside.
    """
    try:
        yield
    except RunNotFoundError as error:
        raise RunError.of(Rule.RUN_MISSING, str(error)) from None
    except FilterError as error:
        raise RunError.of(Rule.BAD_QUERY, error.message, excerpt=error.excerpt) from None
    except QueryError as error:
        raise RunError.of(Rule.BAD_QUERY, str(error)) from None
    except OSError as error:
        place = "the runs" if error.filename is None else str(error.filename)
        message = f"{place} cannot be read: {error.strerror or error}"
        raise RunError.of(Rule.UNREADABLE_FILE, message) from error
