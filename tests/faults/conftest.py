"""Trials: one action with a fault at each of its system calls in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from .system_calls import works_here

LONG = bool(os.environ.get("RUNSETTINGS_LONG"))

FAULTS = ("ENOSPC", "short", "kill")
if LONG:
    FAULTS = ("EIO", "ENOSPC", "ENOSPC lasting", "EDQUOT", "EINTR", "EAGAIN", "short", "kill")


MOMENTS = 50 if LONG else 2
"""How often each action is killed at a random moment: at least 500 kills in the long form."""


class End(NamedTuple):
    """What a process left behind."""

    code: int
    """Its exit code; negative if a signal ended it."""
    output: str
    files: dict[str, str]
    """The text of each file, by path; a directory ends in a slash, a link's text is ``-> …``."""

    @classmethod
    def of(cls, told: dict[str, Any]) -> End:
        """Read what `trials` printed."""
        return cls(told["code"], told["output"], told["files"])


class Trial(NamedTuple):
    """One trial; the first one of an action is without a fault."""

    name: str
    """The number of the call, its name and path, and the fault."""
    fault: str
    end: End
    later: End
    """What the next process, without a fault, left behind; the same as ``end`` if none was needed
    because this one lived."""

    @property
    def killed(self) -> bool:
        """Whether the process could not tell anything."""
        return self.fault == "kill"


@pytest.fixture
def trials(jail) -> Callable[..., list[Trial]]:
    """Tries an action with each fault at each of its system calls on files below its directory.

    ``setup`` is code that runs once before all, ``action`` runs in each trial, and ``after`` as
    the next process. The files of ``template`` are there before each trial. ``faults`` are kinds
    of faults; ``kill`` is also done at random moments. ``calls`` are the names of the calls that
    are tried, if not all are.
    """
    if not works_here():
        assert not os.environ.get("CI"), "CI must be able to supervise system calls"
        pytest.skip("the kernel does not let a process supervise another one's system calls")

    def run(
        template: dict[str, str],
        setup: str,
        action: str,
        after: str = "",
        faults: tuple[str, ...] = FAULTS,
        calls: tuple[str, ...] = (),
    ) -> list[Trial]:
        place = jail.cwd.parent / "trials"
        (place / "template").mkdir(parents=True)
        for name, text in template.items():
            path = place / "template" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        given = {
            "place": str(place.resolve()),
            "setup": setup,
            "action": action,
            "after": after,
            "faults": faults,
            "calls": calls,
            "moments": MOMENTS if "kill" in faults else 0,
        }
        line = [sys.executable, str(Path(__file__).with_name("trials.py")), json.dumps(given)]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        told = [json.loads(line) for line in done.stdout.splitlines()]
        found = [
            Trial(
                f"{one['call']} {one['fault']}",
                one["fault"],
                End.of(one),
                End.of(one.get("later", one)),
            )
            for one in told
        ]
        assert len(found) > len(faults), "the action makes calls on files"
        return found

    return run
