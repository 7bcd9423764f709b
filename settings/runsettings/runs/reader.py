"""The old place of `runsettings.read_records`, which still works and warns."""

from __future__ import annotations

from typing import Any

from runsettings.journal import reader
from runsettings.runs import moved


def __getattr__(name: str) -> Any:
    return moved.find(__name__, name, reader, {})
