"""The options that tell how a program is started: its model, files, profile and overrides.

The project can say them once, in ``[tool.runsettings.program]`` of ``pyproject.toml``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

import runsettings
from runsettings._deferred import deferred
from runsettings.cli.importing import model_of
from runsettings.cli.printing import note
from runsettings.composition.overrides import (
    CONFIG_FLAG,
    PROFILE_FLAG,
    SET_FLAG,
    Overrides,
)
from runsettings.composition.profiles import Profiles
from runsettings.documents.paths import named_path, working_directory
from runsettings.layers.flags.namespace import GivenNamespace
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.errors import ConfigError, SettingsError
from runsettings.values.origin import Layer, Origin, PlacedText

if TYPE_CHECKING:
    import argparse

    from runsettings.checks import settings_layers, targets
    from runsettings.models.layered import LayeredSettings
    from runsettings.runconfig.config import Config
else:
    settings_layers = deferred("runsettings.checks.settings_layers")
    targets = deferred("runsettings.checks.targets")

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS: Final = (
    ("--file", "named_files", "FILE", "A settings file that the program names (files=)."),
    ("--settings-file", "settings_files", "FILE", "A settings file, as the flag --settings-file."),
    ("--env-file", "env_files", "FILE", "A .env file to read instead of the model's own."),
    ("--config", "config_files", "FILE", "A config file, as the program's flag --config."),
    ("--set", "sets", "KEY=VALUE", "An override of the config, as the program's flag --set."),
    ("--profile", "profiles", "NAME", "A profile of composed files."),
)
"""Options that may be repeated, each with its parameter, metavar and help."""


_WORDS: Final = ("config_files", "sets", "profiles")
"""The parameters of options that a program parses itself; see `Overrides`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How a program is started.

    Attributes:
        model: The reference to its settings class; ``None`` for the run's `Settings`.
        is_project: Whether the project's table names the model, and no option.
        model_place: What names the model, for errors: the option, or the line of the table.
        directory: The directory that has its modules.
        files: Settings files that it names, lowest first.
        settings_files: Settings files of its flag ``--settings-file``.
        env_files: ``.env`` files; the model's own if there are none.
        words: Its flags ``--config``, ``--set`` and ``--profile``, each with its text.
        wrong: What is wrong with the project's table.
        is_known: Whether it is known how the program is started, whatever is wrong.
    """

    model: str | None = None
    is_project: bool = False
    model_place: str = "--model"
    directory: Path
    files: tuple[str, ...] = ()
    settings_files: tuple[str, ...] = ()
    env_files: tuple[str, ...] = ()
    words: tuple[tuple[str, str], ...] = ()
    wrong: tuple[Diagnostic, ...] = ()
    is_known: bool = True

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Program:
        """The program that the options of a command describe, and else the project's table.

        Args:
            given: The values of the options, by parameter.

        Raises:
            SettingsError: The project's table does not tell its model.
        """
        from runsettings.cli.program_table import project_program  # pydantic: help needs none

        model = given.get("model")
        project, directory, wrong = project_program(model)

        def texts(flag: str, option: str, key: str, base: Path | None = None) -> tuple[str, ...]:
            """The texts of an option, or else those of a key of the table, with their places."""
            own = given.get(option) or ()
            if own and option in _WORDS:  # they know their flag, and mask a secret in it
                return tuple(own)
            if own:
                return tuple(PlacedText(text, _flag(flag, text)) for text in own)
            return tuple(
                PlacedText(
                    text if base is None else named_path(text, base),
                    runsettings.origin(project, (key, index)),
                )
                for index, text in enumerate(getattr(project, key) or ())
            )

        words = {
            CONFIG_FLAG: texts(CONFIG_FLAG, "config_files", "config", directory),
            SET_FLAG: texts(SET_FLAG, "sets", "set"),
            PROFILE_FLAG: texts(PROFILE_FLAG, "profiles", "profiles"),
        }
        return cls(
            model=model or project.model,
            is_project=model is None and project.model is not None,
            model_place="--model" if model else f"model in {runsettings.origin(project, 'model')}",
            directory=directory,
            files=texts("--file", "named_files", "files", directory),
            settings_files=given.get("settings_files") or (),
            env_files=texts("--env-file", "env_files", "env_files", directory),
            words=tuple((flag, text) for flag, each in words.items() for text in each),
            wrong=wrong,
        )

    @property
    def settings_class(self) -> type[LayeredSettings]:
        """The settings class.

        Raises:
            click.BadParameter: There is no such class.
        """
        return model_of(self.model, self.directory, self.model_place)

    @property
    def flags(self) -> argparse.Namespace | None:
        """The flags, as the program parses them."""
        if not (self.words or self.settings_files):
            return None
        given = GivenNamespace()
        given._overrides = self.words
        if self.settings_files:
            given.settings_file = list(self.settings_files)
        return given

    @property
    def inputs(self) -> dict[str, Any]:
        """The arguments of `resolve` that have what the program reads."""
        return {"args": self.flags, "files": self.files, "env_file": self.env_files or None}

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Add to the error of a block what is wrong with how the program is started.

        Raises:
            SettingsError: The block raised it, the project's table is wrong, a ``.env`` file is
                not there, or no file can have the profile.
        """
        found = list(self.wrong)
        if self.env_files:
            found += targets.missing_env_files(self.env_files, working_directory())
        asked = self.files or self.settings_files or self.config_inputs
        if self.profiles and not asked and not self._reads_config:
            # Settings without such a file do not look at profiles.
            found += Profiles(self.profiles).unknown()
        try:
            yield
        except (SettingsError, ConfigError) as error:
            if not found:
                raise
            raise SettingsError([*found, *self.not_for_want(error.diagnostics)]) from error
        if found:
            raise SettingsError(found)

    def not_for_want(self, found: Iterable[Diagnostic]) -> list[Diagnostic]:
        """Without missing values if the project's table is wrong: it may name the file with them.

        Args:
            found: What is wrong with the settings.
        """
        return [each for each in found if not (self.wrong and each.rule is Rule.MISSING_VALUE)]

    def resolve(self) -> LayeredSettings:
        """The settings of the program.

        Raises:
            SettingsError: They have errors, or what names their files has.
        """
        model = self.settings_class
        with self.reporting():
            return runsettings.resolve(model, **self.inputs)

    def resolve_for_key(self, key: str) -> tuple[LayeredSettings, list[Diagnostic]]:
        """The settings of the program without the values that are wrong, and what is wrong.

        Args:
            key: The key whose value must be right.

        Raises:
            SettingsError: The key has an error, or what names their files has.
        """
        from runsettings.models.resolving import resolve_for_key  # pydantic: help needs none

        model = self.settings_class
        with self.reporting():
            return resolve_for_key(model, key, **self.inputs)

    def note_causes(self, found: Iterable[Diagnostic]) -> None:
        """Say that no file was read, if a required value is missing that a file may set.

        Args:
            found: What is wrong with the settings.
        """
        named = self.files or self.settings_files or self.config_inputs
        if not named and any(each.rule is Rule.MISSING_VALUE for each in found):
            note(
                "no file of the program was read: name its files with --file, or in "
                "[tool.runsettings.program]"
            )

    @property
    def profiles(self) -> tuple[tuple[str, Origin], ...]:
        """The chosen profiles, with their origins."""
        return tuple(Overrides(self.words).profiles)

    @property
    def config_inputs(self) -> Overrides | None:
        """``--config`` and ``--set`` as inputs of a config; ``None`` without them."""
        given = any(flag != PROFILE_FLAG for flag, _ in self.words)
        return Overrides(self.words) if given else None

    @property
    def _reads_config(self) -> bool:
        """Whether the settings class reads the files of a config itself."""
        return issubclass(self.settings_class, runsettings.RunConfig)

    @property
    def has_config(self) -> bool:
        """Whether the question is about a config that no model of the program reads."""
        return self.config_inputs is not None and not self._reads_config

    def config(self) -> Config:
        """The config of ``--config`` and ``--set``, with the secrets of the settings masked.

        Raises:
            ConfigError: A file or an override is wrong.
            SettingsError: The same, and what names its files is wrong as well.
        """
        model = self.settings_class
        with self.reporting():
            inputs = settings_layers.inputs_for(model, **self.inputs)
            secrets = settings_layers.check_layers(model, inputs).secrets
            return runsettings.Config.load(self.config_inputs, secrets=secrets)

    def refuse_config(self) -> None:
        """Refuse ``--config`` and ``--set`` for ``lock``, which is about settings alone.

        Raises:
            SettingsError: The model of the program reads no config.
        """
        if self.has_config:
            raise SettingsError.of(
                Rule.BAD_INPUT,
                "lock needs a model that reads --config and --set",
                hint="name a RunConfig with --model module:Class",
            )


