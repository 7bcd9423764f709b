"""What a program passes and goes on changing does not change what was settled."""

from __future__ import annotations

import argparse
from typing import Any

import pytest
from pydantic import BaseModel, Field

from runsettings import LayeredSettings, Rule, Settings, SettingsError


class Optim(BaseModel):
    betas: list[float] = Field(default_factory=list)


class Model(LayeredSettings):
    extras: dict[str, Any] | None = None
    optim: Optim = Optim()
    quiet: bool = False


def nested(levels: int) -> dict[str, Any]:
    """A mapping with ``levels`` mappings in it, one in the other."""
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


PASSING = {
    "keyword": lambda extras: Model(extras=extras),
    "flag": lambda extras: Model.resolve(args=argparse.Namespace(extras=extras)),
    "replace": lambda extras: Model().replace(extras=extras),
}


@pytest.mark.parametrize("passed", PASSING.values(), ids=PASSING)
def test_containers_are_copied(passed):
    """Neither the settings, nor their history, nor a later `replace` follow the caller's dict."""
    mine = {"a": [1, {"b": (2, [3])}]}
    model = passed(mine)
    mine["a"][1]["b"][1].append(4)
    mine["c"] = 5
    expected = {"a": [1, {"b": (2, [3])}]}
    assert model.extras == expected
    assert model.history("extras")[0].value == expected
    assert model.replace(quiet=True).extras == expected


def test_models_are_copied():
    """The same holds for an object of a nested model's class."""
    mine = Optim(betas=[1])
    model = Model(optim=mine)
    mine.betas.append(2)
    assert model.optim.betas == [1]
    assert model.replace(quiet=True).optim.betas == [1]


@pytest.mark.parametrize("passed", PASSING.values(), ids=PASSING)
def test_endless_nesting_is_an_error_with_its_place(passed):
    """A mapping that contains itself, or is far too deep, is no crash."""
    endless: dict[str, Any] = {}
    endless["a"] = endless
    for value in (endless, nested(100_000)):
        with pytest.raises(SettingsError) as caught:
            passed(value)
        (fault,) = caught.value.diagnostics
        assert (fault.rule, fault.key) == (Rule.TOO_DEEP, "extras")
        assert fault.origin is not None


def test_deep_but_honest_nesting_is_settled():
    """What any person could have written passes."""
    assert Model(extras=nested(90)).extras == nested(90)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, '{"a":' * 900 + "1" + "}" * 900],
    ids=["beyond the parser", "beyond the limit"],
)
def test_deep_json_is_an_error_with_its_place(jail, text):
    """Nesting in a text is bounded where the text is decoded: variables and INI files."""
    with pytest.raises(SettingsError) as caught:
        Settings.resolve(environ={"WANDB_MAGIC": text})
    assert str(caught.value.diagnostics[0].origin) == "WANDB_MAGIC"
    jail.write_workspace(f"[default]\nmagic = {text}\n")
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert str(caught.value.diagnostics[0].origin) == "wandb/settings:2"


def test_deeply_nested_variable_is_an_error_with_its_place():
    """Names of variables can nest as well."""

    class Deep(LayeredSettings, env_nested_delimiter="__"):
        tree: dict[str, Any] = Field(default_factory=dict)

    with pytest.raises(SettingsError) as caught:
        Deep.resolve(environ={"TREE" + "__a" * 5000: "1"})
    assert caught.value.diagnostics[0].rule is Rule.TOO_DEEP


def test_integer_with_too_many_digits_is_an_error_with_its_place():
    """Python refuses to read it, and so do we, by its place."""
    text = f'{{"a": {"1" * 5000}}}'
    for inputs, place in (
        ({"args": argparse.Namespace(extras=text)}, "--extras"),
        ({"environ": {"EXTRAS": text}}, "EXTRAS"),
    ):
        with pytest.raises(SettingsError) as caught:
            Model.resolve(**inputs)
        assert str(caught.value.diagnostics[0].origin) == place
