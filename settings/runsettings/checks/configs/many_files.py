"""Many config files, on all processors where that pays."""

from __future__ import annotations

import gc
import os
import pickle
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from runsettings.checks.configs.config_file import ConfigChecks, check_config_file
from runsettings.values.diagnostic import Diagnostic

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

_WORTH_A_PROCESS: Final = 100
"""Files that take about as long as starting a process does."""

_CHUNK: Final = 16
"""Files handed to a process at a time."""

_checks: ConfigChecks | None = None


def check_config_files(
    paths: Sequence[Path],
    checks: ConfigChecks,
    *,
    processes: int | None = None,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[Diagnostic]:
    """Everything that is wrong with the files, in their order.

    Args:
        paths: The files.
        checks: What to hold them against.
        processes: How many processes to use; by default, as many as help.
        tell: Called with how many files are done, and how many there are.
    """
    wanted = _processes(len(paths), processes)
    found: list[Diagnostic] = []
    if wanted > 1 and (context := _context(checks)) is not None:
        from concurrent.futures import ProcessPoolExecutor  # few files do not wait for it

        chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]
        with ProcessPoolExecutor(
            wanted, mp_context=context, initializer=_begin, initargs=(checks,)
        ) as pool:
            # All processes are started before the first result, and so before `tell` is called,
            # which may start a thread: a process with threads must not be forked.
            arriving = pool.map(_check_chunk, chunks)
            for number, results in enumerate(arriving, 1):
                found += results
                tell(min(number * _CHUNK, len(paths)), len(paths))
        return found
    for number, path in enumerate(paths, 1):
        found += check_config_file(path, checks)
        tell(number, len(paths))
    return found


def _processes(files: int, wanted: int | None) -> int:
    if wanted is not None:
        return min(wanted, files)
    if files < 2 * _WORTH_A_PROCESS:
        return 1
    return min(_processors(), files // _WORTH_A_PROCESS)


def _processors() -> int:
    """The processors that this process may use, which in a container are not all there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _context(checks: ConfigChecks) -> BaseContext | None:
    """How to start processes, or ``None`` where that cannot be done."""
    import multiprocessing  # few files do not wait for it

    if sys.platform == "linux" and threading.active_count() == 1:
        # A copy of this process has everything imported, and the user's parser too.
        return multiprocessing.get_context("fork")
    try:
        pickle.dumps(checks)
    except (pickle.PicklingError, TypeError, AttributeError):
        return None
    return multiprocessing.get_context("spawn")


def _begin(checks: ConfigChecks) -> None:
    global _checks  # noqa: PLW0603 - what a worker process has been told
    _checks = checks
    # This process is ours: what it has imported need not be walked by the collector again and
    # again, and trees of values hold no cycles that would have to be found early.
    gc.freeze()
    gc.set_threshold(50_000)


def _check_chunk(paths: Sequence[Path]) -> list[Diagnostic]:
    assert _checks is not None
    return [each for path in paths for each in check_config_file(path, _checks)]
