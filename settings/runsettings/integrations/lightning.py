"""`RunLogger`: the logger of a Lightning `Trainer`. Importing this module imports Lightning.

The base class comes from the package that the program has imported: ``lightning`` or
``pytorch_lightning``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from runsettings.integrations.current import as_number, run_of
from runsettings.runs.recording.disabled import RunDisabled
from runsettings.runs.recording.run import Run

_OLD: Final = "pytorch_lightning"
_PACKAGE: Final = (
    _OLD if _OLD in sys.modules and "lightning.pytorch" not in sys.modules else "lightning.pytorch"
)

_Logger: Any = import_module(f"{_PACKAGE}.loggers.logger").Logger
_rank_zero_only: Any = import_module(f"{_PACKAGE}.utilities.rank_zero").rank_zero_only


class RunLogger(_Logger):  # type: ignore[misc]  # of either package
    """Logs to a run: ``Trainer(logger=RunLogger())``.

    With several processes, only the first one logs.

    Args:
        run: The run; by default the current one. The trainer does not finish it.
    """

    def __init__(self, run: Run | RunDisabled | None = None) -> None:
        super().__init__()
        self._given = run

    @property
    def experiment(self) -> Run | RunDisabled:
        """The run."""
        return run_of(self._given, "RunLogger")

    @property
    def name(self) -> str:
        """The project of the run."""
        return self.experiment.project

    @property
    def version(self) -> str:
        """The id of the run."""
        return self.experiment.id

    @property
    def save_dir(self) -> str:
        """The directory of the run's files, to which the trainer writes checkpoints."""
        return self.experiment.dir

    @_rank_zero_only  # type: ignore[untyped-decorator]
    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Add hyperparameters to the config, without changing keys that it already has.

        Args:
            params: The hyperparameters: a mapping or a namespace.
            *args: Ignored.
            **kwargs: Ignored.
        """
        given = params if isinstance(params, Mapping) else vars(params)
        config = self.experiment.config
        config.update({key: value for key, value in given.items() if key not in config})

    @_rank_zero_only  # type: ignore[untyped-decorator]
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Log metrics, with the step of the trainer.

        Args:
            metrics: The metrics by name.
            step: The step of the trainer.
        """
        found = {name: as_number(value) for name, value in metrics.items()}
        self.experiment.log(found if step is None else {**found, "trainer/global_step": step})
