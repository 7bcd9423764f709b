"""The result of a reader: the values that it could read, and diagnostics about the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from runsettings.values.tree import Leaf, Tree

if TYPE_CHECKING:
    from runsettings.values.diagnostic import Diagnostic
    from runsettings.values.origin import Origin


class Reading(NamedTuple):
    """The result of reading one source. A bad value never discards the good values."""

    tree: Tree
    diagnostics: tuple[Diagnostic, ...] = ()
    unknown: tuple[Leaf, ...] = ()
    """Variables with the model's prefix that set nothing, which may be misspelt."""
    other_keys: frozenset[str] = frozenset()
    """Keys of other models that the source is for as well."""

    def named_by(self, origin: Origin) -> Reading:
        """The same; if the whole file cannot be read, with the errors where the file is named.

        Args:
            origin: The flag, call or file that names the file.
        """
        if self.tree.text is not None:
            return self
        found = [
            replace(each, message=f"{self.tree.where}: {each.message}", origin=origin)
            for each in self.diagnostics
        ]
        return self._replace(diagnostics=tuple(found))
