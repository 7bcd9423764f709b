"""Tables that are read off the code when the pages are built, so that they cannot be wrong.

``{layers-table}``, ``{settings-table}`` and ``{rules-table}`` stand for a table each, and
``{house}`` for a list of all rooms and modules; a page uses them like any other directive.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from docutils import nodes
from docutils.statemachine import StringList
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import runsettings
from runsettings import Layer, Rule, Settings
from runsettings.resolution.options import Option, union_members
from runsettings.values.diagnostic import RULES


def layers_table() -> Iterable[str]:
    """Every layer, lowest first."""
    yield from _head("", "layer", "from")
    for layer in Layer:
        yield _row(str(layer.value), f"`{layer.name}`", layer.source)


def settings_table() -> Iterable[str]:
    """Every field of `Settings`, with all the ways to set it."""
    yield from _head("setting", "type", "default", "variable", "flag", "what it is")
    for option in Settings.options().leaves():
        flag = "" if option.secret else f"`--{option.name.replace('_', '-')}`"
        yield _row(
            f"`{option.name}`",
            _escape(_type(option)),
            _escape(_default(option)),
            ", ".join(f"`{variable}`" for variable in option.variables),
            flag,
            _escape(option.info.description or ""),
        )


def rules_table() -> Iterable[str]:
    """Every rule that a diagnostic can have."""
    yield from _head("rule", "what it means")
    for rule in Rule:
        yield _row(f"`{rule.value}`", _escape(RULES[rule]))


def house() -> Iterable[str]:
    """Every room, from the roof to the ground, with the first sentence of each of its modules."""
    root = Path(runsettings.__file__).parent
    for room in ROOMS:
        yield f"**`{room}`**"
        yield f": {_first_sentence(root / room / '__init__.py')}"
        yield ""
        modules = sorted((root / room).rglob("*.py"))
        for module in (path for path in modules if path != root / room / "__init__.py"):
            name = module.relative_to(root / room).with_suffix("").as_posix()
            name = name.removesuffix("/__init__") + "/" * name.endswith("/__init__")
            yield f"  - `{name}` — {_first_sentence(module)}"
        yield ""


ROOMS = (
    *("cli", "runs", "checks", "runconfig", "models"),
    *("resolution", "layers", "documents", "values"),
)
"""The rooms, as the contract in pyproject.toml has them."""

TABLES = {
    "house": house,
    "layers-table": layers_table,
    "settings-table": settings_table,
    "rules-table": rules_table,
}


def _first_sentence(path: Path) -> str:
    """What a module says it is for; nothing is imported for it."""
    if not path.exists():
        return ""
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    return _escape(text.split("\n\n")[0].replace("``", "`"))


def _head(*titles: str) -> Sequence[str]:
    return (_row(*titles), _row(*["---"] * len(titles)))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(text: str) -> str:
    """Text as Markdown shows it in a cell: character by character, but for `code`."""
    parts = " ".join(text.split()).split("`")
    for index in range(0, len(parts), 2):
        for character in "\\|#*_<>[]":
            parts[index] = parts[index].replace(character, f"\\{character}")
    return "`".join(parts)


def _type(option: Option) -> str:
    """A type as a person would say it."""
    if option.choices:
        return ", ".join(str(choice) for choice in option.choices)
    if option.secret:
        return "secret text"
    members = [_kind(member) for member in union_members(option.info.annotation)]
    return " or ".join(dict.fromkeys(member for member in members if member))


def _kind(annotation: Any) -> str:
    if annotation is type(None):
        return ""
    if get_origin(annotation) is Literal:
        return " or ".join(str(choice) for choice in get_args(annotation))
    outer = get_origin(annotation) or annotation
    named = {str: "text", bool: "yes or no", int: "whole number", float: "number"}
    if outer in named:
        return named[outer]
    if outer in (tuple, list):
        return "list of texts"
    return "mapping" if not issubclass(outer, BaseModel) else outer.__name__


def _default(option: Option) -> str:
    default = option.info.default
    if default is None or default is PydanticUndefined or default == ():
        return ""
    return {True: "yes", False: "no"}.get(default, str(default))


class GeneratedTable(SphinxDirective):
    """Puts one of `TABLES` in its place."""

    def run(self) -> list[nodes.Node]:
        """The table's nodes."""
        lines = list(TABLES[self.name]())
        self.env.note_dependency(__file__)
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, source=self.name), 0, holder)
        return holder.children


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the tables."""
    for name in TABLES:
        app.add_directive(name, GeneratedTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
