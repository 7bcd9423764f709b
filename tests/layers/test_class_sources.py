"""Sources that a class or a call names for itself become layers with origins."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pydantic_settings
import pytest
from pydantic import BaseModel, SecretStr
from pydantic_settings import (
    CliApp,
    CliPositionalArg,
    CliSubCommand,
    InitSettingsSource,
    JsonConfigSettingsSource,
    PydanticBaseSettingsSource,
    PyprojectTomlConfigSettingsSource,
    TomlConfigSettingsSource,
    YamlConfigSettingsSource,
)

from runsettings import Layer, LayeredConfigDict, LayeredSettings


class Optimizer(BaseModel):
    """A nested model."""

    lr: float = 0.1
    name: str = "sgd"


def from_file(kind: type[Any], **config: Any) -> type[LayeredSettings]:
    """A class whose only source beside variables is one of ``kind``."""

    class Training(LayeredSettings):
        model_config = LayeredConfigDict(**config)
        seed: int = 0
        optimizer: Optimizer = Optimizer()

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: Any, **given: PydanticBaseSettingsSource
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return given["init_settings"], given["env_settings"], kind(settings_cls)

    return Training


FILES = {
    "json": (
        JsonConfigSettingsSource,
        {"json_file": "train.json"},
        "train.json",
        '{"seed": 3,\n "optimizer": {"lr": 0.5}}',
        ("train.json:1:10", "train.json:2:22"),
    ),
    "yaml": (
        YamlConfigSettingsSource,
        {"yaml_file": "train.yaml"},
        "train.yaml",
        "seed: 3\noptimizer:\n  lr: 0.5\n",
        ("train.yaml:1:7", "train.yaml:3:7"),
    ),
    "a section of yaml": (
        YamlConfigSettingsSource,
        {"yaml_file": "train.yaml", "yaml_config_section": "app.train"},
        "train.yaml",
        "app:\n  train:\n    seed: 3\n    optimizer: {lr: 0.5}\n",
        ("train.yaml:3:11", "train.yaml:4:21"),
    ),
    "toml": (
        TomlConfigSettingsSource,
        {"toml_file": "train.toml"},
        "train.toml",
        "seed = 3\n[optimizer]\nlr = 0.5\n",
        ("train.toml:1:8", "train.toml:3:6"),
    ),
    "pyproject": (
        PyprojectTomlConfigSettingsSource,
        {"pyproject_toml_table_header": ("tool", "train")},
        "pyproject.toml",
        "[tool.train]\nseed = 3\noptimizer.lr = 0.5\n",
        ("pyproject.toml:2:8", "pyproject.toml:3:16"),
    ),
}


@pytest.mark.parametrize("case", FILES.values(), ids=FILES)
def test_a_source_of_files_tells_line_and_column(jail, case):
    """The value of a file that a class's own source reads has the file's line and column."""
    kind, config, name, text, places = case
    jail.write(name, text)
    settings = from_file(kind, **config)()
    assert (settings.seed, settings.optimizer.lr) == (3, 0.5)
    assert (str(settings.origin("seed")), str(settings.origin("optimizer.lr"))) == places


def test_a_variable_beats_a_source_below_it(jail):
    """The class's order counts, and the loser keeps its place."""
    jail.write("train.yaml", "seed: 3\n")
    jail.setenv(SEED="4")
    settings = from_file(YamlConfigSettingsSource, yaml_file="train.yaml")()
    assert settings.seed == 4
    places = [str(leaf.origin) for leaf in settings.history("seed")]
    assert places == ["SEED", "train.yaml:1:7", "Training.seed"]


def test_a_source_is_told_what_those_above_it_say(jail):
    """``current_state`` and ``settings_sources_data`` hold what was read before."""
    jail.setenv(SEED="4")
    told: list[Any] = []

    class Mine(InitSettingsSource):
        def __call__(self) -> dict[str, Any]:
            told.append((dict(self.current_state), dict(self.settings_sources_data)))
            return {"name": "mine"}

    class Training(LayeredSettings):
        seed: int = 0
        name: str = ""

        @classmethod
        def settings_customise_sources(cls, settings_cls: Any, **given: Any) -> Any:
            return given["init_settings"], given["env_settings"], Mine(settings_cls, {})

    assert Training().name == "mine"
    assert str(Training().origin("name")) == "Mine"
    state, states = told[0]
    assert state == {"seed": "4"}
    assert states == {"InitSettingsSource": {}, "EnvSettingsSource": {"seed": "4"}}


def test_a_function_is_a_source(jail):
    """A plain function among the sources gives values under its own name."""

    def vault() -> dict[str, Any]:
        return {"seed": 7}

    class Training(LayeredSettings):
        seed: int = 0

        @classmethod
        def settings_customise_sources(cls, settings_cls: Any, **given: Any) -> Any:
            return (vault,)

    assert (Training().seed, str(Training().origin("seed"))) == (7, "vault")


def test_sources_are_built_anew_for_each_resolution(jail):
    """A file that changes between two calls is read again."""
    model = from_file(YamlConfigSettingsSource, yaml_file="train.yaml")
    jail.write("train.yaml", "seed: 3\n")
    first = model().seed
    jail.write("train.yaml", "seed: 5\n")
    assert (first, model().seed) == (3, 5)


