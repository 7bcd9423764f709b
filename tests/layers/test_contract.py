"""One contract that every layer keeps, and their order, both taken from the enum `Layer`."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import AliasChoices, Field
from pydantic_settings import (
    InitSettingsSource,
    JsonConfigSettingsSource,
    PydanticBaseSettingsSource,
    YamlConfigSettingsSource,
)

from runsettings import (
    Inputs,
    Layer,
    LayeredConfigDict,
    LayeredSettings,
    LayerSource,
    Origin,
    Rule,
    Settings,
    SettingsError,
    SettingsWarning,
)
from runsettings.resolution.resolve import SETTINGS_LAYERS
from runsettings.values.reading import Reading
from runsettings.values.tree import Tree


class Model(Settings):
    """The settings, with the layers that only a model switches on."""

    model_config = LayeredConfigDict(env_file=".env", secrets_dir="secrets")


@dataclasses.dataclass(frozen=True)
class Case:
    """How one layer is told a key.

    Attributes:
        layer: The layer.
        tell: Tells it ``key`` and ``value``; what it returns are arguments of `resolve`.
        place: What the origin says, with ``{key}`` for the key.
        stranger: What an unknown key is: ``error``, ``warning`` or nothing.
    """

    layer: Layer
    tell: Callable[[Any, str, str], Any]
    place: str
    stranger: str | None = "error"

    def inputs(self, jail: Any, key: str, value: str) -> dict[str, Any]:
        """Tell the layer, and hand back the arguments for `resolve`."""
        told = self.tell(jail, key, value)
        return told if isinstance(told, dict) else {}


CASES = {
    "site": Case(
        Layer.SITE,
        lambda jail, key, value: jail.write_site(f"[default]\n{key} = {value}\n"),
        "{site}/wandb/settings:2",
        "warning",
    ),
    "user": Case(
        Layer.USER,
        lambda jail, key, value: jail.write_user(f"[default]\n{key} = {value}\n"),
        "{home}/.config/wandb/settings:2",
        "warning",
    ),
    "pyproject": Case(
        Layer.PYPROJECT,
        lambda jail, key, value: jail.write(
            "pyproject.toml", f'[tool.runsettings]\n{key} = "{value}"\n'
        ),
        "pyproject.toml:2:{column}",
    ),
    "workspace": Case(
        Layer.WORKSPACE,
        lambda jail, key, value: jail.write_workspace(f"[default]\n{key} = {value}\n"),
        "wandb/settings:2",
        "warning",
    ),
    "workspace yaml": Case(
        Layer.WORKSPACE,
        lambda jail, key, value: jail.write("wandb/settings.yaml", f"{key}:  {value}\n"),
        "wandb/settings.yaml:1:{column}",
    ),
    "workspace toml": Case(
        Layer.WORKSPACE,
        lambda jail, key, value: jail.write("wandb/settings.toml", f'{key} = "{value}"\n'),
        "wandb/settings.toml:1:{column}",
    ),
    "secrets": Case(
        Layer.EXTERNAL,
        lambda jail, key, value: jail.write(f"secrets/WANDB_{key.upper()}", f"{value}\n"),
        "secrets/WANDB_{KEY}",
        None,
    ),
    "dotenv": Case(
        Layer.DOTENV,
        lambda jail, key, value: jail.write(".env", f"\n# x\nWANDB_{key.upper()}={value}\n"),
        ".env:3",
        "warning",
    ),
    "env": Case(
        Layer.ENV,
        lambda _jail, key, value: {"environ": {f"WANDB_{key.upper()}": value}},
        "WANDB_{KEY}",
        "warning",
    ),
    "flag": Case(
        Layer.FLAG,
        lambda _jail, key, value: {"args": argparse.Namespace(**{key: value})},
        "--{key}",
        None,
    ),
    "flag file": Case(
        Layer.FLAG,
        lambda jail, key, value: {
            "args": argparse.Namespace(
                settings_file=str(jail.write("flag.yaml", f"{key}:  {value}\n"))
            )
        },
        "flag.yaml:1:{column}",
    ),
    "file": Case(
        Layer.FILE,
        lambda jail, key, value: {"files": jail.write("x.yaml", f"{key}:  {value}\n")},
        "x.yaml:1:{column}",
    ),
    "init": Case(
        Layer.INIT,
        lambda _jail, key, value: {key: value},
        "{file}:{line} Model.resolve({key}=)",
    ),
}

EVERY_CASE = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture(autouse=True)
def surroundings(jail) -> None:
    """The directory of secrets exists, and home is where the jail says."""
    (jail.cwd / "secrets").mkdir()


def resolve(jail: Any, **inputs: Any) -> Model:
    """Resolve in the jail, with nothing taken from the process."""
    environ = {"HOME": str(jail.home), **inputs.pop("environ", {})}
    return Model.resolve(environ=environ, cwd=jail.cwd, **inputs)


def expected_place(case: Case, jail: Any, key: str) -> str:
    """The origin that a value of ``key`` must have; the line of a call is left open."""
    column = len(key) + 4  # each format is written so that its value stands there
    return case.place.format(
        key=key,
        KEY=key.upper(),
        column=column,
        site=jail.site,
        home=jail.home,
        file="{}",
        line="{}",
    )


def assert_place(case: Case, jail: Any, key: str, origin: Origin | None) -> None:
    """Hold that an origin is the layer's, and says what a person would search for."""
    assert origin is not None
    assert origin.layer is case.layer
    expected = expected_place(case, jail, key)
    if "{}" in expected:
        assert origin.where == __file__
        assert origin.line is not None
        assert origin.call == expected.split()[-1]
    else:
        assert str(origin) == expected


