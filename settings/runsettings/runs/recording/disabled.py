"""The run of disabled mode: it has the methods of a run, and writes nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Never, NoReturn, Self

from runsettings.journal.aggregates import Definitions, Totals, define, summarize
from runsettings.journal.directory import FILES
from runsettings.layers.known_arguments import checks_arguments, known_arguments, unknown_arguments
from runsettings.models.settings import Settings
from runsettings.runconfig.config import Config
from runsettings.runconfig.inputs.json_values import to_jsonable
from runsettings.runs.client_names import ClientNames, missing_attribute
from runsettings.runs.files.save_patterns import SavePolicy
from runsettings.runs.recording.metrics import DefinesMetrics, Metric
from runsettings.runs.recording.names import with_id
from runsettings.runs.recording.summary import Summary
from runsettings.secrets import live

_NAMES: Final = ("name", "entity", "group", "job_type", "tags", "notes", "start_time")


class RunDisabled(DefinesMetrics, ClientNames):
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
    step = starting_step = 0

    def __init__(
        self,
        settings: Settings,
        config: Config,
        run_id: str,
        project: str,
        on_finish: Callable[[RunDisabled], None],
    ) -> None:
        self._on_finish = on_finish
        self._settings = settings
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
        self._keep: Callable[[Mapping[str, Any]], None] = self._logged.update
        self._rows = 0
        self._metrics = Definitions()
        self._totals: Totals = {}
        self._summary = Summary(self._values, self._set_summary)
        self._directory: Path | None = None

    @property
    def settings(self) -> Settings:
        """The settings that it was started with; they have the id, also if it was made."""
        if self._settings.run_id is None:
            self._settings = with_id(self._settings, self.id)
        return self._settings

    @property
    def path(self) -> Path:
        """A temporary directory, made when it is first asked for and removed at the end."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="runsettings-"))
            # Also called at the end of the process.
            self._remove = weakref.finalize(self, _remove, self._directory, os.getpid())
        return self._directory

    @property
    def dir(self) -> str:
        """The directory of the run's files, in the temporary one."""
        files = self.path / FILES
        with contextlib.suppress(OSError):
            files.mkdir(exist_ok=True)
        return str(files)

    @property
    def journal_path(self) -> Path:
        """Where a journal would be; there is none."""
        return self.path / f"run-{self.id}.jsonl"

    @property
    def summary(self) -> Summary:
        """The last value of everything logged so far; may be added to."""
        # Merged here and not in `log`, which must cost next to nothing.
        self._summarize(self._logged)
        self._logged.clear()
        return self._summary

    @checks_arguments
    def log(
        self,
        data: Mapping[str, Any] | None = None,
        step: int | None = None,  # noqa: ARG002 - the surface of `Run`
        commit: bool | None = None,  # noqa: ARG002
        sync: bool | None = None,  # noqa: ARG002
        **unknown: Never,
    ) -> None:
        """Keep the last values for the summary, and nothing else."""
        if unknown:
            raise unknown_arguments(RunDisabled.log, unknown)
        try:
            if data:
                self._keep(data)
        except (TypeError, ValueError):
            return  # bad data is an error in the other modes only

    @known_arguments()
    def save(
        self,
        path: str | Path | None = None,  # noqa: ARG002
        base_path: str | Path | None = None,  # noqa: ARG002
        policy: SavePolicy = "live",  # noqa: ARG002
    ) -> list[str]:
        """Do nothing, and return that no file was saved."""
        return []

    @known_arguments()
    def finish(
        self,
        exit_code: int | None = None,  # noqa: ARG002
        quiet: bool | None = None,  # noqa: ARG002
    ) -> None:
        """End the run; another may start."""
        if self._directory is not None:
            self._remove()
        self._on_finish(self)

    def __getattr__(self, name: str) -> NoReturn:
        raise missing_attribute("a run", name, dir(self))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def _summarize(self, data: Mapping[str, Any]) -> None:
        """Put the values of a row into the summary."""
        self._rows += 1
        if self._metrics:
            # Aggregates need numbers, and not arrays of one.
            data = to_jsonable(data, diagnostics=[])
        for key, value in data.items():
            one = {key: value}
            with contextlib.suppress(TypeError, RecursionError):
                summarize(self._values, one, self._rows, self._metrics, self._totals)
                self._summary.note_nested(one)

    def _define_metric(self, metric: Metric, *, overwrite: bool) -> None:
        self._summarize(self._logged)
        self._logged.clear()
        define(self._metrics, self._values, metric.record(overwrite=overwrite))
        self._keep = self._summarize

    def _set_summary(self, values: Mapping[str, Any], removed: list[str]) -> None:
        flat, replaced = self._summary.flat(values)
        self._values.update(flat)
        for key in [*removed, *replaced]:
            self._values.pop(key, None)

    def __reduce__(self) -> tuple[Any, ...]:
        names = {name: getattr(self, name) for name in _NAMES}
        config, summary = self.config.as_dict(), {**self._values, **self._logged}
        return (_restored, (self._settings, config, self.id, self.project, names, summary))

    def __repr__(self) -> str:
        return f"<RunDisabled {live.mask().text(self.name)} ({self.id})>"


def _remove(directory: Path, owner: int) -> None:
    """Remove the temporary directory, but not in a forked child of the process that made it."""
    if os.getpid() == owner:
        shutil.rmtree(directory, ignore_errors=True)


def _restored(
    settings: Settings,
    config: dict[str, Any],
    run_id: str,
    project: str,
    names: dict[str, Any],
    summary: dict[str, Any],
) -> RunDisabled:
    """The run that a pickle holds. It is not the current one where it is read."""
    run = RunDisabled(settings, Config(config), run_id, project, lambda _: None)
    vars(run).update(names)
    run.summary.update(summary)
    return run
