"""Checks settings and configs without starting a run: what ``runsettings check`` calls.

It returns diagnostics; `reporters` make text of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from runsettings._deferred import deferred
from runsettings.checks.configs.config_file import ConfigChecks, check_config_inputs
from runsettings.checks.configs.every_run import check_every_run, files_of_every_run
from runsettings.checks.configs.many_files import check_config_files
from runsettings.checks.parsers.options import parser_options
from runsettings.checks.rule_selection import CheckSettings, Selection, without_suppressed
from runsettings.checks.settings_layers import (
    check_layers,
    check_settings_file,
    inputs_for,
    is_settings_file,
    without_set_by,
)
from runsettings.checks.targets import find_files, matches_pattern, missing_env_files
from runsettings.composition.overrides import PROFILE_FLAG
from runsettings.composition.profiles import Profiles
from runsettings.documents.paths import several_files, shown_path
from runsettings.layers.base import Inputs
from runsettings.layers.call_site import Caller, call_origin, find_caller, placed_by_call
from runsettings.layers.flags.namespace import overrides_of
from runsettings.layers.known_arguments import known_arguments
from runsettings.models.layered import LayeredSettings
from runsettings.models.locking import drift_of
from runsettings.models.settings import Settings
from runsettings.runconfig.rules.json_schema import check_schema
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.errors import SettingsError
from runsettings.values.origin import Origin

if TYPE_CHECKING:
    from runsettings.checks.environments.matrix import check_matrix
else:
    check_matrix = deferred("runsettings.checks.environments.matrix", "check_matrix")

SETTINGS: Final = "settings"
"""What a report calls the settings of all layers."""

CONFIG: Final = "config"
"""What a report calls the config of ``--config`` and ``--set``."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check looked at and found.

    Attributes:
        diagnostics: What is wrong, in the order of what was checked.
        checked: The names of everything that was looked at.
        settings: The settings of all layers, if they were checked and a run could have them.
    """

    diagnostics: tuple[Diagnostic, ...]
    checked: tuple[str, ...]
    settings: LayeredSettings | None = None

    @property
    def failed(self) -> bool:
        """Whether anything is an error."""
        return any(diagnostic.is_error for diagnostic in self.diagnostics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to check, and how; the attributes are `check`'s arguments, and these.

    Attributes:
        settings: The settings class.
        layers: Whether its layers are reported, or only their secrets looked for.
        args: The flags of the program.
        config: Inputs of a config that no settings class reads, checked as a whole.
        profiles: The profiles of composed config files, with their origins.
        exclude: Patterns of files that are not looked for in directories.
        matrix: A TOML file that declares environments, whose settings are checked.
        against: A git revision; what has changed since in each environment is noted.
        tell: Called with how many config files are done, and how many there are.
        caller: The place of the call, which names the settings files.
    """

    files: tuple[str | Path, ...] = ()
    settings: type[LayeredSettings] = Settings
    layers: bool = True
    args: Any = None
    config: Any = None
    profiles: tuple[tuple[str, Origin], ...] = ()
    settings_files: Sequence[str | Path] = ()
    env_file: str | Path | Sequence[str | Path] | None = None
    environ: Mapping[str, str] | None = None
    cwd: str | Path | None = None
    schema: str | Path | Mapping[str, Any] | None = None
    parser: Any = None
    model: type[BaseModel] | None = None
    locked: str | Path | None = None
    strict: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    processes: int | None = None
    matrix: str | Path | None = None
    against: str | None = None
    tell: Callable[[int, int], None] = lambda _done, _all: None
    caller: Caller | None = None

    @property
    def inputs(self) -> Inputs:
        """What the layers of the settings read."""
        return inputs_for(
            self.settings,
            caller=self.caller,
            args=self.args,
            files=self.settings_files,
            environ=self.environ,
            cwd=self.cwd,
            env_file=self.env_file,
            # The flags of a program have its profiles.
            profiles=Profiles(self.profiles)
            if self.args is None and self.settings_files and self.profiles
            else None,
        )

    def origin(self, argument: str) -> Origin | None:
        """The place of an argument of the call; ``None`` without a call."""
        return None if self.caller is None else call_origin(self.caller, argument)

    @property
    def names_files(self) -> bool:
        """Whether files are named, which may have profiles."""
        words = overrides_of(self.args) if isinstance(self.args, argparse.Namespace) else ()
        return bool(
            self.files
            or self.settings_files
            or self.config is not None
            or getattr(self.args, "settings_file", None)
            or any(flag != PROFILE_FLAG for flag, _ in words)
        )


