"""Checks the types of the arguments of functions that read recorded runs."""

from __future__ import annotations

from typing import Any

from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError
from runsettings.values.rendering import shown


def check_argument(name: str, given: Any, kinds: type | tuple[type, ...], what: str) -> None:
    """Refuse an argument of another type.

    Args:
        name: The name of the argument.
        given: The argument; ``None`` is one that is left out.
        kinds: The types that it may have.
        what: What it must be, for the error: ``the id of a run``.

    Raises:
        RunError: It has another type.
    """
    if given is not None and not isinstance(given, kinds):
        message = f"must be {what}; got {shown(given)}"
        raise RunError.of(Rule.BAD_QUERY, message, path=(name,))


def texts_of(name: str, given: Any) -> list[str]:
    """The texts of an argument that takes one text or several.

    Args:
        name: The name of the argument.
        given: The argument.

    Raises:
        RunError: It is anything else.
    """
    texts = list(given) if isinstance(given, (list, tuple)) else [given]
    if not all(isinstance(each, str) for each in texts):
        message = f"must be a text, or a list of texts; got {shown(given)}"
        raise RunError.of(Rule.BAD_QUERY, message, path=(name,))
    return texts
