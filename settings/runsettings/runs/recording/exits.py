"""How a process ends: with an exit code, by an exception, or by a signal.

An exception that ends the process is found in ``sys.last_value`` at its end, whatever the
excepthook does. An exit code is known only while the interpreter asks ``SystemExit`` for it,
so ``sys.exit``, ``exit`` and ``quit`` raise a subclass that notices this. Not seen are
``raise SystemExit(3)``, and ``sys.exit`` that was imported by name before the run started.
"""

from __future__ import annotations

import builtins
import functools
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final, Literal

_SIGNALS: Final = tuple(
    number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
)
"""Signals that end a process at once. Python raises KeyboardInterrupt for SIGINT."""


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
        if isinstance(error, KeyboardInterrupt):
            return cls(128 + signal.SIGINT, "KeyboardInterrupt", "SIGINT")
        kind = type(error)
        name = kind.__qualname__
        return cls(1, name if kind.__module__ == "builtins" else f"{kind.__module__}.{name}")


def exit_code(code: Any) -> int:
    """The exit code that the shell sees for an argument of ``sys.exit``."""
    if code is None:
        return 0
    # The operating system keeps eight bits of it.
    return code & 0xFF if isinstance(code, int) else 1


class _Exit(SystemExit):
    """The exception of ``sys.exit``. It notices when it ends the process.

    The interpreter reads ``code`` after the last frame of Python has ended; every other reader
    of ``code`` has a frame.
    """

    asked: Any = None
    """The code that the interpreter read, in a tuple."""

    @property
    def code(self) -> Any:  # type: ignore[override]
        """What ``sys.exit`` was given."""
        code = self.args[0] if self.args else None
        if sys._getframe().f_back is None:
            _Exit.asked = (code,)
        return code


def _noticed(leave: Callable[..., Any]) -> Callable[..., Any]:
    """Make ``sys.exit``, ``exit`` or ``quit`` raise the exception that notices the end."""

    @functools.wraps(leave)
    def leave_noticed(*arguments: Any) -> Any:
        try:
            return leave(*arguments)
        except SystemExit as error:
            raise _Exit(*error.args) from None

    return leave_noticed


class ExitWatch:
    """Sees how the process ends.

    Args:
        on_signal: Called with the ending before a signal ends the process.
    """

    def __init__(self, on_signal: Callable[[Ending], None]) -> None:
        self._on_signal = on_signal
        self._pid = 0
        self._last_error: Any = None
        self._replaced: list[tuple[Any, str, Any, Any]] = []
        self._signals: list[int] = []
        self._mask: Iterable[int] | None = None
        self._handler = self._note_signal  # a bound method is a new object at each look

    @property
    def ending(self) -> Ending:
        """How the process is ending; for its last moments, when nothing else can happen."""
        if _Exit.asked is not None:
            return Ending(exit_code(_Exit.asked[0]))
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
        self._last_error, _Exit.asked = getattr(sys, "last_value", None), None
        self._replace(sys, "exit")
        for name in ("exit", "quit"):
            # A prompt such as IPython's has functions of its own there.
            if type(getattr(builtins, name, None)).__name__ == "Quitter":
                self._replace(builtins, name)
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) is signal.SIG_DFL:
                    signal.signal(number, self._handler)
                    self._signals.append(number)

    def remove(self) -> None:
        """Put back everything that nobody else replaced since."""
        self._pid = 0
        for module, name, before, ours in self._replaced:
            if getattr(module, name, None) is ours:
                setattr(module, name, before)
        self._replaced.clear()
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

    def _replace(self, module: Any, name: str) -> None:
        before = getattr(module, name)
        ours = _noticed(before)
        self._replaced.append((module, name, before, ours))
        setattr(module, name, ours)

    def _note_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # A second signal must not interrupt what the first one began.
        signal.signal(number, signal.SIG_IGN)
        try:
            self._on_signal(Ending(128 + number, None, signal.Signals(number).name))
        finally:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
