"""What `log` takes, as what the journal holds."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from runsettings.layers.call_site import find_caller
from runsettings.resolution.secrets import mask, redact
from runsettings.runconfig.inputs.json_values import to_jsonable
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.errors import RunError
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import KeyPath

_VAST: Final = 1 << 13
"""Bits of an integer that is looked at more closely before it is written."""


def plain_data(data: Any, secrets: Iterable[str] = (), call: str = "log()") -> dict[str, Any]:
    """Logged data as JSON; none at all for ``None``.

    Args:
        data: What was given.
        secrets: What no error may show.
        call: What it was given to, as an error says it.

    Raises:
        RunError: It is no mapping, a key in it is empty, or something cannot be JSON.
    """
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise RunError.of(
            Rule.BAD_INPUT,
            mask(f"{call} takes a mapping of names to values; got {data!r:.80}", secrets),
        )
    faults: list[Diagnostic] = []
    plain = to_jsonable(data, faults=faults)
    errors = [fault for fault in faults if fault.is_error]
    errors += [
        Diagnostic(Rule.KEY_EMPTY, Severity.ERROR, path, "a key must not be empty")
        for path in _empty_keys(plain, ())
    ]
    if errors:
        caller = find_caller(call)
        origin = Origin(Layer.INIT, caller.where, caller.line, None, caller.call)
        # The conversion is the run config's, and so are its sentences.
        said = [
            replace(
                fault,
                message=fault.message.replace("kept in a run config", "logged"),
                origin=origin,
            )
            for fault in errors
        ]
        raise RunError(redact(said, frozenset(secrets)), call)
    return dict(plain)


def _empty_keys(node: Any, path: KeyPath) -> Iterator[KeyPath]:
    """The paths of all empty keys: no name to find a value by, nor one that W&B would take."""
    if type(node) is dict:
        for key, value in node.items():
            if not key:
                yield (*path, key)
            if type(value) is dict or type(value) is list:
                yield from _empty_keys(value, (*path, key))
    elif type(node) is list:
        for index, value in enumerate(node):
            if type(value) is dict or type(value) is list:
                yield from _empty_keys(value, (*path, index))


def has_vast(data: Mapping[str, Any]) -> bool:
    """Whether a mapping of scalars holds an integer of more digits than Python may read."""
    return any(type(value) is int and value.bit_length() > _VAST for value in data.values())


def whole_number(value: Any, name: str) -> int:
    """A step or an exit code as an integer, of whatever library it is.

    Raises:
        RunError: It is none, or one of more than 64 bits.
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise RunError.of(Rule.BAD_VALUE, f"{name} must be an integer; got {value!r:.80}") from None
    if number.bit_length() >= 64:
        raise RunError.of(Rule.BAD_VALUE, f"{name} must be an integer of at most 64 bits")
    return number
