"""JSON Schema (2020-12) of settings, models, parsers and run configs, for editors and CI.

A schema accepts what the model accepts, not only what it stores: ``"yes"`` for a switch, a
comma-separated text for tags. Where a rule cannot be said in JSON Schema, the schema is the
wider of the two, and says so in a ``$comment``.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from runsettings.checks.parsers.options import ParserOption, ParserOptions
from runsettings.checks.parsers.values import converted
from runsettings.checks.schemas.settings_fields import FALSE, TRUE, field_schemas, words
from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import options
from runsettings.resolution.options import OptionTable, option_table

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_SWITCH: Final = {
    "anyOf": [
        {"type": "boolean"},
        {"enum": [0, 1]},
        {"type": "string", "pattern": words(*TRUE, *FALSE)},
    ]
}
"""What pydantic takes for a boolean."""


class _Accepting(GenerateJsonSchema):
    """pydantic's schemas, without titles that repeat names, and with what it takes for a bool."""

    schema_dialect = DIALECT

    def bool_schema(self, schema: core_schema.BoolSchema) -> dict[str, Any]:
        if schema.get("strict"):
            return {"type": "boolean"}
        return copy.deepcopy(_SWITCH)  # pydantic puts defaults into what it gets

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's
        return False


def model_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a settings class or any other pydantic model.

    Keys are the names of fields. Defaults are told, but for those of secrets.
    """
    schema = model.model_json_schema(by_alias=False, schema_generator=_Accepting)
    table = options(model) if issubclass(model, LayeredSettings) else option_table(model)
    properties = schema.get("properties", {})
    for name, override in field_schemas(model).items():
        described = properties[name]
        kept = {k: described[k] for k in ("description", "default", "deprecated") if k in described}
        properties[name] = {**override, **kept}
    _forget_secrets(schema, table)
    schema.setdefault("additionalProperties", table.model.model_config.get("extra") != "forbid")
    return _ordered(schema, model.__name__)


def _forget_secrets(schema: dict[str, Any], table: OptionTable) -> None:
    """Take the defaults of secrets out, also those inside of a nested model's default."""
    definitions = schema.get("$defs", {})
    for option in table.options.values():
        described = schema.get("properties", {}).get(option.name, {})
        if option.secret:
            described.pop("default", None)
            described["writeOnly"] = True
        elif option.table is not None:
            if option.table.secrets:
                described.pop("default", None)
            inner = definitions.get(option.table.model.__name__)
            if inner is not None:
                _forget_secrets({**inner, "$defs": definitions}, option.table)


def _ordered(schema: dict[str, Any], title: str) -> dict[str, Any]:
    head = {"$schema": DIALECT, "title": schema.get("title", title)}
    if "description" in schema:
        # The first paragraph: what comes after it speaks to programmers.
        head["description"] = " ".join(schema["description"].split("\n\n")[0].split())
    return {**head, **{k: v for k, v in schema.items() if k not in head}}


# --- parsers ---------------------------------------------------------------------------------

_INT_TEXT: Final = r"^\s*[-+]?[0-9]+(?:_[0-9]+)*\s*(?![\s\S])"
_FLOAT_TEXT: Final = (
    r"^\s*[-+]?(?:(?:[0-9]+(?:_[0-9]+)*)?\.[0-9]+(?:_[0-9]+)*|[0-9]+(?:_[0-9]+)*\.?)"
    r"(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?\s*(?![\s\S])"
    r"|^\s*[-+]?(?:[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN])\s*(?![\s\S])"
)


