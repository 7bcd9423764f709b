"""The run of disabled mode: it has the methods of a run, and writes nothing."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from runsettings.journal.replay import merge_summary
from runsettings.models.settings import Settings
from runsettings.runconfig.config import Config
from runsettings.runs.client_names import missing_attribute
from runsettings.runs.files.save_patterns import SavePolicy
from runsettings.runs.recording.summary import Summary


class RunDisabled:
    """Has what `Run` has and records nothing; config and summary keep values in memory.

    Args:
        settings: The settings that it was started with.
        config: The run config, checked as for any run.
        run_id: The id.
        project: The project.
        on_finish: Called when it is finished.
    """

    mode = "disabled"
    disabled = True
    url = None
    resumed = False
    step = 0
    dir = ""
    path = Path()
    journal_path = Path()

    def __init__(
        self,
        settings: Settings,
        config: Config,
        run_id: str,
        project: str,
        on_finish: Callable[[RunDisabled], None],
    ) -> None:
        self._on_finish = on_finish
        self.settings = settings
        self.config = config
        self.id = run_id
        self.name = settings.run_name or "disabled"
        self.project = project
        self.entity = settings.entity
        self.group = settings.run_group
        self.job_type = settings.run_job_type
        self.tags = settings.run_tags
        self.notes = settings.run_notes
        self.start_time = time.time()
        self._values: dict[str, Any] = {}
        self._logged: dict[str, Any] = {}
        self._summary = Summary(self._values, self._set_summary)

    @property
    def summary(self) -> Summary:
        """The last value of everything logged so far; may be added to."""
        # Merged here and not in `log`, which must cost next to nothing.
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
        sync: bool | None = None,  # noqa: ARG002
    ) -> None:
        """Keep the last values for the summary, and nothing else."""
        try:
            if data:
                self._logged.update(data)
        except (TypeError, ValueError):
            return  # bad data is an error in the other modes only

    def save(
        self,
        path: str | Path | None = None,  # noqa: ARG002
        base_path: str | Path | None = None,  # noqa: ARG002
        policy: SavePolicy = "live",  # noqa: ARG002
    ) -> list[str]:
        """Do nothing, and return that no file was saved."""
        return []

    def finish(
        self,
        exit_code: int | None = None,  # noqa: ARG002
        quiet: bool | None = None,  # noqa: ARG002
    ) -> None:
        """End the run; another may start."""
        self._on_finish(self)

    def __getattr__(self, name: str) -> NoReturn:
        raise missing_attribute("a run", name, dir(type(self)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish()

    def _set_summary(self, values: Mapping[str, Any], removed: list[str]) -> None:
        merge_summary(self._values, values)
        for key in removed:
            self._values.pop(key, None)

    def __repr__(self) -> str:
        return f"<RunDisabled {self.name} ({self.id})>"
