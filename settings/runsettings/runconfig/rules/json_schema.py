"""Checks a config against the user's JSON Schema."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from runsettings.composition.merge import Merged
from runsettings.documents.files import Format, read_file
from runsettings.documents.paths import shown_path
from runsettings.runconfig.rules.key_rules import place_of
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Layer, Origin

_LONGEST: Final = 300
"""Characters of jsonschema's message that are shown: it can contain the whole value."""


def check_schema(merged: Merged | None, schema: Any, cwd: Path) -> list[Diagnostic]:
    """Check a config against a schema.

    Args:
        merged: The config; if ``None``, only the schema is checked.
        schema: The schema, or the path to a JSON, YAML or TOML file that holds it.
        cwd: The directory that a relative path starts from.

    Returns:
        A diagnostic for each violation, with its position.
    """
    where = "config_schema"
    if not isinstance(schema, (str, os.PathLike, Mapping)):
        message = f"must be a mapping, or the path to a file that holds one; got {schema!r}"
        return [_bad_schema(_short(message), Origin(Layer.INIT, where))]
    if not isinstance(schema, Mapping):
        path = Path(os.path.expanduser(schema))  # noqa: PTH111 - never raises
        where = shown_path(path, cwd)
        format_ = Format.of(path)
        format_ = Format.JSON if format_ in {None, Format.INI} else format_
        reading = read_file(cwd / path, Layer.FILE, where=where, format=format_)
        if any(diagnostic.is_error for diagnostic in reading.diagnostics):
            return list(reading.diagnostics)
        schema = reading.tree.data
    return _violations(merged, schema, Origin(Layer.FILE, where))


def _violations(
    merged: Merged | None, schema: Mapping[str, Any], origin: Origin
) -> list[Diagnostic]:
    # Imported only if a config has a schema: the import of jsonschema is slow.
    import jsonschema
    import referencing
    import referencing.exceptions

    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(dict(schema))
    except jsonschema.SchemaError as error:
        at = f" at {error.json_path}" if error.absolute_path else ""
        return [_bad_schema(f"is not a valid JSON Schema{at}: {_short(error.message)}", origin)]
    if merged is None:
        return []
    # An explicit registry never fetches a `$ref` from the network.
    validator = kind(dict(schema), registry=referencing.Registry())
    try:
        errors = sorted(validator.iter_errors(merged.data), key=lambda error: error.json_path)
    except referencing.exceptions.Unresolvable as error:
        message = f"refers to {error.ref!r}, which it does not hold; nothing is fetched"
        return [_bad_schema(message, origin)]
    except RecursionError:
        return [_bad_schema("has a $ref that leads back to itself without end", origin)]
    return [diagnostic for error in errors for diagnostic in _violations_of(merged, error)]


def _violations_of(merged: Merged, error: Any) -> list[Diagnostic]:
    path: KeyPath = tuple(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = list(error.schema.get("properties", ()))
        patterns = error.schema.get("patternProperties", ())
        extra = _extra_keys(error.instance, known, patterns)
        if error.validator_value is False and extra:
            return [
                _violation(
                    merged,
                    (*path, key),
                    "is not a property that the schema knows",
                    did_you_mean(key, known),
                    key=True,
                )
                for key in extra
            ]
    if "propertyNames" in list(error.absolute_schema_path)[-2:-1]:
        # The key is wrong; jsonschema reports it as a value without a path.
        return [_violation(merged, (*path, error.instance), _short(error.message), key=True)]
    return [_violation(merged, path, _short(error.message))]


def _extra_keys(instance: dict[str, Any], known: list[str], patterns: Any) -> list[str]:
    import re

    return [
        key
        for key in instance
        if key not in known and not any(re.search(pattern, key) for pattern in patterns)
    ]


def _violation(
    merged: Merged, path: KeyPath, message: str, hint: str | None = None, *, key: bool = False
) -> Diagnostic:
    origin, excerpt = place_of(merged, path, key=key) if path else (None, None)
    return Diagnostic(Rule.SCHEMA_VIOLATION, Severity.ERROR, path, message, origin, hint, excerpt)


def _bad_schema(message: str, origin: Origin) -> Diagnostic:
    return Diagnostic(Rule.BAD_SCHEMA, Severity.ERROR, (), message, origin)


def _short(message: str) -> str:
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"
