"""The result of a reader: the values that it could read, and diagnostics about the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from runsettings.values.tree import Leaf, Tree

if TYPE_CHECKING:
    from runsettings.values.diagnostic import Diagnostic


class Reading(NamedTuple):
    """The result of reading one source. A bad value never discards the good values."""

    tree: Tree
    diagnostics: tuple[Diagnostic, ...] = ()
    unknown: tuple[Leaf, ...] = ()
    """Variables with the model's prefix that set nothing, which may be misspelt."""
    other_keys: frozenset[str] = frozenset()
    """Keys of other models that the source is for as well."""
