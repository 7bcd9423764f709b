"""How a process ends: with an exit code, by an exception, or by a signal.

An exception that ends the process is found in ``sys.last_value`` at its end, whatever the
excepthook does. An exit code is known only while ``SystemExit`` leaves the last frame of the
main thread, so that moment is watched (`_watch_last_exception`).
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final, Literal

_SIGNALS: Final = tuple(
    number
    for name in ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGXCPU")
    if (number := getattr(signal, name, None)) is not None
)
"""Signals that end a process at once. Python raises KeyboardInterrupt for SIGINT. SIGUSR1 and
SIGUSR2 are left alone: frameworks that requeue a job with them install no handler where one is."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process, or a run in it, ended."""

    code: int = 0
    error: str | None = None
    """The type of the exception that ended it."""
    signal: str | None = None

    @property
    def state(self) -> Literal["finished", "failed", "killed"]:
        """The state of a run that ended so."""
        if self.signal is not None:
            return "killed"
        return "failed" if self.code else "finished"

    def record(self) -> dict[str, Any]:
        """The journal's record of it, without the time."""
        record: dict[str, Any] = {"type": "exit", "state": self.state, "code": self.code}
        if self.error is not None:
            record["error"] = self.error
        if self.signal is not None:
            record["signal"] = self.signal
        return record

    @classmethod
    def of(cls, error: BaseException) -> Ending:
        """The end of a process by an exception that nobody catches."""
        if isinstance(error, SystemExit):
            return cls(exit_code(error.code))
        if isinstance(error, KeyboardInterrupt) and process_of_multiprocessing() is None:
            return cls(128 + signal.SIGINT, "KeyboardInterrupt", "SIGINT")
        kind = type(error)
        name = kind.__qualname__
        return cls(1, name if kind.__module__ == "builtins" else f"{kind.__module__}.{name}")


def process_of_multiprocessing() -> Any:
    """``multiprocessing.process`` in a child that multiprocessing started, or ``None``."""
    process = sys.modules.get("multiprocessing.process")
    return None if process is None or process.parent_process() is None else process


def exit_code(code: Any) -> int:
    """The exit code that the shell sees for an argument of ``sys.exit``."""
    if code is None:
        return 0
    if not isinstance(code, int):
        return 1
    # Python makes it a C integer, and the operating system keeps eight bits of that.
    return code & 0xFF if -(1 << 63) <= code < 1 << 63 else 0xFF


def _watch_last_exception(note: Callable[[BaseException], None]) -> Callable[[], None]:
    """Call ``note`` with a ``SystemExit`` that ends the process.

    Where there is monitoring, also with any exception that ends a child of multiprocessing.

    Returns:
        A function that ends the watch.
    """
    if sys.version_info >= (3, 12):
        tools = (number for number in range(5, -1, -1) if not sys.monitoring.get_tool(number))
        if (tool := next(tools, None)) is not None:
            return _watch_unwinding(note, tool)
    # Python 3.11, or debuggers and profilers took all numbers.
    return _watch_attribute(note)


def _watch_attribute(note: Callable[[BaseException], None]) -> Callable[[], None]:
    """Watch by the attribute ``SystemExit.code``, which is a property for the time of the watch.

    The interpreter reads it at the end of the process, after the last frame. The ``sys.exit`` of
    Python 3.11 makes no exception object to be read, and so this package has a function in its
    place.
    """
    if sys.implementation.name != "cpython":
        return lambda: None
    # The type's own dict, which the type shows as read-only.
    (members,) = gc.get_referents(vars(SystemExit))
    member = members["code"]

    def read(error: SystemExit) -> Any:
        if sys._getframe().f_back is None:
            note(error)
        return member.__get__(error)

    def put(value: object) -> None:
        members["code"] = value
        # Where lookups of the attribute are kept.
        clear = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache
        clear()

    def stop() -> None:
        put(member)
        replace_exit(built_in, raising)

    def replace_exit(new: object, old: object) -> None:
        for names, name in places:
            if names.get(name) is old:
                names[name] = new

    put(property(read, member.__set__, member.__delete__))
    raising: Any = sys.modules["runsettings"].__dict__.get("_exit")
    built_in = getattr(raising, "built_in", None)
    places = getattr(raising, "places", ())
    replace_exit(raising, built_in)  # an earlier run of this process put the built-in one back
    return stop


