"""A run config held against a pydantic model."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import replace
from types import NoneType
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from runsettings.resolution.merge import Merged
from runsettings.resolution.options import (
    OptionTable,
    nested_model,
    option_table,
    union_members,
)
from runsettings.resolution.validation_errors import validation_diagnostics
from runsettings.runconfig.rules.key_rules import place_of
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import KeyPath

_PAIR: Final = 2
"""The types of a mapping's keys and of its values."""


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
            found += _strangers_within(value, option.info.annotation, here, merged)
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


def _strangers_within(
    value: Any, annotation: Any, path: KeyPath, merged: Merged
) -> list[Diagnostic]:
    """The keys that nobody takes in a model's value, or in those of a list or mapping."""
    members = [each for each in union_members(annotation) if each is not NoneType]
    model = nested_model(annotation)
    if model is not None:
        return _strangers(value, _table(model), path, merged) if isinstance(value, dict) else []
    if len(members) != 1:
        return []  # which of them a value is for is pydantic's to say
    arguments = get_args(members[0])
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict) and len(arguments) == _PAIR:
        inner = value.items()
    elif isinstance(value, list) and (len(arguments) == 1 or arguments[1:] == (...,)):
        inner, arguments = enumerate(value), arguments[:1]
    return [
        fault
        for key, item in inner
        for fault in _strangers_within(item, arguments[-1], (*path, key), merged)
    ]


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