def test_every_layer_has_a_case():
    """A layer that is added to the enum must be added here."""
    assert {case.layer for case in CASES.values()} | {Layer.DEFAULT} == set(SETTINGS_LAYERS)


@EVERY_CASE
def test_reads_and_names_the_place(jail, case):
    """The value arrives, and its origin is the native name of its place."""
    settings = resolve(jail, **case.inputs(jail, "project", "capsules"))
    assert settings.project == "capsules"
    assert_place(case, jail, "project", settings.origin("project"))


@EVERY_CASE
def test_bad_value_names_the_place(jail, case):
    """A value that the model refuses is one error, at the same place."""
    inputs = case.inputs(jail, "mode", "offlin")
    with pytest.raises(SettingsError) as caught:
        resolve(jail, **inputs)
    (fault,) = caught.value.diagnostics
    assert (fault.rule, fault.key) == (Rule.BAD_VALUE, "mode")
    assert fault.hint == "did you mean 'offline'?"
    assert_place(case, jail, "mode", fault.origin)


@EVERY_CASE
def test_unknown_key(jail, case):
    """A misspelt key is an error in what was written for us, a warning in what is shared."""
    inputs = case.inputs(jail, "projet", "x")
    if case.stranger == "error":
        with pytest.raises(SettingsError) as caught:
            resolve(jail, **inputs)
        faults = caught.value.diagnostics
    elif case.stranger == "warning":
        with pytest.warns(SettingsWarning):
            faults = resolve(jail, **inputs).diagnostics
    else:
        assert resolve(jail, **inputs).diagnostics == ()
        return
    (fault,) = faults
    assert fault.rule is Rule.UNKNOWN_KEY
    assert fault.hint in {"did you mean 'project'?", "did you mean 'WANDB_PROJECT'?"}
    assert fault.origin is not None
    assert fault.origin.layer is case.layer


@EVERY_CASE
def test_unknown_key_under_strict(jail, case):
    """Under ``strict`` a warning is an error."""
    if case.stranger is None:
        pytest.skip("not a mistake")
    inputs = case.inputs(jail, "projet", "x")
    with pytest.raises(SettingsError, match="did you mean"):
        resolve(jail, strict=True, **inputs)


@EVERY_CASE
def test_nothing_said_is_nothing_set(jail, case):
    """A layer that says nothing is no source."""
    settings = resolve(jail)
    assert all(tree.layer is not case.layer for tree in settings.sources)


