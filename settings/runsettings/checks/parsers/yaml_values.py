"""The plain values that YAML has for Python values: enum members, tuples, paths, functions."""

from __future__ import annotations

import enum
import io
from collections.abc import Callable
from typing import Any

from runsettings.runconfig.inputs.json_values import to_jsonable
from runsettings.values.json_trees import same_value
from runsettings.values.key_paths import MISSING


def yaml_forms(*values: Any) -> list[Any]:
    """The forms that the values can have in YAML, each once; none for what has no plain form.

    A tuple is a list, a function its full name. An enum member has up to three forms: its value,
    its text and its name.
    """
    found: list[Any] = []
    for value in values:
        for write_member in (lambda member: member.value, str, lambda member: member.name):
            form = _form(value, write_member)
            if form is not MISSING and not any(same_value(form, other) for other in found):
                found.append(form)
    return found


def is_form(written: Any, *values: Any) -> bool:
    """Whether a value read from YAML is a form of one of the Python values."""
    return any(same_value(written, form) for form in yaml_forms(*values))


def _form(value: Any, write_member: Callable[[enum.Enum], Any]) -> Any:
    if value is None or type(value) in {bool, int, float, str}:
        return value
    if isinstance(value, enum.Enum):
        return _form(write_member(value), write_member)
    if isinstance(value, dict):
        items = {key: _form(item, write_member) for key, item in value.items()}
        plain = all(type(key) is str and item is not MISSING for key, item in items.items())
        return items if plain else MISSING
    if isinstance(value, (list, tuple)):
        forms = [_form(item, write_member) for item in value]
        return MISSING if any(form is MISSING for form in forms) else forms
    if isinstance(value, io.IOBase):
        return getattr(value, "name", MISSING)
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return to_jsonable(value, diagnostics=[])
