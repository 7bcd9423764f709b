"""Which top-level keys of the inputs get into the config."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.tree import Tree


class Selection:
    """Top-level keys that alone are kept, or that are dropped.

    Args:
        include: Keys alone kept; none given keeps all.
        exclude: Keys dropped. Not together with ``include``.
    """

    def __init__(self, include: Iterable[str] | None, exclude: Iterable[str] | None) -> None:
        self._include, self._exclude = _names(include), _names(exclude)

    def keeps(self, key: Any) -> bool:
        """Whether a top-level key gets in."""
        if self._include and self._exclude:
            return True  # which is an error, and not the keys' fault
        return key in self._include if self._include else key not in self._exclude

    def kept(self, trees: Sequence[Tree]) -> list[Tree]:
        """The trees with only the keys that get in. They are not changed themselves."""
        if not self._include and not self._exclude:
            return list(trees)
        return [
            tree.with_data({key: value for key, value in tree.data.items() if self.keeps(key)})
            for tree in trees
        ]

    def faults(self, known: Iterable[str]) -> list[Diagnostic]:
        """What is wrong with the selection itself.

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
    # A lone string would be taken apart into its letters.
    return [keys] if isinstance(keys, str) else list(keys or ())
