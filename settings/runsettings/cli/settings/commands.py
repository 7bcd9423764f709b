"""``runsettings show``, ``explain``, ``get``, ``set`` and ``unset``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from runsettings.cli.importing import model_of, model_option
from runsettings.cli.printing import note, print_json, print_table
from runsettings.cli.settings.completing import complete_keys, complete_values
from runsettings.cli.settings.editing_options import SetCommand, layer_options
from runsettings.runconfig.yaml_writing import yaml_text
from runsettings.values.origin import Layer
from runsettings.values.tree import MISSING, KeyPath, format_path, put_at, value_at

if TYPE_CHECKING:
    from runsettings.models.editing import Edit
    from runsettings.models.layered import LayeredSettings

_Command = TypeVar("_Command", bound=Callable[..., Any])

_STDIN: Final = "-"
"""The VALUE that stands for the standard input."""


def settings_file_option(command: _Command) -> _Command:
    """The option ``--settings-file``, as the argument ``settings_files``."""
    return click.option(
        "--settings-file",
        "settings_files",
        metavar="FILE",
        multiple=True,
        type=click.Path(),
        help="A settings file, as a program's --settings-file; may be repeated.",
    )(command)


@click.command("show")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.option("--yaml", "as_yaml", is_flag=True, help="As YAML.")
@click.option("--origins", is_flag=True, help="With each value's origin in JSON and YAML, too.")
@click.option("--changed", is_flag=True, help="Only what is not at its default.")
@settings_file_option
@model_option
def show_command(
    as_json: bool,
    as_yaml: bool,
    origins: bool,
    changed: bool,
    settings_files: tuple[str, ...],
    model: str | None,
) -> None:
    """The settings that count here and now, and where each was set.

    Secrets are masked.
    """
    if as_json and as_yaml:
        raise click.UsageError("--json and --yaml exclude each other")
    settings = _resolve(model, settings_files)
    if as_json or as_yaml:
        data = _as_data(settings, origins=origins, changed=changed)
        if as_json:
            print_json(data)
        else:
            click.echo(yaml_text(data), nl=False)
        return
    rows = _rows(settings, changed=changed)
    if not rows:
        note("everything is at its default")
        return
    print_table(("key", "value", "layer", "place"), rows)


@click.command("explain")
@click.argument("key", required=False, shell_complete=complete_keys)
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
@settings_file_option
@model_option
def explain_command(
    key: str | None, as_json: bool, settings_files: tuple[str, ...], model: str | None
) -> None:
    """Why settings are what they are: for KEY, or for all, who set it and who lost."""
    settings = _resolve(model, settings_files)
    if key is not None:
        _refuse_variable(settings, key)
    click.echo(settings.explain(key, as_json=as_json))


@click.command("get")
@click.argument("key", shell_complete=complete_keys)
@settings_file_option
@model_option
def get_command(key: str, settings_files: tuple[str, ...], model: str | None) -> None:
    """The value of KEY, alone on a line, for scripts.

    Nothing but an empty line is printed for a value that is not set, and *** for a secret.
    """
    click.echo(_plain_value(_resolve(model, settings_files), key))


@click.command("set", cls=SetCommand, context_settings={"allow_extra_args": True})
@click.argument("key", shell_complete=complete_keys)
@click.argument("value", required=False, shell_complete=complete_values)
@layer_options
@model_option
@click.pass_context
def set_command(
    ctx: click.Context, key: str, value: str | None, layer: str | None, model: str | None
) -> None:
    """Write KEY to a settings file, after checking VALUE.

    VALUE is written as in a variable: lists comma-separated. "-" reads it from the standard
    input; "--" goes before one that begins with a dash and is no number. Leave it out for a
    secret, to be asked for it: arguments are visible to everybody on the machine.
    """
    if ctx.args:  # click would repeat them, and they can be a secret
        raise click.UsageError(
            "there is more than one KEY and one VALUE; quote a value with spaces"
        )
    from runsettings.models.editing import set_setting  # loads pydantic

    model_class = model_of(model)
    text = _given_value(model_class, key, value)
    edit = set_setting(model_class, key, text, _layer(layer))
    file, name = edit.file, format_path(edit.path)
    verb = "wrote" if edit.changed else "unchanged:"
    click.echo(f"{verb} {name} = {edit.shown} in {file.where} ({file.layer})")
    hider = edit.hidden_by
    if hider is not None:
        note(f"{hider} ({hider.layer}) hides it: {name} is {edit.shown_winner}")
    _tell_remaining(edit)


@click.command("unset")
@click.argument("key", shell_complete=complete_keys)
@layer_options
@model_option
def unset_command(key: str, layer: str | None, model: str | None) -> None:
    """Take KEY out of a settings file."""
    from runsettings.models.editing import remove_setting  # loads pydantic

    edit = remove_setting(model_of(model), key, _layer(layer))
    name = format_path(edit.path)
    click.echo(f"removed {name} from {edit.file.where} ({edit.file.layer})")
    if edit.counts:
        origin = edit.counts[0].origin
        note(f"{origin} ({origin.layer}) sets it: {name} is {edit.shown_winner}")
    _tell_remaining(edit)


def _resolve(model: str | None, settings_files: tuple[str, ...]) -> LayeredSettings:
    """The settings, as a program with these flags would have them.

    Raises:
        SettingsError: Something in any layer is wrong.
    """
    model_class = model_of(model)
    if not settings_files:
        return model_class.resolve()
    return model_class.resolve(args=argparse.Namespace(settings_file=list(settings_files)))


def _layer(label: str | None) -> Layer:
    return next((layer for layer in Layer if layer.label == label), Layer.WORKSPACE)


def _given_value(model: type[LayeredSettings], key: str, value: str | None) -> str:
    """The value to set: the argument, the standard input, or what a person types unseen.

    Raises:
        click.UsageError: There is none, or a secret stands in the arguments.
    """
    from runsettings.models.editing import find_option, nothing_written  # loads pydantic

    with nothing_written():
        option = find_option(model, key)
    name = format_path(option.path)
    if value == _STDIN:
        try:
            return sys.stdin.read().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise click.UsageError(f"the standard input is not text: {error.reason}") from error
    secret = model.options().is_secret(option.path)
    if not secret:
        if value is None:
            raise click.UsageError(f"a value for {name} is missing")
        return value
    if value is not None:
        raise click.UsageError(
            f"{name} is a secret, and everybody on the machine can see a command's arguments; "
            "leave the value out to be asked for it, or give - and pipe it in"
        )
    if not sys.stdin.isatty():
        raise click.UsageError(f"{name} is a secret: give - to read it from the standard input")
    typed: str = click.prompt(name, hide_input=True, err=True)
    return typed


def _rows(settings: LayeredSettings, *, changed: bool) -> list[tuple[str, str, str, str]]:
    from runsettings.resolution.validation_errors import (
        show_value,  # loads pydantic, which is loaded by now
    )

    rows = []
    table, whole = settings.options(), settings.to_dict()
    for option in table.leaves():
        origin = settings.origin(option.path)
        is_default = origin.layer is Layer.DEFAULT
        if is_default and changed:
            continue
        value = _dumped(settings, option.path, whole)
        if isinstance(value, list) and isinstance(settings.get(option.path), tuple):
            value = tuple(value)  # as `explain` shows it
        shown = show_value(value, secret=table.is_secret(option.path))
        # That a default is `Settings.project` tells nobody anything new.
        place = "" if is_default else str(origin)
        rows.append((format_path(option.path), shown, origin.layer.label, place))
    return rows


def _as_data(settings: LayeredSettings, *, origins: bool, changed: bool) -> dict[str, Any]:
    """The settings as nested data, or with ``origins`` as one object for each dotted key."""
    whole = settings.to_dict()
    data: dict[str, Any] = {}
    for option in settings.options().leaves():
        origin = settings.origin(option.path)
        if changed and origin.layer is Layer.DEFAULT:
            continue
        value: Any = value_at(whole, option.path)
        if value is MISSING:  # a nested model may be absent as a whole
            value = None
        if origins:
            data[format_path(option.path)] = {"value": value, "origin": origin.to_json()}
            continue
        put_at(data, option.path, value)
    return data


def _refuse_variable(settings: LayeredSettings, key: str) -> None:
    """Tell who asks for ``WANDB_PROJECT`` what that variable sets.

    Raises:
        SettingsError: The key is a variable's name.
    """
    from runsettings.models.editing import find_option, set_by  # loads pydantic

    if set_by(settings.options(), key) is not None:
        find_option(type(settings), key)


def _dumped(settings: LayeredSettings, path: KeyPath, whole: dict[str, Any]) -> Any:
    """The value at ``path`` as JSON has it; ``whole`` is all of the settings so."""
    from runsettings.models.exporting import json_value  # loads pydantic, which is loaded by now

    value: Any = whole
    for part in path:
        if value is None:  # a nested model that is absent
            return None
        if isinstance(value, dict) and str(part) not in value:  # kept out of dumps by its class
            return settings.hide(json_value(settings.get(path)))
        value = value[str(part) if isinstance(value, dict) else part]
    return settings.hide(value)


def _plain_value(settings: LayeredSettings, key: str) -> str:
    """A value as ``set`` takes it; a secret's mask.

    Raises:
        SettingsError: There is no such key.
    """
    from pydantic_settings import NoDecode  # loads pydantic, which is loaded by now

    _refuse_variable(settings, key)
    path = settings.locate(key)
    value = _dumped(settings, path, settings.to_dict())
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    option = settings.options().find(path)
    commas = option is not None and NoDecode in option.info.metadata
    if commas and isinstance(value, list) and all(isinstance(item, str) for item in value):
        text = ",".join(value)
        if not text.startswith("[") and [part.strip() for part in text.split(",") if part] == value:
            return text
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _tell_remaining(edit: Edit) -> None:
    if edit.remaining:
        count = len(edit.remaining)
        problems = "a problem" if count == 1 else f"{count} problems"
        note(f"the settings have {problems} elsewhere; `runsettings show` tells")
