"""What a reader hands back: the values it could read, and what was wrong with the rest."""

from __future__ import annotations

from typing import NamedTuple

from runsettings.values.diagnostic import Diagnostic
from runsettings.values.tree import Leaf, Tree


class Reading(NamedTuple):
    """The outcome of reading one source. Faults never discard the good values beside them."""

    tree: Tree
    diagnostics: tuple[Diagnostic, ...] = ()
    unknown: tuple[Leaf, ...] = ()
    """Variables with the model's prefix that set nothing, which may be misspelt."""
    other_keys: frozenset[str] = frozenset()
    """Keys of other models that the source is for as well."""
