"""Reports arguments and settings of `init` that have no effect in this version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from runsettings.models import provenance
from runsettings.models.settings import Settings
from runsettings.runs.starting.attaching import integrations
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.errors import RunError

_ARGUMENTS: Final = {
    "fork_from": "the history of the run that it names is not taken over",
    "resume_from": "the run that it names is not taken back to that step",
}
"""Arguments of newer clients, and how the run differs from what they ask for."""

_LEAVE_OUT: Final = "leave it out"

_WORDS: Final = {
    ("reinit", "create_new"): "the active run is finished first, since a process records one run",
    ("mode", "shared"): "the run is recorded by this process alone",
}
"""Settings and values of newer clients, and how the run differs from what they ask for."""


def warn_of_what_has_no_effect(
    settings: Settings, arguments: Mapping[str, Any], warn: Callable[[str], None]
) -> None:
    """Print one warning about all arguments and settings that have no effect.

    In disabled mode, there is no warning.

    Args:
        settings: The settings of the run.
        arguments: Arguments of `init` that are not settings.
        warn: Called with the warning.

    Raises:
        RunError: There are such arguments or settings, and the settings are strict.
    """
    if settings.mode == "disabled":
        return
    found = [
        _diagnostic(
            settings,
            field,
            f"needs {missing}, which is not installed",
            f"pip install 'runsettings[{module.EXTRA}]'",
        )
        for field, module in integrations(settings)
        if (missing := module.missing(settings)) is not None
    ]
    found += [
        _diagnostic(settings, field, f"{word!r} is not available in this version: {what}")
        for (field, word), what in _WORDS.items()
        if provenance.history(settings, field)[0].value == word
    ]
    found += [
        Diagnostic(
            Rule.NOT_AVAILABLE,
            Severity.ERROR,
            (name,),
            f"is not available in this version: {what}",
            hint=_LEAVE_OUT,
        )
        for name, what in _ARGUMENTS.items()
        if arguments.get(name) is not None
    ]
    if not found:
        return
    if settings.strict:
        raise RunError(found)
    named = [
        f"{diagnostic.origin or f'init({diagnostic.key}=)'}: {diagnostic.message}"
        + ("" if diagnostic.hint == _LEAVE_OUT else f" ({diagnostic.hint})")
        for diagnostic in found
    ]
    warn(f"without effect: {'; '.join(named)}")


def _diagnostic(settings: Settings, field: str, message: str, hint: str = _LEAVE_OUT) -> Diagnostic:
    return Diagnostic(
        Rule.NOT_AVAILABLE,
        Severity.ERROR,
        (field,),
        message,
        provenance.origin(settings, field),
        hint=hint,
    )
