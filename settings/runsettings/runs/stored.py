"""The old place of `runsettings.load_run` and `read_history`, which still works and warns."""

from __future__ import annotations

from typing import Any

from runsettings.journal import replay
from runsettings.runs import moved

_RENAMED = {"load": "load_run", "history": "read_history"}


def __getattr__(name: str) -> Any:
    return moved.find(__name__, name, replay, _RENAMED)