@known_arguments()
def check(
    files: str | Path | Iterable[str | Path] = (),
    *,
    settings: type[LayeredSettings] | bool = True,
    settings_files: Sequence[str | Path] = (),
    env_file: str | Path | Sequence[str | Path] | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    schema: str | Path | Mapping[str, Any] | None = None,
    parser: Any = None,
    model: type[BaseModel] | None = None,
    profiles: str | Sequence[str] | None = None,
    locked: str | Path | None = None,
    strict: bool = False,
    select: str | Iterable[str] = (),
    ignore: str | Iterable[str] = (),
    processes: int | None = None,
) -> tuple[Diagnostic, ...]:
    """Check settings and config files with the code that starts a run, and start none.

    Args:
        files: Config files, settings files, directories and glob patterns.
        settings: Whether to check the settings of all layers, or the class to check them for.
        settings_files: Settings files that the program names, lowest first.
        env_file: ``.env`` files to read, instead of the model's own.
        environ: The environment; this process's own if left out.
        cwd: The directory that relative paths start from; the current one if left out.
        schema: A JSON Schema that each config must satisfy, or the path of one.
        parser: An argparse parser, or a function that makes one, whose arguments each config
            must fit. It is not run.
        model: A pydantic model that each config must fit.
        profiles: The profiles of composed files, lowest first; those of ``RUNSETTINGS_PROFILE``
            if left out.
        locked: A lock file; everything that has drifted from it is an error.
        strict: Whether warnings are errors.
        select: The only rules that count; all of them if left out.
        ignore: Rules that do not count.
        processes: How many processes to use; by default, as many as help.

    Returns:
        What is wrong. Nothing is raised for it.

    Raises:
        ValueError: ``select`` or ``ignore`` names something that is no rule.
        TypeError: ``parser`` is neither a parser nor a function that makes one.
    """
    caller = find_caller("check")
    origin = call_origin(caller, "profiles")
    return run_checks(
        Request(
            files=(files,) if isinstance(files, (str, Path)) else tuple(files),
            settings=settings if isinstance(settings, type) else Settings,
            layers=settings is not False,
            settings_files=settings_files,
            env_file=env_file,
            environ=environ,
            cwd=cwd,
            schema=placed_by_call(schema, caller, "schema"),
            parser=parser,
            model=model,
            profiles=tuple((name, origin) for name in several_files(profiles)),
            locked=placed_by_call(locked, caller, "locked"),
            strict=strict,
            select=(select,) if isinstance(select, str) else tuple(select),
            ignore=(ignore,) if isinstance(ignore, str) else tuple(ignore),
            processes=processes,
            caller=caller,
        )
    ).diagnostics


