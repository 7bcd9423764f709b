"""Waits in tests for what another process does."""

from __future__ import annotations

import time

PATIENCE = 120
"""Seconds after which a test gives up on another process; it is no bound on how fast it is."""


def wait_until(condition):
    """Ask again and again until the answer is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found
