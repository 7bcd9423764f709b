"""`init`: the arguments of the call, the active run, and the start of a new one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from runsettings.composition.profiles import Profiles
from runsettings.journal.notices import Notices
from runsettings.layers.call_site import Caller, call_origin, find_caller
from runsettings.layers.known_arguments import known_arguments
from runsettings.models.settings import Settings
from runsettings.runconfig.inputs.json_values import DEEPEST
from runsettings.runconfig.inputs.overriding import profiles_in
from runsettings.runs.capture import notebook
from runsettings.runs.recording import active
from runsettings.runs.recording.disabled import RunDisabled
from runsettings.runs.recording.run import Run
from runsettings.runs.starting.arguments import FIELDS, resolve_settings
from runsettings.runs.starting.attaching import attach_integrations
from runsettings.runs.starting.run_start import RunStart
from runsettings.runs.starting.without_effect import warn_of_what_has_no_effect
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.errors import SettingsError
from runsettings.values.rendering import headline


def _split(
    arguments: Mapping[str, Any],
) -> tuple[dict[str, Any], Any, Any]:
    """The arguments of `init` that are given and are settings, ``settings`` and ``config``."""
    apart = {"config", "settings", *_NEWER}
    given = {k: v for k, v in arguments.items() if v is not None and k not in apart}
    return given, arguments.get("settings"), arguments.get("config")


def _wrong_settings(arguments: Mapping[str, Any], caller: Caller) -> Sequence[Diagnostic]:
    """The errors in the settings of a call that also has unknown arguments."""
    try:
        resolve_settings(*_split(arguments)[:2], caller, arguments.get("config"))
    except SettingsError as error:
        return error.diagnostics
    return ()


_NEWER: Final = ("fork_from", "resume_from")
"""Arguments of newer clients."""

_ARGUMENTS: Final = {field: argument for argument, field in FIELDS.items()}

_ELSEWHERE: Final = {
    field: f"call it {_ARGUMENTS[field]!r}"
    if field in _ARGUMENTS and field not in {"base_url", "api_key", "sync_tensorboard"}
    else f"give settings={{{field!r}: …}}"
    for field in Settings.model_fields
}
"""Hints for settings that are not arguments of `init`."""


@known_arguments(_wrong_settings, _ELSEWHERE)
def init(
    job_type: str | None = None,
    dir: str | os.PathLike[str] | None = None,  # noqa: A002 - the reference's name
    config: Any = None,
    project: str | None = None,
    entity: str | None = None,
    reinit: bool | str | None = None,
    tags: Sequence[str] | None = None,
    group: str | None = None,
    name: str | None = None,
    notes: str | None = None,
    magic: dict[str, Any] | str | bool | None = None,
    config_exclude_keys: Sequence[str] | None = None,
    config_include_keys: Sequence[str] | None = None,
    anonymous: str | None = None,
    mode: str | None = None,
    allow_val_change: bool | None = None,
    resume: bool | str | None = None,
    force: bool | None = None,
    tensorboard: bool | None = None,
    sync_tensorboard: bool | None = None,
    monitor_gym: bool | None = None,
    save_code: bool | None = None,
    id: str | None = None,  # noqa: A002 - the reference's name
    settings: Settings | Mapping[str, Any] | str | os.PathLike[str] | None = None,
    fork_from: str | None = None,
    resume_from: str | None = None,
) -> Run | RunDisabled:
    """Start a run, or return the one that is active.

    The arguments are those of `wandb.init <https://docs.wandb.ai/ref/python/init>`_. Each one
    sets a setting, in the layer with the highest precedence. ``None`` means "not given".

    Args:
        job_type: The kind of run within its group.
        dir: The directory in which the ``wandb`` directory is made.
        config: The run config: a mapping, argparse or absl flags, a path, or a list of these.
        project: The project.
        entity: The user or team.
        reinit: Whether to finish an active run and start another; also ``"finish_previous"`` or
            ``"return_previous"``, as in the client.
        tags: Tags of 1 to 64 characters each.
        group: The group that the run belongs to.
        name: The display name; two random words and a number by default.
        notes: A longer description.
        magic: Whether to record arguments, config files and metrics of other packages
            automatically; or which packages, as a mapping, JSON or a file's path.
        config_exclude_keys: Top-level keys left out of the config.
        config_include_keys: The only top-level keys kept in the config.
        anonymous: ``"never"``, ``"allow"`` or ``"must"``.
        mode: ``"online"``, ``"offline"`` or ``"disabled"``.
        allow_val_change: Whether config values may change once set.
        resume: ``"allow"``, ``"never"``, ``"must"``, ``"auto"`` or ``True``; see `resume`.
        force: Whether to raise an error if there is no login.
        tensorboard: Another name for ``sync_tensorboard``.
        sync_tensorboard: Whether to log the scalars that the script writes for TensorBoard.
        monitor_gym: Whether to log the videos and episodes that Gymnasium records.
        save_code: Whether to save the main script or notebook with the run.
        id: The run's id, unique in its project.
        settings: Settings with lower precedence than these arguments: a `Settings`, a dict, or a
            file's path.
        fork_from: An argument of newer clients. It has no effect except a warning.
        resume_from: An argument of newer clients. It has no effect except a warning.

    Returns:
        The started run, the active run, or a disabled run if ``mode`` is ``"disabled"``.

    Raises:
        SettingsError: A setting of any layer is wrong. In disabled mode, wrong arguments and wrong
            parts of the config are left out instead, with a warning.
        ConfigError: The config breaks a rule.
        RunError: The run cannot be started or resumed as asked.
    """
    arguments = dict(locals())
    given, below, config = _split(arguments)
    newer = {name: arguments[name] for name in _NEWER}
    caller = find_caller("init")
    profiles = Profiles.of(None, os.environ, call_origin(caller), profiles_in(config, DEEPEST))
    settings_of_call = _resolve(given, below, caller, config, profiles)
    notices = Notices(quiet=settings_of_call.quiet, silent=settings_of_call.silent)
    running = _running(settings_of_call, given, config, below, notices)
    if running is not None:
        return running
    warn_of_what_has_no_effect(settings_of_call, newer, notices.warn)
    run = RunStart(settings_of_call, config, caller, profiles).run()
    if isinstance(run, Run):
        attach_integrations(run)
    return run


def _resolve(
    given: Mapping[str, Any], below: Any, caller: Caller, config: Any, profiles: Profiles
) -> Settings:
    """The settings of the call; in disabled mode, without the wrong arguments.

    Raises:
        SettingsError: A setting is wrong, and the mode is not disabled or no argument sets it.
    """
    try:
        return resolve_settings(given, below, caller, config, profiles)
    except SettingsError as error:
        wrong = {d.path[0] for d in error.diagnostics if d.path and d.is_error}
        if any(d.rule is Rule.UNKNOWN_KEY for d in error.diagnostics if d.is_error):
            raise
        left = {key: given[key] for key in given if FIELDS.get(key, key) not in wrong}
        if isinstance(below, Mapping):
            below = {key: value for key, value in below.items() if key not in wrong}
        try:
            settings = resolve_settings(left, below, caller, config, profiles)
        except SettingsError:
            settings = None
        if settings is None or settings.mode != "disabled":
            raise
        problems = "; ".join(headline(diagnostic) for diagnostic in error.diagnostics)
        Notices(quiet=settings.quiet, silent=settings.silent).warn(f"left out: {problems}")
        return settings


def _running(
    settings: Settings, given: Mapping[str, Any], config: Any, below: Any, notices: Notices
) -> Run | RunDisabled | None:
    """The active run, if `init` returns it; ``None`` if `init` starts another run."""
    run = active.run()
    if run is None or (isinstance(run, Run) and run._foreign):
        return None
    reinit = settings.reinit
    if reinit is None:
        # Running a notebook's cell again starts a new run.
        reinit = notebook.shell() is not None
    if reinit:
        run.finish()
        return None
    fields = {FIELDS.get(argument, argument): argument for argument in given}
    if below is not None:
        fields = dict.fromkeys(Settings.model_fields, "settings") | fields
    fields.pop("reinit", None)
    differing = list(
        dict.fromkeys(
            argument
            for field, argument in fields.items()
            if getattr(settings, field) != getattr(run._settings, field)
        )
    )
    if config is not None:
        differing.append("config")
    if differing:
        notices.warn(
            f"run {run.name} ({run.id}) is active and was returned; "
            f"{', '.join(f'{name}=' for name in differing)} had no effect "
            "(reinit=True starts another run)"
        )
    return run
