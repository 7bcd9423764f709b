"""A class whose options or fields change after its first use."""

from __future__ import annotations

import json

import pytest
from pydantic_settings import EnvSettingsSource, JsonConfigSettingsSource

from runsettings import Layer, LayeredConfigDict, LayeredSettings


class FromFile(LayeredSettings):
    model_config = LayeredConfigDict(
        json_file="x.json", layers=[JsonConfigSettingsSource, Layer.INIT]
    )
    x: int = 0


@pytest.mark.parametrize(
    ("option", "before", "after", "variables"),
    [
        ("env_prefix", "A_", "B_", {"A_X": "a", "B_X": "b"}),
        ("case_sensitive", False, True, {"X": "a"}),
        ("env_parse_none_str", None, "a", {"X": "a"}),
        ("layers", [Layer.ENV], [Layer.INIT], {"X": "a"}),
        ("env_ignore_empty", False, True, {"X": ""}),
    ],
)
def test_a_changed_option_is_followed(jail, option, before, after, variables):
    """As in a class that had it from the start."""
    jail.setenv(**variables)
    Changed = type(
        "Changed",
        (LayeredSettings,),
        {
            "__annotations__": {"x": str | None},
            "x": "-",
            "__module__": __name__,
            "model_config": LayeredConfigDict(**{option: before}),
        },
    )
    Fresh = type(
        "Fresh",
        (Changed,),
        {
            "__module__": __name__,
            "model_config": LayeredConfigDict(**{option: after}),
        },
    )
    assert Changed().x != Fresh().x
    Changed.model_config[option] = after
    assert Changed().x == Fresh().x


def test_a_changed_default_is_followed_after_a_rebuild():
    """Its origin too."""

    class Changed(LayeredSettings):
        x: int = 1

    Changed()
    Changed.model_fields["x"].default = 5
    Changed.model_rebuild(force=True)
    assert Changed().x == 5
    assert "5" in Changed().explain("x")


def test_a_source_in_a_models_layers_is_made_for_each_resolution(jail):
    """Its file may have changed."""
    jail.write("x.json", json.dumps({"x": 1}))
    first = FromFile()
    jail.write("x.json", json.dumps({"x": 2}))
    assert (first.x, FromFile().x) == (1, 2)
    assert str(FromFile().origin("x")) == "x.json:1:7"


def test_a_source_in_a_models_layers_is_made_for_the_class_that_is_resolved(jail):
    """A subclass has fields that its parent does not know."""
    jail.write("x.json", json.dumps({"x": 1, "y": 2}))

    class Child(FromFile):
        y: int = 0

    assert Child().y == 2


def test_a_function_is_a_layer():
    """It returns what a source would return."""
    assert FromFile.resolve(layers=[lambda: {"x": 3}]).x == 3


@pytest.mark.parametrize("kind", [EnvSettingsSource, JsonConfigSettingsSource])
def test_a_source_that_has_read_already_is_refused_in_a_models_layers(kind):
    """It would go stale, and the message says what to write instead."""

    class Stale(LayeredSettings):
        x: int = 0

    Stale.model_config["layers"] = [kind(Stale), Layer.INIT]
    with pytest.raises(TypeError, match=f"{kind.__name__} reads when it is made: put the class"):
        Stale()


def test_a_call_may_have_a_source_that_has_read_already(jail):
    """It is used at once."""
    jail.write("x.json", json.dumps({"x": 1}))
    source = JsonConfigSettingsSource(FromFile)
    assert FromFile.resolve(layers=[source]).x == 1


def test_frozen_false_is_told_at_the_class_statement():
    """It has no effect, and the warning has the line of the class."""
    with pytest.warns(UserWarning, match="frozen=False, which has no effect") as seen:

        class Changeable(LayeredSettings, frozen=False):
            x: int = 0

    assert seen[0].filename == __file__
