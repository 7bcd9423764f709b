"""Event files, written by tensorboardX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def write_events(jail) -> Callable[..., Path]:
    """Writes an event file with one scalar per value, and returns its path."""
    writers = pytest.importorskip("tensorboardX", reason="it writes the event files")
    pytest.importorskip("google_crc32c", reason="it checks the checksums")

    def write(values: Any, directory: str = "logs", tag: str = "loss") -> Path:
        before = {*Path(directory).glob("*")}
        with writers.SummaryWriter(directory, filename_suffix=f".{len(before)}") as writer:
            for step, value in enumerate(values):
                writer.add_scalar(tag, value, step)
        (path,) = {*Path(directory).glob("*")} - before
        return path.absolute()

    return write