@EVERY_CASE
def test_process_is_not_read_in_passing(jail, case, monkeypatch):
    """With inputs handed in, the process's variables and directory count for nothing."""
    inputs = case.inputs(jail, "project", "capsules")
    elsewhere = jail.home / "elsewhere"
    jail.write(elsewhere / "wandb" / "settings", "[default]\nentity = no\n")
    jail.write(elsewhere / ".env", "WANDB_ENTITY=no\n")
    jail.write(elsewhere / "pyproject.toml", '[tool.runsettings]\nentity = "no"\n')
    monkeypatch.chdir(elsewhere)
    jail.setenv(WANDB_ENTITY="no", WANDB_PROJECT="no", HOME=str(elsewhere))
    settings = resolve(jail, **inputs)
    assert (settings.project, settings.entity) == ("capsules", None)


# --- precedence -------------------------------------------------------------------------------

ONE_EACH = {case.layer: case for case in reversed(CASES.values())}
"""One case for each layer that reads something."""

PAIRS = list(itertools.combinations(sorted(ONE_EACH), 2))


def combined(*inputs: dict[str, Any]) -> dict[str, Any]:
    """Arguments of several layers; each layer has its own."""
    return {key: value for part in inputs for key, value in part.items()}


@pytest.mark.parametrize("upper_first", [False, True], ids=["lower first", "upper first"])
@pytest.mark.parametrize(("lower", "upper"), PAIRS, ids=[f"{a}<{b}" for a, b in PAIRS])
def test_later_layer_beats_earlier_one(jail, lower, upper, upper_first):
    """Of any two layers the later one in the enum wins, whichever was written first."""
    order = [upper, lower] if upper_first else [lower, upper]
    inputs = combined(*(ONE_EACH[layer].inputs(jail, "project", layer.label) for layer in order))
    settings = resolve(jail, **inputs)
    assert settings.project == upper.label
    assert [leaf.origin.layer for leaf in settings.history("project")] == [
        upper,
        lower,
        Layer.DEFAULT,
    ]


def test_all_layers_at_once(jail):
    """The history of a key that every layer sets is the enum, upside down."""
    inputs = combined(*(case.inputs(jail, "project", case.layer.label) for case in CASES.values()))
    settings = resolve(jail, **inputs)
    layers = [leaf.origin.layer for leaf in settings.history("project")]
    assert list(dict.fromkeys(layers)) == sorted(SETTINGS_LAYERS, reverse=True)


@pytest.mark.parametrize(("lower", "upper"), PAIRS, ids=[f"{a}<{b}" for a, b in PAIRS])
def test_caller_may_reorder_layers(jail, lower, upper):
    """With the two layers the other way round, the other one wins."""
    inputs = combined(
        ONE_EACH[lower].inputs(jail, "project", lower.label),
        ONE_EACH[upper].inputs(jail, "project", upper.label),
    )
    settings = resolve(jail, layers=[upper, lower], **inputs)
    assert settings.project == lower.label
    assert [leaf.value for leaf in settings.history("project")][:2] == [lower.label, upper.label]


@pytest.mark.parametrize("layer", sorted(ONE_EACH), ids=str)
def test_caller_may_drop_a_layer(jail, layer):
    """A layer that is left out is not read, however bad its input is."""
    inputs = ONE_EACH[layer].inputs(jail, "mode", "no such mode")
    others = [other for other in SETTINGS_LAYERS if other is not layer]
    assert resolve(jail, layers=others, **inputs).mode == "online"


class Fixed:
    """A layer of somebody's own."""

    layer = Layer.EXTERNAL

    def read(self, inputs: Inputs) -> list[Reading]:
        """One value, from a place of its own."""
        origin = Origin(Layer.EXTERNAL, "the moon", 7)
        assert inputs.model is Model
        return [Reading(Tree(Layer.EXTERNAL, "moon", {"project": "x"}, {"project": origin}))]


