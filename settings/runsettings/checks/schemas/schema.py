"""JSON Schema (2020-12) of settings, models and run configs, for editors and CI.

A schema accepts what the model accepts, not only what it stores: ``"yes"`` for a switch, a
comma-separated text for tags. Where a rule cannot be said in JSON Schema, the schema is the
wider of the two, and says so in a ``$comment``.
"""

from __future__ import annotations

import copy
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from runsettings.checks.schemas.settings_fields import FALSE, TRUE, field_schemas, words
from runsettings.layers.renamed import Renamed, old_names_of
from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import options
from runsettings.resolution.options import OptionTable, option_table
from runsettings.secrets.forms import holds_written_secret

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_SWITCH: Final = {
    "anyOf": [
        {"type": "boolean"},
        {"enum": [0, 1]},
        {"type": "string", "pattern": words(*TRUE, *FALSE)},
    ]
}
"""What pydantic takes for a boolean."""


class AcceptingSchema(GenerateJsonSchema):
    """pydantic's schemas, without titles that repeat names, and with what it takes for a bool."""

    schema_dialect = DIALECT

    def bool_schema(self, schema: core_schema.BoolSchema) -> dict[str, Any]:
        """Every form that pydantic takes for a boolean."""
        if schema.get("strict"):
            return {"type": "boolean"}
        return copy.deepcopy(_SWITCH)  # pydantic puts defaults into what it gets

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's
        """No title: it would repeat the name."""
        return False


class _LayeredSchema(AcceptingSchema):
    """The schemas of settings, whose nested models do not drop unknown keys as pydantic would."""

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        """Refuse further keys, unless the model says that it takes them."""
        described = super().model_schema(schema)
        if "extra" not in schema["cls"].model_config and "properties" in described:
            described["additionalProperties"] = False
        for name, info in schema["cls"].model_fields.items():
            for old in old_names_of(info):
                _add_old_name(described, name, old)
        return described


def _add_old_name(described: dict[str, Any], name: str, old: Renamed) -> None:
    """Take a field by an old name too, as deprecated."""
    properties = described.get("properties", {})
    if name in properties:
        note = f"The old name of {name!r}."
        properties[old.name] = {**properties[name], "deprecated": True, "description": note}
        # Either name will do, which only a longer schema could say.
        described["required"] = [key for key in described.get("required", ()) if key != name]


def model_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a settings class or any other pydantic model.

    Keys are the names of fields. Defaults are told, but for those of secrets.
    """
    generator, table = AcceptingSchema, None
    if issubclass(model, LayeredSettings):
        generator, table = _LayeredSchema, options(model)
    schema = model.model_json_schema(by_alias=False, schema_generator=generator)
    table = option_table(model) if table is None else table
    properties = schema.get("properties", {})
    for name, override in field_schemas(model).items():
        described = properties[name]
        kept = {k: described[k] for k in ("description", "default", "deprecated") if k in described}
        properties[name] = {**override, **kept}
    _forget_secrets(schema, table)
    _forget_named(schema)
    schema.setdefault("additionalProperties", table.model.model_config.get("extra") != "forbid")
    return _ordered(schema, model.__name__)


def _forget_secrets(schema: dict[str, Any], table: OptionTable) -> None:
    """Take the defaults of secrets out, also those inside of a nested model's default."""
    definitions = schema.get("$defs", {})
    for option in table.options.values():
        described = schema.get("properties", {}).get(option.name, {})
        if option.secret:
            described.pop("default", None)
            described.pop("examples", None)
            described["writeOnly"] = True
        elif option.table is not None:
            if option.table.secrets:
                described.pop("default", None)
            inner = definitions.get(option.table.model.__name__)
            if inner is not None:
                _forget_secrets({**inner, "$defs": definitions}, option.table)


def _forget_named(schema: Any) -> None:
    """Take out defaults and examples that are secrets by their name or form."""
    if isinstance(schema, list):
        for item in schema:
            _forget_named(item)
    if not isinstance(schema, dict):
        return
    for name, described in schema.get("properties", {}).items():
        if isinstance(described, dict):
            for key in ("default", "examples"):
                if holds_written_secret({name: described.get(key)}):
                    del described[key]
    for item in schema.values():
        _forget_named(item)


def _ordered(schema: dict[str, Any], title: str) -> dict[str, Any]:
    head = {"$schema": DIALECT, "title": schema.get("title", title)}
    if "description" in schema:
        # The first paragraph: what comes after it speaks to programmers.
        head["description"] = " ".join(schema["description"].split("\n\n")[0].split())
    return {**head, **{k: v for k, v in schema.items() if k not in head}}


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
