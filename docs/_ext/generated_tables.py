"""Tables and lists that are made from the code, and stand in the pages for readers of a checkout.

Each has its place between ``<!-- generated: NAME -->`` and ``<!-- end -->``, where NAME is one of
`TABLES`. Run this file (``make tables``) to write them anew; a test tells when that is due.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from sqlalchemy.dialects import postgresql, sqlite

import runsettings
from runsettings import Layer, Rule, Settings
from runsettings.cli.main import cli
from runsettings.resolution.options import Option, union_members
from runsettings.runs.client_names import MISSING
from runsettings.shipping.stores.tables import metadata


def layers_table() -> Iterable[str]:
    """Every layer, lowest first."""
    yield from _head("", "layer", "from")
    for layer in Layer:
        yield _row(str(layer.value), f"`{layer.name}`", layer.source)


def settings_list() -> Iterable[str]:
    """Every field of `Settings`, with all the ways to set it. A phone has no room for a table."""
    for option in Settings.options().leaves():
        variables = " or ".join(f"`{variable}`" for variable in option.variables)
        facts = {
            "default": _escape(_default(option)),
            "variable": variables,
            "flag": "" if option.secret else f"`--{option.name.replace('_', '-')}`",
        }
        shown = [f"{name} {fact}" for name, fact in facts.items() if fact]
        yield f"### {option.name}\n"
        yield f"{_escape(option.info.description or '')}\n"
        yield f"{_escape(_type(option)).capitalize()} · {' · '.join(shown)}\n"


def rules_table() -> Iterable[str]:
    """Every rule that a diagnostic can have."""
    yield from _head("rule", "what it means")
    for rule in Rule:
        yield _row(f"`{rule.value}`", _escape(rule.meaning))


def client_names_table() -> Iterable[str]:
    """What the wandb client has and this package has not, and what to do instead."""
    yield from _head("not there", "what to do")
    rows: dict[str, list[str]] = {}
    for names, instead in MISSING.items():
        rows.setdefault(instead, []).extend(names)
    for instead, found in rows.items():
        yield _row(", ".join(f"`{name}`" for name in found), _escape(instead))


def house() -> Iterable[str]:
    """Every room, from the roof to the ground, with the first sentence of each of its modules."""
    root = Path(runsettings.__file__).parent
    for room in ROOMS:
        yield f"- **`{room}`** — {_first_sentence(root / room / '__init__.py')}"
        modules = sorted((root / room).rglob("*.py"))
        for module in (path for path in modules if path != root / room / "__init__.py"):
            name = module.relative_to(root / room).with_suffix("").as_posix()
            name = name.removesuffix("/__init__") + "/" * name.endswith("/__init__")
            yield f"  - `{name}` — {_first_sentence(module)}"


def commands() -> Iterable[str]:
    """The help of every command, as the program prints it."""
    yield from _command_help(cli, "runsettings", None)


def _command_help(command: click.Command, name: str, parent: click.Context | None) -> Iterable[str]:
    settings = command.context_settings
    context = click.Context(command, parent, name, terminal_width=88, **settings)
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for own in command.list_commands(context):
            found = command.get_command(context, own)
            if found is not None and not found.hidden:
                yield from _command_help(found, own, context)


def store_tables() -> Iterable[str]:
    """Every table of a store, with its columns."""
    for table in metadata.sorted_tables:
        yield f"### {table.name}\n"
        yield from _head("column", "SQLite", "PostgreSQL", "contains")
        for column in table.columns:
            kinds = [f"`{column.type.compile(dialect=dialect)}`" for dialect in DIALECTS]
            key = ["Part of the primary key."] if column.primary_key else []
            yield _row(f"`{column.name}`", *kinds, _escape(" ".join([*key, column.doc or ""])))
        yield ""


DIALECTS = (sqlite.dialect(), postgresql.dialect())

ROOMS = (
    *("cli", "runs", "shipping", "journal", "checks", "runconfig", "models"),
    *("resolution", "layers", "composition", "documents", "secrets", "values"),
)
"""The rooms, as the contract in pyproject.toml has them."""

TABLES = {
    "client-names": client_names_table,
    "commands": commands,
    "house": house,
    "layers": layers_table,
    "settings": settings_list,
    "store-tables": store_tables,
    "rules": rules_table,
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


PAGES = Path(__file__).parents[1]
SCHEMAS = PAGES.parent / "schema"
_PLACE = re.compile(
    r"(?P<head>^<!-- generated: (?P<name>[\w-]+) -->\n).*?(?P<foot>^<!-- end -->$)",
    re.MULTILINE | re.DOTALL,
)


def with_tables(text: str) -> str:
    """A page's text with each table as the code has it now.

    Raises:
        KeyError: The page names a table that is not in `TABLES`.
    """

    def fill(place: re.Match[str]) -> str:
        table = "\n".join(TABLES[place["name"]]()).strip()
        return f"{place['head']}\n{table}\n\n{place['foot']}"

    return _PLACE.sub(fill, text)


def write_schemas() -> None:
    """Write the published JSON Schema documents anew."""
    for path in sorted(SCHEMAS.glob("*.schema.json")):
        name = path.name.removesuffix(".schema.json")
        command = [sys.executable, "-m", "runsettings", "schema", name]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            print(f"schema/{path.name}: written anew")  # noqa: T201 -- the answer of a command


def main() -> None:
    """Write the tables of all pages, and the schemas, anew."""
    write_schemas()
    for page in sorted(PAGES.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        if (anew := with_tables(text)) != text:
            page.write_text(anew, encoding="utf-8")
            print(f"docs/{page.relative_to(PAGES)}: written anew")  # noqa: T201 -- the answer of a command


if __name__ == "__main__":
    main()
