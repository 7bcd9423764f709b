"""Selects the top-level keys of the inputs that the config keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.tree import Tree


class Selection:
    """A selection of top-level keys.

    Args:
        include: The only keys to keep; all keys if empty.
        exclude: Keys to drop. Not together with ``include``.
    """

    def __init__(self, include: Iterable[str] | None, exclude: Iterable[str] | None) -> None:
        self._include, self._exclude = _names(include), _names(exclude)

    def keeps(self, key: Any) -> bool:
        """Whether a top-level key is kept."""
        if self._include and self._exclude:
            return True  # `diagnostics` reports that both were given
        return key in self._include if self._include else key not in self._exclude

    def kept(self, trees: Sequence[Tree]) -> list[Tree]:
        """Copies of the trees with only the keys that are kept."""
        if not self._include and not self._exclude:
            return list(trees)
        return [
            tree.with_data({key: value for key, value in tree.data.items() if self.keeps(key)})
            for tree in trees
        ]

    def diagnostics(self, known: Iterable[str]) -> list[Diagnostic]:
        """The diagnostics about the selection itself.

        Args:
            known: All top-level keys of the inputs.
        """
        if self._include and self._exclude:
            message = "include keys and exclude keys cannot both be given"
            hint = "name what to keep, or what to drop"
            return [Diagnostic(Rule.INCLUDE_AND_EXCLUDE, Severity.ERROR, (), message, hint=hint)]
        names = set(known)
        kind = "include" if self._include else "exclude"
        return [
            Diagnostic(
                Rule.NO_SUCH_KEY,
                Severity.WARNING,
                (name,),
                f"config_{kind}_keys names a key that the config does not have",
                hint=did_you_mean(name, names),
            )
            for name in self._include or self._exclude
            if name not in names
        ]


def _names(keys: Iterable[str] | None) -> list[str]:
    # A single string is one key, not a list of its letters.
    return [keys] if isinstance(keys, str) else list(keys or ())
