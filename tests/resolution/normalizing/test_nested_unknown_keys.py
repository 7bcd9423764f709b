"""Keys of nobody inside of lists, unions and mappings of models, which pydantic drops silently."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Required

import pytest
from pydantic import AliasPath, BaseModel, Field, RootModel, SecretStr, create_model
from typing_extensions import TypedDict

from runsettings import LayeredSettings, Rule, SettingsError
from runsettings.resolution.normalizing.unknown_keys import unknown_keys


class Adam(BaseModel):
    kind: Literal["adam"] = "adam"
    lr: float = Field(0.1, alias="rate")


class Sgd(BaseModel):
    kind: Literal["sgd"] = "sgd"
    momentum: float = 0.0
    token: SecretStr | None = None


class Stage(BaseModel):
    optims: list[Adam] = []


@dataclasses.dataclass
class Several:
    optims: list[Adam]
    best: Adam | None = None


class Chosen(TypedDict, total=False):
    best: Required[Adam]
    others: dict[str, Adam]


class Open(BaseModel, extra="allow"):
    size: int = 1


class Named(BaseModel, validate_by_alias=False, validate_by_name=True):
    size: int = Field(1, alias="wide")
    part: int = Field(1, validation_alias=AliasPath("parts", 0))


class Sizes(RootModel[dict[str, int]]):
    pass


class Model(LayeredSettings, env_prefix="APP_"):
    best: Annotated[Adam | Sgd, Field(discriminator="kind")] = Adam()
    all: list[Adam | Sgd] = []
    sizes: Sizes = Sizes({})


@pytest.mark.parametrize(
    ("annotation", "value", "unknown"),
    [
        (list[Adam], [{"rate": 1}, {"lr": 1}, {"lrr": 1}], [(2, "lrr")]),
        (tuple[Adam, ...], [{"lrr": 1}], [(0, "lrr")]),
        (tuple[Adam, Sgd], [{"lr": 1}, {"lrr": 1}], [(1, "lrr")]),
        (tuple[str, Adam] | None, ["a", {"lrr": 1}, {"lrr": 1}], [(1, "lrr")]),
        (Sequence[Adam], [{"lrr": 1}], [(0, "lrr")]),
        (Adam | Sequence[Adam], {"lrr": 1}, [("lrr",)]),
        (
            Several,
            {"optims": [{"lrr": 1}], "best": {"lrr": 1}},
            [("optims", 0, "lrr"), ("best", "lrr")],
        ),
        (
            Chosen,
            {"best": {"lrr": 1}, "others": {"a": {"lrr": 1}}},
            [("best", "lrr"), ("others", "a", "lrr")],
        ),
        (dict[str, Adam], {"a": {"lrr": 1}}, [("a", "lrr")]),
        (Adam | Sgd, {"momentum": 1, "nesterov": 1}, [("nesterov",)]),
        (Adam | Sgd, {"kind": "adam", "momentum": 1}, [("momentum",)]),
        (Stage | None, {"optims": [{"lrr": 1}]}, [("optims", 0, "lrr")]),
        (Adam | dict[str, Any], {"lrr": 1}, []),
        (Adam | Any, {"lrr": 1}, []),
        (list[Adam | Open], [{"lrr": 1}], []),
        (list[Sizes], [{"lrr": 1}], []),
        (list[Adam], "[", []),
        (Named, {"size": 1, "part": 2}, []),
        (Named, {"wide": 1, "parts": [2]}, [("wide",), ("parts",)]),
    ],
)
def test_an_unknown_key_is_one_that_no_possible_model_has(annotation, value, unknown):
    """Tags decide between models; where anything at all is taken, nothing is strange."""
    found = unknown_keys(value, annotation, ())
    assert [each.path for each in found] == unknown


def test_unknown_keys_are_reported_with_their_position_and_a_guess(jail):
    """They are errors like unknown keys elsewhere, together with whatever else is wrong."""
    jail.write("x.yaml", "best: {kind: adam, lrr: 1}\nall:\n  - {kind: sgd, tokn: s3cret}\nx: 1\n")
    with pytest.raises(SettingsError) as caught:
        Model.resolve(files="x.yaml")
    assert str(caught.value) == (
        "3 problems in settings\n\n"
        "  best.lrr is not a key of Adam — did you mean 'lr'?\n"
        "    x.yaml:1:20\n"
        "      1 │ best: {kind: adam, lrr: 1}\n"
        "        │                    ^^^\n\n"
        "  all[0].tokn is not a key of Sgd — did you mean 'token'?\n"
        "    x.yaml:3:17\n"
        "      3 │   - {kind: sgd, tokn …\n"
        "        │                 ^^^^\n\n"
        "  x is not a key of Model — its keys are all, best, sizes\n"
        "    x.yaml:4:1\n"
        "      4 │ x: 1\n"
        "        │ ^"
    )


def test_unknown_key_in_the_json_of_a_variable_is_a_warning():
    """As is an unknown nested variable."""
    with pytest.warns(match=r"all\[0\].lrr is not a key of Adam or Sgd"):
        model = Model.resolve(environ={"APP_ALL": '[{"lrr": 1}]'})
    assert [diagnostic.rule for diagnostic in model.diagnostics] == [Rule.UNKNOWN_KEY]


def test_the_keys_of_a_root_model_are_its_roots(jail):
    """A root model has no key ``root`` that anybody would write."""
    jail.write("x.yaml", "sizes: {small: 1}\n")
    model = Model.resolve(files="x.yaml")
    assert model.sizes.root == {"small": 1}
    assert str(model.origin("sizes")) == "x.yaml:1:8"


@pytest.mark.parametrize(
    ("delimiter", "name", "text", "reported"),
    [
        ("_", "BEST_FRIEND", "x", False),
        ("_", "BEST_FRIEND_NAME", "x", False),
        ("_", "BEST_RAET", "1", True),
        ("_", "BEST", '{"friend": "x"}', True),
        ("__", "BEST__FRIEND", "x", True),
    ],
)
def test_a_variable_is_not_taken_for_a_nested_key_because_of_one_underscore(
    delimiter, name, text, reported
):
    """A variable of another program may begin like a key, so only a close name is reported."""

    class One(LayeredSettings, env_nested_delimiter=delimiter):
        best: Adam = Adam()

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        One.resolve(environ={name: text})
    assert bool(seen) is reported


class Strict(BaseModel, extra="forbid"):
    rate: float = 1


@pytest.mark.parametrize(
    ("annotation", "environ"),
    [
        (Strict, {"PART__RAET": "2"}),
        (Strict, {"PART": '{"raet": 2}'}),
        (Strict | None, {"PART__RAET": "2", "PART__RATE": "3"}),
        (list[Strict], {"PART": '[{"raet": 2}]'}),
        (dict[str, Strict], {"PART__ONE__RAET": "2"}),
    ],
)
def test_a_nested_model_that_forbids_extra_keys_forbids_them_in_variables(annotation, environ):
    """What the model says itself counts, also where one underscore parts the keys."""
    model = create_model("Outer", __base__=LayeredSettings, part=(annotation, ...))
    for delimiter in ("__", "_"):
        model.model_config["env_nested_delimiter"] = delimiter
        variables = {key.replace("__", delimiter): text for key, text in environ.items()}
        with pytest.raises(SettingsError, match="raet is not a key of Strict"):
            model.resolve(environ=variables)


@dataclasses.dataclass
class Window:
    size: int = 1


class Shapes(LayeredSettings):
    best: Adam | Sgd = Adam()
    window: Window | None = None
    many: dict[str, Sgd] = {}


@pytest.mark.parametrize(
    ("file", "text", "hint"),
    [
        ("x.yaml", "window.size: 1", "nest it: window: {size: …}"),
        ("x.yaml", "best.momentum: 1", "nest it: best: {momentum: …}"),
        ("x.yaml", "many.a.momentum: 1", "nest it: many: {a: {momentum: …}}"),
        ("x.toml", '"window.size" = 1', "nest it: window.size = …"),
        ("x.json", '{"best.rate": 1}', 'nest it: "best": {"rate": …}'),
        ("x.yaml", "window.length: 1", "its keys are best, many, window"),
        ("x.yaml", "many.a.momentums: 1", "its keys are best, many, window"),
        ("x.yaml", "nothing.size: 1", "its keys are best, many, window"),
    ],
)
def test_a_dotted_key_of_any_nested_shape_is_to_be_nested(jail, file, text, hint):
    """As that of a nested model: files nest the keys, and flags have dots."""
    jail.write(file, f"{text}\n")
    with pytest.raises(SettingsError) as caught:
        Shapes.resolve(files=[file])
    assert [each.hint for each in caught.value.diagnostics] == [hint]