def _flag(flag: str, text: str) -> Origin:
    """The place of a text that a flag has."""
    return Origin(Layer.FLAG, f"{flag} {text}")


def program_options(command: _Command, *, reports: bool = False) -> _Command:
    """The options of a program, as the argument ``program``.

    Args:
        command: The command.
        reports: Whether it reports what is wrong with the project's table itself.
    """

    @functools.wraps(command)
    def with_program(*args: Any, **given: Any) -> Any:
        own = {name: given.pop(name) for name in ("model", *(each[1] for each in _OPTIONS))}
        try:
            program = Program.of(own)
        except SettingsError as error:
            if not reports:
                raise
            program = Program(
                directory=working_directory(), wrong=error.diagnostics, is_known=False
            )
        try:
            return command(*args, program=program, **given)
        except SettingsError as error:
            program.note_causes(error.diagnostics)
            raise

    wrapped: Any = with_program
    for flag, name, metavar, text in reversed(_OPTIONS):
        help_ = f"{text.removesuffix('.')}; may be repeated."
        wrapped = click.option(flag, name, metavar=metavar, multiple=True, help=help_)(wrapped)
    return cast("_Command", model_option(wrapped))


def model_option(command: _Command) -> _Command:
    """The option ``--model module:Class``, as the argument ``model``: its text, or ``None``."""
    return click.option(
        "--model",
        metavar="MODULE:CLASS",
        help="A LayeredSettings class of your own, instead of the run's Settings.",
    )(command)
