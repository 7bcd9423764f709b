"""`RunConfig`: the base of a typed run config."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, Self
from weakref import WeakKeyDictionary

from pydantic_settings import BaseSettings, SettingsConfigDict

import runsettings
from runsettings.composition.merge import merge
from runsettings.composition.overrides import SET_FLAG, UNSET_FLAG, Overrides
from runsettings.layers.base import Inputs
from runsettings.layers.flags.layer import FlagLayer
from runsettings.layers.flags.namespace import GivenNamespace, overrides_of
from runsettings.layers.program_inputs import named_files, profiles_of
from runsettings.models.layered import LayeredSettings
from runsettings.models.model_options import LayeredConfigDict, inputs_of, resolver_of
from runsettings.models.resolving import resolve_layers, sources
from runsettings.models.settings import Settings
from runsettings.runconfig.inputs.leaf_trees import recorded_trees
from runsettings.runconfig.inputs.reader import InputReader
from runsettings.runconfig.inputs.settings_models import placed
from runsettings.runconfig.rules.key_rules import check_rules
from runsettings.secrets.forms import MASK
from runsettings.values.diagnostic import Diagnostic, Rule
from runsettings.values.errors import SettingsError
from runsettings.values.json_trees import copy_tree
from runsettings.values.key_paths import MISSING, leaves_of, put_at, value_at
from runsettings.values.origin import Kind, Layer, Origin
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree

DEFAULTS_FILE: Final = "config-defaults.yaml"
"""The file in the working directory that a run reads below all other inputs of its config."""


class RunFiles:
    """All files of the config, which may be composed, lowest first.

    `DEFAULTS_FILE`; the files of the setting ``config_paths``; those that the program names; and
    those of the flag ``--config``.
    """

    layer = Layer.FILE

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Read the files."""
        settings = _settings_of_run(inputs)
        first = [DEFAULTS_FILE] if os.path.exists(inputs.cwd / DEFAULTS_FILE) else []  # noqa: PTH110 - raises for no directory
        below = () if settings is None else placed(settings, "config_paths")
        named = [*named_files(inputs), *Overrides(_words_in(inputs)).files]
        return _read(inputs, [*first, *below, *named], self.layer)


