"""JSON Schema (2020-12) of the configs that an argparse parser's program takes.

A schema accepts what the parser's check accepts. Where a rule cannot be said in JSON Schema, as
of a type function of the script's own, the schema is the wider of the two.
"""

from __future__ import annotations

import argparse
import enum
import json
from collections.abc import Iterable
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic_core import core_schema

from runsettings.checks.parsers.options import ParserOption, ParserOptions
from runsettings.checks.parsers.values import least_count
from runsettings.checks.parsers.yaml_values import yaml_forms
from runsettings.checks.schemas.schema import DIALECT, AcceptingSchema
from runsettings.secrets.forms import holds_written_secret

_INT_TEXT: Final = r"^\s*[-+]?[0-9]+(?:_[0-9]+)*\s*(?![\s\S])"
_FLOAT_TEXT: Final = (
    r"^\s*[-+]?(?:(?:[0-9]+(?:_[0-9]+)*)?\.[0-9]+(?:_[0-9]+)*|[0-9]+(?:_[0-9]+)*\.?)"
    r"(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?\s*(?![\s\S])"
    r"|^\s*[-+]?(?:[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN])\s*(?![\s\S])"
)
_JSON_LIST: Final = r"^\s*\["
_JSON_MAPPING: Final = r"^\s*\{"
_TYPES: Final = {
    str: {"type": "string"},
    int: {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": _INT_TEXT}]},
    float: {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _FLOAT_TEXT}]},
}
_JSON_TYPES: Final = {int: "integer", float: "number", bool: "boolean"}


class _FlagSchema(AcceptingSchema):
    """The schemas of settings with flags: a namespace has what is no text as texts.

    A list may be one word of several, all of it or an item; so may a mapping.
    """

    def int_schema(self, schema: core_schema.IntSchema) -> dict[str, Any]:
        """An integer, or the text of one."""
        return _or_text(super().int_schema(schema), _INT_TEXT)

    def float_schema(self, schema: core_schema.FloatSchema) -> dict[str, Any]:
        """A number, or the text of one."""
        return _or_text(super().float_schema(schema), _FLOAT_TEXT)

    def function_before_schema(
        self, schema: core_schema.BeforeValidatorFunctionSchema
    ) -> dict[str, Any]:
        """What a validator of the type makes of a text is not known."""
        return {"anyOf": [super().function_before_schema(schema), {"type": "string"}]}

    def literal_schema(self, schema: core_schema.LiteralSchema) -> dict[str, Any]:
        """A choice, or the text of one."""
        plain = [e.value if isinstance(e, enum.Enum) else e for e in schema["expected"]]
        return _or_choice(super().literal_schema(schema), plain)

    def enum_schema(self, schema: core_schema.EnumSchema) -> dict[str, Any]:
        """A member's value, or the text of one."""
        return _or_choice(super().enum_schema(schema), [e.value for e in schema["members"]])

    def list_schema(self, schema: core_schema.ListSchema) -> dict[str, Any]:
        """A list, or one in JSON."""
        return _or_list(super().list_schema(schema))

    def tuple_schema(self, schema: core_schema.TupleSchema) -> dict[str, Any]:
        """A list, or one in JSON."""
        return _or_list(super().tuple_schema(schema))

    def set_schema(self, schema: core_schema.SetSchema) -> dict[str, Any]:
        """A list, or one in JSON; words that are equal are no error."""
        return _or_list({**super().set_schema(schema), "uniqueItems": False})

    def frozenset_schema(self, schema: core_schema.FrozenSetSchema) -> dict[str, Any]:
        """A list, or one in JSON; words that are equal are no error."""
        return _or_list({**super().frozenset_schema(schema), "uniqueItems": False})

    def dict_schema(self, schema: core_schema.DictSchema) -> dict[str, Any]:
        """A mapping, or one in JSON."""
        return _or_text(super().dict_schema(schema), _JSON_MAPPING)

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        """A mapping, or one in JSON."""
        return _or_text(super().model_schema(schema), _JSON_MAPPING)

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> dict[str, Any]:
        """A mapping, or one in JSON."""
        return _or_text(super().dataclass_schema(schema), _JSON_MAPPING)

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> dict[str, Any]:
        """A mapping, or one in JSON."""
        return _or_text(super().typed_dict_schema(schema), _JSON_MAPPING)


def _or_choice(schema: dict[str, Any], choices: Iterable[Any]) -> dict[str, Any]:
    texts = [str(each) for each in choices if isinstance(each, (int, float))]
    return {"anyOf": [schema, {"enum": texts}]} if texts else schema


def _or_list(schema: dict[str, Any]) -> dict[str, Any]:
    text = {"type": "string", "pattern": _JSON_LIST}
    one = {"type": "array", "items": text, "minItems": 1, "maxItems": 1}
    return {"anyOf": [schema, text, one]}


def _or_text(schema: dict[str, Any], pattern: str) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "string", "pattern": pattern}]}


