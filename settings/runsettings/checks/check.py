"""Everything that is wrong with settings and configs, without starting a run.

The importable face of ``runsettings check``; what it finds is data, and `reporters` make text
of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from runsettings.checks.config_files import ConfigChecks
from runsettings.checks.many_files import Advance, check_config_files
from runsettings.checks.parser_options import parser_options
from runsettings.checks.selection import CheckSettings, Selection, without_suppressed
from runsettings.checks.settings_layers import (
    CheckedSettings,
    check_layers,
    check_settings_file,
    inputs_for,
    is_settings_file,
)
from runsettings.checks.targets import find_files
from runsettings.layers.places import shown
from runsettings.models.layered import LayeredSettings
from runsettings.models.settings import Settings
from runsettings.values.diagnostic import Diagnostic, SettingsError, Severity

SETTINGS: Final = "settings"
"""What a report calls the settings of all layers."""


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
        exclude: Patterns of files that are not looked for in directories.
        begin: Told how many config files there are; what it gives is told of the progress.
    """

    files: tuple[str | Path, ...] = ()
    settings: type[LayeredSettings] = Settings
    layers: bool = True
    settings_files: Sequence[str | Path] = ()
    env_file: str | Path | Sequence[str | Path] | None = None
    environ: Mapping[str, str] | None = None
    cwd: str | Path | None = None
    schema: str | Path | Mapping[str, Any] | None = None
    parser: Any = None
    model: type[BaseModel] | None = None
    strict: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    processes: int | None = None
    begin: Callable[[int], Advance | None] | None = None


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
    strict: bool = False,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
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
    return run_checks(
        Request(
            files=(files,) if isinstance(files, (str, Path)) else tuple(files),
            settings=settings if isinstance(settings, type) else Settings,
            layers=settings is not False,
            settings_files=settings_files,
            env_file=env_file,
            environ=environ,
            cwd=cwd,
            schema=schema,
            parser=parser,
            model=model,
            strict=strict,
            select=tuple(select),
            ignore=tuple(ignore),
            processes=processes,
        )
    ).diagnostics


def run_checks(request: Request) -> Report:
    """Check what ``request`` asks for.

    Raises:
        ValueError: It selects or ignores something that is no rule.
        TypeError: Its parser is neither a parser nor a function that makes one.
    """
    model = request.settings
    inputs = inputs_for(
        model,
        files=request.settings_files,
        environ=request.environ,
        cwd=request.cwd,
        env_file=request.env_file,
    )
    here = inputs.cwd
    parser = parser_options(request.parser) if request.parser is not None else None
    selection, project, project_faults = _project(here, request.select, request.ignore)

    # Also where the layers are not asked for: their secrets must not be in a config.
    checked = check_layers(model, inputs)
    found = list(project_faults)
    if request.layers:
        found += _of(checked)
    paths, faults = find_files(request.files, here, (*project.exclude, *request.exclude))
    found += faults
    configs = [path for path in paths if not is_settings_file(path, inputs.app_name)]
    for path in paths:
        if is_settings_file(path, inputs.app_name):
            known = {(fault.rule, fault.path, fault.origin) for fault in found}
            alone = _of(check_settings_file(path, model, inputs))
            found += [f for f in alone if (f.rule, f.path, f.origin) not in known]
    checks = ConfigChecks(
        cwd=here,
        schema=request.schema,
        parser=parser,
        model=request.model,
        secrets=checked.secrets,
        setting_names=frozenset(model.model_fields),
    )
    advance = request.begin(len(configs)) if request.begin is not None else None
    found += check_config_files(configs, checks, processes=request.processes, advance=advance)
    return Report(
        judged(found, selection, strict=request.strict),
        ((SETTINGS,) if request.layers else ()) + tuple(shown(path, here) for path in paths),
        checked.settings,
    )


def judged(
    found: Iterable[Diagnostic], selection: Selection, *, strict: bool
) -> tuple[Diagnostic, ...]:
    """The diagnostics whose rules count, with warnings as errors where that is asked for."""
    return tuple(
        fault.as_error() if strict and fault.severity is Severity.WARNING else fault
        for fault in found
        if selection.keeps(fault)
    )


def _project(
    cwd: Path, select: Iterable[str], ignore: Iterable[str]
) -> tuple[Selection, CheckSettings, tuple[Diagnostic, ...]]:
    """The rules that count: the call's choice beats the project's, and both ignore."""
    chosen = Selection.of(select, ignore)
    faults: tuple[Diagnostic, ...] = ()
    try:
        project = CheckSettings.resolve(cwd=cwd)
    except SettingsError as error:
        # The rest is checked all the same, as if the project had said nothing.
        project, faults = CheckSettings.resolve(layers=()), error.diagnostics
    selection = Selection(
        chosen.select or frozenset(project.select), chosen.ignore | frozenset(project.ignore)
    )
    return selection, project, faults


def _of(checked: CheckedSettings) -> list[Diagnostic]:
    return without_suppressed(checked.diagnostics, checked.text_of)
