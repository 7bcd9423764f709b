"""Ends a script with the message of an error alone, without a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from runsettings.values.errors import RunsettingsError

EXIT_CODE: Final = 2
"""What argparse and most command-line programs exit with when they are called in a wrong way."""


@contextmanager
def exit_on_error() -> Iterator[None]:
    """End the program if settings or a config are wrong: the message, and exit code 2.

    It is a context manager, and a decorator for the function that a script runs::

        @runsettings.exit_on_error()
        def main() -> None: ...

    Errors of this library are written to the standard error. All others pass as they are, with
    their traceback.

    Raises:
        SystemExit: An error of this library was raised inside; its code is 2.
    """
    try:
        yield
    except RunsettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(EXIT_CODE) from error
