"""What every run with these settings reads, whatever its program hands in as a config."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from runsettings.checks.configs.config_file import CALLER, ConfigChecks, check_config_file
from runsettings.models.settings import Settings
from runsettings.resolution.merge import merge
from runsettings.runconfig.loading import gather_config
from runsettings.runconfig.rules.json_schema import check_schema
from runsettings.values.diagnostic import Diagnostic, Rule

DEFAULTS_FILE: Final = "config-defaults.yaml"
"""What a run reads below all other inputs of its config, if it is there."""

_NOT_KNOWN_YET: Final = frozenset({Rule.NO_SUCH_KEY, Rule.SCHEMA_VIOLATION})
"""Rules about the whole config, to which the program adds its own part."""


def files_of_every_run(settings: Settings, cwd: Path) -> list[Path]:
    """The config files that settings name, and the usual one if it is there."""
    usual = cwd / DEFAULTS_FILE
    named = [usual] if usual.exists() else []
    paths = [*settings.config_paths, *filter(None, [settings.sweep_param_path])]
    return [*named, *(cwd / Path(path).expanduser() for path in paths)]


def check_every_run(
    settings: Settings, files: Sequence[Path], checks: ConfigChecks
) -> list[Diagnostic]:
    """What would end every run with these settings, or be complained of in it.

    Args:
        settings: The settings.
        files: Those of `files_of_every_run` that are not checked already.
        checks: What configs are held against; a part of one only against the rules.
    """
    part = replace(checks, schema=None, parser=None, model=None)
    found = [fault for path in files for fault in check_config_file(path, part)]
    seen = set(map(_identity, found))
    for fault in _together(settings, checks):
        if fault.rule is Rule.INCLUDE_AND_EXCLUDE:
            fault = replace(fault, origin=settings.origin("config_include_keys"))  # noqa: PLW2901
        if _identity(fault) not in seen:
            found.append(fault)
    return found


def _identity(fault: Diagnostic) -> tuple[object, ...]:
    """What makes two diagnostics one; a sweep's file belongs to two layers here."""
    where = None if fault.origin is None else fault.origin.where
    return fault.rule, fault.path, where, fault.line, fault.column


def _together(settings: Settings, checks: ConfigChecks) -> list[Diagnostic]:
    """What is wrong with the parts as a run puts them together, and with its schema."""
    found = gather_config(
        None,
        caller=CALLER,
        include_keys=settings.config_include_keys or None,
        exclude_keys=settings.config_exclude_keys or None,
        config_paths=settings.config_paths,
        defaults_file=DEFAULTS_FILE,
        sweep_file=settings.sweep_param_path,
        secrets=checks.secrets,
        setting_names=checks.setting_names,
        cwd=checks.cwd,
    ).diagnostics
    if settings.config_schema is not None:
        found = found + check_schema(merge([]), settings.config_schema, checks.cwd)
    return [fault for fault in found if fault.rule not in _NOT_KNOWN_YET]
