"""`init`: the arguments of the call, the active run, and the start of a new one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from runsettings.journal.notices import Notices
from runsettings.layers.call_site import find_caller
from runsettings.models import provenance
from runsettings.models.settings import Settings
from runsettings.runs.capture import notebook
from runsettings.runs.recording import active
from runsettings.runs.recording.disabled import RunDisabled
from runsettings.runs.recording.run import Run
from runsettings.runs.starting.arguments import FIELDS, resolve_settings
from runsettings.runs.starting.run_start import RunStart
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.errors import RunError

_LATER: Final = {
    "magic": "recording without further code",
    "sync_tensorboard": "logging what is written for TensorBoard",
    "monitor_gym": "recording Gymnasium's videos",
}
"""Settings whose feature this version does not have."""


def init(
    job_type: str | None = None,
    dir: str | os.PathLike[str] | None = None,  # noqa: A002 - the reference's name
    config: Any = None,
    project: str | None = None,
    entity: str | None = None,
    reinit: bool | None = None,
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
) -> Run | RunDisabled:
    """Start a run, or return the one that is active.

    The arguments are those of `wandb.init <https://docs.wandb.ai/ref/python/init>`_, and each
    is the highest layer of the setting that it stands for. ``None`` means "not given".

    Args:
        job_type: The kind of run within its group.
        dir: Where the ``wandb`` directory goes.
        config: The run config: a mapping, argparse or absl flags, a path, or a list of these.
        project: The project.
        entity: The user or team.
        reinit: Whether to finish an active run and start another.
        tags: Tags of 1 to 64 characters each.
        group: The group that the run belongs to.
        name: The display name; two random words and a number by default.
        notes: A longer description.
        magic: Not available in this version.
        config_exclude_keys: Top-level keys left out of the config.
        config_include_keys: The only top-level keys kept in the config.
        anonymous: ``"never"``, ``"allow"`` or ``"must"``.
        mode: ``"online"``, ``"offline"`` or ``"disabled"``.
        allow_val_change: Whether config values may change once set.
        resume: ``"allow"``, ``"never"``, ``"must"``, ``"auto"`` or ``True``; see `resume`.
        force: Whether it is an error not to be logged in.
        tensorboard: The reference's other name for ``sync_tensorboard``.
        sync_tensorboard: Not available in this version.
        monitor_gym: Not available in this version.
        save_code: Whether the main script or notebook is saved with the run.
        id: The run's id, unique in its project.
        settings: Settings below these arguments: a `Settings`, a dict, or a file's path.

    Raises:
        SettingsError: A setting of any layer is wrong.
        ConfigError: The config breaks a rule.
        RunError: The run cannot be started or resumed as asked.
    """
    arguments = dict(locals())
    config, below = arguments.pop("config"), arguments.pop("settings")
    given = {key: value for key, value in arguments.items() if value is not None}
    caller = find_caller("init")
    settings_of_call = resolve_settings(given, below, caller, config)
    notices = Notices(quiet=settings_of_call.quiet, silent=settings_of_call.silent)
    running = _running(settings_of_call, given, config, below, notices)
    if running is not None:
        return running
    _refuse_what_comes_later(settings_of_call)
    return RunStart(settings_of_call, config, caller).run()


def _running(
    settings: Settings, given: Mapping[str, Any], config: Any, below: Any, notices: Notices
) -> Run | RunDisabled | None:
    """The active run, if it is to be returned; ``None`` if another is to start."""
    run = active.run()
    if run is None or (isinstance(run, Run) and run._foreign):
        return None
    reinit = settings.reinit
    if reinit is None:
        # Running the cell of a notebook again starts again.
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
            if getattr(settings, field) != getattr(run.settings, field)
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


def _refuse_what_comes_later(settings: Settings) -> None:
    """Check that no setting asks for a feature that this version does not have.

    Raises:
        RunError: At least one does.
    """
    found = [
        Diagnostic(
            Rule.NOT_AVAILABLE,
            Severity.ERROR,
            (field,),
            f"{what} is not available in this version",
            provenance.origin(settings, field),
            hint="leave it out",
        )
        for field, what in _LATER.items()
        if getattr(settings, field)
    ]
    if found:
        raise RunError(found)
