"""The exceptions: each carries everything that is wrong, and names itself as people import it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.rendering import render_problems


class RunsettingsError(Exception):
    """The root of this library's exceptions: a tuple of diagnostics and what they concern.

    Args:
        diagnostics: Everything that is wrong, in the order in which to show it.
        subject: What the faults are in: ``settings``, ``train.yaml``, ``run config``.
    """

    subject_by_default = "settings"

    def __init__(self, diagnostics: Iterable[Diagnostic], subject: str | None = None) -> None:
        self.diagnostics = tuple(diagnostics)
        self.subject = subject if subject is not None else self.subject_by_default
        super().__init__(self.diagnostics, self.subject)

    @classmethod
    def of(cls, rule: Rule, message: str, **details: Any) -> Self:
        """An error with a single diagnostic; ``details`` are further `Diagnostic` fields."""
        details.setdefault("path", ())
        subject = details.pop("subject", None)
        return cls([Diagnostic(rule, Severity.ERROR, message=message, **details)], subject)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.diagnostics, self.subject))

    def __str__(self) -> str:
        return render_problems(self.diagnostics, self.subject)


class SettingsError(RunsettingsError, ValueError):
    """The settings of one or more layers are wrong."""


class ConfigError(RunsettingsError, ValueError):
    """The run config breaks a rule, or a value was changed that must not be."""

    subject_by_default = "run config"


class RunError(RunsettingsError, RuntimeError):
    """A run cannot be started, resumed, written or found."""

    subject_by_default = "run"


class ImmutableError(RunsettingsError, AttributeError, TypeError):
    """Somebody tried to change settings in place; `LayeredSettings.replace` makes new ones.

    An ``AttributeError`` as frozen dataclasses raise it, and a ``TypeError`` as tuples do.
    """


class SettingsWarning(UserWarning):
    """Something in the settings that is not an error but that a person would want to know."""


for _error in (
    RunsettingsError,
    SettingsError,
    ConfigError,
    RunError,
    ImmutableError,
    SettingsWarning,
):
    # A traceback names an error as the person at it would import it.
    _error.__module__ = "runsettings"