if sys.version_info >= (3, 12):

    def _watch_unwinding(note: Callable[[BaseException], None], tool: int) -> Callable[[], None]:
        """Watch by the event of an exception that leaves a frame, as the tool of a number."""
        monitoring, unwind = sys.monitoring, sys.monitoring.events.PY_UNWIND
        main = threading.main_thread().ident
        child = process_of_multiprocessing()
        # It catches what ends the function of the child, and ends by an exit code alone.
        catching = None if child is None else child.BaseProcess._bootstrap.__code__

        def unwound(_code: object, _offset: int, error: BaseException) -> None:
            if catching is None and not isinstance(error, SystemExit):
                return
            frame = sys._getframe(1).f_back
            last = frame is None if catching is None else frame and frame.f_code is catching
            if last and threading.get_ident() == main:
                note(error)

        monitoring.use_tool_id(tool, "runsettings")
        monitoring.register_callback(tool, unwind, unwound)
        monitoring.set_events(tool, unwind)

        def stop() -> None:
            monitoring.set_events(tool, 0)
            monitoring.register_callback(tool, unwind, None)
            monitoring.free_tool_id(tool)

        return stop


class ExitWatch:
    """Sees how the process ends.

    Args:
        on_signal: Called with the ending before a signal ends the process.
    """

    def __init__(self, on_signal: Callable[[Ending], None]) -> None:
        self._on_signal = on_signal
        self._pid = 0
        self._last_error: Any = None
        self._last_exception: BaseException | None = None
        self._stop_watching: Callable[[], None] | None = None
        self._signals: list[int] = []
        self._mask: Iterable[int] | None = None
        self._handler = self._note_signal  # a bound method is a new object at each look

    @property
    def ending(self) -> Ending:
        """How the process is ending; for its last moments, when nothing else can happen."""
        if self._last_exception is not None:
            return Ending.of(self._last_exception)
        error = getattr(sys, "last_value", None)
        # A prompt shows exceptions in the same way, and goes on.
        if error is None or error is self._last_error or hasattr(sys, "ps1"):
            return Ending()
        return Ending.of(error)

    def install(self) -> None:
        """Watch this process. Does nothing where it is being watched already."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self._last_error, self._last_exception = getattr(sys, "last_value", None), None
        self._stop_watching = _watch_last_exception(self._note_last_exception)
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) is signal.SIG_DFL:
                    signal.signal(number, self._handler)
                    self._signals.append(number)

    def remove(self) -> None:
        """Put back everything that nobody else replaced since."""
        self._pid = 0
        if self._stop_watching is not None:
            self._stop_watching()
            self._stop_watching = None
        if threading.current_thread() is threading.main_thread():
            for number in self._signals:
                if signal.getsignal(number) is self._handler:
                    signal.signal(number, signal.SIG_DFL)
            self._signals.clear()

    def before_fork(self) -> None:
        """Block signals: Python drops one that reaches a child before our handler is gone."""
        if self._signals:
            self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)

    def after_fork_in_parent(self) -> None:
        """Unblock signals."""
        if self._mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            self._mask = None

    def after_fork_in_child(self) -> None:
        """In a child, a signal must do what it would have done without us."""
        self.remove()
        self.after_fork_in_parent()

    def _note_last_exception(self, error: BaseException) -> None:
        self._last_exception = error

    def _note_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # A second signal must not interrupt what the first one began.
        signal.signal(number, signal.SIG_IGN)
        try:
            self._on_signal(Ending(128 + number, None, signal.Signals(number).name))
        finally:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
