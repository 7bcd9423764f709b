"""The result of resolving a model's layers."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Self

from runsettings.composition.merge import Merged
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from runsettings.resolution.locked_keys import LockedKey
    from runsettings.values.diagnostic import Diagnostic


class Resolution:
    """The merged layers, their diagnostics, and the settings made of them.

    Attributes:
        merged: The sources and the winning values.
        diagnostics: Errors and warnings; after validation, those of validation as well.
        locks: The keys that the site's files lock, as the files spell them.
        locked: Their names in the model.
        held: The site's values of locked keys; the uppermost sources of ``merged``.
        settings: The settings. ``None`` before validation, after validation errors, and in the
            resolution that settings keep of themselves.
        referring: Whether a source refers to the values of others.
        unsearched: The sources whose secrets this process does not know yet; ``None`` for all.
    """

    unsearched: tuple[Tree, ...] | None = None

    # Not a named tuple: making one takes time at every start.
    def __init__(
        self,
        merged: Merged,
        diagnostics: tuple[Diagnostic, ...] = (),
        locks: tuple[LockedKey, ...] = (),
        locked: frozenset[str] = frozenset(),
        held: tuple[Tree, ...] = (),
        settings: Any = None,
        *,
        referring: bool = False,
    ) -> None:
        self.merged = merged
        self.diagnostics = diagnostics
        self.locks = locks
        self.locked = locked
        self.held = held
        self.settings = settings
        self.referring = referring

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "unsearched": None}  # another process has to search them all

    def replace(self, **changes: Any) -> Self:
        """A copy in which some attributes are replaced.

        Args:
            **changes: The new values, by attribute.
        """
        changed = copy.copy(self)
        vars(changed).update(changes)
        return changed

    def with_above(self, tree: Tree) -> Self:
        """A copy with one more source above all others, apart from the values of locked keys.

        Args:
            tree: The source. It has no `Append` and no error.
        """
        waiting = None if self.unsearched is None else (*self.unsearched, tree)
        merged = self.merged.with_above(tree, self.held) if tree.data else self.merged
        return self.replace(merged=merged, diagnostics=(), settings=None, unsearched=waiting)

    @property
    def errors(self) -> list[Diagnostic]:
        """The diagnostics that are errors."""
        return [diagnostic for diagnostic in self.diagnostics if diagnostic.is_error]

    @property
    def unlocked(self) -> tuple[Tree, ...]:
        """The sources below the site's values of locked keys, lowest first."""
        sources = self.merged.sources
        return sources[: len(sources) - len(self.held)]
