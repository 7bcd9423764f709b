"""Attaches the integrations that the settings of a run enable.

The modules of integrations are only named here, as plug-ins, and are imported when a run uses them.
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
"""The module of each setting. It has ``EXTRA``, the extra of this package that installs its
dependencies; ``missing(settings)``, which names the missing packages; and ``attach(run)``, which
returns a function that detaches it."""


def integrations(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Find the integrations that settings enable.

    Args:
        settings: The settings.

    Yields:
        The name of the setting, and the module.
    """
    for setting, module in INTEGRATIONS.items():
        if getattr(settings, setting):
            yield setting, import_module(module)


def attach_integrations(run: Run) -> None:
    """Attach the integrations that a run's settings enable. A failure is printed as a warning.

    Args:
        run: The run.
    """
    for setting, module in integrations(run._settings):
        if module.missing(run._settings) is None:  # otherwise, a warning was printed earlier
            try:
                run._detach.append(module.attach(run))
            except Exception as error:  # noqa: BLE001 - any error of another package; reported
                run._recorder.notices.warn(f"{setting}: {type(error).__name__}: {error}")
