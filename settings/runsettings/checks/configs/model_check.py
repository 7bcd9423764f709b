"""Checks a run config against a pydantic model."""

from __future__ import annotations

import functools
from dataclasses import replace

from pydantic import BaseModel, ValidationError

from runsettings.composition.merge import Merged
from runsettings.resolution.normalizing.unknown_keys import UnknownKey, unknown_keys
from runsettings.resolution.options import OptionTable, option_table
from runsettings.resolution.validation_errors import validation_diagnostics
from runsettings.runconfig.rules.key_rules import place_of
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.origin import Layer, Origin


def check_model(merged: Merged, model: type[BaseModel]) -> list[Diagnostic]:
    """Find what the model would refuse in a config, and keys that it would drop.

    Args:
        merged: The config.
        model: Any pydantic model.
    """
    unknown = unknown_keys(merged.data, model, (), taking=("allow",))
    found = [_unknown_key(each, merged) for each in unknown]
    paths = {each.path for each in found}
    try:
        model.model_validate(merged.data, by_alias=True, by_name=True)
    except ValidationError as error:
        found += [
            _in_config(each, merged, model)
            for each in validation_diagnostics(error, merged, _table(model))
            if each.path not in paths
        ]
    return found


@functools.lru_cache(maxsize=16)
def _table(model: type[BaseModel]) -> OptionTable:
    return option_table(model)


def _unknown_key(unknown: UnknownKey, merged: Merged) -> Diagnostic:
    path, models = unknown
    # A model that says nothing of further keys drops them.
    dropped = any(model.model_config.get("extra") != "forbid" for model in models)
    message = f"is not a field of {' or '.join(model.__name__ for model in models)}"
    origin, excerpt = place_of(merged, path, key=True)
    tables = [_table(model) for model in models]
    names = (key for table in tables for key in table.spelled)
    # A settings class takes old names; any other model refuses them.
    old = [table.old[str(path[-1])] for table in tables if str(path[-1]) in table.old]
    renamed = f"it was renamed to {old[0].name!r}" if old else None
    return Diagnostic.of(
        Rule.UNKNOWN_KEY,
        path,
        f"{message}, which drops it" if dropped else message,
        origin,
        renamed or did_you_mean(str(path[-1]), names),
        excerpt,
        severity=Severity.WARNING if dropped else Severity.ERROR,
    )


def _in_config(found: Diagnostic, merged: Merged, model: type[BaseModel]) -> Diagnostic:
    """The diagnostic in words for a config, which has no variables or flags."""
    if found.rule is not Rule.MISSING_VALUE:
        return found
    origin = found.origin
    if origin is None or origin.layer is Layer.DEFAULT:
        origin = Origin(Layer.FILE, merged.sources[-1].where if merged.sources else "config")
    message = f"is required by {model.__name__}, and the config does not set it"
    return replace(found, message=message, origin=origin, hint=None)
