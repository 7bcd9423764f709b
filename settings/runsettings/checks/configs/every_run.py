"""Checks the config files that every run with these settings reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from runsettings.checks.configs.config_file import CALLER, ConfigChecks, check_config_file
from runsettings.composition.merge import merge
from runsettings.documents.paths import named_path
from runsettings.models import provenance
from runsettings.models.settings import Settings
from runsettings.runconfig.inputs.settings_models import placed
from runsettings.runconfig.loading import gather_config
from runsettings.runconfig.rules.json_schema import check_schema
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.origin import Origin

DEFAULTS_FILE: Final = "config-defaults.yaml"
"""What a run reads below all other inputs of its config, if it is there."""

_NOT_KNOWN_YET: Final = frozenset({Rule.NO_SUCH_KEY, Rule.SCHEMA_VIOLATION})
"""Rules about the whole config, to which the program adds its own part."""


def files_of_every_run(settings: Settings, cwd: Path) -> dict[Path, Origin | None]:
    """The usual config file if it is there, and those that settings name, each with its place."""
    usual = cwd / DEFAULTS_FILE
    found: dict[Path, Origin | None] = {usual: None} if usual.exists() else {}
    sweep = placed(settings, "sweep_param_path")
    for file in (*placed(settings, "config_paths"), *([sweep] if sweep else [])):
        found[named_path(file, cwd)] = file.origin
    return found


def check_every_run(
    settings: Settings, files: Mapping[Path, Origin | None], checks: ConfigChecks
) -> list[Diagnostic]:
    """Find what would stop every run with these settings, or warn in it.

    Args:
        settings: The settings.
        files: Those of `files_of_every_run` that are not checked already.
        checks: What configs are held against; a part of one only against the rules.
    """
    part = replace(checks, schema=None, parser=None, model=None)
    found = [each for path in files for each in check_config_file(path, part, files[path])]
    seen = set(map(_identity, found))
    for each in _together(settings, checks):
        if each.rule is Rule.INCLUDE_AND_EXCLUDE:
            found.append(replace(each, origin=provenance.origin(settings, "config_include_keys")))
        elif _identity(each) not in seen:
            found.append(each)
    return found


def _identity(found: Diagnostic) -> tuple[object, ...]:
    """What makes two diagnostics one; a sweep's file belongs to two layers here."""
    where = None if found.origin is None else found.origin.where
    return found.rule, found.path, where, found.line, found.column


def _together(settings: Settings, checks: ConfigChecks) -> list[Diagnostic]:
    """Check the files as a run merges them, and the settings' own JSON Schema."""
    found = gather_config(
        None,
        caller=CALLER,
        include_keys=settings.config_include_keys or None,
        exclude_keys=settings.config_exclude_keys or None,
        config_paths=placed(settings, "config_paths"),
        defaults_file=DEFAULTS_FILE,
        sweep_file=placed(settings, "sweep_param_path"),
        secrets=checks.secrets,
        setting_names=checks.setting_names,
        cwd=checks.cwd,
    ).diagnostics
    if settings.config_schema is not None:
        found = found + check_schema(merge([]), placed(settings, "config_schema"), checks.cwd)
    return [each for each in found if each.rule not in _NOT_KNOWN_YET]
