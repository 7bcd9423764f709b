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
        self._mask = mask if mask is not None else SecretMask()
        self._stream = stream
        self._colour = not environ.get("NO_COLOR")

    def tell(self, text: str) -> None:
        """Print an informational message."""
        if not self.quiet:
            self._print(text, _BLUE)

    def warn(self, text: str) -> None:
        """Print a warning."""
        self._print(f"warning: {text}", _YELLOW)

    def _print(self, text: str, colour: str) -> None:
        stream = self._stream if self._stream is not None else sys.stderr
        if self._silent or stream is None:
            return
        prefix = _PREFIX
        # A script must not stop because its terminal is closed or the disk is full.
        try:
            if self._colour and stream.isatty():
                prefix = f"{colour}{_PREFIX}{_PLAIN}"
            stream.write(f"{prefix} {printable(self._mask.message(text))}\n")
            stream.flush()
        except (OSError, ValueError):
            self._silent = True
