"""Which file an origin names, if it names one."""

from __future__ import annotations

from runsettings.values.diagnostic import Diagnostic
from runsettings.values.origin import Origin


def file_of(origin: Origin | None) -> str | None:
    """The file of an origin as the origin names it, or ``None`` for a variable, flag or call."""
    if origin is None:
        return None
    if origin.line is not None or origin.layer.is_file:
        return origin.where
    return None


def end_column(diagnostic: Diagnostic) -> int | None:
    """The 1-based column behind what is marked, if it is known."""
    if (
        diagnostic.excerpt is None
        or diagnostic.column is None
        or diagnostic.excerpt.line != diagnostic.line
    ):
        return None
    return diagnostic.excerpt.column + diagnostic.excerpt.width
