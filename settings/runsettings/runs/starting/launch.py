"""From settled settings to a run that is being recorded.

This is where the process's own surroundings come in: its environment, arguments and directory.
"""

from __future__ import annotations

import os
import platform
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from runsettings.documents.paths import named_path, working_directory
from runsettings.journal.directory import FILES, elsewhere, prepare
from runsettings.journal.notices import Notices
from runsettings.journal.recorder import Recorder
from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import encode
from runsettings.layers.call_site import Caller
from runsettings.models.settings import Settings
from runsettings.resolution.secrets import live_secrets
from runsettings.runconfig.config import Config
from runsettings.runs.capture import notebook
from runsettings.runs.capture.code import Code, main_code
from runsettings.runs.capture.host import process_facts
from runsettings.runs.files.file_contents import (
    earlier_config,
    explain_settings,
    sourced_config,
    sourced_settings,
)
from runsettings.runs.files.run_files import Paperwork
from runsettings.runs.files.saved_files import SavedFiles
from runsettings.runs.recording import active
from runsettings.runs.recording.disabled import RunDisabled
from runsettings.runs.recording.exits import Ending
from runsettings.runs.recording.names import Identity
from runsettings.runs.recording.run import Run
from runsettings.runs.starting.login import find_login, is_anonymous, offline_reason
from runsettings.runs.starting.naming import check_length, new_id, new_name
from runsettings.runs.starting.resume import Taken, Wanted, take
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.errors import ConfigError, RunError, SettingsWarning
from runsettings.values.rendering import headline, render_problems
from runsettings.values.tree import Tree

DEFAULT_PROJECT: Final = "uncategorized"


