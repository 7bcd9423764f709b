"""Starts a run from resolved settings.

This module reads the environment, the arguments and the working directory of the process.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from runsettings._deferred import deferred
from runsettings.composition.profiles import Profiles
from runsettings.documents.paths import working_directory
from runsettings.journal.directory import FILES, link_latest
from runsettings.journal.notices import Notices
from runsettings.journal.recorder import Recorder
from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import encode
from runsettings.layers.call_site import Caller
from runsettings.models import provenance
from runsettings.models.settings import Settings
from runsettings.runconfig.config import Config
from runsettings.runconfig.inputs.settings_models import placed, settings_among
from runsettings.runs.capture import notebook
from runsettings.runs.capture.code import main_code
from runsettings.runs.capture.config_files import config_files
from runsettings.runs.capture.host import process_facts
from runsettings.runs.files.origin_records import (
    config_record,
    recorded_origins,
    settings_file,
    settings_record,
)
from runsettings.runs.files.run_files import RunFiles
from runsettings.runs.recording import active
from runsettings.runs.recording.disabled import RunDisabled
from runsettings.runs.recording.exits import Ending
from runsettings.runs.recording.run import Run
from runsettings.runs.starting.login import decide_shipping, find_login, is_anonymous
from runsettings.runs.starting.naming import new_id, new_name
from runsettings.runs.starting.opening import open_journal
from runsettings.runs.starting.resume import StartedRun
from runsettings.secrets import live
from runsettings.secrets.masking import SecretMask
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.errors import ConfigError, SettingsWarning
from runsettings.values.origin import Layer
from runsettings.values.rendering import headline, render_problems

if TYPE_CHECKING:
    from runsettings.shipping import launch
else:  # most runs have no store
    launch = deferred("runsettings.shipping.launch")

DEFAULT_PROJECT: Final = "uncategorized"


class RunStart:
    """One start of a run, with the state that its steps share.

    Args:
        settings: The settings of the run.
        config: The argument ``config`` of the call.
        caller: The place of the call.
        profiles: The profiles of composed files; unknown ones are reported here.
    """

    def __init__(self, settings: Settings, config: Any, caller: Caller, profiles: Profiles) -> None:
        self.settings = settings
        self.caller = caller
        self.profiles = profiles
        self.project = settings.project or DEFAULT_PROJECT
        self.cwd = working_directory()
        self.login = find_login(settings, os.environ)
        key = self.login.key
        self.mask = SecretMask(provenance.secrets(settings) | ({key} if key else set()))
        live.follow(self.mask)
        self.notices = Notices(quiet=settings.quiet, silent=settings.silent, mask=self.mask)
        if self.mask.short:
            self.notices.warn(
                "a secret of fewer than 8 characters, or of one short word, is masked only where "
                "it is a whole value; another one is masked inside other texts and keys, too"
            )
        self.inputs = [active.early_config(), config]
        self.shipment: launch.Shipment | None = None

    def run(self) -> Run | RunDisabled:
        """Start the run and make it the current one.

        Returns:
            The run.

        Raises:
            ConfigError: The config breaks a rule.
            RunError: The run cannot be started or resumed.
        """
        settings = self.settings
        config = self.disabled_config() if settings.mode == "disabled" else self.load_config(None)
        run: Run | RunDisabled
        if settings.mode == "disabled":
            self.warn_about(config)
            run_id = settings.run_id or new_id()
            run = RunDisabled(settings, config, run_id, self.project, active.deactivate)
        else:
            if settings.resume is None:
                # If a run is resumed, its earlier config may have keys that this one lacks.
                self.warn_about(config)
            run = self.start(config)
        active.activate(run)
        if isinstance(run, Run):
            self.greet(run)
        return run

    def start(self, config: Config) -> Run:
        """Start or resume a run in a directory.

        Args:
            config: The config, without the earlier config of a resumed run.

        Returns:
            The run.

        Raises:
            ConfigError: Together with the earlier config, the config breaks a rule.
            RunError: The run cannot be started or resumed.
        """
        settings = self.settings
        shipping = decide_shipping(settings, self.login)
        if shipping.notice is not None:
            self.notices.tell(shipping.notice)
        started = open_journal(settings, self.project, shipping, self.cwd, self.notices)
        try:
            if started.resumed:
                config = self.load_config(started.stored)
            if settings.resume is not None:
                self.warn_about(config)
            names = self.names(started.stored)
            run = self.make_run(started, config, {"mode": shipping.mode, **names})
        except BaseException as error:
            # Record the end here, because no other process will.
            ending = {**Ending.of(error).record(), "time": time.time()}
            if not started.journal.append(encode(ending)):
                self.notices.warn(
                    f"{started.journal.path} cannot be written; the end of the run is not recorded"
                )
            started.journal.close()
            raise
        if shipping.store is not None:
            in_code = provenance.origin(settings, "store").layer >= Layer.FLAG
            journal = started.journal.path
            shipment = launch.Shipment.start(
                journal,
                shipping.store,
                self.notices,
                largest=settings.store_file_limit,
                in_code=in_code,
            )
            if settings.force:
                try:
                    shipment.demand()
                except BaseException as error:
                    run._end(Ending.of(error))
                    raise
            self.shipment = shipment
            run._url = launch.url_of(shipping.store, started.stored)
        return run

    def disabled_config(self) -> Config:
        """The config of a disabled run, without the inputs and keys that are wrong."""
        try:
            return self.load_config(None)
        except ConfigError as error:
            self.notices.warn(
                "left out of the config: "
                + "; ".join(
                    headline(each) if each.path else f"{each.origin}: {headline(each)}"
                    for each in error.diagnostics
                )
            )
        config = Config(allow_val_change=True)
        early, given = self.inputs
        for source in (early, *(given if isinstance(given, (list, tuple)) else [given])):
            parts: list[Any] = [source]
            if isinstance(source, Mapping):
                parts = [{key: value} for key, value in source.items()]
            for part in parts:
                with contextlib.suppress(ConfigError):
                    config.update(part)
        return config

    def load_config(self, earlier: StoredRun | None) -> Config:
        """Load the config of the run.

        Args:
            earlier: The run that is resumed; its config has the lowest precedence. ``None`` for a
                new run.

        Returns:
            The config.

        Raises:
            ConfigError: The config breaks a rule.
        """
        settings = self.settings
        allow = settings.allow_val_change
        try:
            return Config.load(
                [earlier, *self.inputs],
                include_keys=settings.config_include_keys or None,
                exclude_keys=settings.config_exclude_keys or None,
                schema=placed(settings, "config_schema"),
                config_paths=placed(settings, "config_paths"),
                defaults_file="config-defaults.yaml",
                sweep_file=placed(settings, "sweep_param_path"),
                secrets=self.mask,
                setting_names=Settings.model_fields.keys(),
                allow_val_change=notebook.shell() is not None if allow is None else allow,
                strict=settings.strict,
                cwd=self.cwd,
                caller=self.caller,
                profiles=self.profiles,
            )
        except ConfigError as error:
            raise ConfigError(map(self.with_origin, error.diagnostics)) from None

    def warn_about(self, config: Config) -> None:
        """Print the warnings about the config.

        Args:
            config: The config.

        Raises:
            ConfigError: There are warnings, and the settings are strict.
        """
        found = [
            self.with_origin(diagnostic)
            for diagnostic in config.diagnostics
            if diagnostic.severity is Severity.WARNING
        ]
        if not found:
            return
        if self.settings.strict:
            raise ConfigError(diagnostic.as_error() for diagnostic in found)
        warnings.warn_explicit(
            render_problems(found, ConfigError.subject_by_default),
            SettingsWarning,
            self.caller.where,
            self.caller.line or 0,
        )

    def with_origin(self, diagnostic: Diagnostic) -> Diagnostic:
        """Add the origin of the setting to a diagnostic about included or excluded keys."""
        if diagnostic.rule not in (Rule.INCLUDE_AND_EXCLUDE, Rule.NO_SUCH_KEY):
            return diagnostic
        settings = self.settings
        names = ("config_include_keys", "config_exclude_keys")
        first, *others = [
            provenance.origin(settings, name) for name in names if getattr(settings, name)
        ]
        return replace(diagnostic, origin=first, related=tuple((other, None) for other in others))

    def names(self, stored: StoredRun) -> dict[str, Any]:
        """The names of the run: from the settings, else from the resumed run, else random."""
        settings = self.settings
        anonymous = is_anonymous(settings, self.login)
        return {
            "id": stored.id,
            "name": settings.run_name or stored.name or new_name(),
            "project": stored.project,
            "entity": None if anonymous else settings.entity or stored.entity,
            "group": settings.run_group or stored.group,
            "job_type": settings.run_job_type or stored.job_type,
            "notes": settings.run_notes or stored.notes,
            "anonymous": anonymous,
        }

    def make_run(self, started: StartedRun, config: Config, names: dict[str, Any]) -> Run:
        """Make the run, and write its first records and files."""
        settings, (journal, stored, resumed, recorded) = self.settings, started
        recorder = Recorder(journal, stored, self.notices, self.mask, strict=settings.strict)
        explained, config_values = provenance.explained(settings), config_record(config)
        facts = process_facts(sys.argv, self.cwd, self.mask, journal.path.parents[2])
        tags = [tag for tag in dict.fromkeys(settings.run_tags) if tag not in stored.tags]
        recorder.write(
            {"type": "run", **names},
            {"type": "tags", "add": tags, "remove": []},
            settings_record(explained),
            config_values,
            {"type": "metadata", "values": facts},
        )
        link_latest(journal.path.parent)
        main = functools.partial(main_code, self.cwd, os.environ)
        keep_code = settings.save_code and not settings.disable_code
        in_notebook = notebook.shell() is not None
        files = RunFiles(
            journal.path.parent / FILES,
            recorder,
            recorded,
            facts=facts,
            code_at_end=main if keep_code and in_notebook else list,
            earlier_runtime=stored.earlier_runtime,
        )
        code = main() if keep_code and not in_notebook else ()
        files.write_start(settings_file(explained), config, code)
        # A file may have the keys that `config_exclude_keys` keeps out of the run.
        chosen = settings.config_include_keys or settings.config_exclude_keys
        origins = () if chosen else recorded_origins(config_values, explained)
        copies = functools.partial(config_files, origins, self.cwd)
        files.gather_facts(self.cwd, git=not settings.disable_git, config_files=copies)
        return Run(
            stored,
            settings,
            config,
            recorder,
            files,
            resumed=resumed,
            on_finish=self.finished,
        )

    def finished(self, run: Run) -> None:
        """Wait until a finished run is shipped, with a timeout."""
        active.deactivate(run)
        if self.shipment is not None:
            self.shipment.wait(self.settings.finish_timeout)

    def greet(self, run: Run) -> None:
        """Print the started run, and the variables and flags whose values have no effect."""
        models = [self.settings, *settings_among(self.inputs)]
        shadowed = [each for model in models for each in provenance.shadowed(model)]
        if shadowed:
            self.notices.tell("; ".join(headline(diagnostic) for diagnostic in shadowed))
        verb = f"resumed at step {run.step}" if run.resumed else "started"
        self.notices.tell(f"run {run.name} ({run.id}) {verb}, {run.mode}: {run.path}")
        if run.url is not None:
            self.notices.tell(f"see it with: {run.url}")
