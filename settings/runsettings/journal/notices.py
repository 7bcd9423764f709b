"""What a run says on the terminal: one line each, on standard error, unless asked not to."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from runsettings.resolution.secrets import mask
from runsettings.values.rendering import printable

_PREFIX = "runsettings:"
_BLUE, _YELLOW, _PLAIN = "\x1b[34m", "\x1b[33m", "\x1b[0m"


class Notices:
    """The voice of one run.

    Args:
        quiet: Say only what is wrong.
        silent: Say nothing.
        secrets: What no line may hold.
        stream: Where to; standard error as it is at the time of speaking if left out.
        environ: Where ``NO_COLOR`` is looked up.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        silent: bool = False,
        secrets: frozenset[str] = frozenset(),
        stream: TextIO | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._quiet = quiet
        self._silent = silent
        self._secrets = secrets
        self._stream = stream
        self._colour = not environ.get("NO_COLOR")

    def tell(self, text: str) -> None:
        """Say what happens."""
        if not self._quiet:
            self._say(text, _BLUE)

    def warn(self, text: str) -> None:
        """Say what is wrong and what was done about it."""
        self._say(f"warning: {text}", _YELLOW)

    def _say(self, text: str, colour: str) -> None:
        stream = self._stream if self._stream is not None else sys.stderr
        if self._silent or stream is None:
            return
        prefix = _PREFIX
        # A terminal that went away, or a full disk behind it, is no reason to stop a script.
        try:
            if self._colour and stream.isatty():
                prefix = f"{colour}{_PREFIX}{_PLAIN}"
            stream.write(f"{prefix} {printable(mask(text, self._secrets))}\n")
            stream.flush()
        except (OSError, ValueError):
            self._silent = True
