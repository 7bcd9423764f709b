"""W&B's wrapping of values: when it is one, and what is inside."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import yaml

from runsettings.documents.files import Format, read_text
from runsettings.runconfig.config import Config
from runsettings.runconfig.inputs.wandb_form import has_wandb_form, unwrap, write_config
from runsettings.values.diagnostic import Rule
from runsettings.values.origin import Layer


@pytest.mark.parametrize(
    ("data", "wrapped"),
    [
        ({"wandb_version": 1}, True),
        ({"wandb_version": 1, "lr": 3}, True),
        ({"lr": {"value": 1}}, True),
        ({"lr": {"desc": None, "value": 1}, "_wandb": {"cli": 1}}, True),
        ({"_wandb": {"value": {"cli": 1}}}, True),
        ({}, False),
        ({"lr": 1}, False),
        ({"lr": {"value": 1}, "seed": 2}, False),
        ({"lr": {"value": 1, "unit": "s"}}, False),
        ({"lr": {"desc": 1}}, False),
        ({"wandb_version": {"value": 1}}, True),
        ({"_private": 1}, False),
    ],
    ids=str,
)
def test_the_form_is_recognised(data: dict[str, Any], wrapped: bool) -> None:
    """All values are wrapped, or the header says so; else it is plain data."""
    assert has_wandb_form(data) is wrapped


def test_values_keep_their_places(jail: Any) -> None:
    """Unwrapped values are where they were in the file."""
    jail.write(
        "config.yaml",
        "wandb_version: 1\n_wandb:\n  value: {cli_version: 1}\n"
        "lr:\n  desc: null\n  value: 0.1\noptim:\n  value:\n    name: adam\n",
    )
    config = Config.load("config.yaml")
    assert config.as_dict() == {"lr": 0.1, "optim": {"name": "adam"}}
    assert str(config.origin("lr")) == "config.yaml:6:10"
    assert str(config.origin("optim.name")) == "config.yaml:9:11"
    assert config.diagnostics == ()


def test_a_mapping_in_code_is_taken_as_it_is() -> None:
    """What looks wrapped in code is what its author wrote."""
    assert Config.load({"lr": {"value": 1}}).as_dict() == {"lr": {"value": 1}}


def test_the_clients_own_key_is_left_out(jail: Any) -> None:
    """W&B's bookkeeping in a plain config is dropped with a warning."""
    jail.write("c.yaml", "lr: 1\n_wandb: {cli: 1}\n")
    config = Config.load("c.yaml")
    assert config.as_dict() == {"lr": 1}
    (fault,) = config.diagnostics
    assert (fault.rule, fault.key) == (Rule.MISPLACED_KEY, "_wandb")
    assert str(fault.origin) == "c.yaml:2:1"


def test_values_are_read_by_the_rules_of_the_tool_that_wrote_them(jail):
    """PyYAML leaves texts unquoted that YAML 1.2 would take for numbers, and writes dates."""
    form = {"sha": "1e5", "id": "00008", "flag": True, "day": dt.date(2020, 1, 2), "none": None}
    wrapped = {key: {"desc": None, "value": value} for key, value in form.items()}
    path = jail.write("config.yaml", yaml.safe_dump({"wandb_version": 1, **wrapped}))
    config = Config.load([path])
    assert config.as_dict() == {**form, "day": "2020-01-02"}
    assert (
        config.origin("sha").line
        == yaml.safe_dump({"wandb_version": 1, **wrapped}).splitlines().index("  value: 1e5") + 1
    )


def test_the_form_is_wandbs() -> None:
    """Each value is wrapped as the W&B client wraps it, in readable YAML."""
    config = {
        "lr": 1e-5,
        "name": "ResNet 50",
        "country": "no",
        "nested": {"betas": [0.9, [1, {"a": None, "b": []}], {}], "on": True},
        "inf": float("-inf"),
    }
    assert (
        write_config(config)
        == """\
wandb_version: 1
lr:
  desc: null
  value: 1.0e-05
name:
  desc: null
  value: ResNet 50
country:
  desc: null
  value: "no"
nested:
  desc: null
  value:
    betas:
    - 0.9
    - - 1
      - a: null
        b: []
    - {}
    "on": true
inf:
  desc: null
  value: -.inf
"""
    )


def test_an_empty_config_reads_back() -> None:
    """A config without keys is written as one without keys."""
    assert read_text(write_config({}), Layer.FILE, "x", Format.YAML).diagnostics == ()
    assert unwrap(read_text(write_config({}), Layer.FILE, "x", Format.YAML).tree).data == {}


def test_long_keys_read_back() -> None:
    """Keys beyond the length that YAML allows on a line are written in its long form."""
    key = "k" * 5000
    config = {key: {key: {"a": [{key: 1}, [{key: {"b": [2]}}]]}}, "last": 1}
    text = write_config(config)
    read = unwrap(read_text(text, Layer.FILE, "x", Format.YAML).tree).data
    assert read == config
    theirs = yaml.load(text, yaml.CSafeLoader)
    assert theirs[key]["value"] == config[key]
