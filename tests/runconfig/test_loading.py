"""The order of the inputs."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from runsettings.layers.flags.parsing import parse_args
from runsettings.runconfig.config import Config
from runsettings.values.errors import ConfigError


def test_layers_beat_each_other_in_order(jail: Any) -> None:
    """Flags' defaults < defaults file < config paths < inputs in order < sweep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--x", default="flag default")
    args = parse_args(parser, [])
    inputs: list[Any] = [args]
    options: dict[str, Any] = {}

    def x() -> Any:
        return Config.load(inputs, **options).x

    assert x() == "flag default"
    jail.write("config-defaults.yaml", "x: {value: defaults file}\n")
    options["defaults_file"] = "config-defaults.yaml"
    assert x() == "defaults file"
    jail.write("one.yaml", "x: first path\n")
    options["config_paths"] = ["one.yaml"]
    assert x() == "first path"
    jail.write("two.yaml", "x: second path\n")
    options["config_paths"] = ["one.yaml", "two.yaml"]
    assert x() == "second path"
    jail.write("train.yaml", "x: named file\n")
    inputs.insert(0, "train.yaml")
    assert x() == "named file"
    inputs[1] = parse_args(parser, ["--x", "given flag"])
    assert x() == "given flag"
    inputs.append({"x": "code"})
    assert x() == "code"
    jail.write("sweep.yaml", "wandb_version: 1\nx: {value: sweep}\n")
    options["sweep_file"] = "sweep.yaml"
    assert x() == "sweep"
    history = Config.load(inputs, **options).history("x")
    assert [leaf.value for leaf in history] == [
        "sweep", "code", "given flag", "named file", "second path", "first path", "defaults file",
    ]  # fmt: skip


def test_a_missing_defaults_file_is_no_fault() -> None:
    """The file of defaults is read if it is there; a named file has to be there."""
    assert Config.load({}, defaults_file="config-defaults.yaml") == {}
    with pytest.raises(ConfigError, match="does not exist"):
        Config.load({}, config_paths=["config-defaults.yaml"])


@pytest.mark.parametrize("argument", ["config_paths", "sweep_file", "schema"])
def test_a_missing_file_tells_which_argument_names_it(argument: str) -> None:
    """Whatever the file is for."""
    with pytest.raises(ConfigError) as caught:
        Config.load({}, **{argument: "none.json"})
    (found,) = caught.value.diagnostics
    assert found.message.startswith("none.json: the file does not exist")
    assert str(found.origin).endswith(f"Config.load({argument}=)")


def test_mappings_merge_deeply(jail: Any) -> None:
    """A higher mapping adds to a lower one, and anything else replaces it."""
    jail.write("a.yaml", "optim: {name: adam, betas: [1, 2]}\nlr: {base: 1}\n")
    config = Config.load(["a.yaml", {"optim": {"betas": [3]}, "lr": 5}])
    assert config.as_dict() == {"optim": {"name": "adam", "betas": [3]}, "lr": 5}


def test_a_config_loads_where_the_directory_is_gone(jail: Any, tmp_path: Any) -> None:
    """A working directory that was deleted is no reason to refuse a mapping."""
    gone = tmp_path / "gone"
    gone.mkdir()
    jail.monkeypatch.chdir(gone)
    gone.rmdir()
    config = Config({"a": 1})
    config.update({"b": 2})
    assert config == {"a": 1, "b": 2}


def test_a_lone_config_path_is_one_path(jail: Any) -> None:
    """A single path, as text or `Path`, is not taken apart."""
    path = jail.write("base.yaml", "a: 1\n")
    assert Config.load(config_paths="base.yaml") == Config.load(config_paths=path) == {"a": 1}
