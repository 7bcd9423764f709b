"""Facts about a run's surroundings that take a while: gathered beside the script, not before it.

Nothing waits for them but the end of the run, and that not for long.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from runsettings.runs.capture.git import git_facts
from runsettings.runs.capture.packages import installed_packages
from runsettings.values.errors import RunError

_PATIENCE: Final = 5.0
"""Seconds that the end of a run waits for a slow repository."""


class Surroundings:
    """Gathers packages and the state of git on a thread of its own.

    Args:
        cwd: A directory that may be in a repository.
        git: Whether to look at git at all.
        tell: Called once with the facts, on that thread.
    """

    def __init__(self, cwd: Path, *, git: bool, tell: Callable[[dict[str, Any]], None]) -> None:
        self._cwd = cwd
        self._git = git
        self._tell = tell
        self._failure: RunError | None = None
        self._thread = threading.Thread(target=self._gather, name="runsettings", daemon=True)

    def start(self) -> None:
        """Begin."""
        try:
            self._thread.start()
        except RuntimeError:
            # No more threads, or the interpreter is ending: the facts are not worth more.
            return

    def wait(self) -> None:
        """Wait until the facts were told, for some seconds at most.

        Raises:
            RunError: Telling them failed, and the run is strict.
        """
        if self._thread.ident is not None:
            self._thread.join(_PATIENCE)
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _gather(self) -> None:
        facts: dict[str, Any] = {"packages": installed_packages(tuple(sys.path))}
        if self._git:
            facts["git"] = git_facts(self._cwd)
        try:
            self._tell(facts)
        except RunError as error:
            # For whoever waits: an exception on this thread would reach nobody.
            self._failure = error
