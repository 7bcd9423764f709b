"""Checks the settings of declared environments: a cluster, CI, a laptop.

A TOML file has a table for each environment::

    [cluster]
    variables = {WANDB_MODE = "offline", WANDB_DIR = "/scratch"}
    files = ["settings/cluster.yaml"]
    flags = ["--project", "capsules"]
    profiles = ["slurm"]

An environment has nothing but what it declares, so that its settings are the same on every
machine: no variable of this process, and without ``HOME`` among its variables no user's file.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from runsettings.checks.configs.model_check import check_model
from runsettings.checks.environments.revisions import checked_out, repository_root
from runsettings.checks.rule_selection import without_suppressed
from runsettings.checks.settings_layers import (
    CheckedSettings,
    check_layers,
    inputs_for,
)
from runsettings.checks.targets import missing_env_files
from runsettings.composition.merge import Merged, merge
from runsettings.composition.profiles import Profiles
from runsettings.documents.files import Format, read_file
from runsettings.documents.paths import shown_path
from runsettings.layers.call_site import Caller
from runsettings.layers.flags.command_line_diagnostics import refused_words
from runsettings.layers.flags.config_arguments import add_config_arguments
from runsettings.layers.flags.parsing import parse_known_args
from runsettings.models import provenance
from runsettings.models.exporting import json_value
from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import options
from runsettings.resolution.options import Option
from runsettings.secrets.forms import MASK
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.key_paths import format_path
from runsettings.values.origin import Layer, Origin, PlacedText, origin_of_text


class Environment(BaseModel):
    """One declared environment."""

    model_config = ConfigDict(extra="forbid")

    variables: dict[str, str] = Field(default={}, description="Its variables.")
    files: tuple[str, ...] = Field(default=(), description="Settings files that programs name.")
    flags: tuple[str, ...] = Field(default=(), description="Flags as on a command line.")
    profiles: tuple[str, ...] = Field(default=(), description="Profiles of composed files.")
    env_file: tuple[str, ...] = Field(default=(), description="`.env` files.")
    cwd: str = Field(default=".", description="The directory, relative to the declaring file.")
    inherit: bool = Field(default=False, description="Whether it has this process's variables.")


def check_matrix(
    file: str | Path,
    model: type[LayeredSettings],
    cwd: Path,
    *,
    against: str | None = None,
) -> list[Diagnostic]:
    """Check the settings of every declared environment.

    Args:
        file: The TOML file that declares them; a `PlacedText` has the place that names it.
        model: The settings class.
        cwd: Where names of files in reports start.
        against: A git revision; what has changed since is reported as notes.

    Returns:
        What is wrong; each diagnostic names its environment.

    Raises:
        GitError: ``against`` is no commit, or the file is in no repository.
    """
    path = cwd / file
    merged, found = _declared(path, cwd, origin_of_text(file))
    environments = _environments(merged)
    base = path.parent.absolute()
    resolved = {
        name: _resolve(environment, model, base, partial(_origin, merged, name))
        for name, environment in environments.items()
    }
    for name, checked in resolved.items():
        environment = environments[name]
        if not (base / environment.cwd).is_dir():  # a misspelt one would hold no settings at all
            message = f"there is no directory {environment.cwd!r}"
            hint = "it is relative to the declaring file"
            key = (name, "cwd")
            found.append(
                Diagnostic.of(Rule.UNREADABLE_FILE, key, message, merged.origin(key), hint)
            )
        missing = missing_env_files(
            environment.env_file, base / environment.cwd, merged.origin((name, "env_file"))
        )
        found += [
            replace(each, message=f"{each.message} (in environment {name!r})")
            for each in (*missing, *without_suppressed(checked.diagnostics, checked.text_of))
        ]
    if against is not None and environments:
        root = repository_root(base)
        with checked_out(root, against) as tree:
            inner = tree / base.resolve().relative_to(root.resolve())
            # As it was declared then, which may be what has changed.
            earlier = _environments(_declared(inner / path.name, inner)[0])
            for name, environment in environments.items():
                before = _resolve(
                    earlier.get(name, environment), model, inner, partial(_origin, merged, name)
                )
                found += _changes(name, before, resolved[name], against)
    return found


def _declared(
    path: Path, cwd: Path, named_by: Origin | None = None
) -> tuple[Merged, list[Diagnostic]]:
    where = shown_path(path.absolute(), cwd)
    reading = read_file(path, Layer.FILE, where=where, format=Format.TOML)
    if named_by is not None:
        reading = reading.named_by(named_by)
    merged = merge([reading.tree])
    found = list(reading.diagnostics)
    names: dict[str, Any] = dict.fromkeys(merged.data, (Environment, ...))
    if names:
        found += check_model(merged, create_model("the environments", **names))
    return merged, found


def _environments(merged: Merged) -> dict[str, Environment]:
    """The environments whose declarations are valid; the others were reported."""
    found: dict[str, Environment] = {}
    for name, table in merged.data.items():
        try:
            found[name] = Environment.model_validate(table)
        except ValidationError:
            continue
    return found


def _resolve(
    environment: Environment,
    model: type[LayeredSettings],
    base: Path,
    origin: Callable[[str], Origin],
) -> CheckedSettings:
    """Resolve the settings of one environment.

    Args:
        environment: The environment.
        model: The settings class.
        base: The directory that the environment's own is relative to.
        origin: Where a key of the environment is declared.
    """
    inherited = dict(os.environ) if environment.inherit else {}
    args, found = _parse_flags(environment.flags, model, origin("flags"))
    profiles = None
    if environment.profiles:
        profiles = Profiles([(each, origin("profiles")) for each in environment.profiles])
    files = origin("files")
    inputs = inputs_for(
        model,
        args=args,
        files=[PlacedText(each, files) for each in environment.files],
        environ={**inherited, **environment.variables},
        cwd=base / environment.cwd,
        env_file=environment.env_file or None,
        profiles=profiles,
        caller=Caller(files.where, files.line, None),
    )
    checked = check_layers(model, inputs)
    unknown = () if profiles is None else profiles.unknown()
    return replace(checked, diagnostics=(*found, *unknown, *checked.diagnostics))


def _origin(merged: Merged, name: str, key: str) -> Origin:
    """Where a key of an environment is declared; the environment's table if it has no such key."""
    return merged.origin((name, key)) or merged.sources[0].origin((name,))


