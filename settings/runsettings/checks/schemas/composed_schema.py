"""Makes a schema of plain files accept composed files as well, and writes schemas as draft 7.

In a composed file (``$config: 1``) each value may be a reference or a directive, whatever its type
is, and no key is required: another file may have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final


def _directive(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A mapping with a directive as its only key."""
    return {
        "type": "object",
        "properties": {name: schema},
        "required": [name],
        "additionalProperties": False,
    }


_REFERENCE: Final = "composed-reference"
_HEADER: Final[dict[str, Any]] = {
    "$schema": {"type": "string", "description": "The schema of this file, for editors."},
    "$config": {"const": 1, "description": "The version of composed files; the first key."},
    "$use": {
        "description": "Files below this one, lowest first; {key: file} puts a file under a key.",
        "anyOf": [
            {"$ref": "#/$defs/composed-file"},
            {"type": "array", "items": {"$ref": "#/$defs/composed-file"}},
        ],
    },
}
_DEFINITIONS: Final[dict[str, Any]] = {
    _REFERENCE: {
        "description": "A reference, or {$delete: true}.",
        "anyOf": [
            {"type": "string", "pattern": r"\$\{[^{}]+\}"},
            _directive("$delete", {"const": True}),
        ],
    },
    "composed-file": {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"type": "string", "minLength": 1},
            },
        ]
    },
}
_PRESENCE: Final = frozenset(
    ("required", "minProperties", "dependentRequired", "discriminator", "not", "if", "then", "else")
)
"""Keywords about which keys are there, which a part of a config need not have."""
_NOTES: Final = ("title", "description", "default", "deprecated", "writeOnly", "examples")
_HEAD: Final = ("$schema", "title", "description", "$comment")


def with_composition(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema, which accepts composed files too.

    Args:
        schema: The schema (2020-12) of a mapping. It is not changed.
    """
    head = {key: schema[key] for key in _HEAD if key in schema}
    plain = {key: value for key, value in schema.items() if key not in (*head, "$defs")}
    keys = {"$schema": _HEADER["$schema"], **plain.get("properties", {})}
    plain["properties"] = keys
    definitions = dict(schema.get("$defs", {}))
    composed = _Composed(definitions)
    body = composed.mapping(plain)
    properties = {
        **_HEADER,
        "$profiles": {
            "description": "Values by the name of a profile, which stands just above this file.",
            "type": "object",
            "additionalProperties": {"$ref": "#/$defs/composed-config"},
        },
        **{key: value for key, value in body["properties"].items() if key != "$schema"},
    }
    return {
        **head,
        "if": {"required": ["$config"]},
        "then": {**body, "properties": properties},
        "else": plain,
        "$defs": {**definitions, **composed.made, **_DEFINITIONS, "composed-config": body},
    }


class _Composed:
    """Makes the schemas of values in composed files.

    Args:
        definitions: The definitions of the plain schema.

    Attributes:
        made: The definitions of their counterparts.
    """

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.made: dict[str, Any] = {}
        self._mappings = {name for name, each in definitions.items() if _is_of(each, "object")}
        for name, schema in definitions.items():
            made = self.mapping(schema) if name in self._mappings else self._parts(schema)
            self.made[f"composed-{name}"] = made

    def mapping(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """The schema of a mapping, without what it requires."""
        left_out = {*_PRESENCE, "allOf", "default"}
        return {k: v for k, v in self._keywords(schema).items() if k not in left_out}

    def value(self, schema: Any) -> Any:
        """The schema of a value, which may also be a reference or a directive."""
        if not isinstance(schema, dict) or not set(schema) - {*_NOTES, "$comment"}:
            return schema  # anything
        notes = {key: schema[key] for key in _NOTES if key in schema}
        made = self._parts({key: v for key, v in schema.items() if key not in notes})
        choices = made["anyOf"] if set(made) == {"anyOf"} else [made]
        return {**notes, "anyOf": [*choices, {"$ref": f"#/$defs/{_REFERENCE}"}]}

    def _parts(self, schema: Any) -> Any:
        """The schema with directives for the mappings and lists in it."""
        if not isinstance(schema, dict):
            return schema
        if _is_of(schema, "object"):
            return _or_replace(self._hoisted(self.mapping(schema)))
        if _is_of(schema, "array"):
            made = self._keywords(schema)
            if isinstance(made.get("items"), dict):
                made["items"] = self._hoisted(made["items"])
            items = {key: v for key, v in made.items() if key not in ("minItems", "maxItems")}
            return {"anyOf": [made, _directive("$append", items)]}
        made = self._keywords(schema)
        if "oneOf" in made:
            # Without its tag, a mapping can be of several kinds.
            made.setdefault("anyOf", made.pop("oneOf"))
        return {key: v for key, v in made.items() if key not in _PRESENCE}

    def _keywords(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in schema.items():
            if key == "properties":
                made[key] = {name: self.value(inner) for name, inner in value.items()}
            elif key in ("additionalProperties", "items"):
                made[key] = self.value(value)
            elif key == "prefixItems":
                made[key] = [self.value(inner) for inner in value]
            elif key == "patternProperties":
                made[key] = {name: self.value(inner) for name, inner in value.items()}
            elif key in ("anyOf", "oneOf", "allOf"):
                made[key] = [self._parts(inner) for inner in value]
            elif key == "$ref":
                made |= self._reference(value)
            else:
                made[key] = value
        return made

    def _reference(self, reference: str) -> dict[str, Any]:
        name = reference.removeprefix("#/$defs/")
        ours = {"$ref": f"#/$defs/composed-{name}"}
        return _or_replace(ours) if name in self._mappings else ours

    def _hoisted(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A reference to the schema, which is used twice."""
        name = f"composed-{len(self.made) + 1}"
        self.made[name] = schema
        return {"$ref": f"#/$defs/{name}"}


def _or_replace(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, _directive("$replace", schema)]}


def _is_of(schema: Any, kind: str) -> bool:
    return isinstance(schema, dict) and (
        schema.get("type") == kind
        or ("type" not in schema and ("properties" if kind == "object" else "items") in schema)
    )


_DRAFT_7: Final = "http://json-schema.org/draft-07/schema#"
_MAPPINGS: Final = ("properties", "patternProperties", "$defs")


def as_draft_7(schema: Any) -> Any:
    """The schema in draft 7, which the YAML language server reads.

    Args:
        schema: A schema (2020-12) of this package's making.
    """
    if isinstance(schema, list):
        return [as_draft_7(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _MAPPINGS:
            name = "definitions" if key == "$defs" else key
            made[name] = {each: as_draft_7(inner) for each, inner in value.items()}
        elif key == "$schema":
            made[key] = _DRAFT_7
        elif key == "$ref":
            made[key] = value.replace("#/$defs/", "#/definitions/")
        elif key == "prefixItems":
            made["items"] = as_draft_7(value)
        elif key == "items" and "prefixItems" in schema:
            made["additionalItems"] = as_draft_7(value)
        elif key in ("enum", "const", "default", "examples", "required"):
            made[key] = value
        else:
            made[key] = as_draft_7(value)
    if "$ref" in made and len(made) > 1:
        # Draft 7 ignores what stands beside a reference.
        made["allOf"] = [{"$ref": made.pop("$ref")}, *made.get("allOf", ())]
    return made
