"""``runsettings show``, ``explain``, ``get``, ``set`` and ``unset``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

import runsettings
from runsettings._deferred import deferred
from runsettings.cli.importing import model_of
from runsettings.cli.printing import note, print_json, print_table
from runsettings.cli.program import Program, model_option, program_options
from runsettings.cli.settings.completing import complete_keys, complete_values
from runsettings.cli.settings.editing_options import SetCommand, layer_options
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import SettingsError
from runsettings.values.key_paths import format_path
from runsettings.values.origin import Layer

if TYPE_CHECKING:
    from runsettings.cli.settings import showing_config
    from runsettings.documents.yaml.writing import yaml_text
    from runsettings.models.layered import LayeredSettings
    from runsettings.values.diagnostic import Diagnostic
else:
    showing_config = deferred("runsettings.cli.settings.showing_config")
    yaml_text = deferred("runsettings.documents.yaml.writing", "yaml_text")

_STDIN: Final = "-"
"""The VALUE that means the standard input."""


@click.command("show")
@click.option("--json", "as_json", is_flag=True, help="As a JSON object.")
@click.option("--yaml", "as_yaml", is_flag=True, help="As YAML.")
@click.option("--origins", is_flag=True, help="Include each value's origin in JSON and YAML.")
@click.option("--changed", is_flag=True, help="Only settings that are not at their defaults.")
@program_options
def show_command(
    as_json: bool, as_yaml: bool, origins: bool, changed: bool, program: Program
) -> None:
    """Show the resolved settings of this directory and environment, with their origins.

    With --config or --set, show the config that they make. Secrets are masked.
    """
    if as_json and as_yaml:
        raise click.UsageError("--json and --yaml exclude each other")
    from runsettings.cli.settings import showing  # pydantic: help needs none

    if program.has_config:
        config = program.config()
        data = showing_config.config_data(config, origins=origins)
        rows = showing_config.config_rows(config)
    else:
        settings = program.resolve()
        data = showing.settings_data(settings, origins=origins, changed=changed)
        rows = showing.settings_rows(settings, changed=changed)
    if as_json:
        print_json(data)
    elif as_yaml:
        click.echo(yaml_text(data), nl=False)
    elif rows:
        print_table(("key", "value", "layer", "origin"), rows)
    else:
        note("all settings are at their defaults")


@click.command("explain")
@click.argument("key", required=False, shell_complete=complete_keys)
@click.option("--json", "as_json", is_flag=True, help="As a JSON array.")
@program_options
def explain_command(key: str | None, as_json: bool, program: Program) -> None:
    """Show where KEY, or every setting, comes from: the winning origin and the losers.

    KEY is explained even if other settings have errors. With --config or --set, explain the
    config that they make. Without KEY, composed files are listed first, the highest first.
    """
    from runsettings.cli.settings import showing  # pydantic, as above

    if program.has_config:
        config = program.config()
        if key is not None:
            showing_config.require_key(config, key)
        if as_json:
            print_json(showing_config.explained_data(config, key))
            return
        if key is None:
            _print_files(showing.chain_of_files(config._trees()))
        click.echo(config.explain(key))
        return
    with _model_suggested(program.model, program.is_project):
        if key is None:
            settings = program.resolve()
            sources = runsettings.sources(settings)
            if not as_json:
                _print_files(showing.chain_of_files(sources, composed_only=True))
            click.echo(runsettings.explain(settings, as_json=as_json))
            return
        showing.refuse_variable(program.settings_class, key)
        settings, problems = program.resolve_for_key(key)
        click.echo(runsettings.explain(settings, key, as_json=as_json))
    _note_problems(len(problems))


@click.command("get")
@click.argument("key", shell_complete=complete_keys)
@program_options
def get_command(key: str, program: Program) -> None:
    """Print the value of KEY on one line, for scripts.

    The line is empty for a value that is not set, and *** for a secret. With --config or --set,
    KEY is one of the config that they make. Errors of other settings go to the standard error,
    with status 1.
    """
    from runsettings.cli.settings import showing  # pydantic, as above

    if program.has_config:
        config = program.config()
        showing_config.require_key(config, key)
        click.echo(showing_config.config_value(config, key))
        return
    with _model_suggested(program.model, program.is_project):
        showing.refuse_variable(program.settings_class, key)
        settings, problems = program.resolve_for_key(key)
        click.echo(showing.plain_value(settings, key))
    if problems:
        raise SettingsError(problems)


@click.command("set", cls=SetCommand, context_settings={"allow_extra_args": True})
@click.argument("key", shell_complete=complete_keys)
@click.argument("value", required=False, shell_complete=complete_values)
@layer_options
@model_option
@click.pass_context
def set_command(
    ctx: click.Context, key: str, value: str | None, layer: Layer, model: str | None
) -> None:
    """Write KEY to a settings file, after checking VALUE.

    VALUE is written as in a variable: lists comma-separated. "-" reads it from the standard
    input. Write "--" before a VALUE that begins with a dash and is not a number. Leave out the
    VALUE of a secret and type it at the prompt: other users can see a command's arguments.
    """
    if ctx.args:  # click would repeat them, and they can be a secret
        raise click.UsageError(
            "there is more than one KEY and one VALUE; quote a value with spaces"
        )
    from runsettings.models.editing import set_setting  # pydantic: help does not need it

    model_class = model_of(model)
    with _model_suggested(model):
        if value is None and "=" in key:
            name = key.partition("=")[0]  # the rest can be a secret
            raise click.UsageError(f"KEY and VALUE are two words: runsettings set {name} VALUE")
        text = _given_value(model_class, key, value)
    edit = set_setting(model_class, key, text, layer)
    file, name = edit.file, format_path(edit.path)
    verb = "wrote" if edit.changed else "unchanged:"
    click.echo(f"{verb} {name} = {edit.shown} in {file.where} ({file.layer})")
    hider = edit.hidden_by
    if hider is not None:
        note(f"{hider} ({hider.layer}) hides it: {name} is {edit.shown_winner}")
    _note_problems(len(edit.remaining))


@click.command("unset")
@click.argument("key", shell_complete=complete_keys)
@layer_options
@model_option
def unset_command(key: str, layer: Layer, model: str | None) -> None:
    """Remove KEY from a settings file."""
    from runsettings.models.editing import remove_setting  # pydantic: help does not need it

    with _model_suggested(model):
        edit = remove_setting(model_of(model), key, layer)
    name = format_path(edit.path)
    click.echo(f"removed {name} from {edit.file.where} ({edit.file.layer})")
    if edit.counts:
        origin = edit.counts[0].origin
        note(f"{origin} ({origin.layer}) sets it: {name} is {edit.shown_winner}")
    _note_problems(len(edit.remaining))


def _print_files(files: Sequence[str]) -> None:
    if files:
        click.echo("files, the highest first:")
        click.echo("".join(f"  {each}\n" for each in files))


@contextmanager
def _model_suggested(model: str | None, is_project: bool = False) -> Iterator[None]:
    """Suggest another ``--model`` in an error about an unknown key that is close to no other.

    Args:
        model: The model that was asked; ``None`` for the run's settings.
        is_project: Whether the project chose the model.

    Raises:
        SettingsError: The error that was raised inside.
    """
    try:
        yield
    except SettingsError as error:
        if model is not None and not is_project:
            raise
        raise SettingsError(
            [_with_model(each, own=model is not None) for each in error.diagnostics], error.subject
        ) from error


def _with_model(found: Diagnostic, *, own: bool) -> Diagnostic:
    """A diagnostic that proposes another model, if it is of an unknown key that may be of one.

    Args:
        found: The diagnostic.
        own: Whether the model that was asked is one of the project.
    """
    from runsettings.models.model_options import options  # pydantic: help does not need it
    from runsettings.models.settings import Settings  # pydantic, as above

    hint = found.hint or ""
    if found.rule is not Rule.UNKNOWN_KEY or hint.startswith(("did you mean", "this variable")):
        return found
    other = "for a model of your own, give --model module:Class"
    if own:
        if options(Settings).find(found.path) is None:
            return found
        hint, other = "", "for the settings of runs, give --model runsettings:Settings"
    return replace(found, hint=f"{hint}; {other}" if hint else other)


def _given_value(model: type[LayeredSettings], key: str, value: str | None) -> str:
    """The value to set: the argument, the standard input, or a hidden answer to a prompt.

    Raises:
        click.UsageError: There is none, or a secret was given as an argument.
    """
    from runsettings.models.editing import find_option, nothing_written  # pydantic, as above

    with nothing_written():
        option = find_option(model, key)
    name = format_path(option.path)
    if value == _STDIN:
        try:
            return sys.stdin.read().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise click.UsageError(f"the standard input is not text: {error.reason}") from error
    if not runsettings.options(model).is_secret(option.path):
        if value is None:
            raise click.UsageError(f"a value for {name} is missing")
        return value
    if value is not None:
        raise click.UsageError(
            f"{name} is a secret, and other users can see a command's arguments; leave out the "
            "value and type it at the prompt, or give - and pipe it in"
        )
    if not sys.stdin.isatty():
        raise click.UsageError(f"{name} is a secret: give - to read it from the standard input")
    typed: str = click.prompt(name, hide_input=True, err=True)
    return typed


def _note_problems(count: int) -> None:
    """Note that other settings have problems, if there are any."""
    if count:
        problems = "a problem" if count == 1 else f"{count} problems"
        note(f"the settings have {problems} elsewhere; `runsettings show` lists them")
