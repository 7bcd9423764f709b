"""A run config held against a pydantic model."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from runsettings.resolution.faults import validation_diagnostics
from runsettings.resolution.merge import Merged
from runsettings.resolution.options import OptionTable, option_table
from runsettings.resolution.suggest import did_you_mean
from runsettings.runconfig.rules import place_of
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import KeyPath


def check_model(merged: Merged, model: type[BaseModel]) -> list[Diagnostic]:
    """Everything in a config that the model would not take, and keys that it would drop.

    Args:
        merged: The config.
        model: Any pydantic model.
    """
    table = _table(model)
    found = _strangers(merged.data, table, (), merged)
    strange = {fault.path for fault in found}
    try:
        model.model_validate(merged.data, by_alias=True, by_name=True)
    except ValidationError as error:
        found += [
            _in_config(fault, merged, model)
            for fault in validation_diagnostics(error, merged, table)
            if fault.path not in strange
        ]
    return found


@functools.lru_cache(maxsize=16)
def _table(model: type[BaseModel]) -> OptionTable:
    return option_table(model)


def _strangers(
    node: dict[Any, Any], table: OptionTable, path: KeyPath, merged: Merged
) -> list[Diagnostic]:
    extra = table.model.model_config.get("extra")
    found: list[Diagnostic] = []
    for key, value in node.items():
        here = (*path, key)
        option = table.spelled.get(key)
        if option is not None:
            if option.table is not None and isinstance(value, dict):
                found += _strangers(value, option.table, here, merged)
        elif extra != "allow":
            name = table.model.__name__
            dropped = extra != "forbid"
            message = f"is not a field of {name}" + (", which drops it" if dropped else "")
            origin, excerpt = place_of(merged, here, key=True)
            severity = Severity.WARNING if dropped else Severity.ERROR
            hint = did_you_mean(str(key), table.spelled)
            found.append(
                Diagnostic(Rule.UNKNOWN_KEY, severity, here, message, origin, hint, excerpt)
            )
    return found


def _in_config(fault: Diagnostic, merged: Merged, model: type[BaseModel]) -> Diagnostic:
    """A fault in words for a config, which has no variables or flags."""
    if fault.rule is not Rule.MISSING_VALUE:
        return fault
    where = merged.sources[-1].where if merged.sources else "config"
    origin = fault.origin
    if origin is None or origin.layer is Layer.DEFAULT:
        origin = Origin(Layer.FILE, where)
    message = f"is required by {model.__name__}, and the config does not set it"
    return replace(fault, message=message, origin=origin, hint=None)
