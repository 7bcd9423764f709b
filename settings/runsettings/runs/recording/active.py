"""The current run of this process, and the functions that act on it."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import wraps
from inspect import signature
from typing import Any, Concatenate, Never, ParamSpec, TypeVar

from runsettings.layers.known_arguments import checks_arguments, known_arguments, unknown_arguments
from runsettings.runconfig.config import Config
from runsettings.runs.recording.corrections import correct_end
from runsettings.runs.recording.disabled import RunDisabled
from runsettings.runs.recording.exits import Ending, ExitWatch, process_of_multiprocessing
from runsettings.runs.recording.run import Run
from runsettings.runs.recording.summary import Summary
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

P = ParamSpec("P")
R = TypeVar("R")

_current: Run | RunDisabled | None = None
_early: Config | None = None
_registered = False
_ending_in = 0
"""The process of multiprocessing that finishes its run when its function ends."""


def run() -> Run | RunDisabled | None:
    """The run that is being recorded, or ``None``: ``runsettings.run``."""
    return _current


def config() -> Config:
    """The current run's config; before `init`, the lowest input of the next run's."""
    global _early  # noqa: PLW0603 - one process, one current run
    if _current is not None:
        return _current.config
    if _early is None:
        _early = Config(allow_val_change=True)
    return _early


def summary() -> Summary:
    """The summary of the current run: ``runsettings.summary``.

    Raises:
        AttributeError: There is no current run.
    """
    if _current is None:
        raise AttributeError("runsettings.summary needs a run; call init() first")
    return _current.summary


def early_config() -> Config | None:
    """The config that was filled before `init`, or ``None``."""
    return _early


@checks_arguments
def log(
    data: Mapping[str, Any] | None = None,
    step: int | None = None,
    commit: bool | None = None,
    sync: bool | None = None,
    **unknown: Never,
) -> None:
    """Record metrics with the current run; see `Run.log`.

    Raises:
        RunError: There is no current run.
    """
    if unknown:
        raise unknown_arguments(log, unknown)
    (_current or _none("log")).log(data, step, commit, sync)


def _of_current_run(method: Callable[Concatenate[Any, P], R]) -> Callable[P, R]:
    """Make the function that calls a method of the current run, which has its signature."""
    name = method.__name__

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        result: R = getattr(_current or _none(name), name)(*args, **kwargs)
        return result

    _, *parameters = signature(method).parameters.values()
    call.__signature__ = signature(method).replace(parameters=parameters)  # type: ignore[attr-defined]
    return call


save = _of_current_run(Run.save)
define_metric = _of_current_run(Run.define_metric)


@known_arguments()
def finish(exit_code: int | None = None, quiet: bool | None = None) -> None:
    """End the current run; see `Run.finish`. Does nothing without one."""
    if _current is not None:
        _current.finish(exit_code, quiet)


def activate(started: Run | RunDisabled) -> None:
    """Make a run the current one, and finish it at the end of the process."""
    global _current, _early, _registered  # noqa: PLW0603
    _current, _early = started, None
    if isinstance(started, Run):
        _watch.install()
        if not _registered:
            _registered = True
            atexit.register(_at_exit)
        _finish_with_process_of_multiprocessing()


def deactivate(finished: Run | RunDisabled) -> None:
    """Make a finished run the current one no more."""
    global _current  # noqa: PLW0603
    if _current is finished:
        _current = None
        if isinstance(finished, Run) and not finished._is_end_certain:
            _uncertain.append(finished)
        elif not _uncertain:
            _watch.remove()


def _none(what: str) -> Run:
    raise RunError.of(Rule.RUN_INACTIVE, f"{what}() needs a run", hint="call init() first")


def _at_exit() -> None:
    """Called by the interpreter at its end, and by forked children of multiprocessing at theirs."""
    if sys._getframe().f_back is None:
        _finish_all(_watch.ending)


def _finish_with_process_of_multiprocessing() -> None:
    """In a child that multiprocessing started, finish when its function has ended.

    A forked one leaves without the handlers of `atexit`, and multiprocessing catches what ends it.
    """
    global _ending_in  # noqa: PLW0603
    if process_of_multiprocessing() is not None and _ending_in != os.getpid():
        _ending_in = os.getpid()
        from multiprocessing.util import Finalize  # such a child has imported it

        Finalize(None, _at_end_of_child, exitpriority=0)


def _at_end_of_child() -> None:
    """Until Python 3.12 called while the exception is handled that ends the child."""
    error = sys.exception()
    _finish_all(_watch.ending if error is None else Ending.of(error))


def _finish_all(ending: Ending) -> None:
    """Finish the current run, and correct what finished before the end was known."""
    while _uncertain:
        correct_end(_uncertain.pop(), ending)
    run = _current
    if run is None:
        _watch.remove()
    elif isinstance(run, Run):
        try:
            run._end(ending, at_exit=True)
        except KeyboardInterrupt:
            # Python would print a traceback, and end with the same exit code.
            run._recorder.notices.warn("interrupted; some files of the run may be missing")
        except RunError as error:  # of a strict run, to which no caller is left
            sys.stderr.write(f"{error}\n")


def _finish_on_signal(ending: Ending) -> None:
    if isinstance(_current, Run):
        _current._end(ending)


def _about_to_fork() -> None:
    """Lock the config: a lock that another thread holds would never be released in the child."""
    _watch.before_fork()
    if isinstance(_current, Run):
        reading = _current.config._store.reading()
        reading.__enter__()
        _reading.append(reading)


def _forked_in_parent() -> None:
    _release_config()
    _watch.after_fork_in_parent()


def _forked() -> None:
    """In a child: the run belongs to the parent, which records its end."""
    _release_config()
    _watch.after_fork_in_child()
    _uncertain.clear()
    if isinstance(_current, Run):
        _current._forked()


def _release_config() -> None:
    # Popped first: another thread may be about to fork as well.
    if _reading:
        _reading.pop().__exit__(None, None, None)


_watch = ExitWatch(_finish_on_signal)
_uncertain: list[Run] = []
"""Runs that finished while an exception was handled."""

_reading: list[AbstractContextManager[object]] = []
"""The lock on the config during a fork."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_about_to_fork,
        after_in_parent=_forked_in_parent,
        after_in_child=_forked,
    )
