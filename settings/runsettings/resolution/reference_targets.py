"""Looks up the references of a model's files: to values of their fields' types, and to defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from runsettings.composition.references import resolve_references
from runsettings.resolution.default_models import default_values
from runsettings.resolution.options import OptionTable
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.directives import Reference
from runsettings.values.excerpts import excerpt_of
from runsettings.values.key_paths import KeyPath
from runsettings.values.tree import Tree

_PLAIN: Final = (str, int, float, bool, type(None), dict, list)


def look_up(
    trees: Sequence[Tree], table: OptionTable, environ: Mapping[str, str], root: str | None = None
) -> list[Diagnostic]:
    """Look up the references in sources, which can refer to the model's defaults as well.

    Args:
        trees: The sources, lowest first; their keys are the model's field names.
        table: The model's options.
        environ: The environment.
        root: The field that says where a file of settings is, which is read already.

    Returns:
        An error for each reference that cannot be looked up.
    """
    found: list[Diagnostic] = []
    for tree in trees:
        if root is not None and isinstance(tree.data.get(root), Reference):
            message = "takes no reference, because it says where further settings are"
            origin, excerpt = tree.origin((root,)), excerpt_of(tree, (root,))
            hint = "write the path"
            found.append(
                Diagnostic.of(Rule.BAD_COMPOSITION, (root,), message, origin, hint, excerpt)
            )
            del tree.data[root]

    def typed(path: KeyPath, value: Any) -> Any:
        """The value as a file would have it: a number that a variable has as text is a number."""
        option = table.find(path)
        if option is None or option.secret:
            return value
        if not isinstance(value, _PLAIN):
            return to_jsonable_python(value, fallback=lambda other: other)
        if isinstance(value, str):
            try:
                number = TypeAdapter(option.type).validate_python(value)
            except ValidationError:
                return value  # which is reported where it was set
            return number if type(number) in (int, float, bool) else value
        return value

    sources = [default_values(table), *trees]
    return [*found, *resolve_references(sources, environ, named=table.named, typed=typed)]
