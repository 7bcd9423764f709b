"""Layered settings as a config: every value keeps its origin and what it beat."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, field_validator

import runsettings
from runsettings import Config, Layer, LayeredSettings, Tree


class Optim(BaseModel):
    """A nested model."""

    lr: float = 0.1
    betas: tuple[float, ...] = (0.9, 0.99)


class Train(LayeredSettings):
    """A model with every kind of field."""

    model_config = {"env_prefix": "TRAIN_", "env_nested_delimiter": "__"}

    optim: Optim = Optim()
    epochs: int = 90
    name: str = "vit"
    sizes: dict[str, int] = {}
    token: SecretStr | None = None

    @field_validator("name")
    @classmethod
    def _lower(cls, value: str) -> str:
        return value.lower()


def _places(config: Config, key: str) -> list[tuple[str, Any]]:
    return [(str(leaf.origin), leaf.value) for leaf in config.history(key)]


def _train(jail, **values: Any) -> Train:
    jail.write("base.yaml", "epochs: 3\noptim:\n  lr: 0.5\nsizes: {a: 1}\n")
    environ = {"TRAIN_EPOCHS": "7", "TRAIN_OPTIM__LR": "1e-2", "TRAIN_TOKEN": "a-very-long-token"}
    return Train.resolve(files="base.yaml", environ=environ, **values)


def test_a_value_keeps_its_origin_and_its_losers(jail):
    """A file, a variable and the model's default stand in the history of one key."""
    config = Config(_train(jail))
    assert _places(config, "optim.lr") == [
        ("base.yaml:3:7", 0.5),
        ("TRAIN_OPTIM__LR", "1e-2"),
        ("Optim.lr", 0.1),
    ]


def test_a_default_keeps_its_field(jail):
    """A value that no source sets has the field as its origin."""
    assert _places(Config(_train(jail)), "optim.betas") == [("Optim.betas", [0.9, 0.99])]


def test_the_validated_value_is_kept(jail):
    """A validator's result is the value of the config, with the origin of the call."""
    config = Config(_train(jail, name="ResNet"))
    assert config["name"] == "resnet"
    assert config.origin("name").call == "Train.resolve(name=)"


def test_a_key_inside_a_mapping_has_its_own_position(jail):
    """A field that is a mapping is no wall for positions."""
    assert str(Config(_train(jail)).origin("sizes.a")) == "base.yaml:4:12"


def test_an_empty_mapping_beats_what_is_below(jail):
    """The call's empty mapping is not merged with that of the file."""
    config = Config(_train(jail, sizes=runsettings.Replace({})))
    assert config.as_dict()["sizes"] == {}


def test_a_secret_is_masked(jail):
    """Neither the value nor its history shows a secret."""
    config = Config(_train(jail))
    assert "a-very-long-token" not in repr(config.history("token")) + repr(config)


def test_defaults_sink_below_earlier_inputs(jail):
    """In a list, the defaults of the model's fields lose to every input."""
    train = _train(jail)
    config = Config([{"name": "earlier", "epochs": 1}, train])
    assert config["name"] == "earlier"
    assert config["epochs"] == 3


def test_later_inputs_beat_the_model(jail):
    """In a list, an input after the model is higher."""
    config = Config([_train(jail), {"epochs": 5}])
    assert [value for _, value in _places(config, "epochs")] == [5, 3, "7", 90]


def test_a_run_records_the_origins(jail):
    """The journal has the file, the variable or the field of every leaf."""
    with runsettings.init(config=_train(jail), mode="offline") as run:
        path = run.journal_path
    records = list(runsettings.read_records(path))
    origins = next(record["origins"] for record in records if record["type"] == "config")
    assert origins["optim.lr"] == {"layer": "file", "where": "base.yaml", "line": 3, "column": 7}
    assert origins["name"]["where"] == "Train.name"
    assert "a-very-long-token" not in json.dumps(records)


_VALUES = st.fixed_dictionaries(
    {},
    optional={
        "epochs": st.integers(0, 9),
        "name": st.sampled_from(["A", "b"]),
        "optim": st.fixed_dictionaries({}, optional={"lr": st.sampled_from([1.5, 2.5])}),
        "sizes": st.dictionaries(st.sampled_from("xyz"), st.integers(0, 3), max_size=2),
    },
)


class _Source:
    def __init__(self, layer: Layer, data: dict[str, Any]) -> None:
        self.layer = layer
        self._data = data

    def read(self, inputs: runsettings.Inputs) -> list[runsettings.Reading]:
        del inputs
        return [runsettings.Reading(Tree(self.layer, self.layer.label, self._data))]


@given(st.lists(_VALUES, max_size=3))
def test_the_config_is_the_validated_model(layers):
    """Whatever the sources set, the config has the model's values and one origin for each."""
    kinds = (Layer.USER, Layer.FILE, Layer.EXTERNAL)
    train = Train.resolve(layers=[_Source(kinds[i], data) for i, data in enumerate(layers)])
    config = Config(train)
    assert config.as_dict() == json.loads(json.dumps(train.to_dict()))
    assert config.origin("name").layer in (Layer.DEFAULT, *kinds)
