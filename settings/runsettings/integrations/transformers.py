"""`RunCallback`: logs what a `Trainer` of transformers logs. Importing it imports transformers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import TrainerCallback

from runsettings.integrations.current import as_number, run_of
from runsettings.runs.recording.disabled import RunDisabled
from runsettings.runs.recording.run import Run


class RunCallback(TrainerCallback):  # type: ignore[misc]  # transformers has no types
    """Logs the metrics of a trainer: ``Trainer(…, callbacks=[RunCallback()])``.

    The training arguments are recorded in the config, under ``training``. Tokens in them are
    masked, as transformers does. With several processes, only the first one logs.

    Args:
        run: The run; by default the current one.
    """

    def __init__(self, run: Run | RunDisabled | None = None) -> None:
        self._run = run

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Add the training arguments to the config."""
        if state.is_world_process_zero:
            arguments = {"training": args.to_dict()}
            run_of(self._run, "RunCallback").config.update(arguments, allow_val_change=True)

    def on_log(
        self,
        args: Any,  # noqa: ARG002
        state: Any,
        control: Any,  # noqa: ARG002
        logs: Mapping[str, Any] | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Log metrics, with the step of the trainer."""
        if state.is_world_process_zero and logs:
            metrics = {name: as_number(value) for name, value in logs.items()}
            step = {"global_step": state.global_step}
            run_of(self._run, "RunCallback").log({**metrics, **step})
