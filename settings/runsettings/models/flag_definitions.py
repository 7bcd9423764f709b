"""Defines one command-line flag for each field, for argparse and for absl.

The flags have no defaults: argparse leaves a flag that was not given out of the namespace, and
absl marks it as not present. Such a flag cannot beat another layer.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import types
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, Union, get_origin

from absl import flags as absl_flags
from pydantic_settings import BaseSettings

from runsettings.layers.call_site import Caller
from runsettings.layers.flags.layer import SETTINGS_FILE
from runsettings.layers.flags.settings_flags import (
    MAPPING_FLAG,
    OTHER_LAYERS,
    SETTINGS_FLAG,
    SETTINGS_KEYS,
    BoolFlag,
    Choices,
    take_bool_words,
)
from runsettings.layers.renamed import old_names_of
from runsettings.layers.scalar_types import union_members
from runsettings.layers.text_values import BOOL_WORDS, LISTS, fields_of_type, is_mapping
from runsettings.models.model_options import inputs_of, options
from runsettings.models.resolving import resolve_layers
from runsettings.resolution.normalizing.key_hints import no_such_key
from runsettings.resolution.options import (
    Option,
    OptionTable,
    choices_of,
    holds_secret,
    value_type,
)
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.errors import SettingsError
from runsettings.values.key_paths import KeyPath, format_path

_SETTINGS_FILE_HELP: Final = "a settings file (YAML, JSON or TOML); flags beat it; may be repeated"


class _Flag(NamedTuple):
    """A flag for a field, or for a key inside a field's value.

    Attributes:
        path: The path of the field or key.
        types: The types that its value may have: the members of a union.
        help: Its help text.
        choices: The texts that it takes, where there is a fixed set.
        annotation: The type of its value, as the field declares it.
        now: For a flag by the old name of a field: the flag by its current name.
    """

    path: KeyPath
    types: tuple[Any, ...]
    help: str
    choices: Choices
    annotation: Any
    now: str | None = None

    @property
    def name(self) -> str:
        """Its name in absl and in the namespace: ``optim.lr``."""
        return format_path(self.path)

    @property
    def is_bool(self) -> bool:
        """Whether it takes no value."""
        return self.types == (bool,)

    @property
    def is_list(self) -> bool:
        """Whether it takes several values."""
        return len(self.types) == 1 and (get_origin(self.types[0]) or self.types[0]) in LISTS

    @property
    def is_mapping(self) -> bool:
        """Whether its value is a mapping with keys that the model does not fix."""
        return any(map(is_mapping, self.types))


def add_arguments(
    model: type[BaseSettings],
    parser: argparse.ArgumentParser,
    *,
    only: Sequence[str] | None = None,
) -> None:
    """Add one flag for each field to an argparse parser, and ``--settings-file``.

    Flags have help and choices, but no default: a flag that is not given sets nothing. Secrets
    get no flag, because other processes can see the arguments of a process.

    Args:
        model: The settings class.
        parser: The parser.
        only: The fields to make flags for; all of them if left out.

    Raises:
        argparse.ArgumentError: The parser already has a flag of the same name.
        SettingsError: There is no field of a name in ``only``.
    """
    flags = list(_flagged(options(model), only))
    group = parser.add_argument_group(f"{model.__name__} (from all layers)")
    for flag in flags:
        keywords: dict[str, Any] = {
            "dest": flag.name,
            "default": argparse.SUPPRESS,
            # A flag by an old name still works, but nobody needs to learn it.
            "help": flag.help.replace("%", "%%") if flag.now is None else argparse.SUPPRESS,
        }
        if flag.is_bool:
            keywords["action"] = BoolFlag
        elif flag.is_list:
            keywords |= {"nargs": "+", "metavar": "VALUE"}
        elif flag.choices:
            keywords["choices"] = flag.choices
        else:
            keywords["metavar"] = str(flag.path[-1]).upper()
        action = group.add_argument(f"--{flag.name.replace('_', '-')}", **keywords)
        if flag.is_mapping:
            setattr(action, MAPPING_FLAG, True)
        setattr(action, SETTINGS_FLAG, flag.annotation)  # the type, for checks of configs
    take_bool_words(parser)
    present = [action for action in parser._actions if action.dest == SETTINGS_FILE]
    if present:
        _mark(*present)
        for action in present:
            _add_model(action, model)
        return  # another model has added it to the same parser
    action = group.add_argument(
        "--settings-file",
        dest=SETTINGS_FILE,
        action="append",
        default=argparse.SUPPRESS,
        metavar="FILE",
        help=_SETTINGS_FILE_HELP,
    )
    _mark(action)
    _add_model(action, model)


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
    for flag in _flagged(options(model), only):
        name = flag.name
        help_ = flag.help if flag.now is None else f"the old name of --{flag.now}"
        if flag.is_bool:
            defined = absl_flags.BooleanFlag(name, None, help_)
            defined.parser = _BoolParser()
            absl_flags.DEFINE_flag(defined, values)
        elif flag.is_list:
            serializer: Any = absl_flags.ListSerializer(",")
            absl_flags.DEFINE(_ListParser(), name, None, help_, values, serializer)
        elif flag.choices:
            absl_flags.DEFINE_enum(name, None, list(flag.choices), help_, flag_values=values)
            parser: Any = values[name].parser
            parser.enum_values = flag.choices
        else:
            absl_flags.DEFINE_string(name, None, help_, flag_values=values)
    if SETTINGS_FILE in values and values[SETTINGS_FILE].help.startswith(_SETTINGS_FILE_HELP):
        _add_keys(values[SETTINGS_FILE], model)
        return  # another model has defined it
    absl_flags.DEFINE_multi_string(SETTINGS_FILE, None, _SETTINGS_FILE_HELP, flag_values=values)
    _add_keys(values[SETTINGS_FILE], model)


class _BoolParser(absl_flags.BooleanParser):
    """Takes the same words for a bool as a variable."""

    def parse(self, argument: Any) -> Any:
        if isinstance(argument, str) and argument.lower() in BOOL_WORDS:
            return BOOL_WORDS[argument.lower()]
        return super().parse(argument)


class _ListParser(absl_flags.ListParser):
    """Takes a JSON list as one word, and otherwise splits at commas."""

    def parse(self, argument: Any) -> Any:
        if isinstance(argument, str) and argument.lstrip().startswith("["):
            return [argument]
        return super().parse(argument)


def _add_keys(flag: Any, model: type[BaseSettings]) -> None:
    """Let the files that the flag names have the keys of the model."""
    keys: frozenset[str] = getattr(flag, SETTINGS_KEYS, frozenset())
    setattr(flag, SETTINGS_KEYS, keys | options(model).lookups.keys())


def _add_model(action: argparse.Action, model: type[BaseSettings]) -> None:
    """Let the flag ``--settings-file`` know a model, and a wrong command line its errors."""
    _add_keys(action, model)
    others = getattr(action, OTHER_LAYERS, ())
    setattr(action, OTHER_LAYERS, (*others, functools.partial(_errors_of_layers, model)))


def _errors_of_layers(model: type[BaseSettings], args: argparse.Namespace) -> list[Diagnostic]:
    """What is wrong with settings, as far as it is known where a command line is refused.

    A file or a call that the program names later may still set what is missing.
    """
    caller = Caller("parse_args", None, "parse_args")
    resolution = resolve_layers(model, inputs_of(model, caller, args=args))
    return [
        each
        for each in resolution.diagnostics
        if each.is_error and each.origin is not None and each.rule is not Rule.MISSING_VALUE
    ]


def _mark(*actions: argparse.Action) -> None:
    """Mark flags of settings, because a parser may have flags of hyperparameters as well."""
    for action in actions:
        setattr(action, SETTINGS_FLAG, True)


def _flagged(table: OptionTable, only: Sequence[str] | None) -> Iterator[_Flag]:
    wanted = None if only is None else _wanted(table, (only,) if isinstance(only, str) else only)
    for option in table.leaves():
        # Every user of the machine can see arguments in the list of processes.
        secret = table.is_secret(option.path)
        path = option.path
        if not secret and (wanted is None or any(path[: len(key)] == key for key in wanted)):
            first, *inner = _inside(path, [option.type], _help(option), ())
            annotation = Any if _is_prepared(option) else value_type(option.info)
            choices = Choices(first.choices, annotation)
            first = first._replace(annotation=annotation, choices=choices)
            yield from (first, *inner)
            for old in _old_paths(table, path) if table.renamed else ():
                for flag in (first, *inner):
                    yield flag._replace(path=(*old, *flag.path[len(path) :]), now=flag.name)


def _is_prepared(option: Option) -> bool:
    """Whether a validator of the class sees the text first: any text may be right then."""
    validators = option.owner.__pydantic_decorators__.field_validators.values()
    return any(
        each.info.mode != "after" and {option.name, "*"} & set(each.info.fields)
        for each in validators
    )


def _old_paths(table: OptionTable, path: KeyPath) -> Sequence[KeyPath]:
    """The paths of an option that have an old name in them."""
    choices: list[list[str]] = []
    for end in range(1, len(path) + 1):
        option = table.find(path[:end])
        assert option is not None
        choices.append([option.name, *(old.name for old in old_names_of(option.info))])
    return list(itertools.product(*choices))[1:]


def _inside(
    path: KeyPath, annotations: Sequence[Any], text: str, trail: tuple[Any, ...]
) -> Iterator[_Flag]:
    """A flag for the value at ``path``, and one for each key that its types declare."""
    members = [m for each in annotations for m in union_members(each) if m is not types.NoneType]
    annotation: Any = Union[tuple(annotations)]  # noqa: UP007
    found = choices_of(annotation)
    texts = found if all(isinstance(choice, str) for choice in found) else ()
    choices = Choices(texts, annotation)
    yield _Flag(path, tuple(dict.fromkeys(members)), text, choices, annotation)
    inner: dict[str, list[Any]] = {}
    for member in members:
        fields = fields_of_type(member) if member not in trail else None
        for key, annotation in (fields or {}).items():
            inner.setdefault(key, []).append(annotation)
    for key, declared in inner.items():
        if not any(map(holds_secret, declared)):
            yield from _inside((*path, key), declared, key.replace("_", " "), (*trail, *members))


def _wanted(table: OptionTable, only: Sequence[str]) -> list[KeyPath]:
    """The paths of the keys in ``only``: ``lr``, ``optim`` or ``optim.lr``.

    Raises:
        SettingsError: The model has no such key.
    """
    found = {key: table.find(tuple(key.split("."))) for key in only}
    unknown = [key for key, option in found.items() if option is None]
    if unknown:
        known = [format_path(each.path) for each in table.leaves()]
        raise SettingsError(no_such_key(table.model, (key,), known) for key in unknown)
    return [option.path for option in found.values() if option is not None]


def _help(option: Option) -> str:
    text = (option.info.description or option.name.replace("_", " ")).split("\n\n")[0]
    text = " ".join(text.split())
    return f"{text} [{option.variables[0]}]" if option.variables else text
