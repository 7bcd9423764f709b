"""Converts texts with the type functions of a parser, without letting them change anything.

Some type functions open files or make directories. A check must not do that, so a function that
tries to is stopped, and what it takes is not known.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_REFUSED: Final = (
    *("os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir"),
    *("os.symlink", "os.truncate", "os.exec", "os.fork", "os.kill", "os.posix_spawn", "os.spawn"),
    *("os.system", "subprocess.Popen", "socket.connect", "webbrowser.open"),
)
"""Audit events of what a type function must not do in a check."""

_THREAD: Final = threading.local()
"""``refusing`` is true while this thread calls a type function."""

_INSTALLED: Final = threading.Event()
"""An audit hook cannot be taken back, so there is one, from the first call on."""


class UnknownConversionError(Exception):
    """Whether a function takes a text cannot be told without side effects."""


class _SideEffect(BaseException):
    """Raised inside of a type function; no ``except Exception`` of its own catches it."""


def convert(function: Callable[[str], Any], text: str) -> Any:
    """Call a type function of a parser.

    Raises:
        UnknownConversionError: It would write a file, start a process or the like.
        argparse.ArgumentTypeError: It does not take the text; so does ``TypeError`` or
            ``ValueError``. The user's function can raise any other exception as well.
    """
    if function is eval:
        return _literal(text)
    try:
        with _without_side_effects():
            value = function(text)
    except _SideEffect as error:
        raise UnknownConversionError from error
    except SystemExit as error:
        raise argparse.ArgumentTypeError("it ended the program") from error
    if isinstance(value, io.IOBase):
        value.close()
        raise UnknownConversionError
    return value


def _literal(text: str) -> Any:
    """What `eval` makes of a literal; other expressions in a config are not evaluated."""
    try:
        expression = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise argparse.ArgumentTypeError("it is no expression") from error
    try:
        return ast.literal_eval(expression)
    except ValueError as error:
        raise UnknownConversionError from error


@contextlib.contextmanager
def _without_side_effects() -> Iterator[None]:
    if not _INSTALLED.is_set():
        _INSTALLED.set()
        sys.addaudithook(_refuse)
    writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    _THREAD.refusing = True
    try:
        yield
    finally:
        _THREAD.refusing = False
        sys.dont_write_bytecode = writes_bytecode


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    if not getattr(_THREAD, "refusing", False):
        return
    opens = event == "open" and isinstance(args[2], int) and args[2] & _WRITING
    if opens or event in _REFUSED:
        raise _SideEffect(event)
