"""pydantic's errors in our words: one sentence a key, its place, whom it beat, what to do."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from typing_extensions import TypedDict

from runsettings import LayeredSettings, Rule, SettingsError
from runsettings.values.rendering import headline


class Layer(BaseModel):
    size: int
    name: str = ""


class Round(BaseModel):
    kind: Literal["round"]


class Square(BaseModel):
    kind: Literal["square"]
    side: int = 0


class Model(LayeredSettings, env_nested_delimiter="__"):
    count: int = 0
    maybe: int | None = None
    either: int | Literal["auto"] = 0
    boxed: Layer | int = 0
    tagged: Annotated[Round | Square, Field(discriminator="kind")] = Field(
        default_factory=lambda: Square(kind="square")
    )
    mode: Literal["on", "off"] = "on"
    level: Literal[1, 2] = 1
    flag: bool = False
    ratio: Annotated[float, Field(ge=0, le=1)] = 0
    name: Annotated[str, Field(min_length=2)] = "xx"
    items: list[int] = Field(default_factory=list)
    layers: list[Layer] = Field(default_factory=list)
    table: dict[str, int] = Field(default_factory=dict)
    aliased: int = Field(default=0, alias="short")

    @field_validator("items")
    @classmethod
    def few(cls, items: list[int]) -> list[int]:
        """No more than three."""
        if len(items) > 3:
            raise ValueError("must have at most 3 items")
        return items


HEADLINES = [
    ("count: x", "count: must be a valid integer; got 'x'"),
    ("count: 1.5", None),
    ("count: [1]", "count: must be a valid integer; got [1]"),
    ("count: {a: 1}", "count: must be a valid integer; got a mapping"),
    (
        "count: null",
        "count: must be a valid integer; got None — write a value, or leave the key out",
    ),
    ("count:", "count: must be a valid integer; got None — write a value, or leave the key out"),
    ("flag:", "flag: must be a valid boolean; got None — write a value, or leave the key out"),
    ("items:", "items: must be a list; got None — write [] if it is empty, or leave the key out"),
    (
        "table:",
        "table: must be a mapping; got None — write {} if it is empty, or leave the key out",
    ),
    (
        "name:",
        'name: must be a valid string; got None — write "" if it is empty, or leave the key out',
    ),
    ("maybe: x", "maybe: must be a valid integer; got 'x'"),
    ("either: aut", "either: must be a valid integer, or must be 'auto'; got 'aut'"),
    ("mode: of", "mode: must be one of 'on', 'off'; got 'of' — did you mean 'off'?"),
    ("mode: 3", "mode: must be one of 'on', 'off'; got 3"),
    ("level: 3", "level: must be one of 1, 2; got 3"),
    ("flag: maybe", "flag: must be a valid boolean; got 'maybe'"),
    ("ratio: 2", "ratio: must be less than or equal to 1; got 2"),
    ("name: x", None),
    ("items: x", "items: must be a list; got 'x'"),
    ("items: [1, x]", "items[1]: must be a valid integer; got 'x'"),
    ("items: [1, 2, 3, 4]", "items: must have at most 3 items; got [1, 2, 3, 4]"),
    ("layers: [{size: 1}, {size: x}]", "layers[1].size: must be a valid integer; got 'x'"),
    ("layers: [3]", "layers[0]: must be a mapping; got 3"),
    ("table: {a: x}", "table.a: must be a valid integer; got 'x'"),
    ("table: [a]", "table: must be a mapping; got ['a']"),
    ("short: x", "aliased: must be a valid integer; got 'x'"),
    ("aliased: x", "aliased: must be a valid integer; got 'x'"),
    (
        "tagged: {kind: rount}",
        "tagged.kind: must be one of 'round', 'square'; got 'rount' — did you mean 'round'?",
    ),
    ("tagged: {side: 1}", "tagged: must have 'kind', which names its type; got a mapping"),
    ("tagged: {kind: square, side: x}", "tagged.side: must be a valid integer; got 'x'"),
    ("boxed: {size: x}", "boxed.size: must be a valid integer; got 'x'"),
]


@pytest.mark.parametrize(("text", "sentence"), HEADLINES)
def test_sentence(jail, text, sentence):
    """One error, one sentence, at the very value."""
    jail.write("x.yaml", f"{text}\n")
    with pytest.raises(SettingsError) as caught:
        Model.resolve(files="x.yaml")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.rule is Rule.BAD_VALUE
    assert diagnostic.origin is not None
    assert diagnostic.origin.where == "x.yaml"
    lines = str(caught.value).splitlines()
    assert sentence is None or lines[2] == f"  {sentence}"


def test_position_of_an_item(jail):
    """Line, column and caret are the item's, not the list's."""
    jail.write("x.yaml", "layers:\n  - size: 1\n  - {name: a, size: big}\n")
    with pytest.raises(SettingsError) as caught:
        Model.resolve(files="x.yaml")
    assert str(caught.value) == (
        "1 problem in settings\n\n"
        "  layers[1].size: must be a valid integer; got 'big'\n"
        "    x.yaml:3:21\n"
        "      3 │   - {name: a, size: big}\n"
        "        │                     ^^^"
    )


def test_all_errors_at_once(jail):
    """Whatever the layer, everything is told in one go."""
    jail.write("x.yaml", "count: x\nunknown: 1\n")
    with pytest.raises(SettingsError) as caught:
        Model.resolve(files="x.yaml", environ={"FLAG": "x", "ITEMS": "["}, ratio=7)
    assert {diagnostic.key for diagnostic in caught.value.diagnostics} == {
        *("count", "unknown", "flag", "items", "ratio"),
    }


def test_whom_it_beat(jail):
    """The losers tell what would have counted."""
    jail.write("x.yaml", "count: x\n")
    with pytest.raises(SettingsError) as caught:
        Model.resolve(files="x.yaml", environ={"COUNT": "3"})
    assert str(caught.value).splitlines()[-1] == "    over  COUNT = '3'"


def test_long_values_are_shortened():
    """A megabyte in a setting is not repeated."""
    with pytest.raises(SettingsError) as caught:
        Model.resolve(environ={"COUNT": "x" * 1_000_000})
    assert len(str(caught.value)) < 300


def test_missing_value_tells_how_to_set_it():
    """A required key is named with the ways to give it."""

    class Needy(LayeredSettings, env_prefix="APP_", env_nested_delimiter="__"):
        api_base: str
        layer: Layer | None = None

    with pytest.raises(SettingsError) as caught:
        Needy.resolve(environ={"APP_LAYER__NAME": "x"})
    assert str(caught.value) == (
        "2 problems in settings\n\n"
        "  layer.size is required, and no layer sets it — set it in a settings file,"
        " with --layer.size, or in the call\n"
        "    APP_LAYER__NAME\n\n"
        "  api_base is required, and no layer sets it — set it in a settings file,"
        " with APP_API_BASE or --api-base, or in the call\n"
        "    Needy.api_base"
    )


def test_error_of_the_whole_model():
    """A validator of the model speaks about no key, and shows no values."""

    class Ordered(LayeredSettings):
        low: int = 0
        high: int = 1

        @model_validator(mode="after")
        def ordered(self) -> Ordered:
            """Low comes first."""
            if self.low > self.high:
                raise ValueError("low must not be above high")
            return self

    with pytest.raises(SettingsError) as caught:
        Ordered.resolve(environ={}, low=3)
    assert str(caught.value) == "1 problem in settings\n\n  low must not be above high"


def test_append_to_no_list(jail):
    """`!append` needs a list below it."""
    jail.write("a.yaml", "count: 1\n")
    jail.write("b.yaml", "count: !append [2]\n")
    with pytest.raises(SettingsError, match="count: cannot append to a value that is not a list"):
        Model.resolve(files=["a.yaml", "b.yaml"])


@dataclasses.dataclass
class Window:
    """A dataclass."""

    size: int = 1


class Limits(TypedDict, total=False):
    """A typed dict, whose further keys are refused."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    least: int


