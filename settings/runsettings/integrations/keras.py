"""`RunCallback`: logs the epochs of a Keras `fit`. Importing this module imports Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from runsettings.integrations.current import as_number, run_of
from runsettings.runs.recording.disabled import RunDisabled
from runsettings.runs.recording.run import Run


class RunCallback(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Logs the metrics of each epoch as a row: ``model.fit(…, callbacks=[RunCallback()])``.

    Args:
        run: The run; by default the current one.
    """

    def __init__(self, run: Run | RunDisabled | None = None) -> None:
        super().__init__()
        self._run = run

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Log the metrics of an epoch.

        Args:
            epoch: The number of the epoch, from 0.
            logs: The metrics by name.
        """
        metrics = {name: as_number(value) for name, value in (logs or {}).items()}
        run_of(self._run, "RunCallback").log({"epoch": epoch, **metrics})
