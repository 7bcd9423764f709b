"""The run of disabled mode: the whole surface of a run, without a file, a process or a line."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from runsettings.journal.replay import merge_summary
from runsettings.models.settings import Settings
from runsettings.runconfig.config import Config
from runsettings.runs.recording.summary import Summary


class RunDisabled:
    """Has what `Run` has and records nothing; its config and summary hold values in memory.

    Args:
        settings: The settings that say so.
        config: The run config, checked as for any run.
        run_id: The id.
        name: The display name.
        let_go: Called when it is finished.
    """

    mode = "disabled"
    url = None
    resumed = False
    step = 0
    dir = ""
    path = Path()

    def __init__(
        self,
        settings: Settings,
        config: Config,
        run_id: str,
        name: str,
        let_go: Callable[[RunDisabled], None],
    ) -> None:
        self._let_go = let_go
        self.settings = settings
        self.config = config
        self.id = run_id
        self.name = name
        self.project = settings.project or "uncategorized"
        self.entity = settings.entity
        self.group = settings.run_group
        self.job_type = settings.run_job_type
        self.tags = settings.run_tags
        self.notes = settings.run_notes
        self.start_time = time.time()
        self._values: dict[str, Any] = {}
        self._logged: dict[str, Any] = {}
        self._summary = Summary(self._values, lambda values, _: values)

    @property
    def summary(self) -> Summary:
        """The last value of everything logged so far; may be added to."""
        # Put in order here and not in `log`, which costs as good as nothing.
        logged, self._logged = self._logged, {}
        for key, value in logged.items():
            with contextlib.suppress(TypeError, RecursionError):
                merge_summary(self._values, {key: value})
        return self._summary

    def log(
        self,
        data: Mapping[str, Any] | None = None,
        step: int | None = None,  # noqa: ARG002 - the surface of `Run`
        commit: bool | None = None,  # noqa: ARG002
    ) -> None:
        """Keep the last values, which a script may ask its summary for, and nothing else."""
        try:
            if data:
                self._logged.update(data)
        except (TypeError, ValueError):
            return  # an error in the other modes, and here nobody's business

    def save(self, path: str | Path, base_path: str | Path | None = None) -> list[str]:  # noqa: ARG002
        """Do nothing; no file was saved."""
        return []

    def finish(self, exit_code: int | None = None) -> None:  # noqa: ARG002
        """End the run; another may start."""
        self._let_go(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish()

    def __repr__(self) -> str:
        return f"<RunDisabled {self.name} ({self.id})>"
