"""How a process ends, seen from inside: the exit code, the exception, the signal.

Everything is put in place when a run starts, hands on to whatever was there before, and is
taken away when the last run finishes. What cannot be seen from inside Python is the code of a
bare ``raise SystemExit(3)``; that of ``sys.exit(3)``, ``exit(3)`` and of an exception can.
"""

from __future__ import annotations

import builtins
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Final, Literal, NoReturn

_SIGNALS: Final = tuple(
    number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
)
"""Signals that end a process without a word. SIGINT becomes KeyboardInterrupt by itself."""

_BUILTIN_EXIT: Final = sys.exit


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process, or a run in it, ended."""

    code: int = 0
    error: str | None = None
    """The type of the exception that ended it."""
    signal: str | None = None

    @property
    def state(self) -> Literal["finished", "failed", "killed"]:
        """What this makes of a run."""
        if self.signal is not None:
            return "killed"
        return "failed" if self.code else "finished"

    def record(self) -> dict[str, Any]:
        """The journal's record of it, but for the time."""
        record: dict[str, Any] = {"type": "exit", "state": self.state, "code": self.code}
        if self.error is not None:
            record["error"] = self.error
        if self.signal is not None:
            record["signal"] = self.signal
        return record

    @classmethod
    def of(cls, error: BaseException) -> Ending:
        """What an exception that nobody caught makes of a process."""
        if isinstance(error, SystemExit):
            return cls(exit_code(error.code))
        if isinstance(error, KeyboardInterrupt):
            return cls(128 + signal.SIGINT, "KeyboardInterrupt", "SIGINT")
        kind = type(error)
        name = kind.__qualname__
        return cls(1, name if kind.__module__ == "builtins" else f"{kind.__module__}.{name}")


def exit_code(code: Any) -> int:
    """The exit code that Python makes of what ``sys.exit`` was given."""
    if code is None:
        return 0
    return code if isinstance(code, int) else 1


class _Leaving(SystemExit):
    """The exception of ``sys.exit``, which notices when somebody catches it and goes on.

    An exception that ends the process is dropped after the last frame of Python is gone; one
    that was caught is dropped by the code that caught it.
    """

    def __init__(self, status: Any, watch: ExitWatch) -> None:
        super().__init__(status)
        self._watch = watch

    def __del__(self) -> None:
        try:
            sys._getframe(1)
        except ValueError:
            return
        self._watch.forget(self.code)


class ExitWatch:
    """Sees how the process ends.

    Args:
        on_signal: Called with the ending before a signal ends the process.
    """

    def __init__(self, on_signal: Callable[[Ending], None]) -> None:
        self._on_signal = on_signal
        self._pid = 0
        self._seen = Ending()
        self._excepthook: Any = None
        self._exit: Any = None
        self._quitters: dict[str, Any] = {}
        self._signals: list[int] = []
        self._mask: Iterable[int] | None = None
        # One object a watch: a bound method is a new one at each look.
        self._hook = self._note_exception
        self._leave = self._note_exit
        self._handler = self._note_signal

    @property
    def ending(self) -> Ending:
        """How the process is ending, as far as that was seen."""
        return self._seen

    def install(self) -> None:
        """Watch this process. Does nothing where it is being watched already."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self._seen = Ending()
        if sys.excepthook is not self._hook:
            self._excepthook, sys.excepthook = sys.excepthook, self._hook
        if sys.exit is not self._leave:
            self._exit = sys.exit
            sys.exit = self._leave
        self._quitters = {
            name: quitter
            for name in ("exit", "quit")
            if type(quitter := getattr(builtins, name, None)).__name__ == "Quitter"
        }
        for name in self._quitters:
            setattr(builtins, name, self._leave)
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) is signal.SIG_DFL:
                    signal.signal(number, self._handler)
                    self._signals.append(number)

    def remove(self) -> None:
        """Put everything back that nobody else replaced since."""
        if not self._pid:
            return
        self._pid = 0
        if sys.excepthook is self._hook:
            sys.excepthook = self._excepthook
        if sys.exit is self._leave:
            sys.exit = self._exit
        for name, quitter in self._quitters.items():
            if getattr(builtins, name, None) is self._leave:
                setattr(builtins, name, quitter)
        self._drop_signals()

    def forget(self, code: Any) -> None:
        """An exit with this code was caught, and the process goes on."""
        if self._seen == Ending(exit_code(code)):
            self._seen = Ending()

    def before_fork(self) -> None:
        """Hold signals back: Python drops one that meets a child before our handler is gone."""
        if self._signals:
            self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)

    def after_fork_in_parent(self) -> None:
        """Let signals through again."""
        if self._mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
            self._mask = None

    def after_fork_in_child(self) -> None:
        """In a child a signal must do what it would have done without us."""
        self.remove()
        self.after_fork_in_parent()

    def _drop_signals(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number in self._signals:
            if signal.getsignal(number) is self._handler:
                signal.signal(number, signal.SIG_DFL)
        self._signals.clear()

    def _note_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self._seen = Ending.of(error)
        self._excepthook(kind, error, trace)

    def _note_exit(self, status: Any = None, /) -> NoReturn:
        if threading.current_thread() is not threading.main_thread():
            # Ends the thread and not the process.
            raise SystemExit(status)
        self._seen = Ending(exit_code(status))
        if self._exit is not _BUILTIN_EXIT:
            self._exit(status)
        # Not kept in a variable: its traceback holds this frame, and the two would wait for
        # the garbage collector.
        raise _Leaving(status, self)

    def _note_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        # Whoever sends it twice shall not cut short what the first one began.
        signal.signal(number, signal.SIG_IGN)
        name = signal.Signals(number).name
        self._seen = Ending(128 + number, None, name)
        try:
            self._on_signal(self._seen)
        finally:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
