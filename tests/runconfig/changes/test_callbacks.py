"""Who hears of changes, and in which order."""

from __future__ import annotations

import pytest

from runsettings.runconfig.changes.change import Change
from runsettings.runconfig.config import Config


def test_changes_made_by_an_observer_are_told_in_order() -> None:
    """A change that an observer makes is told after the one that it answers."""
    config = Config(allow_val_change=True)
    heard: list[tuple[str, int]] = []

    def double(change: Change) -> None:
        if change.value < 4:
            config.x = change.value * 2

    config.observe(double)
    config.observe(lambda change: heard.append((change.path[0], change.value)))
    config.x = 1
    assert heard == [("x", 1), ("x", 2), ("x", 4)]


def test_an_observer_that_raises_keeps_no_other_from_hearing() -> None:
    """All changes are told to all observers; then the first exception reaches the writer."""
    config = Config()
    heard: list[str] = []

    def fail(change: Change) -> None:
        raise RuntimeError(change.path[0])

    stop = config.observe(fail)
    config.observe(lambda change: heard.append(change.path[0]))
    with pytest.raises(RuntimeError, match="a"):
        config.update({"a": 1, "b": 2})
    stop()
    config.c = 3
    assert heard == ["a", "b", "c"]
    assert config == {"a": 1, "b": 2, "c": 3}
