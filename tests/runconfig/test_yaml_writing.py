"""The written form of a config."""

from __future__ import annotations

import yaml

from runsettings.documents.files import Format, read_text
from runsettings.runconfig.inputs.wandb_form import unwrap
from runsettings.runconfig.yaml_writing import write_yaml
from runsettings.values.origin import Layer


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
        write_yaml(config)
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
    assert read_text(write_yaml({}), Layer.FILE, "x", Format.YAML).diagnostics == ()
    assert unwrap(read_text(write_yaml({}), Layer.FILE, "x", Format.YAML).tree).data == {}


def test_long_keys_read_back() -> None:
    """Keys beyond the length that YAML allows on a line are written in its long form."""
    key = "k" * 5000
    config = {key: {key: {"a": [{key: 1}, [{key: {"b": [2]}}]]}}, "last": 1}
    text = write_yaml(config)
    read = unwrap(read_text(text, Layer.FILE, "x", Format.YAML).tree).data
    assert read == config
    theirs = yaml.load(text, yaml.CSafeLoader)
    assert theirs[key]["value"] == config[key]
