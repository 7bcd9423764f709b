"""A config reads like a dict and like an object."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from runsettings.runconfig.config import Config
from runsettings.values.errors import ConfigError


@pytest.fixture
def config(jail: Any) -> Config:
    """A small nested config from a file."""
    jail.write("train.yaml", "lr: 0.1\noptim:\n  name: adam\n  betas: [0.9, {x: 1}]\n")
    return Config.load("train.yaml")


def test_it_reads_like_a_dict_and_an_object(config: Config) -> None:
    """Keys and attributes show the same, at every depth."""
    assert config["optim"]["name"] == config.optim.name == config["optim"].name == "adam"
    assert list(config) == list(config.keys()) == ["lr", "optim"]
    assert list(config.values()) == [0.1, config.optim]
    assert dict(config.items()) == {"lr": 0.1, "optim": config.optim}
    assert len(config) == len(config.optim) == 2
    assert "lr" in config
    assert "x" not in config
    assert (config.get("lr"), config.get("x"), config.get("x", 3)) == (0.1, None, 3)
    assert dict(**config.optim)["name"] == "adam"
    assert config.optim.betas[1].x == 1
    assert "optim" in dir(config)


def test_it_compares_with_dicts_and_configs(config: Config) -> None:
    """Equality is by value."""
    plain = {"lr": 0.1, "optim": {"name": "adam", "betas": [0.9, {"x": 1}]}}
    assert config == plain == config
    assert config == Config(plain)
    assert config.optim == plain["optim"]
    assert config != {"lr": 0.1}
    assert repr(config) == f"Config({plain!r})"


def test_as_dict_is_a_copy(config: Config) -> None:
    """What `as_dict` gives may be changed and changes nothing."""
    plain = config.as_dict()
    plain["optim"]["betas"].append(1)
    assert config.optim.betas == [0.9, {"x": 1}]
    assert json.loads(json.dumps(config.as_dict())) == config


def test_an_unknown_attribute_proposes_a_known_one(config: Config) -> None:
    """A misspelt attribute is an AttributeError that says which one was meant."""
    with pytest.raises(AttributeError, match=r"no key 'optim\.nme' — did you mean 'name'\?"):
        _ = config.optim.nme
    assert not hasattr(config, "nothing")


def test_lists_cannot_be_changed_in_place(config: Config) -> None:
    """A list is a copy; changing it would be lost, so it is refused with advice."""
    for change in (
        lambda betas: betas.append(1),
        lambda betas: betas.__setitem__(0, 1),
        lambda betas: betas.sort(),
        lambda betas: betas.pop(),
        lambda betas: betas.__iadd__([1]),
    ):
        with pytest.raises(ConfigError, match=r"assign a new list to optim\.betas"):
            change(config.optim.betas)
    assert type(copy.copy(config.optim.betas)) is list
    with pytest.raises(ConfigError, match="assign the whole of optim"):
        config.optim.betas[1].x = 2


def test_method_names_are_set_by_key_only(config: Config) -> None:
    """A key that an attribute could not read back is not set by attribute."""
    with pytest.raises(AttributeError, match=r"write config\['items'\]"):
        config.items = 3
    config["items"] = 3
    assert config["items"] == 3


def test_inherited_methods_name_the_line_that_called() -> None:
    """What a mapping's mixins write has the place of the user's line."""
    config = Config({"a": 1, "b": 2}, allow_val_change=True)
    config.setdefault("c", 3)
    assert Path(config.origin("c").where).name == Path(__file__).name
    config.observe(lambda change: heard.append(Path(change.origin.where).name))
    heard: list[str] = []
    config.pop("a")
    config.clear()
    assert heard == [Path(__file__).name] * 3


def test_a_change_inside_of_a_list_names_the_list(config: Config) -> None:
    """What to assign instead is the list, not all that is around it."""
    config.nested = {"layers": [{"size": 1}]}
    with pytest.raises(ConfigError, match=r"assign the whole of nested\.layers\n") as caught:
        config.nested.layers[0].size = 2
    assert caught.value.diagnostics[0].key == "nested.layers[0]"
