"""Converting what `log` is given to JSON for the journal."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from runsettings.layers.call_site import find_caller
from runsettings.runconfig.inputs.json_values import to_jsonable
from runsettings.secrets import live
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.errors import RunError
from runsettings.values.key_paths import KeyPath
from runsettings.values.origin import Layer, Origin
from runsettings.values.rendering import headline

_HUGE: Final = 1 << 13
"""Bits above which an integer is checked before it is written; Python reads 4,300 digits."""


def plain_data(
    data: Any,
    mask: SecretMask,
    call: str = "log()",
    leave_out: Callable[[str, str], None] | None = None,
) -> dict[str, Any]:
    """Convert logged data to JSON values.

    Args:
        data: A mapping; ``None`` is an empty one.
        mask: Masks the secrets in the values and in errors.
        call: The name of the call, for errors.
        leave_out: Called with the key and a sentence for each value that JSON cannot hold, which
            is then left out, and for each empty key. Without it, they are errors.

    Raises:
        RunError: It is not a mapping, or something would have to be left out.
    """
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise RunError.of(
            Rule.BAD_INPUT,
            mask.message(f"{call} takes a mapping of names to values; got {data!r:.80}"),
        )
    found: list[Diagnostic] = []
    plain = to_jsonable(data, diagnostics=found)
    # The conversion is the run config's, and so are its messages.
    errors = [
        replace(diagnostic, message=diagnostic.message.replace("kept in a run config", "logged"))
        for diagnostic in mask.diagnostics(found)
        if diagnostic.is_error
    ]
    errors += [
        Diagnostic(Rule.KEY_EMPTY, Severity.ERROR, path, "a key must not be empty")
        for path in _remove_empty_keys(plain, ())
    ]
    if leave_out is not None:
        for diagnostic in errors:
            leave_out(diagnostic.key, f"{call} leaves out {headline(diagnostic)}")
        errors = []
    if errors:
        caller = find_caller(call)
        origin = Origin(Layer.INIT, caller.where, caller.line, None, caller.call)
        raise RunError(mask.diagnostics([replace(error, origin=origin) for error in errors]), call)
    return dict(mask.value(plain, numbers=False)[0])


def _remove_empty_keys(node: Any, path: KeyPath) -> Iterator[KeyPath]:
    """Remove empty keys, by which no value could be found, and return their paths."""
    if type(node) is dict:
        if "" in node:
            del node[""]
            yield (*path, "''")
        for key, value in node.items():
            if type(value) is dict or type(value) is list:
                yield from _remove_empty_keys(value, (*path, key))
    elif type(node) is list:
        for index, value in enumerate(node):
            if type(value) is dict or type(value) is list:
                yield from _remove_empty_keys(value, (*path, index))


def has_huge_integer(data: Mapping[str, Any]) -> bool:
    """Whether a mapping of scalars holds an integer that may have too many digits to read."""
    return any(type(value) is int and value.bit_length() > _HUGE for value in data.values())


def whole_number(value: Any, name: str) -> int:
    """Convert a step or an exit code, such as NumPy's, to an integer.

    Args:
        value: The integer.
        name: Its name, for errors.

    Raises:
        RunError: It is not an integer, or one of more than 64 bits.
    """
    try:
        number = operator.index(value)
    except TypeError:
        shown = live.mask().message(repr(value))
        raise RunError.of(Rule.BAD_VALUE, f"{name} must be an integer; got {shown:.80}") from None
    if number.bit_length() >= 64:
        raise RunError.of(Rule.BAD_VALUE, f"{name} must be an integer of at most 64 bits")
    return number
