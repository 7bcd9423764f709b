"""The exceptions. Each carries the diagnostics of everything that is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from runsettings._deferred import deferred

if TYPE_CHECKING:
    from runsettings.values import rendering
    from runsettings.values.diagnostic import Diagnostic, Rule, Severity
else:
    rendering = deferred("runsettings.values.rendering")
    Diagnostic = deferred("runsettings.values.diagnostic", "Diagnostic")
    Rule = deferred("runsettings.values.diagnostic", "Rule")
    Severity = deferred("runsettings.values.diagnostic", "Severity")


class RunsettingsError(Exception):
    """The base class of this library's exceptions.

    Args:
        diagnostics: Everything that is wrong, in the order in which to show it.
        subject: What is wrong: ``settings``, ``train.yaml``, ``run config``.
    """

    subject_by_default = "settings"

    def __init__(self, diagnostics: Iterable[Diagnostic], subject: str | None = None) -> None:
        self.diagnostics = tuple(diagnostics)
        self.subject = subject if subject is not None else self.subject_by_default
        super().__init__(self.diagnostics, self.subject)

    @classmethod
    def of(cls, rule: Rule, message: str, **details: Any) -> Self:
        """Make an error with one diagnostic.

        Args:
            rule: The rule that is broken.
            message: What is wrong, without position or advice.
            **details: Further fields of the `Diagnostic`, and ``subject``.
        """
        details.setdefault("path", ())
        subject = details.pop("subject", None)
        return cls([Diagnostic(rule, Severity.ERROR, message=message, **details)], subject)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.diagnostics, self.subject))

    def __str__(self) -> str:
        return rendering.render_problems(self.diagnostics, self.subject)


class SettingsError(RunsettingsError, ValueError):
    """The settings of one or more layers are wrong."""


class ConfigError(RunsettingsError, ValueError):
    """The run config breaks a rule, or a value was changed that may not change."""

    subject_by_default = "run config"


class RunError(RunsettingsError, RuntimeError):
    """A run cannot be started, resumed, written or found."""

    subject_by_default = "run"


class ArgumentError(SettingsError, RunError, TypeError):
    """A call has an argument that the function does not have.

    It is a ``TypeError``, which Python raises for other functions.
    """


class ImmutableError(RunsettingsError, AttributeError, TypeError):
    """Settings cannot be changed in place; `LayeredSettings.replace` makes new ones.

    It is an ``AttributeError``, which frozen dataclasses raise, and a ``TypeError``, which tuples
    raise.
    """


class SettingsWarning(UserWarning):
    """A warning about settings or a run config."""


for _error in (
    RunsettingsError,
    SettingsError,
    ConfigError,
    RunError,
    ArgumentError,
    ImmutableError,
    SettingsWarning,
):
    # A traceback shows the name under which users import the error.
    _error.__module__ = "runsettings"