class Shapes(LayeredSettings):
    """Values of fixed shapes that are no models."""

    pair: tuple[int, str] = (1, "a")
    window: Window = Window()
    windows: dict[str, list[Window]] = {}
    limits: Limits = {}
    names: dict[int, str] = {}


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("pair: [1]", ["pair: must have 2 items; got [1] @1:7"]),
        ("pair: []", ["pair: must have 2 items; got [] @1:7"]),
        ("pair: [1, a, b]", ["pair: must have at most 2 items; got [1, 'a', 'b'] @1:7"]),
        (
            "window: {sizes: 1}",
            ["window.sizes is not a key of Window — did you mean 'size'? @1:10"],
        ),
        (
            "windows: {a: [{sizee: 1}]}",
            ["windows.a[0].sizee is not a key of Window — did you mean 'size'? @1:16"],
        ),
        (
            "limits: {leest: 1}",
            ["limits.leest is not a key of Limits — did you mean 'least'? @1:10"],
        ),
        ("names: {x: y}", ["names.x: the key must be a valid integer @1:9"]),
        (
            "names: {x: 1}",
            [
                "names.x: the key must be a valid integer @1:9",
                'names.x: must be a valid string; got 1 — quote it: "1" @1:12',
            ],
        ),
    ],
)
def test_shapes_that_are_no_models(jail, text, sentences):
    """A tuple's length, a key of a dataclass or typed dict, and the type of a mapping's keys."""
    jail.write("x.yaml", f"{text}\n")
    with pytest.raises(SettingsError) as caught:
        Shapes.resolve(files="x.yaml")
    found = caught.value.diagnostics
    assert [f"{headline(each)} @{each.line}:{each.column}" for each in found] == sentences


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("count: ${either}\neither: ${level}\nlevel: 7\n", ["2:8", "3:9"]),
        ("count: ${level}\neither: ${level}\nlevel: 7\n", ["2:8", "3:9"]),
        ("either: ${level}\ncount: ${either}\nlevel: 7\n", ["2:9", "3:8"]),
    ],
)
def test_a_wrong_value_behind_references_is_reported_once(jail, text, places):
    """With the place of each reference, also of one that leads to another reference."""
    jail.write("train.yaml", f"$config: 1\n{text}")

    class Levels(LayeredSettings):
        count: Literal[1, 2] = 1
        either: Literal[1, 2] = 1
        level: Literal[1, 2] = 1

    with pytest.raises(SettingsError) as caught:
        Levels.resolve(files=["train.yaml"])
    (found,) = caught.value.diagnostics
    assert (found.path, str(found.origin)) == (("level",), "train.yaml:4:8")
    related = sorted(str(place) for place, _ in found.related)
    assert related == [f"train.yaml:{at}" for at in places]