def parser_schema(parser: ParserOptions) -> dict[str, Any]:
    """The schema of the configs that an argparse parser's program takes.

    Types of the parser's own making are not described: the schema takes any value there.
    """
    properties: dict[str, Any] = {}
    required: list[str] = []
    conditions: list[dict[str, Any]] = []
    for option in parser.options.values():
        _place(properties, option.name.split("."), _option_schema(option))
        if option.required and "." in option.name:
            conditions.append(_present(option))
        elif option.required:
            required.append(option.name)
    schema: dict[str, Any] = {"$schema": DIALECT, "title": parser.prog}
    if parser.description:
        schema["description"] = parser.description
    schema |= {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    # What is left at its default, or null, is not given.
    conditions += [
        {"not": {"allOf": [_present(each, *_defaults(each)) for each in (left, right)]}}
        for group in parser.exclusive
        for index, left in enumerate(group)
        for right in group[index + 1 :]
    ]
    conditions += [
        {"anyOf": [_present(each, each.default if each.switch else None) for each in group]}
        for group in parser.demanded
    ]
    if conditions:
        schema["allOf"] = conditions
    return schema


def _defaults(option: ParserOption) -> list[Any]:
    """A default as it is written in the parser, and as the program gets it."""
    return _unique([option.default, converted(option, option.default)])


def _present(option: ParserOption, *unset: Any) -> dict[str, Any]:
    """That a config has the option, with none of the values ``unset`` and not null."""
    *outer, last = option.name.split(".")
    absent = [value for value in unset if isinstance(value, (str, int, float, list))]
    schema: dict[str, Any] = {"required": [last]}
    if unset:
        schema["properties"] = {last: {"not": {"enum": [*absent, None]}}}
    for name in reversed(outer):
        schema = {"required": [name], "properties": {name: schema}}
    return schema


def _place(properties: dict[str, Any], names: list[str], schema: dict[str, Any]) -> None:
    """Put an option at its place: ``optim.lr`` is inside of ``optim``."""
    *outer, last = names
    for name in outer:
        inner = properties.setdefault(name, {"type": "object", "additionalProperties": False})
        properties = inner.setdefault("properties", {})
    properties[last] = schema


def _option_schema(option: ParserOption) -> dict[str, Any]:
    schema = _value_schema(option)
    if option.others:
        schema = {"anyOf": _unique([schema, *map(_value_schema, option.others)])}
    action = option.action
    if action.help and action.help is not argparse.SUPPRESS:
        schema["description"] = _help(option)
    default = option.default
    if default is not None and isinstance(default, (str, int, float, bool, list)):
        schema["default"] = default
    return schema


def _help(option: ParserOption) -> str:
    """The help with argparse's placeholders filled in, where they can be."""
    text = option.action.help or ""
    try:
        filled = text % {**vars(option.action), "prog": "", "type": option.kind.__name__}
    except (KeyError, TypeError, ValueError, AttributeError):
        return text
    return str(filled)


def _value_schema(option: ParserOption) -> dict[str, Any]:
    action = option.action
    if option.switch:
        return _nullable({"type": "boolean"}, option)
    if isinstance(action, argparse._CountAction):
        return _nullable({"type": "integer", "minimum": 0}, option)
    if isinstance(action, argparse._StoreConstAction):
        return {"enum": _unique([action.const, action.default, None])}
    if isinstance(action, argparse._SubParsersAction):
        return _nullable({"enum": list(action.choices)}, option)
    if isinstance(action, argparse._AppendConstAction):
        return _nullable({"type": "array", "items": {"enum": [action.const]}}, option)
    item = _item_schema(option)
    if item and action.nargs == "?" and action.const is not None:
        item = {"anyOf": [item, {"enum": [action.const]}]}
    if not option.many:
        return _nullable(item, option)
    appends = isinstance(action, (argparse._AppendAction, argparse._AppendConstAction))
    if appends and action.nargs not in {None, "?"}:
        item = {"anyOf": [item, {"type": "array", "items": item}]}
    schema: dict[str, Any] = {"type": "array", "items": item}
    if not appends and type(action.nargs) is int:
        schema |= {"minItems": action.nargs, "maxItems": action.nargs}
    elif action.nargs == "+" and not appends:
        schema["minItems"] = 1
    return _nullable(schema, option)


def _item_schema(option: ParserOption) -> dict[str, Any]:
    kind, choices = option.kind, option.action.choices
    if choices is not None:
        # A choice may also be written as the text that the command line has.
        texts = [str(choice) for choice in choices if not isinstance(choice, str)]
        return {"enum": [*choices, *texts]}
    if kind is str:
        default = _JSON_TYPES.get(type(option.default))
        return {"type": ["string", default] if default else "string"}
    if kind is int:
        return {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": _INT_TEXT}]}
    if kind is float:
        return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _FLOAT_TEXT}]}
    return {}


_JSON_TYPES: Final = {int: "integer", float: "number", bool: "boolean", list: "array"}


def _nullable(schema: dict[str, Any], option: ParserOption) -> dict[str, Any]:
    """The schema, taking null as well where no value is needed: null is "not given"."""
    if option.required or not schema:
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


def _unique(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not any(
            value is other or (value == other and type(value) is type(other)) for other in found
        ):
            found.append(value)
    return found


# --- run configs -----------------------------------------------------------------------------


def run_config_schema() -> dict[str, Any]:
    """The schema of every run config: the rules of keys and values, at every depth."""
    value = {"$ref": "#/$defs/value"}
    mapping = {
        "type": "object",
        "propertyNames": {
            "description": "Not empty, and without the period that separates nested keys.",
            "pattern": r"^[^.]+(?![\s\S])",
        },
        "additionalProperties": value,
    }
    return {
        "$schema": DIALECT,
        "title": "A run's config",
        "description": "What a run is configured with: nested keys and JSON values.",
        "$comment": (
            "What JSON Schema cannot say: two keys must not become one when dashes become "
            "underscores, and a top-level value has at most 10,000,000 bytes as JSON."
        ),
        **mapping,
        "$defs": {
            "value": {
                "anyOf": [
                    {"type": ["string", "number", "boolean", "null"]},
                    {"type": "array", "items": value},
                    mapping,
                ]
            }
        },
    }
