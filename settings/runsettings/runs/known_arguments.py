"""Public calls that say which of their keywords is unknown, and which was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, Final, TypeVar, cast

from runsettings.layers.call_site import Caller, find_caller
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.errors import ArgumentError
from runsettings.values.origin import Layer, Origin

F = TypeVar("F", bound=Callable[..., Any])

OtherFaults = Callable[[Mapping[str, Any], Caller], Iterable[Diagnostic]]
"""Checks the known arguments of a call, by name, and returns what else is wrong."""


def no_other_faults(arguments: Mapping[str, Any], caller: Caller) -> Iterable[Diagnostic]:  # noqa: ARG001 - an `OtherFaults`
    """Find nothing."""
    return ()


def known_arguments(
    check: OtherFaults = no_other_faults, elsewhere: Mapping[str, str] | None = None
) -> Callable[[F], F]:
    """Make a function raise one error for all of its unknown keywords.

    Args:
        check: Finds what is wrong with the other arguments, which the same error tells.
        elsewhere: Where a keyword of another name belongs: a hint for each such keyword.

    Returns:
        A decorator. The function that it makes raises `ArgumentError`, which is a ``TypeError``.
    """
    hints: Final = elsewhere or {}

    def decorate(function: F) -> F:
        name = function.__name__
        code = function.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        known = frozenset(names)

        @wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if kwargs and not known.issuperset(kwargs):
                caller = find_caller(name)
                given = dict(zip(names, args, strict=False))
                given |= {key: value for key, value in kwargs.items() if key in known}
                unknown = [
                    Diagnostic(
                        Rule.UNKNOWN_KEY,
                        Severity.ERROR,
                        (key,),
                        f"{name}() has no argument {key!r}",
                        hint=hints.get(key) or did_you_mean(key, [n for n in names if n != "self"]),
                        origin=Origin(
                            Layer.INIT, caller.where, caller.line, None, f"{name}({key}=)"
                        ),
                    )
                    for key in kwargs
                    if key not in known
                ]
                raise ArgumentError([*unknown, *check(given, caller)], f"{name}()")
            return function(*args, **kwargs)

        return cast("F", checked)

    return decorate
