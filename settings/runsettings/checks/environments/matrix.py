"""Declared environments: what the settings come to on the cluster, in CI, on a laptop.

A TOML file has a table for each environment::

    [cluster]
    variables = {WANDB_MODE = "offline", WANDB_DIR = "/scratch"}
    files = ["settings/cluster.yaml"]
    flags = ["--project", "capsules"]

An environment has nothing but what it declares, so that it comes to the same on every machine:
no variable of this process, and with no ``HOME`` among its variables no user's file.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from runsettings.checks.configs.model_check import check_model
from runsettings.checks.environments.revisions import checked_out, repository_root
from runsettings.checks.rule_selection import without_suppressed
from runsettings.checks.settings_layers import CheckedSettings, check_layers, inputs_for
from runsettings.documents.files import Format, read_file
from runsettings.documents.paths import shown_path
from runsettings.layers.flags.parsing import parse_known_args
from runsettings.models.exporting import json_value
from runsettings.models.layered import LayeredSettings
from runsettings.resolution.merge import Merged, merge
from runsettings.resolution.options import Option
from runsettings.secrets.forms import MASK
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.origin import Layer, Origin
from runsettings.values.tree import KeyPath, format_path


class Environment(BaseModel):
    """One declared environment."""

    model_config = ConfigDict(extra="forbid")

    variables: dict[str, str] = Field(default={}, description="Its variables.")
    files: tuple[str, ...] = Field(default=(), description="Settings files that programs name.")
    flags: tuple[str, ...] = Field(default=(), description="Flags as on a command line.")
    env_file: tuple[str, ...] = Field(default=(), description="`.env` files.")
    cwd: str = Field(default=".", description="The directory, relative to the declaring file.")
    inherit: bool = Field(default=False, description="Whether it has this process's variables.")


def check_matrix(
    path: Path,
    model: type[LayeredSettings],
    cwd: Path,
    *,
    against: str | None = None,
) -> list[Diagnostic]:
    """Check the settings of every declared environment.

    Args:
        path: The TOML file that declares them.
        model: The settings class.
        cwd: Where names of files in reports start.
        against: A git revision; what has changed since is reported as notes.

    Returns:
        What is wrong, each fault naming its environment.

    Raises:
        GitError: ``against`` is no commit, or the file is in no repository.
    """
    merged, found = _declared(path, cwd)
    environments = _environments(merged)
    base = path.parent.absolute()
    now = {
        name: _settle(environment, model, base, _Place(merged, name))
        for name, environment in environments.items()
    }
    for name, checked in now.items():
        found += _directory_faults(environments[name], base, _Place(merged, name))
        faults = without_suppressed(checked.diagnostics, checked.text_of)
        found += [_within(name, fault) for fault in faults]
    if against is not None and environments:
        root = repository_root(base)
        with checked_out(root, against) as tree:
            inner = tree / base.resolve().relative_to(root.resolve())
            # As it was declared then, which may be what has changed.
            earlier = _environments(_declared(inner / path.name, inner)[0])
            for name, environment in environments.items():
                before = _settle(earlier.get(name, environment), model, inner, _Place(merged, name))
                found += _changes(name, before, now[name], against)
    return found


class _Place:
    """Where the file declares something of one environment."""

    def __init__(self, merged: Merged, name: str) -> None:
        self._merged = merged
        self._name = name

    def of(self, key: str) -> Origin | None:
        """The place of a key of the environment."""
        return self._merged.origin(self.key(key))

    def key(self, key: str) -> KeyPath:
        """The path of a key of the environment."""
        return (self._name, key)


def _declared(path: Path, cwd: Path) -> tuple[Merged, list[Diagnostic]]:
    where = shown_path(path.absolute(), cwd)
    reading = read_file(path, Layer.FILE, where=where, format=Format.TOML)
    merged = merge([reading.tree])
    found = list(reading.diagnostics)
    names: dict[str, Any] = dict.fromkeys(merged.data, (Environment, ...))
    if names:
        found += check_model(merged, create_model("the environments", **names))
    return merged, found


def _environments(merged: Merged) -> dict[str, Environment]:
    """The environments that are declared without a fault; the others were reported."""
    found: dict[str, Environment] = {}
    for name, table in merged.data.items():
        try:
            found[name] = Environment.model_validate(table)
        except ValidationError:
            continue
    return found


def _settle(
    environment: Environment, model: type[LayeredSettings], base: Path, place: _Place
) -> CheckedSettings:
    cwd = base / environment.cwd
    inherited = dict(os.environ) if environment.inherit else {}
    args, faults = _parsed(environment.flags, model, place)
    inputs = inputs_for(
        model,
        args=args,
        files=environment.files,
        environ={**inherited, **environment.variables},
        cwd=cwd,
        env_file=environment.env_file or None,
    )
    checked = check_layers(model, inputs)
    return replace(checked, diagnostics=(*faults, *checked.diagnostics)) if faults else checked


def _directory_faults(environment: Environment, base: Path, place: _Place) -> list[Diagnostic]:
    """A misspelt directory would hold no settings, and so nothing wrong."""
    if (base / environment.cwd).is_dir():
        return []
    message = f"there is no directory {environment.cwd!r}"
    origin = place.of("cwd")
    hint = "it is relative to the declaring file"
    return [
        Diagnostic(Rule.UNREADABLE_FILE, Severity.ERROR, place.key("cwd"), message, origin, hint)
    ]


class _ParseError(Exception):
    """A command line that argparse refuses."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _ParseError(message)


