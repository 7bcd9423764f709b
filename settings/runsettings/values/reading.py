"""What a reader hands back: the values it could read, and what was wrong with the rest."""

from __future__ import annotations

from typing import NamedTuple

from runsettings.values.diagnostic import Diagnostic
from runsettings.values.tree import Leaf, Tree


class Reading(NamedTuple):
    """The outcome of reading one source. Faults never discard the good values beside them."""

    tree: Tree
    diagnostics: tuple[Diagnostic, ...] = ()
    strangers: tuple[Leaf, ...] = ()
    """Names that look as if they were meant for us and that nothing of ours is called.
    Resolution decides what to say of them."""
