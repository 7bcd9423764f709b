"""Checks a config against the user's JSON Schema."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from runsettings._deferred import deferred
from runsettings.composition.merge import Merged
from runsettings.documents.files import Format, read_file
from runsettings.documents.limits import MAX_DEPTH
from runsettings.documents.paths import shown_path
from runsettings.runconfig.rules.key_rules import place_of
from runsettings.secrets.forms import holds_written_secret, is_secret_name
from runsettings.values.diagnostic import Diagnostic, Excerpt, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.excerpts import excerpt_of
from runsettings.values.key_paths import KeyPath, format_path
from runsettings.values.origin import Layer, Origin, origin_of_text
from runsettings.values.tree import Tree

if TYPE_CHECKING:
    from runsettings.runconfig.rules import bounded_validation
else:
    # Loaded only if a config has a schema: the import of jsonschema is slow.
    bounded_validation = deferred("runsettings.runconfig.rules.bounded_validation")

_COMPARED: Final = 50
"""Characters by which a message that begins with the value is known."""


def check_schema(merged: Merged | None, schema: Any, cwd: Path) -> list[Diagnostic]:
    """Check a config against a schema.

    Args:
        merged: The config; if ``None``, only the schema is checked.
        schema: The schema, or the path to a JSON, YAML or TOML file that holds it; a `PlacedText`
            says in errors where the file is named.
        cwd: The directory that a relative path starts from.

    Returns:
        A diagnostic for each violation, with its position.
    """
    where = "config_schema"
    if not isinstance(schema, (str, os.PathLike, Mapping)):
        message = f"must be a mapping, or the path to a file that holds one; got {schema!r}"
        return [_bad_schema(f"{message:.300}", Origin(Layer.INIT, where))]
    if not isinstance(schema, Mapping):
        origin = origin_of_text(schema)
        path = Path(os.path.expanduser(schema))  # noqa: PTH111 - never raises
        where = shown_path(path, cwd)
        format_ = Format.of(path)
        format_ = Format.JSON if format_ in {None, Format.INI} else format_
        reading = read_file(cwd / path, Layer.FILE, where=where, format=format_)
        if any(diagnostic.is_error for diagnostic in reading.diagnostics):
            return list(reading.named_by(origin).diagnostics if origin else reading.diagnostics)
        tree = reading.tree
    else:
        tree = Tree(Layer.FILE, where, data=dict(schema))
    try:
        found = bounded_validation.violations(
            None if merged is None else merged.data, tree.data, check=merged is not None
        )
    except bounded_validation.UnusableSchemaError as error:
        found_at = error.path or _path_of(error.part, tree.data)
        at = f", at {format_path(found_at)}" if found_at and not error.path else ""
        return [_bad_schema(f"{error}{at}", tree.origin(found_at), excerpt_of(tree, found_at))]
    return (
        []
        if merged is None
        else [each for error in found for each in _violations_of(merged, error)]
    )


def _path_of(part: Any, schema: Any) -> KeyPath:
    """The path of a part of a schema; empty if it is not found."""
    waiting: list[tuple[KeyPath, Any]] = [((), schema)] if part is not None else []
    seen: set[int] = set()
    while waiting:
        path, node = waiting.pop()
        if node is part:
            return path
        if isinstance(node, (Mapping, list)) and id(node) not in seen and len(path) < MAX_DEPTH:
            seen.add(id(node))
            items = node.items() if isinstance(node, Mapping) else enumerate(node)
            waiting += [((*path, key), item) for key, item in items]
    return ()


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
        return [_violation(merged, (*path, error.instance), error.message, key=True)]
    message = error.message
    if _is_secret(path, error.instance) and message.startswith(repr(error.instance)[:_COMPARED]):
        message = f"does not fit {error.validator!r} of the schema"  # jsonschema quotes the value
    return [_violation(merged, path, message)]


def _is_secret(path: KeyPath, value: Any) -> bool:
    """Whether a value is one under the name of a secret, or contains one."""
    name = next((key for key in reversed(path) if isinstance(key, str)), "")
    return is_secret_name(name) or holds_written_secret(value)


def _extra_keys(instance: dict[str, Any], known: list[str], patterns: Any) -> list[str]:
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


def _bad_schema(message: str, origin: Origin, excerpt: Excerpt | None = None) -> Diagnostic:
    return Diagnostic.of(Rule.BAD_SCHEMA, (), message, origin, excerpt=excerpt)
