"""A config reads like a dict and like an object."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import omegaconf
import pytest
import yaml

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


NESTED = {"lr": 0.1, "optim": {"name": "adam", "betas": [0.9, {"x": 1}]}, "empty": {}}


def _all_plain(value: Any) -> bool:
    if type(value) is dict:
        return all(map(_all_plain, value.values()))
    if type(value) is list:
        return all(map(_all_plain, value))
    return type(value) in {str, int, float, bool, type(None)}


@pytest.mark.parametrize(
    "copied",
    [
        dict,
        lambda config: {**config},
        lambda config: config | {},
        lambda config: {} | config,
        lambda config: config.copy(),
        lambda config: config.as_dict(),
        lambda config: dict(config.copy()),
        lambda config: {
            "optim": dict(config.optim),
            **{k: config[k] for k in ("lr",)},
            "empty": {},
        },
    ],
)
def test_a_dict_of_a_config_is_plain_data(copied: Any) -> None:
    """What copies a dict gets plain dicts and lists at every depth, also after writes."""
    config = Config({"optim": {"name": "sgd"}, "gone": {"x": 1}}, allow_val_change=True)
    view = config.optim
    config.lr = 0.1
    config.update({"optim": {"betas": [0.9]}, "empty": {}})
    view.name = "adam"
    config.optim["betas"] = [0.9, {"x": 1}]
    del config["gone"]
    assert copied(config) == NESTED
    assert _all_plain(copied(config))


@pytest.mark.parametrize("pick", [lambda config: config, lambda config: config.optim])
def test_others_take_a_config_or_a_part_for_a_dict(pick: Any) -> None:
    """JSON, YAML, OmegaConf and `isinstance` take what they take of a dict."""
    config = Config(NESTED)
    part, plain = pick(config), pick(omegaconf.OmegaConf.create(NESTED))
    plain = omegaconf.OmegaConf.to_container(plain)
    assert isinstance(part, dict)
    assert json.loads(json.dumps(part)) == plain
    assert yaml.safe_load(yaml.safe_dump(part)) == plain
    assert omegaconf.OmegaConf.create(dict(part)) == plain
    assert part | {"more": 1} == {**plain, "more": 1}
    assert {"more": 1} | part == {"more": 1, **plain}
    assert pickle.loads(pickle.dumps(dict(part))) == plain
    assert list(reversed(part)) == list(reversed(plain))
    assert part == plain


def test_a_nested_mapping_is_written_through() -> None:
    """A nested mapping is a dict, and its writes keep the rules and have an origin."""
    config = Config({"a": {"b": 1}})
    config["a"]["c"] = 2
    config.a |= {"d": 3}
    assert dict(config) == {"a": {"b": 1, "c": 2, "d": 3}}
    assert config.origin("a.c").call == "config.a['c'] ="
    for change in (
        lambda: config["a"].__setitem__("b", 2),
        lambda: config["a"].update(b=2),
        lambda: config["a"].__ior__({"b": 2}),
        lambda: config["a"].pop("b"),
        config["a"].popitem,
        config["a"].clear,
    ):
        with pytest.raises(ConfigError):
            change()
    assert config == {"a": {"b": 1, "c": 2, "d": 3}}


def test_changing_a_copy_does_not_change_the_config() -> None:
    """What is nested in `dict(config)` may be changed, and the config keeps its values."""
    config = Config({"a": {"b": {"c": 1}}})
    copied = dict(config)
    copied["a"]["b"]["c"] = 2
    copied["a"].clear()
    assert config.a.b.c == 1
    config.a.b.d = 3
    assert config == dict(config) == {"a": {"b": {"c": 1, "d": 3}}}


def test_removing_keys_like_a_dict() -> None:
    """`pop`, `popitem`, `setdefault` and `clear` do what they do on a dict."""
    config = Config({"a": 1, "b": {"c": 2}}, allow_val_change=True)
    assert config.pop("x", None) is None
    assert config.setdefault("a", 5) == 1
    assert config.popitem() == ("b", {"c": 2})
    assert config.pop("a") == 1
    with pytest.raises(KeyError):
        config.popitem()
    with pytest.raises(KeyError):
        config.pop("a")


@pytest.mark.parametrize("key", [0, True, None, -7])
def test_a_key_that_is_no_string_is_kept_as_text(key: Any) -> None:
    """A number, a boolean or None as a key is the text that JSON gives it."""
    config = Config({"labels": {}})
    config.labels[key] = "cat"
    text = {0: "0", True: "true", None: "null", -7: "-7"}[key]
    assert config.as_dict() == {"labels": {text: "cat"}}
    assert config.labels[key] == config.labels[text] == config.labels.get(key) == "cat"
    assert key in config.labels


@pytest.mark.parametrize(
    "ask",
    [
        lambda config: config.get("lrr"),
        lambda config: getattr(config, "lrr", None),
        lambda config: hasattr(config, "lrr"),
        lambda config: "lrr" in config,
        lambda config: config.pop("lrr", None),
        lambda config: config.optim.get("nme"),
    ],
)
def test_asking_for_a_missing_key_searches_for_no_similar_one(config: Config, ask: Any) -> None:
    """Only an error message is worth the search for similar names."""
    called: list[str] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            called.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        ask(config)
    finally:
        sys.setprofile(None)
    assert "get" in called or "__contains__" in called
    assert "closest" not in called


def test_update_takes_permission_by_position() -> None:
    """`config.update(values, True)` and `config.persist()` work as in the wandb client."""
    config = Config({"lr": 0.1})
    config.update({"lr": 0.2}, True)
    config.persist()
    assert config.lr == 0.2
    with pytest.raises(ConfigError):
        config.update({"lr": 0.3}, False)