class _Parser(argparse.ArgumentParser):
    """A parser that raises what it would print before it ends the program."""

    def error(self, message: str) -> NoReturn:
        raise argparse.ArgumentError(None, message)


def _parse_flags(
    flags: tuple[str, ...], model: type[LayeredSettings], origin: Origin | None
) -> tuple[argparse.Namespace | None, list[Diagnostic]]:
    """Parse the flags of settings; those of the program alone are left out."""
    if not flags:
        return None, []
    from runsettings.models.flag_definitions import add_arguments  # absl: few checks have flags

    parser = _Parser(add_help=False)
    add_arguments(model, parser)
    with contextlib.suppress(argparse.ArgumentError):  # the model has a field of such a name
        add_config_arguments(parser)
    try:
        args, rest = parse_known_args(parser, flags)
    except argparse.ArgumentError as error:
        wrong = refused_words(parser, flags)
        wrong = wrong or [Diagnostic.of(Rule.BAD_VALUE, ("flags",), str(error))]
        return None, [replace(each, origin=origin) for each in wrong]
    known = [option for action in parser._actions for option in action.option_strings]
    found: list[Diagnostic] = []
    for flag in rest:
        hint = did_you_mean(flag.partition("=")[0], known) if flag.startswith("--") else None
        if hint is not None:
            message, severity = f"{flag} is no flag of a setting", Severity.WARNING
            found.append(
                Diagnostic.of(
                    Rule.UNKNOWN_KEY, ("flags",), message, origin, hint, severity=severity
                )
            )
    return args, found


def _changes(
    name: str, before: CheckedSettings, now: CheckedSettings, against: str
) -> Iterator[Diagnostic]:
    """A note for each value that has changed in one environment."""
    if now.settings is None:
        return  # which is an error of its own
    if before.settings is None:
        message = f"{name}: could not be resolved at {against}"
        yield Diagnostic.of(Rule.ENVIRONMENT_CHANGED, (), message)
        return
    for option in options(type(now.settings)).leaves():
        was, value = (
            provenance.get(before.settings, option.path),
            provenance.get(now.settings, option.path),
        )
        if was != value:
            origin = provenance.origin(now.settings, option.path)
            message = (
                f"{name}: {format_path(option.path)} {_shown(was, option)} → "
                f"{_shown(value, option)} ({origin})"
            )
            yield Diagnostic.of(Rule.ENVIRONMENT_CHANGED, option.path, message, origin)


def _shown(value: Any, option: Option) -> str:
    if value is None:
        return "(not set)"
    if option.secret:
        return MASK
    value = json_value(value)
    return value if isinstance(value, str) and value.strip() == value != "" else repr(value)