class Launch:
    """One start of a run, with what its steps share.

    Args:
        settings: The settings of the run.
        config: What ``config=`` was given.
        caller: The place of the call.
    """

    def __init__(self, settings: Settings, config: Any, caller: Caller) -> None:
        self.settings = settings
        self.caller = caller
        self.cwd = working_directory()
        self.now = time.time()
        self.login = find_login(settings, os.environ)
        known = live_secrets(settings.sources, settings.options())
        self.secrets = known | ({self.login.key} if self.login.key else set())
        self.notices = Notices(
            quiet=settings.quiet, silent=settings.silent, secrets=frozenset(self.secrets)
        )
        self.inputs = [active.early_config(), config]

    def start(self) -> Run | RunDisabled:
        """Start the run and make it the current one.

        Raises:
            ConfigError: The config breaks a rule.
            RunError: The run cannot be started or resumed as asked.
        """
        settings = self.settings
        config = self.load_config(None)
        # Where a run may be resumed, its earlier config may hold what is missed in this one.
        is_whole = settings.mode == "disabled" or settings.resume is None
        if is_whole:
            self.warn_of(config)
        if settings.mode == "disabled":
            disabled = RunDisabled(
                settings,
                config,
                settings.run_id or new_id(),
                settings.run_name or "disabled",
                active.let_go,
            )
            active.activate(disabled)
            return disabled
        if settings.mode == "online":
            self.notices.tell(offline_reason(settings, self.login))
        taken = self.take()
        try:
            if taken.earlier is not None:
                config = self.load_config(taken.earlier)
            if not is_whole:
                self.warn_of(config)
            run = self.make_run(taken, config)
        except BaseException as error:
            # Nobody would let go of the run otherwise.
            ending = Ending.of(error)
            taken.journal.append(encode({**ending.record(), "time": time.time()}))
            taken.journal.close()
            raise
        active.activate(run)
        self.greet(run, taken.earlier)
        return run

    def load_config(self, earlier: StoredRun | None) -> Config:
        """The run's config; that of a resumed run is its lowest source."""
        below: list[Tree] = [] if earlier is None else [earlier_config(earlier)]
        try:
            return self.read_config(below)
        except ConfigError as error:
            raise ConfigError(map(self.placed, error.diagnostics)) from None

    def read_config(self, below: Sequence[Tree]) -> Config:
        """What the inputs and the files that the settings name say, above ``below``."""
        settings = self.settings
        allow = settings.allow_val_change
        return Config.load(
            [*below, *self.inputs],
            include_keys=settings.config_include_keys or None,
            exclude_keys=settings.config_exclude_keys or None,
            schema=settings.config_schema,
            config_paths=settings.config_paths,
            defaults_file="config-defaults.yaml",
            sweep_file=settings.sweep_param_path,
            secrets=self.secrets,
            setting_names=Settings.model_fields.keys(),
            allow_val_change=notebook.shell() is not None if allow is None else allow,
            cwd=self.cwd,
            caller=self.caller,
        )

    def warn_of(self, config: Config) -> None:
        """Say what is not right with the config, and not wrong enough to stop.

        Raises:
            ConfigError: There is something, and the settings are strict.
        """
        found = [
            self.placed(fault) for fault in config.diagnostics if fault.severity is Severity.WARNING
        ]
        if not found:
            return
        if self.settings.strict:
            raise ConfigError(fault.as_error() for fault in found)
        warnings.warn_explicit(
            render_problems(found, ConfigError.subject_by_default),
            SettingsWarning,
            self.caller.where,
            self.caller.line or 0,
        )

    def placed(self, fault: Diagnostic) -> Diagnostic:
        """A fault of the choice of keys with the place of the setting that chose."""
        if fault.rule not in (Rule.INCLUDE_AND_EXCLUDE, Rule.NO_SUCH_KEY):
            return fault
        settings = self.settings
        chose = ("config_include_keys", "config_exclude_keys")
        first, *others = [settings.origin(name) for name in chose if getattr(settings, name)]
        return replace(fault, origin=first, related=tuple((other, None) for other in others))

    def take(self) -> Taken:
        """The run's directory and journal, in a temporary place where the disk refuses.

        Raises:
            RunError: As `resume.take`; or the temporary place refuses as well.
        """
        settings = self.settings
        id_origin = settings.origin("run_id") if settings.run_id else None
        check_length(settings.run_id or "", id_origin)
        wanted = Wanted(
            settings.project or DEFAULT_PROJECT,
            settings.run_id,
            settings.resume,
            platform.node(),
            offline=True,
            now=self.now,
            id_origin=id_origin,
            resume_origin=settings.origin("resume") if settings.resume else None,
        )
        root = named_path(settings.root_dir or ".", self.cwd)
        try:
            directory = prepare(root, self.notices.warn)
            try:
                return take(directory, wanted)
            except OSError as error:
                reason = error.strerror or str(error)
                return take(elsewhere(directory, reason, self.notices.warn), wanted)
        except OSError as error:
            raise RunError.of(
                Rule.UNWRITABLE_FILE,
                f"no directory for the run can be made: {error.strerror or error}",
                path=("root_dir",),
                origin=settings.origin("root_dir"),
                hint="name one that can be written with dir=, or mode='disabled'",
            ) from error

    def make_run(self, taken: Taken, config: Config) -> Run:
        """The run, with its first records and files written."""
        settings, earlier = self.settings, taken.earlier
        recorder = Recorder(taken.journal, self.notices, self.secrets, strict=settings.strict)
        identity = self.identity(taken)
        explained = explain_settings(settings)
        facts = process_facts(sys.argv, self.cwd, self.secrets)
        recorder.write(
            _identity_record(identity),
            {"type": "tags", "add": list(identity.tags), "remove": []},
            sourced_settings(explained).record("settings"),
            sourced_config(config).record("config"),
            {"type": "metadata", "values": facts},
        )
        keep_code = settings.save_code and not settings.disable_code
        in_notebook = notebook.shell() is not None
        paperwork = Paperwork(
            SavedFiles(
                taken.journal.path.parent / FILES, earlier.files if earlier is not None else {}
            ),
            recorder,
            cwd=self.cwd,
            facts=facts,
            git=not settings.disable_git,
            code_at_end=self.code if keep_code and in_notebook else list,
        )
        paperwork.open(explained, config, self.code() if keep_code and not in_notebook else ())
        return Run(
            identity,
            settings,
            config,
            recorder,
            paperwork,
            step=earlier.step if earlier is not None else 0,
            summary=dict(earlier.summary) if earlier is not None else {},
            started=self.now,
            resumed=earlier is not None,
            let_go=active.let_go,
        )

    def identity(self, taken: Taken) -> Identity:
        """What the run is called: as asked for, else as before, else by chance."""
        settings, earlier = self.settings, taken.earlier or StoredRun("")
        anonymous = is_anonymous(settings, self.login)
        return Identity(
            id=taken.run_id,
            name=settings.run_name or earlier.name or new_name(),
            project=settings.project or DEFAULT_PROJECT,
            entity=None if anonymous else settings.entity or earlier.entity,
            group=settings.run_group or earlier.group,
            job_type=settings.run_job_type or earlier.job_type,
            notes=settings.run_notes or earlier.notes,
            tags=tuple(dict.fromkeys((*earlier.tags, *settings.run_tags))),
            anonymous=anonymous,
        )

    def code(self) -> list[Code]:
        """The main program's code."""
        return main_code(self.cwd, os.environ)

    def greet(self, run: Run, earlier: StoredRun | None) -> None:
        """Say what was started, and what a person may not expect."""
        shadowed = self.settings.shadowed()
        if shadowed:
            self.notices.tell("; ".join(headline(fault) for fault in shadowed))
        verb = f"resumed at step {run.step}" if earlier is not None else "started"
        self.notices.tell(f"run {run.name} ({run.id}) {verb}, offline: {run.path}")


def _identity_record(identity: Identity) -> dict[str, Any]:
    names = ("id", "name", "project", "entity", "group", "job_type", "notes", "anonymous")
    return {"type": "run", "mode": "offline", **{name: getattr(identity, name) for name in names}}
