"""One command-line flag for each field, for argparse and for absl.

A flag has no default of its own: argparse leaves it out of the namespace and absl marks it as
not present, so a flag that was not given can never beat another layer.
"""

from __future__ import annotations

import argparse
import types
from collections.abc import Iterator, Sequence
from typing import Any, Final, get_origin

from absl import flags as absl_flags
from pydantic_settings import BaseSettings

from runsettings.layers.flags.layer import SETTINGS_FILE
from runsettings.layers.flags.parsing import SETTINGS_FLAG
from runsettings.models.model_options import options
from runsettings.resolution.options import Option, OptionTable, union_members
from runsettings.values.diagnostic import Diagnostic, Rule, Severity
from runsettings.values.did_you_mean import did_you_mean
from runsettings.values.errors import SettingsError
from runsettings.values.tree import KeyPath, format_path

_LISTS: Final = (list, tuple, set, frozenset)
_SETTINGS_FILE_HELP: Final = "a settings file (YAML, JSON or TOML); flags beat it; may be repeated"


def add_arguments(
    model: type[BaseSettings],
    parser: argparse.ArgumentParser,
    *,
    only: Sequence[str] | None = None,
) -> None:
    """Give an argparse parser one flag for each field, and ``--settings-file``.

    Flags have help and choices, and no default: one that is not given sets nothing. Secrets get
    none, because every process can see another's arguments.

    Args:
        model: The settings class.
        parser: The parser.
        only: The fields to make flags for; all of them if left out.

    Raises:
        argparse.ArgumentError: The parser already has a flag of the same name.
        SettingsError: There is no field of a name in ``only``.
    """
    flagged = list(_flagged(options(model), only))
    group = parser.add_argument_group(f"{model.__name__} (from all layers)")
    for option in flagged:
        path = format_path(option.path)
        keywords: dict[str, Any] = {
            "dest": path,
            "default": argparse.SUPPRESS,
            "help": _help(option).replace("%", "%%"),
        }
        if _is_bool(option):
            keywords["action"] = argparse.BooleanOptionalAction
        elif _is_list(option):
            keywords |= {"nargs": "+", "metavar": "VALUE"}
        elif option.choices and all(isinstance(choice, str) for choice in option.choices):
            keywords["choices"] = option.choices
        else:
            keywords["metavar"] = option.name.upper()
        _mark(group.add_argument(f"--{path.replace('_', '-')}", **keywords))
    present = [action for action in parser._actions if action.dest == SETTINGS_FILE]
    if present:
        _mark(*present)
        return  # of another model that the same parser serves
    action = group.add_argument(
        "--settings-file",
        dest=SETTINGS_FILE,
        action="append",
        default=argparse.SUPPRESS,
        metavar="FILE",
        help=_SETTINGS_FILE_HELP,
    )
    _mark(action)


def define_flags(
    model: type[BaseSettings],
    flag_values: absl_flags.FlagValues | None = None,
    *,
    only: Sequence[str] | None = None,
) -> None:
    """Define one absl flag for each field, and ``--settings_file``.

    Args:
        model: The settings class.
        flag_values: Where to define them; absl's global ``FLAGS`` if left out.
        only: The fields to make flags for; all of them if left out.

    Raises:
        absl.flags.DuplicateFlagError: A flag of the same name is defined already.
        SettingsError: There is no field of a name in ``only``.
    """
    values = absl_flags.FLAGS if flag_values is None else flag_values
    for option in _flagged(options(model), only):
        name, help_ = format_path(option.path), _help(option)
        if _is_bool(option):
            absl_flags.DEFINE_boolean(name, None, help_, flag_values=values)
        elif _is_list(option):
            absl_flags.DEFINE_list(name, None, help_, flag_values=values)
        elif option.choices and all(isinstance(choice, str) for choice in option.choices):
            absl_flags.DEFINE_enum(name, None, list(option.choices), help_, flag_values=values)
        else:
            absl_flags.DEFINE_string(name, None, help_, flag_values=values)
    if SETTINGS_FILE in values and values[SETTINGS_FILE].help.startswith(_SETTINGS_FILE_HELP):
        return  # of another model that the same flags serve
    absl_flags.DEFINE_multi_string(SETTINGS_FILE, None, _SETTINGS_FILE_HELP, flag_values=values)


def _mark(*actions: argparse.Action) -> None:
    """Tell settings from hyperparameters, for one parser may serve both."""
    for action in actions:
        setattr(action, SETTINGS_FLAG, True)


def _flagged(table: OptionTable, only: Sequence[str] | None) -> Iterator[Option]:
    wanted = None if only is None else _wanted(table, (only,) if isinstance(only, str) else only)
    for option in table.leaves():
        # A process list shows arguments to everybody on the machine.
        secret = table.is_secret(option.path)
        path = option.path
        if not secret and (wanted is None or any(path[: len(key)] == key for key in wanted)):
            yield option


def _wanted(table: OptionTable, only: Sequence[str]) -> list[KeyPath]:
    """The paths of fields that flags are wanted for: ``lr``, ``optim`` or ``optim.lr``."""
    found = {key: table.find(tuple(key.split("."))) for key in only}
    unknown = [key for key, option in found.items() if option is None]
    if unknown:
        known = [format_path(each.path) for each in table.leaves()]
        message = f"is not a key of {table.model.__name__}"
        raise SettingsError(
            Diagnostic(
                Rule.UNKNOWN_KEY, Severity.ERROR, (key,), message, hint=did_you_mean(key, known)
            )
            for key in unknown
        )
    return [option.path for option in found.values() if option is not None]


def _help(option: Option) -> str:
    text = (option.info.description or option.name.replace("_", " ")).split("\n\n")[0]
    text = " ".join(text.split())
    return f"{text} [{option.variables[0]}]" if option.variables else text


def _kinds(option: Option) -> list[Any]:
    members = union_members(option.info.annotation)
    return [get_origin(m) or m for m in members if m is not types.NoneType]


def _is_bool(option: Option) -> bool:
    return _kinds(option) == [bool]


def _is_list(option: Option) -> bool:
    kinds = _kinds(option)
    return len(kinds) == 1 and kinds[0] in _LISTS
