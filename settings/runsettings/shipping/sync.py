"""Ships the journals of many runs, one after another; a run that fails does not stop the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from runsettings.journal.replay import StoredRun
from runsettings.shipping.batches import read_identity
from runsettings.shipping.saved_files import LARGEST_FILE
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.stores.base import BusyError, Destination, IncompleteError, may_pass
from runsettings.values.errors import RunError
from runsettings.values.rendering import with_hint


class Synced(NamedTuple):
    """What became of one run."""

    run: StoredRun
    """The run as the store has it; the run from its journal if it could not be shipped."""
    bytes: int = 0
    """The number of bytes of its journal that were shipped."""
    error: str | None = None
    """Why the run could not be shipped; ``None`` if it was shipped."""
    left_out: Sequence[str] = ()
    """A message for each saved file that was not shipped."""
    refused_rows: str | None = None
    """A message about rows that the destination does not take."""


def sync_runs(
    store: Destination,
    runs: Iterable[StoredRun],
    tell: Callable[[int, int], None],
    promise: float | None = None,
    largest: int = LARGEST_FILE,
) -> list[Synced]:
    """Ship the parts of these runs that a store does not have yet.

    Args:
        store: The store.
        runs: The runs, from their journals.
        tell: Called after each batch and each run with the number of bytes that are done and the
            total number of bytes.
        promise: The number of seconds until the next call for the same runs; ``None`` if there is
            no next call.
        largest: The size in bytes of the largest saved file that is shipped.

    Returns:
        A result for each run, in the same order.

    Raises:
        RunError: The store does not answer.
    """
    runs = list(runs)
    total = sum(_size(run) for run in runs)
    done, results = 0, list[Synced]()
    for run in runs:
        before = done

        def shipped(count: int) -> None:
            nonlocal done
            done += count
            tell(done, max(total, done))

        try:
            shipper = Shipper(store, run.journal, largest=largest)
            found = shipper.ship(shipped, promise)
            shipper.check_in(promise)
        except OSError as error:
            results.append(Synced(run, done - before, error.strerror or str(error)))
        except RunError as error:
            if may_pass(error) and not isinstance(error, (BusyError, IncompleteError)):
                raise
            first = error.diagnostics[0]
            results.append(Synced(run, done - before, with_hint(first.message, first.hint)))
        else:
            shipped_run = run if found is None else found.run
            left_out, refused = shipper.left_out, shipper.refused_rows
            results.append(Synced(shipped_run, done - before, None, left_out, refused))
        done = before + max(_size(run), done - before)
        tell(done, max(total, done))
    return results


def bytes_to_ship(store: Destination | None, run: StoredRun) -> int:
    """Return the number of bytes of a run's journal that a store does not have.

    Args:
        store: The store, or ``None`` if there is none yet.
        run: The run, from its journal.

    Returns:
        The number of bytes.

    Raises:
        OSError: The journal cannot be read.
        RunError: The store failed.
    """
    identity = None if store is None else read_identity(run.journal)
    found = None if store is None or identity is None else store.find_run(identity, run.journal)
    return max(_size(run) - (0 if found is None else found.position), 0)


def _size(run: StoredRun) -> int:
    try:
        return os.stat(run.journal).st_size  # noqa: PTH116 - thousands of runs
    except OSError:
        return 0
