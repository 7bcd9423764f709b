"""The exceptions under the names that the wandb client has for its own.

``except wandb.Error`` of a script that imports this package as ``wandb`` catches every error of
this package.
"""

from __future__ import annotations

from runsettings.values.errors import RunError, RunsettingsError

Error = RunsettingsError
"""The base of every error of this package."""

UsageError = RunsettingsError
"""An argument, a setting or a config is wrong."""

CommError = RunError
"""A run cannot be started, resumed or written."""

__all__ = ["CommError", "Error", "UsageError"]
