"""Gives variables with the old name of a field the name that the field has now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from runsettings.layers.renamed import (
    Renamed,
    conflict_diagnostic,
    old_names_of,
    renamed_diagnostic,
)
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.tree import Tree


class RenamedVariables:
    """The variables of a model's old names.

    Args:
        model: The model.
        variables: The variables that set each field now.
        prefix: The prefix of variables.
        delimiter: The text between the parts of a nested variable; empty if there are none.
        spell: Gives a variable the case in which names are compared.
    """

    def __init__(
        self,
        model: type[BaseModel],
        variables: Mapping[str, list[str]],
        prefix: str,
        delimiter: str,
        spell: Callable[[str], str],
    ) -> None:
        self._delimiter = delimiter
        self._spell = spell
        self._old: dict[str, tuple[Renamed, str]] = {
            spell(prefix + renamed.name): (renamed, variables[name][0])
            for name, info in model.model_fields.items()
            for renamed in old_names_of(info)
        }

    def find(self, native: str) -> tuple[Renamed, str] | None:
        """The old name that a variable has, and the variable that it is now."""
        spelled = self._spell(native)
        for old, (renamed, variable) in self._old.items():
            rest = spelled[len(old) :]
            is_inside = self._delimiter and rest.startswith(self._delimiter)
            if spelled.startswith(old) and (not rest or is_inside):
                now = variable.upper() if self._spell("A") == "a" else variable
                return renamed, now + native[len(old) :]
        return None

    def replaced(
        self, environ: Mapping[str, str | None], tree: Tree
    ) -> tuple[dict[str, str | None], dict[str, Any], list[Diagnostic]]:
        """The variables by their current names, their marks, and what there is to report.

        Args:
            environ: Names and values.
            tree: The source; its ``marks`` may hold each variable's own mark.
        """
        marks: dict[str, Any] = dict(tree.marks or {})
        found = dict(environ)
        diagnostics: list[Diagnostic] = []
        for native, renamed, now in self._uses(environ):
            at = tree.with_data({}, {native: marks.get(native, native)}).origin((native,))
            present = next(
                (each for each in environ if self._spell(each) == self._spell(now)), None
            )
            del found[native]
            if present is not None and environ[present] != environ[native]:
                other = tree.with_data({}, {now: marks.get(present, present)}).origin((now,))
                diagnostics.append(conflict_diagnostic((native,), now, at, (other, None)))
                continue
            diagnostics.append(renamed_diagnostic(renamed, (native,), now, at))
            if present is None:
                found[now] = environ[native]
                marks[now] = marks.get(native, native)
        return found, marks, diagnostics

    def _uses(self, environ: Mapping[str, str | None]) -> Iterator[tuple[str, Renamed, str]]:
        for native in environ:
            known = self.find(native)
            if known is not None:
                yield native, *known
