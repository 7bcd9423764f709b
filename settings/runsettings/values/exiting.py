"""Ends a script with the message of an error alone, without a traceback."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import _GeneratorContextManager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar, overload

from runsettings.values.errors import RunsettingsError
from runsettings.values.origin import Layer, Origin

EXIT_CODE: Final = 2
"""What argparse and most command-line programs exit with when they are called in a wrong way."""


F = TypeVar("F", bound=Callable[..., Any])


@overload
def exit_on_error() -> _GeneratorContextManager[None]: ...
@overload
def exit_on_error(function: F, /) -> F: ...
def exit_on_error(function: F | None = None, /) -> _GeneratorContextManager[None] | F:
    """End the program if settings or a config are wrong: the message, and exit code 2.

    It is a context manager, and a decorator for the function that a script runs::

        @runsettings.exit_on_error()
        def main() -> None: ...

    ``@runsettings.exit_on_error`` without parentheses does the same.

    Errors of this library are written to the standard error. What has no place of its own gets the
    line of the script that a traceback would show. All other errors pass as they are, with their
    traceback.

    Args:
        function: The function to decorate, if it is used without parentheses.

    Returns:
        The context manager, or the decorated function.

    Raises:
        SystemExit: An error of this library was raised inside; its code is 2.
    """
    return _exiting() if function is None else _exiting()(function)


@contextmanager
def _exiting() -> Iterator[None]:
    try:
        yield
    except RunsettingsError as error:
        place = _line_outside(error.__traceback__)
        error.diagnostics = tuple(
            found if found.origin else dataclasses.replace(found, origin=place)
            for found in error.diagnostics
        )
        sys.stderr.write(f"{error}\n")
        raise SystemExit(EXIT_CODE) from error


def _line_outside(traceback: TracebackType | None) -> Origin | None:
    """The innermost line of a traceback that is not of this library."""
    found = None
    while traceback is not None:
        frame = traceback.tb_frame
        module = str(frame.f_globals.get("__name__"))
        if module.partition(".")[0] not in {"runsettings", "contextlib"}:
            found = Origin(Layer.INIT, frame.f_code.co_filename, traceback.tb_lineno)
        traceback = traceback.tb_next
    if found is not None:
        with suppress(OSError):  # the working directory was deleted
            found = found._replace(where=found.where.removeprefix(f"{Path.cwd()}{os.sep}"))
    return found