def run_checks(request: Request) -> Report:
    """Check what ``request`` asks for.

    Raises:
        ValueError: It selects or ignores something that is no rule, or compares with what is
            no commit.
        TypeError: Its parser is neither a parser nor a function that makes one.
    """
    model = request.settings
    inputs = request.inputs
    here = inputs.cwd
    parser = parser_options(request.parser) if request.parser is not None else None
    selection, project, found = project_rules(here, request)
    names: list[str] = []

    paths, not_found = find_files(request.files, here, (*project.exclude, *request.exclude))
    settings_files = {path for path in paths if is_settings_file(path, inputs.app_name)}
    is_own_model = not issubclass(model, Settings)
    alone = [
        check_settings_file(path, model, inputs)
        for path in paths
        if path in settings_files
        or (is_own_model and not matches_pattern(path, here, project.data))
    ]

    # Also where the layers are not reported: their secrets must not be in a config.
    checked = check_layers(model, inputs)
    if request.layers or request.locked is not None:
        names.append(SETTINGS)
        of_layers = without_set_by(alone, checked.diagnostics)
        found += without_suppressed(of_layers, checked.text_of)
    if request.locked is not None and checked.settings is not None:
        found += _drift(checked.settings, request.locked, here)
    if request.matrix is not None:
        names.append(shown_path(here / request.matrix, here))
        found += check_matrix(request.matrix, model, here, against=request.against)
    found += [*not_found, *missing_env_files(request.env_file, here, request.origin("env_file"))]
    if request.schema is not None:  # also where there is no config to check with it
        found += check_schema(None, request.schema, here)
    names += [shown_path(path, here) for path in paths]
    configs = [path for path in paths if path not in settings_files]
    found += [each for file in alone for each in without_suppressed(file.diagnostics, file.text_of)]
    checks = ConfigChecks(
        cwd=here,
        schema=request.schema,
        parser=parser,
        model=request.model,
        secrets=checked.secrets,
        setting_names=frozenset() if is_own_model else frozenset(model.model_fields),
        data=project.data,
        profiles=request.profiles,
    )
    if request.config is not None:
        names.append(CONFIG)
        found += check_config_inputs(request.config, checks)
    of_configs = check_config_files(configs, checks, processes=request.processes, tell=request.tell)
    # References can be to defaults and old names of a model, which its own check has looked up.
    missed = Rule.UNKNOWN_REFERENCE if is_own_model else None
    found += [each for each in of_configs if each.rule is not missed]
    if request.layers and isinstance(checked.settings, Settings):
        others = files_of_every_run(checked.settings, here)
        others = {path: others[path] for path in others if path not in paths}
        names += [shown_path(path, here) for path in others]
        found += check_every_run(checked.settings, others, checks)
    if isinstance(inputs.profiles, Profiles):
        found += inputs.profiles.unknown()
    elif not request.names_files and len(names) < 2:
        found += Profiles(request.profiles).unknown()
    allowed = [each for each in found if not _is_allowed(each, project, here)]
    counted = _counted(allowed, selection, strict=request.strict)
    return Report(counted, tuple(names), checked.settings)


def _drift(settings: LayeredSettings, locked: str | Path, cwd: Path) -> list[Diagnostic]:
    try:
        return [each.as_error() for each in drift_of(settings, locked, cwd)]
    except SettingsError as error:
        return list(error.diagnostics)


def _counted(
    found: Iterable[Diagnostic], selection: Selection, *, strict: bool
) -> tuple[Diagnostic, ...]:
    """The diagnostics whose rules count, each once; warnings are errors if ``strict``."""
    # A settings file may be a layer as well, and a bad schema is found with each config.
    once: dict[object, Diagnostic] = {}
    for each in found:
        if selection.counts(each.rule):
            as_error = strict and each.severity is Severity.WARNING
            key = (each.rule, each.path, each.message, each.origin)
            once.setdefault(key, each.as_error() if as_error else each)
    return tuple(once.values())


def _is_allowed(found: Diagnostic, project: CheckSettings, cwd: Path) -> bool:
    """Whether the project allows what a rule is about in the file where it was found."""
    if found.origin is None or not found.origin.layer.is_file:
        return False
    patterns = [pattern for pattern, rules in project.allow.items() if found.rule in rules]
    return bool(patterns) and matches_pattern(cwd / found.origin.where, cwd, patterns)


def project_rules(cwd: Path, request: Request) -> tuple[Selection, CheckSettings, list[Diagnostic]]:
    """The rules that count, what the project says, and what is wrong with that.

    The ``select`` of the request beats the project's. A rule counts only if neither ignores it.

    Args:
        cwd: The directory of the project, or one below.
        request: The request.

    Raises:
        ValueError: The request selects or ignores something that is no rule.
    """
    chosen = Selection.of(request.select, request.ignore)
    found: list[Diagnostic] = []
    try:
        project = CheckSettings.resolve(cwd=cwd)
    except SettingsError as error:
        # The rest is checked all the same, as if the project had said nothing.
        project, found = CheckSettings.resolve(layers=()), list(error.diagnostics)
    selection = Selection(
        chosen.select or frozenset(project.select), chosen.ignore | frozenset(project.ignore)
    )
    return selection, project, found