def parser_schema(parser: ParserOptions) -> dict[str, Any]:
    """The schema of the configs that an argparse parser's program takes.

    Types of the parser's own making are not described: the schema takes any value there.
    """
    properties: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    required: list[str] = []
    conditions: list[dict[str, Any]] = []
    for option in parser.options.values():
        described = _option_schema(option)
        definitions |= described.pop("$defs", {})
        _place(properties, option.name.split("."), described)
        if option.required and "." in option.name:
            conditions.append(_present(option))
        elif option.required:
            required.append(option.name)
    schema: dict[str, Any] = {"$schema": DIALECT, "title": str(parser.prog)}
    if parser.description:
        schema["description"] = parser.description
    schema |= {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    # What is left at its default, or null, is not given.
    conditions += [
        {"not": {"allOf": [_present(each, *_enum(*each.defaults, None)) for each in (left, right)]}}
        for group in parser.exclusive
        for index, left in enumerate(group)
        for right in group[index + 1 :]
    ]
    conditions += [
        {"anyOf": [_present(each, *_enum(*_not_given(each), None)) for each in group]}
        for group in parser.demanded
    ]
    if conditions:
        schema["allOf"] = conditions
    if definitions:
        schema["$defs"] = definitions
    return schema


def _enum(*values: Any) -> list[Any]:
    """The forms of Python values in YAML, without those that JSON does not have (NaN)."""
    found = []
    for form in yaml_forms(*values):
        try:
            json.dumps(form, allow_nan=False)
        except ValueError:
            continue
        found.append(form)
    return found


def _not_given(option: ParserOption) -> tuple[Any, ...]:
    """Values with which an argument of a demanded group does not count as given."""
    return option.defaults if option.switch and not option.others else ()


def _present(option: ParserOption, *unset: Any) -> dict[str, Any]:
    """That a config has the option, with none of the values ``unset``."""
    *outer, last = option.name.split(".")
    schema: dict[str, Any] = {"required": [last]}
    if unset:
        schema["properties"] = {last: {"not": {"enum": list(unset)}}}
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
    told = (*option.defaults, option.action.const)
    if any(holds_written_secret({option.name: value}) for value in told):
        # Whatever the schema would say about these values would show a secret.
        described = {"description": _help(option)} if isinstance(option.action.help, str) else {}
        return {**described, "writeOnly": True}
    schemas: list[dict[str, Any]] = []
    for each in option.all_of_its_name():
        schema = _value_schema(each)
        if schema not in schemas:
            schemas.append(schema)
    definitions = {k: v for each in schemas for k, v in each.pop("$defs", {}).items()}
    if {} in schemas:
        schemas = [{}]
    schema = dict(schemas[0]) if len(schemas) == 1 else {"anyOf": schemas}
    if isinstance(option.action.help, str) and option.action.help is not argparse.SUPPRESS:
        schema["description"] = _help(option)
    if option.setting is None and (default := _enum(*option.defaults)):
        schema["default"] = default[0]
    return {**schema, "$defs": definitions} if definitions else schema


def _help(option: ParserOption) -> str:
    """The help with argparse's placeholders filled in, where they can be."""
    text = option.action.help or ""
    names = {"prog": "", "type": getattr(option.kind, "__name__", "")}
    try:
        return str(text % {**vars(option.action), **names})
    except (KeyError, TypeError, ValueError):
        return text


def _value_schema(option: ParserOption) -> dict[str, Any]:
    """What one argument takes, its default and null included."""
    if option.any_value:
        return {}
    if option.setting is not None:
        return _setting_schema(option.setting)
    schema = _given_schema(option)
    further = [form for form in _enum(*option.defaults) if not _takes(schema, form)]
    alternatives = [schema, {"enum": further}] if further else [schema]
    if option.nullable and not _takes(schema, None):
        alternatives.append({"type": "null"})
    return {"anyOf": alternatives} if len(alternatives) > 1 else schema


def _takes(schema: dict[str, Any], value: Any) -> bool:
    from jsonschema import Draft202012Validator  # only schemas of parsers need it

    return bool(Draft202012Validator(schema).is_valid(value))


def _setting_schema(setting: Any) -> dict[str, Any]:
    """What a setting takes, for which the parser has a flag."""
    adapter: TypeAdapter[Any] = TypeAdapter(setting)
    return adapter.json_schema(by_alias=False, schema_generator=_FlagSchema)


def _given_schema(option: ParserOption) -> dict[str, Any]:
    """What one argument takes where it is given."""
    action = option.action
    if option.switch:
        return {"type": "boolean"}
    if isinstance(action, argparse._CountAction):
        return {"type": "integer", "minimum": least_count(option)}
    if isinstance(action, argparse._StoreConstAction):
        return {"enum": _enum(action.const)}
    if isinstance(action, argparse._SubParsersAction):
        return {"enum": list(action.choices)}
    if isinstance(action, argparse._AppendConstAction):
        items = {"enum": _enum(action.const, *option.items_by_default)}
        return {"type": "array", "items": items}
    item = _item_schema(option)
    if item and action.nargs == "?" and action.const is not None:
        item = {"anyOf": [item, {"enum": _enum(action.const)}]}
    if not option.many:
        return item
    if option.appends and action.nargs not in {None, "?"}:
        item = {"anyOf": [item, {"type": "array", "items": item}]}
    further = [form for form in _enum(*option.items_by_default) if not _takes(item, form)]
    if further:
        item = {"anyOf": [item, {"enum": further}]}
    schema: dict[str, Any] = {"type": "array", "items": item}
    if not option.appends and type(action.nargs) is int:
        schema |= {"minItems": action.nargs, "maxItems": action.nargs}
    elif action.nargs == "+" and not option.appends:
        schema["minItems"] = 1
    return schema


def _item_schema(option: ParserOption) -> dict[str, Any]:
    kind, choices = option.kind, option.action.choices
    built_in = _TYPES.get(kind)  # type: ignore[call-overload]
    if choices is not None:
        # A choice may also be written as the text that the command line has.
        texts = [str(choice) for choice in choices if type(choice) in {int, float, bool}]
        schema = {"enum": [*_enum(*choices), *texts]}
        # What a type of the script's own makes of other texts is not known.
        return schema if built_in else {"anyOf": [schema, {"type": "string"}]}
    if kind is str:
        types = [_JSON_TYPES[type(d)] for d in option.defaults if type(d) in _JSON_TYPES]
        return {"type": ["string", *types]} if types else {"type": "string"}
    return built_in or {}