def test_caller_may_add_a_layer(jail):
    """An object with ``layer`` and ``read`` is a layer, wherever it is put."""
    assert isinstance(Fixed(), LayerSource)
    environ = {"WANDB_PROJECT": "env"}
    settings = resolve(jail, layers=[*SETTINGS_LAYERS, Fixed()], environ=environ, project="init")
    assert settings.project == "x"
    assert str(settings.origin("project")) == "the moon:7"
    settings = resolve(jail, layers=[Fixed(), Layer.ENV], environ=environ)
    assert settings.project == "env"


def test_model_may_have_its_own_layers():
    """``layers`` in a model's options hold for every resolution of it."""

    class Own(LayeredSettings):
        model_config = LayeredConfigDict(layers=(Layer.INIT, Layer.ENV))
        name: str = "x"

    assert Own.resolve(environ={"NAME": "env"}, name="init").name == "env"
    assert Own.resolve(layers=[Layer.INIT], environ={"NAME": "env"}, name="init").name == "init"


def sources(jail: Any) -> list[PydanticBaseSettingsSource]:
    """Sources that pydantic-settings brings along."""
    json_file = jail.write("source.json", '{"project": "source"}')
    yaml_file = jail.write("source.yaml", "project: source\n")
    return [
        InitSettingsSource(Model, {"project": "source"}),
        JsonConfigSettingsSource(Model, json_file),
        YamlConfigSettingsSource(Model, yaml_file),
    ]


@pytest.mark.parametrize("index", range(3))
def test_any_source_of_pydantic_settings_is_a_layer(jail, index):
    """A source made for `BaseSettings` is put among the layers as it is."""
    source = sources(jail)[index]
    environ = {"WANDB_PROJECT": "env"}
    above = resolve(jail, layers=[Layer.ENV, source], environ=environ)
    below = resolve(jail, layers=[source, Layer.ENV], environ=environ)
    assert (above.project, below.project) == ("source", "env")
    place = ["InitSettingsSource", "source.json:1:13", "source.yaml:1:10"][index]
    assert str(above.origin("project")) == place
    assert above.origin("project").layer is Layer.EXTERNAL


@pytest.mark.parametrize("returned", [None, 3, "text"])
def test_source_that_returns_nonsense_is_an_error(jail, returned):
    """A foreign source may fail in any way; each is told with its name."""

    class Nonsense(InitSettingsSource):
        def __call__(self) -> Any:
            return returned

    with pytest.raises(SettingsError) as caught:
        resolve(jail, layers=[Nonsense(Model, {})])
    (fault,) = caught.value.diagnostics
    assert (fault.rule, str(fault.origin)) == (Rule.EXTERNAL_SOURCE, "Nonsense")


def test_absent_secrets_directory_is_a_warning(jail):
    """As in pydantic-settings: a directory that was named and is not there is worth a word."""
    (jail.cwd / "secrets").rmdir()
    with pytest.warns(SettingsWarning, match='the secrets directory ".*" does not exist'):
        resolve(jail)


@pytest.mark.parametrize("make", [Path.touch, os.mkfifo, lambda path: path.symlink_to("none")])
def test_secrets_directory_that_is_something_else_is_an_error(jail, make):
    """A file, a pipe or a link to nothing in its place is a mistake, and the error names it."""
    (jail.cwd / "secrets").rmdir()
    make(jail.cwd / "secrets")
    with pytest.raises(SettingsError, match='secrets" is not a directory'):
        resolve(jail)


def test_secret_under_an_alias_names_its_file(jail):
    """The origin is the file that was found, whatever the field is called."""

    class Aliased(LayeredSettings):
        model_config = LayeredConfigDict(secrets_dir="secrets")
        token: str = Field(default="", validation_alias=AliasChoices("first", "second"))

    jail.write("secrets/second", "x")
    settings = Aliased.resolve(cwd=jail.cwd)
    assert (settings.token, str(settings.origin("token"))) == ("x", "secrets/second")
    jail.write("secrets/first", "y")
    settings = Aliased.resolve(cwd=jail.cwd)
    assert (settings.token, str(settings.origin("token"))) == ("y", "secrets/first")
