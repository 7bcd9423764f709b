"""What directives can be made of."""

from __future__ import annotations

from typing import Any

import pytest

from runsettings.values.directives import Append


@pytest.mark.parametrize("items", ["abc", b"abc", {"a": 1}])
def test_only_items_can_be_appended(items: Any) -> None:
    """A text or mapping is refused: its letters or keys would be added without a word."""
    with pytest.raises(TypeError, match="Append takes a list of items"):
        Append(items)
