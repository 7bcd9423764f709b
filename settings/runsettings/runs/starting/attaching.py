"""Attaches what `init` is asked for about other packages: one line for each integration.

Integrations stand above runs and are known by name only, as plug-ins are: a run without them
imports nothing of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from runsettings.models.settings import Settings
from runsettings.runs.recording.run import Run

INTEGRATIONS: Final = {
    "sync_tensorboard": "runsettings.integrations.tensorboard",
    "magic": "runsettings.integrations.magic",
    "monitor_gym": "runsettings.integrations.gymnasium",
}
"""The module of each setting. It has ``EXTRA``, the extra of this package with what it needs;
``missing(settings)``, which names what is not installed; and ``attach(run)``, which returns a
function that ends it."""


def integrations(settings: Settings) -> Iterator[tuple[str, Any]]:
    """The integrations that settings ask for: the setting, and the module."""
    for setting, module in INTEGRATIONS.items():
        if getattr(settings, setting):
            yield setting, import_module(module)


def attach_integrations(run: Run) -> None:
    """Attach to a run what its settings ask for. A failure is a warning."""
    for setting, module in integrations(run._settings):
        if module.missing(run._settings) is None:  # else it was said before the start
            try:
                run._detach.append(module.attach(run))
            except Exception as error:  # noqa: BLE001 - of another package, most likely; it is told
                run._recorder.notices.warn(f"{setting}: {type(error).__name__}: {error}")