class OverrideFlags:
    """The flags ``--set`` and ``--unset``, which stand with the other flags."""

    layer = Layer.FLAG
    reads_overrides = True

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Read the flags."""
        words = [word for word in _words_in(inputs) if word[0] in (SET_FLAG, UNSET_FLAG)]
        if not words:
            return ()
        reader = _reader(inputs, self.layer)
        overrides = Overrides(words)
        reader.add_overrides(overrides, _flags_in(inputs, overrides))
        # Which keys there are is for the model to say.
        reader.diagnostics = [d for d in reader.diagnostics if d.rule is not Rule.UNKNOWN_KEY]
        return _readings(reader, inputs, self.layer)


class SweepFile:
    """Above all: the parameters of a sweep, in the file of the setting ``sweep_param_path``."""

    layer = Layer.SWEEP

    def read(self, inputs: Inputs) -> Sequence[Reading]:
        """Read the file."""
        settings = _settings_of_run(inputs)
        file = None if settings is None else placed(settings, "sweep_param_path")
        return [] if file is None else _read(inputs, [file], self.layer)


_SETTINGS: Final[WeakKeyDictionary[Inputs, Settings | None]] = WeakKeyDictionary()
"""The settings of each resolution that runs now: two of its layers ask for them."""


def _settings_of_run(inputs: Inputs) -> Settings | None:
    """The settings of a run with these inputs.

    Returns:
        ``None`` if they have errors, which `init` reports.
    """
    if inputs not in _SETTINGS:
        asked = inputs_of(Settings, inputs.caller, environ=inputs.environ, cwd=inputs.directory)
        _SETTINGS[inputs] = resolve_layers(Settings, asked).settings
    return _SETTINGS[inputs]


def _read(inputs: Inputs, files: Sequence[str | Path], layer: Layer) -> list[Reading]:
    if not files:
        return []
    reader = _reader(inputs, layer)
    for path in files:
        reader.read_path(path, layer)
    return _readings(reader, inputs, layer)


def _reader(inputs: Inputs, layer: Layer) -> InputReader:
    origin = Origin(layer, inputs.caller.where)
    return InputReader(inputs.cwd, origin, profiles=profiles_of(inputs))


def _readings(reader: InputReader, inputs: Inputs, layer: Layer) -> list[Reading]:
    readings = [Reading(tree) for tree in reader.trees]
    if reader.diagnostics:
        readings.append(Reading(Tree(layer, inputs.caller.where), tuple(reader.diagnostics)))
    return readings


def _words_in(inputs: Inputs) -> Sequence[tuple[str, str]]:
    return overrides_of(inputs.args) if isinstance(inputs.args, argparse.Namespace) else ()


def _flags_in(inputs: Inputs, overrides: Overrides) -> list[Tree]:
    """The flags that were given, also by the old names of fields that overrides use.

    A namespace that argparse alone made does not record them.
    """
    if not isinstance(inputs.args, GivenNamespace):
        return []
    resolver = resolver_of(inputs.model)
    trees = [reading.tree for reading in FlagLayer().read(inputs)]
    flags = [resolver.normalized(tree) for tree in trees if tree.kind is Kind.FLAGS]
    old = [each.path for each in overrides.read()[0] if resolver.table.renamed]
    for tree in [*flags]:
        for path in old:
            now = resolver.table.named(path)
            value = tree.get(now)
            if now != path and value is not MISSING:
                data: dict[str, Any] = {}
                put_at(data, path, value)
                flags.append(tree.with_data(data, {str(path[0]): tree.origin(now)}))
    return flags


_BELOW: Final = (Layer.DEFAULT, RunFiles(), Layer.EXTERNAL)
_ABOVE: Final = (Layer.FLAG, OverrideFlags(), Layer.INIT, SweepFile())
_WITH_VARIABLES: Final = (*_BELOW, Layer.DOTENV, Layer.ENV, *_ABOVE)
_WITHOUT_VARIABLES: Final = (*_BELOW, *_ABOVE)


def check_run_config(settings: BaseSettings) -> Iterator[Diagnostic]:
    """Find what a run would refuse: the rules about keys and values, and values that are masked.

    Args:
        settings: A typed run config that was validated.
    """
    reader = InputReader(Path(), Origin(Layer.INIT, type(settings).__name__))
    reader.read(settings)
    yield from reader.diagnostics
    yield from check_rules(merge([*reader.defaults, *reader.trees]))
    for leaf in merge(sources(settings)).leaves():
        if leaf.value == MASK:
            yield Diagnostic.of(
                Rule.MASKED_VALUE,
                leaf.path,
                "was masked when a run recorded it; its value is not known",
                leaf.origin,
                "pass the secret itself, or leave the key out where a variable has it",
            )


class RunConfig(LayeredSettings):
    """The config of a run with a type, the origins of its values, and the rules of a run.

    Hyperparameters have an order of their own, lowest first: defaults, ``config-defaults.yaml``
    and ``WANDB_CONFIG_PATHS``, named files, ``.env``, variables, flags, the call, and a sweep's
    parameters. Files may be composed. Variables are read only with an ``env_prefix``, and no
    settings files of W&B::

        class Train(RunConfig):
            model_config = {"env_prefix": "TRAIN_"}

            lr: float = 0.1

        train = Train.resolve(args=parse_args(parser), files="train.yaml")
        run = init(config=train)

    Raises:
        SettingsError: Something in any layer is wrong, or breaks a rule of a run's config.
    """

    model_config: ClassVar[SettingsConfigDict] = LayeredConfigDict(
        layers=_WITHOUT_VARIABLES, check_values=check_run_config
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        config: Any = cls.model_config
        if config["layers"] in (_WITH_VARIABLES, _WITHOUT_VARIABLES):
            config["layers"] = _WITH_VARIABLES if config.get("env_prefix") else _WITHOUT_VARIABLES
        super().__pydantic_init_subclass__(**kwargs)

    @classmethod
    def from_run(
        cls,
        run: str | os.PathLike[str] | runsettings.StoredRun,
        *,
        dir: str | os.PathLike[str] | None = None,  # noqa: A002 - the name in init()
        store: str | None = None,
        **values: Any,
    ) -> Self:
        """Read the config of a recorded run back, with the origins that the run recorded.

        No file, flag or variable is read again, except a variable for a secret, which the run
        recorded as ``***``.

        Args:
            run: An id, a display name, the beginning of an id, ``latest``, the path of a run's
                directory or journal, or a stored run.
            dir: The directory above ``wandb``, as in ``init(dir=)``; the settings' own by default.
            store: The address of a store to ask in place of a directory; ``"setting"`` for the
                one in the setting ``store``.
            **values: New values, above the recorded ones.

        Raises:
            SettingsError: A value does not fit the model, a key is unknown, or a secret is not
                known.
            RunError: There is no such run, its journal cannot be read, or the store cannot be used.
        """
        if isinstance(run, (str, os.PathLike)):
            stored = runsettings.stored_run(run, dir, store)
        else:
            stored = run
        data = copy_tree(stored.config)
        masked = [path for path, value in leaves_of(data) if value == MASK]
        for path in masked:
            del value_at(data, path[:-1])[path[-1]]
        where = f"run {stored.id}"
        # The model has its defaults itself.
        losers = {
            key: [each for each in beaten if each.get("layer") != Layer.DEFAULT.label]
            for key, beaten in stored.config_losers.items()
        }
        recorded = recorded_trees(Layer.FILE, where, data, stored.config_origins, losers)
        layers = (Layer.DEFAULT, Layer.ENV, _Recorded(recorded), Layer.INIT)
        config = runsettings.resolve(cls, values=values, layers=layers)
        asked = [
            Diagnostic.of(
                Rule.MASKED_VALUE,
                path,
                "was masked when the run recorded it",
                Origin(Layer.FILE, where),
                "pass it, or set its variable",
            )
            for path in masked
            if runsettings.origin(config, path).layer is Layer.DEFAULT
        ]
        if asked:
            raise SettingsError(asked)
        return config


class _Recorded:
    """The config that a run recorded, as a layer."""

    layer = Layer.FILE

    def __init__(self, trees: Sequence[Tree]) -> None:
        self._trees = trees

    def read(self, inputs: Inputs) -> Sequence[Reading]:  # noqa: ARG002 - the layers' signature
        """The recorded config."""
        return [Reading(tree) for tree in self._trees]
