"""Whether an argument of an argparse parser takes a value, without running the parser."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from runsettings.checks.parsers.options import ParserOption


def value_fault(option: ParserOption, value: Any) -> str | None:
    """Why the parser would not take ``value``, as a sentence without a subject; else ``None``."""
    fault = _value_fault(option, value)
    if fault is None or any(_value_fault(other, value) is None for other in option.others):
        return None
    return fault


def _value_fault(option: ParserOption, value: Any) -> str | None:
    if value is None:
        return "must have a value" if option.required else None
    if option.switch:
        return None if isinstance(value, bool) else "must be true or false"
    action = option.action
    if isinstance(action, argparse._CountAction):
        is_count = type(value) is int and value >= 0
        return None if is_count else "must be a whole number from 0"
    if isinstance(action, argparse._StoreConstAction):
        return None if value in (action.const, action.default) else f"must be {action.const!r}"
    if isinstance(action, argparse._SubParsersAction):
        return _choice_fault(action.choices, value)
    if action.nargs == "?" and _is_const(action, value):
        return None  # what the flag alone stands for
    if not option.many:
        return _item_fault(option, value)
    if not isinstance(value, list):
        return "must be a list"
    if type(action.nargs) is int and len(value) != action.nargs and not _appends(action):
        return f"must have {action.nargs} items, not {len(value)}"
    if action.nargs == "+" and not value:
        return "must have at least one item"
    if isinstance(action, argparse._AppendConstAction):
        fits = all(_is_const(action, item) for item in value)
        return None if fits else f"each item must be {action.const!r}"
    for item in value:
        inner = item if _appends(action) and action.nargs not in {None, "?"} else [item]
        for part in inner if isinstance(inner, list) else [inner]:
            fault = _item_fault(option, part)
            if fault is not None:
                return f"each item {fault}"
    return None


def _is_const(action: argparse.Action, value: Any) -> bool:
    return type(value) is type(action.const) and bool(value == action.const)


def _appends(action: argparse.Action) -> bool:
    return isinstance(action, (argparse._AppendAction, argparse._AppendConstAction))


def _item_fault(option: ParserOption, value: Any) -> str | None:
    kind = option.kind
    if isinstance(value, (dict, list)) and kind in {str, int, float}:
        return f"must be {_NAMES[kind]}, not {_a(value)}"
    if kind is str:
        # A default of another type says that the program takes that type too.
        if not isinstance(value, str) and type(value) is not type(option.default):
            return f"must be a string, not {_a(value)}"
        converted = value
    else:
        try:
            converted = _convert(kind, value)
        except (argparse.ArgumentTypeError, TypeError, ValueError) as error:
            return _refusal(kind, error)
        except Exception as error:  # noqa: BLE001 - the type is the user's own function
            return f"must be what {_name(kind)} takes; it raised {type(error).__name__}"
    choices = option.action.choices
    return None if choices is None else _choice_fault(choices, converted)


def _convert(kind: Callable[[str], Any], value: Any) -> Any:
    if isinstance(kind, type) and type(value) is kind:
        return value
    if isinstance(value, str):
        return kind(value)
    if isinstance(value, bool) or (kind is int and not isinstance(value, int)):
        raise TypeError("no number")
    # A type of the user's own gets what the command line would have held.
    text = json.dumps(value) if isinstance(value, (dict, list)) else str(value)
    return kind(text)


def converted(option: ParserOption, value: Any) -> Any:
    """A text as the number that argparse makes of it; any other value as it is."""
    if not isinstance(value, str) or option.kind not in {int, float}:
        return value
    try:
        return option.kind(value)
    except ValueError:
        return value


def _choice_fault(choices: Any, value: Any) -> str | None:
    try:
        if value in choices:
            return None
    except TypeError:
        pass  # a list or mapping, which cannot even be looked for
    shown = list(map(repr, islice(choices, _MANY_CHOICES + 1)))
    if len(shown) > _MANY_CHOICES:
        shown[-1] = "…"  # as in `range(100_000)`
    return f"must be one of {', '.join(shown)}"


def _refusal(kind: Any, error: Exception) -> str:
    if kind in _NAMES:
        return f"must be {_NAMES[kind]}"
    detail = f": {error}" if isinstance(error, argparse.ArgumentTypeError) else ""
    return f"must be what {_name(kind)} takes{detail}"


_MANY_CHOICES: Final = 30
"""More than these are not listed in a sentence."""

_NAMES: Final[dict[Any, str]] = {int: "a whole number", float: "a number", str: "a string"}


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
