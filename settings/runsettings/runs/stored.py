"""The old place of `runsettings.load_run` and `read_history`, which still works and warns."""

from __future__ import annotations

from typing import Any

from runsettings.journal import reader, replay
from runsettings.runs import moved

_RENAMED = {"load": "load_run", "history": "read_history"}


def __getattr__(name: str) -> Any:
    home = reader if name in ("history", "read_history") else replay
    return moved.find(__name__, name, home, _RENAMED)
