"""A nested model that is a field's default is the lowest source of its keys."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    BaseModel,
    Discriminator,
    Field,
    Tag,
    computed_field,
    create_model,
    field_serializer,
)

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


class Step(BaseModel):
    """One member of a union without a tag."""

    size: float = 1.0


class Cosine(BaseModel):
    """Another, with the same key."""

    size: float = 1.0


class Schedule(BaseModel):
    """A nested model with every kind of value that a dump would change."""

    rate: float = 1
    name: str = None  # type: ignore[assignment] - sloppy, and pydantic takes it
    hidden: int = Field(0, exclude=True)
    tags: list[str] = []
    kind: Step | Cosine = Step()
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] = Cat()

    @computed_field
    def twice(self) -> float:
        """Not a key that a source could set."""
        return self.rate * 2

    @field_serializer("tags")
    def _joined(self, tags: list[str]) -> str:
        return ",".join(tags)


def settings_with(default: Any, annotation: Any = None) -> type[Any]:
    """A class whose only field has this default."""
    return create_model(
        "Own", __base__=LayeredSettings, part=(annotation or type(default), default)
    )


def test_values_that_are_the_class_s_own_stay_unset():
    """A default that is not valid stays as it is, and ``exclude_unset`` shows what was set."""
    settings = settings_with(Schedule())(part={"rate": "2"})
    assert settings.part.name is None
    assert settings.model_dump(exclude_unset=True) == {"part": {"rate": 2.0, "twice": 4.0}}
    assert str(settings.origin("part.name")) == "Schedule.name"


@pytest.mark.parametrize(
    ("key", "value"),
    [("hidden", 3), ("tags", ["a", "b"]), ("kind", Cosine()), ("kind", Step(size=3))],
)
def test_values_count_as_they_are_and_not_as_they_are_dumped(key, value):
    """Excluded fields, fields with a serializer, and members of unions keep their value."""
    settings = settings_with(Schedule(**{key: value}))(part={"rate": 2})
    assert getattr(settings.part, key) == value
    assert type(settings.part.kind) is (type(value) if key == "kind" else Step)


def test_a_nested_default_of_another_kind_does_not_count():
    """The tag counts inside of a nested default as it does at the top."""
    own = settings_with(Schedule(pet=Cat(lives=7)))
    assert own(part={"pet": {"name": "tom"}}).part.pet == Cat(lives=7, name="tom")
    assert own(part={"pet": {"kind": "dog", "name": "rex"}}).part.pet == Dog(name="rex")


def test_a_default_whose_kind_a_function_decides_does_not_count():
    """Which kind the function would choose is known when the value is whole."""
    kinds = Annotated[
        Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")],
        Discriminator(lambda value: value["kind"] if isinstance(value, dict) else value.kind),
    ]
    own = settings_with(Cat(lives=7), kinds)
    assert own(part={"kind": "cat", "name": "tom"}).part == Cat(name="tom")


@dataclasses.dataclass
class Window:
    """A dataclass with fields that its constructor does not take."""

    size: int
    seed: dataclasses.InitVar[int] = 3
    area: int = dataclasses.field(init=False, default=0)

    def __post_init__(self, seed: int) -> None:
        self.area = self.size**2 + seed


def test_a_field_that_the_constructor_does_not_take_is_made_anew():
    """It follows from the others."""
    assert settings_with(Window(2))(part={"size": 4}).part.area == 19
    assert settings_with(Window(2))(part={"seed": 1}).part.area == 5
