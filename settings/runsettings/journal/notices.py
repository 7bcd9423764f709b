"""The messages of a run on the terminal: one line each, on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from runsettings.secrets.masking import SecretMask
from runsettings.values.rendering import printable

_PREFIX = "runsettings:"
_BLUE, _YELLOW, _PLAIN = "\x1b[34m", "\x1b[33m", "\x1b[0m"
_ERASE = "\r\x1b[K"
"""Erases the line that the cursor is on."""


class Notices:
    """Prints the messages of one run.

    Args:
        quiet: Print warnings only.
        silent: Print nothing.
        mask: Masks the secrets in what is printed.
        stream: The stream to print to; standard error if left out.
        environ: The environment, for ``NO_COLOR``.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        silent: bool = False,
        mask: SecretMask | None = None,
        stream: TextIO | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.quiet = quiet
        self._silent = silent
        self.mask = mask if mask is not None else SecretMask()
        self._stream = stream
        self._colour = not environ.get("NO_COLOR")
        self._in_progress = False
        """Whether the last line is one of `progress`."""

    def tell(self, text: str) -> None:
        """Print an informational message."""
        if not self.quiet:
            self._print(text, _BLUE)

    def warn(self, text: str) -> None:
        """Print a warning."""
        self._print(f"warning: {text}", _YELLOW)

    def progress(self, text: str) -> None:
        """Print how far something is: on a terminal in place of the last such line, else once."""
        if not self.quiet and (self._is_terminal() or not self._in_progress):
            self._print(text, _BLUE, passing=True)

    def end_progress(self) -> None:
        """Erase the last line of `progress` from a terminal."""
        if self._in_progress and self._is_terminal():
            self._write(_ERASE)
        self._in_progress = False

    def _is_terminal(self) -> bool:
        stream = self._stream if self._stream is not None else sys.stderr
        try:
            return stream is not None and stream.isatty()
        except ValueError:
            return False  # it is closed

    def _print(self, text: str, colour: str, *, passing: bool = False) -> None:
        start, prefix, end = "", _PREFIX, "\n"
        if self._is_terminal():
            start, end = _ERASE if self._in_progress else "", "" if passing else end
            prefix = f"{colour}{_PREFIX}{_PLAIN}" if self._colour else prefix
        self._in_progress = passing
        self._write(f"{start}{prefix} {printable(self.mask.message(text))}{end}")

    def _write(self, text: str) -> None:
        stream = self._stream if self._stream is not None else sys.stderr
        if self._silent or stream is None:
            return
        # A script must not stop because its terminal is closed or the disk is full.
        try:
            stream.write(text)
            stream.flush()
        except (OSError, ValueError):
            self._silent = True
