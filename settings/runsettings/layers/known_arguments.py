"""Public calls that say which of their keywords is unknown, and which was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from inspect import signature
from typing import Any, TypeVar, cast

from runsettings.layers.call_site import Caller, find_caller
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.errors import ArgumentError
from runsettings.values.origin import Layer, Origin

F = TypeVar("F", bound=Callable[..., Any])

ArgumentCheck = Callable[[Mapping[str, Any], Caller], Iterable[Diagnostic]]
"""Checks the known arguments of a call, by name, and returns what else is wrong."""


def no_check(arguments: Mapping[str, Any], caller: Caller) -> Iterable[Diagnostic]:  # noqa: ARG001 - an `ArgumentCheck`
    """Return no diagnostics."""
    return ()


def unknown_arguments(
    function: Callable[..., Any],
    unknown: Iterable[str],
    check: ArgumentCheck = no_check,
    given: Mapping[str, Any] | None = None,
    elsewhere: Mapping[str, str] | None = None,
    name: str | None = None,
) -> ArgumentError:
    """Make the error for unknown keywords of a call.

    Args:
        function: The function that was called.
        unknown: The keywords.
        check: Checks the other arguments; its diagnostics are in the same error.
        given: The other arguments.
        elsewhere: Where a keyword of another name belongs: a hint for each such keyword.
        name: The function as its caller writes it, if that is not its own name.
    """
    name = name or function.__name__
    names = [each for each in _argument_names(function) if each not in ("self", "cls")]
    caller = find_caller(name)
    diagnostics = [
        Diagnostic(
            Rule.UNKNOWN_KEY,
            Severity.ERROR,
            (key,),
            f"{name}() has no argument {key!r}",
            hint=(elsewhere or {}).get(key) or did_you_mean(key, names),
            origin=Origin(Layer.INIT, caller.where, caller.line, None, f"{name}({key}=)"),
        )
        for key in unknown
    ]
    return ArgumentError([*diagnostics, *check(given or {}, caller)], f"{name}()")


def checks_arguments(function: F) -> F:
    """Show a function without the ``**unknown`` by which it finds unknown keywords itself.

    For functions that are called often: the wrapper of `known_arguments` takes time.
    """
    parameters = [p for p in signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
    function.__signature__ = signature(function).replace(parameters=parameters)  # type: ignore[attr-defined]
    return function


def known_arguments(
    check: ArgumentCheck = no_check,
    elsewhere: Mapping[str, str] | None = None,
    name: str | None = None,
) -> Callable[[F], F]:
    """Make a function raise one error for all of its unknown keywords.

    Args:
        check: Checks the other arguments; its diagnostics are in the same error.
        elsewhere: Where a keyword of another name belongs: a hint for each such keyword.
        name: The function as its caller writes it, if that is not its own name.

    Returns:
        A decorator. The function that it makes raises `ArgumentError`, which is a ``TypeError``.
    """

    def decorate(function: F) -> F:
        names = _argument_names(function)
        known = frozenset(names)

        @wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if kwargs and not known.issuperset(kwargs):
                given = dict(zip(names, args, strict=False))
                given |= {key: value for key, value in kwargs.items() if key in known}
                unknown = [key for key in kwargs if key not in known]
                raise unknown_arguments(function, unknown, check, given, elsewhere, name)
            return function(*args, **kwargs)

        return cast("F", checked)

    return decorate


def _argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    code = function.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
