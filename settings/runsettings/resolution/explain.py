"""Why a value is what it is, as text: the winner and whom it beat.

The same layout serves settings and the run config.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from runsettings.values.origin import Layer
from runsettings.values.rendering import printable
from runsettings.values.tree import Leaf

_LAYER_WIDTH: Final = max(len(layer.label) for layer in Layer) + 2
_PLACE_WIDTH: Final = 31


def explain_history(
    name: str, shown: str, leaves: Sequence[Leaf], show: Callable[[Any], str] = repr
) -> str:
    """The value ``name`` with its history, one line a source.

    Args:
        name: The key as a person writes it: ``optim.lr``.
        shown: The value that counts, as text.
        leaves: The history, winner first.
        show: Turns a leaf's value into text; masks what is secret.
    """
    lines = [f"{name} = {shown}"]
    places = [printable(str(leaf.origin)) for leaf in leaves]
    width = max([_PLACE_WIDTH, *(len(place) + 2 for place in places)])
    for index, (leaf, place) in enumerate(zip(leaves, places, strict=True)):
        mark = "▸" if index == 0 else " "
        lines.append(
            f"  {mark} {leaf.origin.layer.label:<{_LAYER_WIDTH}}{place:<{width}}{show(leaf.value)}"
        )
    return "\n".join(lines)
