"""Whether an argument of an argparse parser takes a value."""

from __future__ import annotations

import argparse
import contextlib
import enum
import json
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from runsettings.checks.parsers.options import BUILT_IN, ParserOption
from runsettings.checks.parsers.yaml_values import is_form, yaml_forms
from runsettings.layers.flags.conversion import UnknownConversionError, convert
from runsettings.layers.text_values import decoded, typed
from runsettings.resolution.validation_errors import refusal
from runsettings.values.rendering import counted

_MANY_CHOICES: Final = 30
"""More than these are not listed in a sentence."""


def reason_against(option: ParserOption, value: Any) -> str | None:
    """Why the parser would not take ``value``, as a sentence without a subject; else ``None``."""
    reason = _reason(option, value)
    if reason is None or any(_reason(other, value) is None for other in option.others):
        return None
    return reason


def _reason(option: ParserOption, value: Any) -> str | None:
    if option.any_value or option.is_default(value):
        return None
    if option.setting is not None:
        return _reason_of_setting(option.setting, value)
    if value is None:
        return None if option.nullable else "must have a value"
    action = option.action
    if option.switch:
        return None if isinstance(value, bool) else "must be true or false"
    if isinstance(action, argparse._CountAction):
        is_count = type(value) is int and value >= least_count(option)
        return None if is_count else "must be a whole number from 0"
    if isinstance(action, argparse._StoreConstAction):
        return None if is_form(value, action.const) else f"must be {_shown(action.const)}"
    if isinstance(action, argparse._SubParsersAction):
        return _reason_of_choices(action.choices, value)
    if action.nargs == "?" and is_form(value, action.const):
        return None  # what the flag alone stands for
    if not option.many:
        return _reason_of_item(option, value)
    if not isinstance(value, list):
        return "must be a list"
    if type(action.nargs) is int and len(value) != action.nargs and not option.appends:
        return f"must have {counted(action.nargs, 'item')}, not {len(value)}"
    if action.nargs == "+" and not value and not option.appends:
        return "must have at least one item"
    if isinstance(action, argparse._AppendConstAction):
        fits = all(is_form(item, action.const, *option.items_by_default) for item in value)
        return None if fits else f"each item must be {_shown(action.const)}"
    for item in value:
        if is_form(item, *option.items_by_default):
            continue
        nested = option.appends and action.nargs not in {None, "?"} and isinstance(item, list)
        for part in item if nested else [item]:
            reason = _reason_of_item(option, part)
            if reason is not None:
                return f"each item {reason}"
    return None


def least_count(option: ParserOption) -> int:
    """The smallest value that an argument with ``action="count"`` can have."""
    return min([0, *(value for value in option.defaults if type(value) is int)])


def _reason_of_setting(setting: Any, value: Any) -> str | None:
    """Why the type of a setting would not take a value, nor what a flag makes of its texts."""
    adapter: TypeAdapter[Any] = TypeAdapter(setting)
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        with contextlib.suppress(ValidationError):
            adapter.validate_python(typed(decoded(value, [setting]), [setting]))
            return None
        return refusal(error, value)
    return None


def _reason_of_item(option: ParserOption, value: Any) -> str | None:
    kind, choices = option.kind, option.action.choices
    if kind not in BUILT_IN:
        return _reason_of_own_type(option, value)
    if isinstance(value, (dict, list)):
        return f"must be {BUILT_IN[kind]}, not {_a(value)}"
    if choices is not None and is_form(value, *_unusual(choices)):
        return None
    if kind is str:
        # A default of another type says that the program takes that type too.
        if not isinstance(value, str) and not any(type(value) is type(d) for d in option.defaults):
            return f"must be a string, not {_a(value)}"
    elif type(value) is not kind:
        if isinstance(value, bool) or not isinstance(value, (str, int)):
            return f"must be {BUILT_IN[kind]}"
        try:
            value = kind(value)  # type: ignore[arg-type]
        except (ValueError, OverflowError):
            return f"must be {BUILT_IN[kind]}"
    return None if choices is None else _reason_of_choices(choices, value)


def _reason_of_own_type(option: ParserOption, value: Any) -> str | None:
    """Why a type of the script's own would not make the value.

    It takes texts. Any other value is what it has made of one, as far as that can be told.
    """
    kind, choices = option.kind, option.action.choices
    if choices is not None and is_form(value, *_unusual(choices)):
        return None
    texts = [value]
    if isinstance(value, (dict, list)) and _has_numbers_by_default(option):
        # A type that makes numbers makes no lists, unless it makes one of a text as these are.
        items = list(map(str, value))
        texts = [json.dumps(value), ",".join(items), " ".join(items)]
    elif isinstance(value, str):
        texts.append(json.dumps(value))  # `json.loads` makes the text itself of this one
    else:
        return None if choices is None else _reason_of_choices(choices, value)
    reasons = []
    for text in texts:
        try:
            converted = convert(kind, text)
        except UnknownConversionError:
            return None
        except argparse.ArgumentTypeError as error:
            reasons.append(f"must be what {_name(kind)} takes: {error}")
        except (TypeError, ValueError):
            reason = f"must be what {_name(kind)} takes"
            if isinstance(kind, type) and issubclass(kind, enum.Enum):
                reason = _reason_of_choices(kind, text) or reason
            reasons.append(reason)
        except Exception as error:  # noqa: BLE001 - the type is the user's own function
            reasons.append(f"must be what {_name(kind)} takes; it raised {type(error).__name__}")
        else:
            if text is value or not isinstance(value, str) or is_form(value, converted):
                return None if choices is None else _reason_of_choices(choices, converted)
    return reasons[0]


def _has_numbers_by_default(option: ParserOption) -> bool:
    return any(isinstance(default, (bool, int, float)) for default in option.defaults)


def _unusual(choices: Any) -> list[Any]:
    """The choices that YAML has in other forms than their own."""
    if isinstance(choices, range) or not isinstance(choices, Iterable):
        return []
    return [each for each in choices if type(each) not in {str, int, float, bool}]


def _reason_of_choices(choices: Any, value: Any) -> str | None:
    if isinstance(choices, enum.EnumMeta):
        choices = list(choices)  # whose members it has, and not their values
    try:
        if value in choices:
            return None
    except TypeError:
        pass  # a list or mapping, which cannot even be looked for
    if not isinstance(choices, Iterable):
        return "must be one of its choices"
    shown = list(map(_shown, islice(choices, _MANY_CHOICES + 1)))
    if len(shown) > _MANY_CHOICES:
        shown[-1] = "…"  # as in `range(100_000)`
    return f"must be one of {', '.join(shown)}"


def _shown(value: Any) -> str:
    """A choice or a constant as YAML has it."""
    return repr(next(iter(yaml_forms(value)), value))


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", type(kind).__name__)


def _a(value: Any) -> str:
    names = {
        dict: "a mapping",
        list: "a list",
        bool: "a boolean",
        int: "a whole number",
        float: "a number",
    }
    return names.get(type(value), f"a {type(value).__name__}")