def _parsed(
    flags: tuple[str, ...], model: type[LayeredSettings], place: _Place
) -> tuple[argparse.Namespace | None, list[Diagnostic]]:
    """The flags as the program's parser would have them; those of the program alone are none."""
    if not flags:
        return None, []
    parser = _Parser(add_help=False)
    model.add_arguments(parser)
    origin = place.of("flags")
    try:
        args, rest = parse_known_args(parser, flags)
    except _ParseError as error:
        return None, [Diagnostic(Rule.BAD_VALUE, Severity.ERROR, ("flags",), str(error), origin)]
    known = [option for action in parser._actions for option in action.option_strings]
    found: list[Diagnostic] = []
    for flag in rest:
        hint = did_you_mean(flag.partition("=")[0], known) if flag.startswith("--") else None
        if hint is not None:
            message = f"{flag} is no flag of a setting"
            found.append(
                Diagnostic(Rule.UNKNOWN_KEY, Severity.WARNING, ("flags",), message, origin, hint)
            )
    return args, found


def _within(name: str, fault: Diagnostic) -> Diagnostic:
    return replace(fault, message=f"{fault.message} (in environment {name!r})")


def _changes(
    name: str, before: CheckedSettings, now: CheckedSettings, against: str
) -> Iterator[Diagnostic]:
    """What has changed in one environment, a note for each value."""
    if now.settings is None:
        return  # which is an error of its own
    if before.settings is None:
        yield _note((), f"{name}: could not be resolved at {against}", None)
        return
    for option in now.settings.options().leaves():
        was, value = before.settings.get(option.path), now.settings.get(option.path)
        if was != value:
            origin = now.settings.origin(option.path)
            message = (
                f"{name}: {format_path(option.path)} {_shown(was, option)} → "
                f"{_shown(value, option)} ({origin})"
            )
            yield _note(option.path, message, origin)


def _note(path: tuple[str | int, ...], message: str, origin: Origin | None) -> Diagnostic:
    return Diagnostic(Rule.ENVIRONMENT_CHANGED, Severity.NOTE, path, message, origin)


def _shown(value: Any, option: Option) -> str:
    if value is None:
        return "(not set)"
    if option.secret:
        return MASK
    value = json_value(value)
    return value if isinstance(value, str) and value.strip() == value != "" else repr(value)
