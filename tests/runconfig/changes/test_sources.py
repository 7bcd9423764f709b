"""What a config holds is shared without being changed from afar."""

from __future__ import annotations

from typing import Any

import pytest

from runsettings.runconfig.changes.sources import Contents
from runsettings.runconfig.config import Config
from runsettings.values.errors import ConfigError


def test_a_fork_and_its_original_change_apart() -> None:
    """What is being copied or pickled stands still while other threads write."""
    config = Config({"a": {"b": 1}})
    config.c = 1
    fork: Contents = config._store.__getstate__()["_contents"]
    config.a.d = 2
    config["e"] = 3
    assert fork.data == {"a": {"b": 1}, "c": 1}
    assert fork.merged().origin(("e",)) is None
    assert config == {"a": {"b": 1, "d": 2}, "c": 1, "e": 3}


@pytest.mark.parametrize("change", ["del config.a[0]['x']", "config.a[0].y = 1"])
def test_nothing_inside_of_a_list_changes(change: str) -> None:
    """An item of a list is neither written to nor removed, though changes are allowed."""
    config = Config({"a": [{"x": 1}]}, allow_val_change=True)
    scope: dict[str, Any] = {"config": config}
    with pytest.raises(ConfigError, match="stands in a list"):
        exec(change, scope)
    assert config == {"a": [{"x": 1}]}