def test_resolve_hands_its_inputs_to_the_class_s_sources(jail):
    """``resolve`` reads the environment that it is given, in the order of the class."""
    jail.write("train.yaml", "seed: 3\n")
    model = from_file(YamlConfigSettingsSource, yaml_file="train.yaml")
    assert model.resolve(environ={"SEED": "9"}).seed == 9
    assert model.resolve(environ={}).seed == 3


def test_cli_parse_args_is_the_highest_layer(jail):
    """Arguments that pydantic-settings parses beat keywords, and name their flag."""

    class Training(LayeredSettings):
        model_config = LayeredConfigDict(cli_parse_args=["--optimizer.lr", "0.7"])
        optimizer: Optimizer = Optimizer()

    settings = Training(optimizer={"lr": 0.2, "name": "adam"})
    assert settings.optimizer == Optimizer(lr=0.7, name="adam")
    origin = settings.origin("optimizer.lr")
    assert (origin.layer, str(origin)) == (Layer.FLAG, "--optimizer.lr")


def test_arguments_of_one_call_are_parsed(jail):
    """``_cli_parse_args`` counts for the call that has it."""

    class Training(LayeredSettings):
        seed: int = 0

    assert Training(_cli_parse_args=["--seed", "3"]).seed == 3
    assert Training().seed == 0


def test_cli_app_runs_a_class_with_a_subcommand_and_a_positional(jail):
    """``CliApp.run`` takes a class of ours; a positional's origin is its name."""
    ran: list[Any] = []

    class Fit(BaseModel):
        data: CliPositionalArg[str]

        def cli_cmd(self) -> None:
            ran.append(self.data)

    class App(LayeredSettings):
        verbose: bool = False
        fit: CliSubCommand[Fit]

        def cli_cmd(self) -> None:
            CliApp.run_subcommand(self)

    app = CliApp.run(App, cli_args=["--verbose", "true", "fit", "mnist"])
    assert (app.verbose, ran) == (True, ["mnist"])
    assert str(app.origin("fit.data")) == "fit.data"


def test_a_flag_is_named_as_it_is_written(jail):
    """A flag of one letter has one dash, and that of a subcommand stands behind its name."""

    class Fit(BaseModel):
        data: CliPositionalArg[str]
        n: int = 0
        optimizer: Optimizer = Optimizer()

    class App(LayeredSettings):
        v: int = 0
        fit: CliSubCommand[Fit]

    class Plus(LayeredSettings):
        lr: float = 0.1

    app = App(_cli_parse_args=["-v", "2", "fit", "-n", "3", "--optimizer.lr", "0.7", "mnist"])
    keys = ("v", "fit", "fit.n", "fit.optimizer.lr", "fit.data")
    origins = [str(app.origin(key)) for key in keys]
    assert origins == ["-v", "fit", "fit -n", "fit --optimizer.lr", "fit.data"]
    plus = Plus(_cli_parse_args=["++lr", "1"], _cli_flag_prefix_char="+")
    assert str(plus.origin("lr")) == "++lr"


def test_a_field_may_have_an_alias_with_an_underscore(jail):
    """Only pydantic-settings' own arguments are taken for options."""
    from pydantic import Field

    class Row(LayeredSettings):
        id: int = Field(alias="_id")

    assert Row(_id=3).id == 3


def test_sources_of_a_class_cost_other_classes_nothing():
    """Their module is loaded by the first class that names sources."""
    program = (
        "import sys; from runsettings import LayeredSettings\n"
        "class One(LayeredSettings): x: int = 1\n"
        "def loaded(): return 'runsettings.layers.class_sources' in sys.modules\n"
        "One(x=2); One.resolve(x=3); print(loaded()); One(_cli_parse_args=[]); print(loaded())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]


def test_a_class_gives_the_order_of_its_layers_once(jail):
    """``layers`` beside ``settings_customise_sources`` is refused: one would not be followed."""
    with pytest.raises(TypeError, match="has both layers and settings_customise_sources"):
        from_file(YamlConfigSettingsSource, layers=(Layer.ENV,))


def test_the_error_is_one_of_pydantic_settings(jail):
    """Whoever catches pydantic-settings' `SettingsError` catches ours."""

    class Training(LayeredSettings):
        seed: int = 0

    with pytest.raises(pydantic_settings.SettingsError, match="seed: must be a valid integer"):
        Training(seed="x")


def test_an_option_whose_source_is_missing_is_a_warning(jail):
    """``yaml_file`` alone reads nothing, and pydantic-settings says so."""

    class Training(LayeredSettings):
        model_config = LayeredConfigDict(yaml_file="train.yaml")

    with pytest.warns(UserWarning, match="`yaml_file` is set in model_config but will be ignored"):
        Training()


def test_the_debug_log_of_pydantic_settings_shows_no_secrets(jail, caplog):
    """``PYDANTIC_SETTINGS_DEBUG`` logs what each source says, the highest first."""

    class Login(LayeredSettings):
        model_config = LayeredConfigDict(env_file=".env")
        user: str = ""
        password: SecretStr = SecretStr("")

    jail.write(".env", "USER=eve\n")
    jail.setenv(PYDANTIC_SETTINGS_DEBUG="1", PASSWORD="geheimnis")
    with caplog.at_level("DEBUG", logger="pydantic_settings"):
        Login(user="ada")
    assert (
        "InitSettingsSource: {'user': 'ada'}\n  EnvSettingsSource: {'password': ***" in caplog.text
    )
    assert "Loading env file: " in caplog.text
    assert "geheimnis" not in caplog.text
