"""Reads the value or the inputs of a write: converts them to JSON values and masks secrets."""

from __future__ import annotations

from typing import Any

from runsettings.documents.paths import working_directory
from runsettings.runconfig.changes.sources import moved_below
from runsettings.runconfig.inputs.json_values import as_strict, to_jsonable
from runsettings.runconfig.inputs.reader import InputReader
from runsettings.secrets import live
from runsettings.secrets.masking import SecretMask, secret_in_config
from runsettings.values.diagnostic import Diagnostic
from runsettings.values.errors import ConfigError
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Origin


def read_value(
    value: Any, path: KeyPath, origin: Origin, secrets: SecretMask, *, strict: bool
) -> tuple[Any, KeyPath, list[Diagnostic]]:
    """Convert a value to a JSON value.

    Args:
        value: The value, of any type.
        path: Where it is written; its last key may be a secret.
        origin: Where it is written.
        secrets: Masks the live secrets.
        strict: Reject what has no form in JSON.

    Returns:
        The JSON value, the masked path, and warnings.

    Raises:
        ConfigError: The value has no JSON form.
    """
    diagnostics: list[Diagnostic] = []
    converted = to_jsonable(
        {path[-1]: value}, path[:-1], diagnostics=diagnostics, origin=lambda _: origin, names=True
    )
    if strict:
        diagnostics = [as_strict(diagnostic) for diagnostic in diagnostics]
    if any(diagnostic.is_error for diagnostic in diagnostics):
        raise ConfigError(live.masked(diagnostics, secrets))
    ((key, plain),) = converted.items()
    clean = secrets.text(key)
    plain, found = secrets.value(plain, (*path[:-1], clean))
    path = (*path[:-1], clean)
    if clean != key:
        found.insert(0, path)
    return plain, path, [*diagnostics, *(secret_in_config(where, origin) for where in found)]


def read_inputs(
    inputs: Any,
    path: KeyPath,
    origin: Origin,
    secrets: SecretMask,
    *,
    below: Any,
    strict: bool,
) -> InputReader:
    """Read the inputs of an update of the mapping at ``path``, and mask the secrets in them.

    Args:
        inputs: Any input of a config.
        path: The path of the mapping.
        origin: Where the update is.
        secrets: Masks the live secrets.
        below: The mapping, for overrides of its keys.
        strict: Reject what has no form in JSON.
    """
    below = below if isinstance(below, dict) else None
    reader = InputReader(working_directory(), origin, strict=strict, inputs=inputs, below=below)
    reader.read(inputs)
    reader.finish()
    for trees in (reader.defaults, reader.trees):
        for at, tree in enumerate(trees):
            clean, found = secrets.tree(tree)
            reader.diagnostics += found
            trees[at] = moved_below(path, clean)
    return reader
