"""A nested model that is a field's default is the lowest source of its keys."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from runsettings import LayeredConfigDict, LayeredSettings, SettingsError


class Optimizer(BaseModel):
    """A nested model."""

    lr: float = 0.1
    name: str = "sgd"


class Training(LayeredSettings):
    """Has another default than the nested model's own."""

    model_config = LayeredConfigDict(env_nested_delimiter="__")
    optimizer: Optimizer = Optimizer(lr=0.5, name="adam")


def test_a_key_that_no_source_sets_keeps_the_default_instance_s_value(jail):
    """Setting one key leaves the others as the default has them, and says so."""
    jail.setenv(OPTIMIZER__NAME="lion")
    settings = Training()
    assert settings.optimizer == Optimizer(lr=0.5, name="lion")
    assert str(settings.origin("optimizer.lr")) == "Training.optimizer"
    history = [(str(leaf.origin), leaf.value) for leaf in settings.history("optimizer.name")]
    assert history == [("OPTIMIZER__NAME", "lion"), ("Training.optimizer", "adam")]


def test_settings_made_from_others_keep_it():
    """`replace` changes one key, and the default stays below it once."""
    settings = Training(optimizer={"lr": 1}).replace(optimizer={"name": "lion"})
    assert settings.optimizer == Optimizer(lr=1, name="lion")
    assert [str(leaf.origin) for leaf in settings.history("optimizer.lr")][1:] == [
        "Training.optimizer"
    ]


def test_it_can_be_turned_off(jail):
    """With False, a nested model is made anew from what the sources say."""

    class Anew(Training):
        model_config = LayeredConfigDict(nested_model_default_partial_update=False)

    assert Anew(optimizer={"name": "lion"}).optimizer == Optimizer(lr=0.1, name="lion")
    settings = Training(optimizer={"name": "x"}, _nested_model_default_partial_update=False)
    assert settings.optimizer.lr == 0.1


def test_an_untouched_default_is_the_instance_itself():
    """Where no source sets a key, nothing is made anew: a subclass stays one."""

    class Special(Optimizer):
        extra_key: int = 1

    class Own(LayeredSettings):
        optimizer: Optimizer = Special()

    assert type(Own().optimizer) is Special


class Cat(BaseModel):
    """One kind."""

    kind: Literal["cat"] = "cat"
    lives: int = 9
    name: str = ""


class Dog(BaseModel):
    """Another kind."""

    kind: Literal["dog"] = "dog"
    name: str = ""


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": "tom"}, Cat(lives=7, name="tom")),
        ({"kind": "cat", "name": "tom"}, Cat(lives=7, name="tom")),
        ({"kind": "dog", "name": "rex"}, Dog(name="rex")),
    ],
)
def test_a_default_of_another_kind_does_not_count(given, expected):
    """Of a tagged union, the default counts where the tag is not another one."""

    class Home(LayeredSettings):
        pet: Annotated[Cat | Dog, Field(discriminator="kind")] = Cat(lives=7)

    assert Home(pet=given).pet == expected


def test_an_error_does_not_tell_that_it_beat_a_default():
    """What a person set is told; a default that nobody asked for is no loser."""
    with pytest.raises(SettingsError) as caught:
        Training(optimizer={"lr": "x"})
    assert caught.value.diagnostics[0].over == ()
