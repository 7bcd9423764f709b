"""Reading, changing, watching and explaining a config."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runsettings.layers.given_flags import GivenNamespace
from runsettings.runconfig.config import Config
from runsettings.runconfig.store import Change
from runsettings.values.diagnostic import ConfigError, Rule
from runsettings.values.directive import Append, Delete
from runsettings.values.origin import Layer
from runsettings.values.tree import MISSING


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


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda config: config["lrr"], "no key 'lrr' — did you mean 'lr'?"),
        (lambda config: config.optim["nme"], "no key 'optim.nme' — did you mean 'name'?"),
        (lambda config: config.origin("optim.nme"), "no key 'optim.nme' — did you mean 'name'?"),
        (lambda config: config.history(("nothing", "at", "all")), "no key 'nothing'"),
        (lambda config: config.explain("optm"), "no key 'optm' — did you mean 'optim'?"),
    ],
)
def test_an_unknown_key_proposes_a_known_one(config: Config, read: Any, message: str) -> None:
    """A misspelt key is a KeyError that says which one was meant."""
    with pytest.raises(KeyError) as caught:
        read(config)
    assert message in caught.value.args[0]


def test_an_unknown_attribute_proposes_a_known_one(config: Config) -> None:
    """A misspelt attribute is an AttributeError that says which one was meant."""
    with pytest.raises(AttributeError, match=r"no key 'optim\.nme' — did you mean 'name'\?"):
        _ = config.optim.nme
    assert not hasattr(config, "nothing")


def test_new_keys_are_set(config: Config) -> None:
    """A key that is new can be set at any time, by key, attribute, and at depth."""
    config["seed"] = 1
    config.amp = True
    config.optim.eps = 1e-8
    config["optim"]["nested"] = {"a": (np.float32(1), 2)}
    assert (config.seed, config.amp, config.optim.eps) == (1, True, 1e-8)
    assert config.optim.nested == {"a": [1.0, 2]}
    origin = config.origin("optim.eps")
    assert (origin.layer, origin.call) == (Layer.INIT, "config.optim.eps =")
    assert "config.optim.eps" in Path(__file__).read_text().splitlines()[(origin.line or 0) - 1]


def test_a_changed_value_is_refused(config: Config) -> None:
    """The error names key, old and new value, and both origins."""
    with pytest.raises(ConfigError) as caught:
        config.lr = 0.5
    (fault,) = caught.value.diagnostics
    assert (
        str(caught.value)
        == f"""\
1 problem in run config

  lr is 0.1 and may not become 0.5 — pass allow_val_change=True to allow it
    {fault.origin}
    over  train.yaml:1:5 = 0.1"""
    )
    assert "config.lr =" in str(fault.origin)
    assert config.lr == 0.1


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.__setitem__("optim", {"name": "sgd"}),
        lambda config: config.__setitem__("optim", 3),
        lambda config: setattr(config.optim, "name", "sgd"),
        lambda config: config.update(lr=2),
        lambda config: config.update({"optim": {"name": "sgd"}}),
        lambda config: config.update({"optim": {"betas": Append([1])}}),
        lambda config: config.update({"optim": Delete()}),
        lambda config: config.pop("lr"),
        lambda config: config.optim.clear(),
        lambda config: delattr(config, "lr"),
    ],
)
def test_every_way_to_change_needs_permission(config: Config, change: Any) -> None:
    """However a set value is changed or removed, it is refused without permission."""
    before = config.as_dict()
    with pytest.raises(ConfigError) as caught:
        change(config)
    assert {fault.rule for fault in caught.value.diagnostics} == {Rule.VALUE_CHANGED}
    assert config == before


def test_an_equal_value_is_no_change(config: Config) -> None:
    """Setting what is there already is accepted and changes nothing."""
    config.lr = 0.1
    config["optim"] = {"betas": [0.9, {"x": 1}], "name": "adam"}
    config.update({"lr": 0.1, "optim": {"name": "adam"}})
    config.nan = float("nan")
    config.nan = float("nan")
    assert str(config.origin("lr")).startswith("train.yaml") or config.lr == 0.1


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), ([], {}), (None, False)])
def test_values_of_different_kinds_differ(old: Any, new: Any) -> None:
    """What Python calls equal is a change where JSON tells it apart."""
    config = Config({"x": old})
    with pytest.raises(ConfigError):
        config.x = new


def test_changes_are_allowed_on_request(jail: Any) -> None:
    """With permission values change, mappings are replaced by assignment, and keys removed."""
    jail.write("train.yaml", "lr: 0.1\noptim: {name: adam, lr: 1}\n")
    config = Config.load("train.yaml", allow_val_change=True)
    config.lr = 0.5
    config["optim"] = {"name": "sgd"}
    del config["lr"]
    config.optim.name = "lion"
    assert config == {"optim": {"name": "lion"}}
    config.lr = 3
    assert [leaf.value for leaf in config.history("lr")] == [3, Delete(), 0.5, 0.1]
    assert config.allow_val_change


def test_update_takes_permission_of_its_own(config: Config) -> None:
    """One update may change what the config as a whole does not allow to."""
    config.update({"lr": 2}, allow_val_change=True)
    assert config.lr == 2
    with pytest.raises(ConfigError):
        config.update({"lr": 3})


def test_update_merges_and_takes_every_input(jail: Any, config: Config) -> None:
    """`update` merges deeply, from files, flags, mappings and keywords alike."""
    jail.write("more.yaml", "optim: {eps: 1}\n")
    config.update(["more.yaml", {"a": {"b": 1}}], a={"c": 2})
    assert config.optim.eps == 1
    assert config.a == {"b": 1, "c": 2}
    assert str(config.origin("optim.eps")) == "more.yaml:1:14"
    config.optim.update({"late": 1})
    assert config.optim.late == 1
    assert "config.update()" in str(config.origin("optim.late"))


def test_update_with_flags_keeps_defaults_low(config: Config) -> None:
    """A flag's default only fills what is missing; a given flag is a change."""
    config.update(GivenNamespace({"seed": "--seed"}, lr=9, seed=1, fresh=2))
    assert (config.lr, config.seed, config.fresh) == (0.1, 1, 2)
    assert config.origin("fresh").layer is Layer.DEFAULT
    with pytest.raises(ConfigError, match="may not become 9"):
        config.update(GivenNamespace({"lr": "--lr"}, lr=9))


def test_update_is_all_or_nothing(config: Config) -> None:
    """If one key is refused nothing is changed, and all refusals are told."""
    before = config.as_dict()
    with pytest.raises(ConfigError) as caught:
        config.update({"new": 1, "lr": 2, "optim": {"name": "sgd"}})
    assert [fault.key for fault in caught.value.diagnostics] == ["lr", "optim.name"]
    assert config == before


def test_update_appends_with_permission(config: Config) -> None:
    """A directive acts on what the config holds."""
    config.update({"optim": {"betas": Append([3])}}, allow_val_change=True)
    assert config.optim.betas == [0.9, {"x": 1}, 3]


def test_setdefaults_fills_in_what_is_missing(config: Config) -> None:
    """Defaults are added at every depth and beat nothing; history shows that they lost."""
    config.setdefaults({"lr": 9, "optim": {"eps": 1, "name": "x"}}, seed=2)
    assert config == {
        "lr": 0.1,
        "seed": 2,
        "optim": {"name": "adam", "betas": [0.9, {"x": 1}], "eps": 1},
    }
    assert [leaf.value for leaf in config.history("lr")] == [0.1, 9]


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("a.b", 1, Rule.KEY_PERIOD),
        ("", 1, Rule.KEY_EMPTY),
        (3, 1, Rule.KEY_TYPE),
        ("batch-size", 1, Rule.KEY_COLLISION),
        ("x", b"", Rule.NOT_SERIALIZABLE),
        ("x", {"y": {"a.b": 1}}, Rule.KEY_PERIOD),
        ("x", "y" * 10_000_000, Rule.VALUE_TOO_LARGE),
        ("_wandb", 1, Rule.MISPLACED_KEY),
    ],
)
def test_writes_pass_the_rules(key: Any, value: Any, rule: Rule) -> None:
    """What loading refuses is refused when it is written, too, and nothing is changed."""
    config = Config({"batch_size": 1})
    with pytest.raises(ConfigError) as caught:
        config[key] = value
    assert [fault.rule for fault in caught.value.diagnostics] == [rule]
    assert config == {"batch_size": 1}


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


def test_values_that_were_passed_are_not_shared() -> None:
    """Changing an object that was passed does not change the config, or the other way round."""
    given: dict[str, Any] = {"a": {"b": [1]}}
    config = Config(given, allow_val_change=True)
    given["a"]["b"].append(2)
    config.a.c = 1
    assert config == {"a": {"b": [1], "c": 1}}
    assert given == {"a": {"b": [1, 2]}}


def test_history_survives_writes(config: Config) -> None:
    """Changing what was loaded leaves the sources as they were."""
    config.optim.new = 1
    config.update({"optim": {"name": "sgd"}}, allow_val_change=True)
    assert [leaf.value for leaf in config.history("optim.name")] == ["sgd", "adam"]
    assert [leaf.value for leaf in config.history("optim.new")] == [1]


def test_method_names_are_set_by_key_only(config: Config) -> None:
    """A key that an attribute could not read back is not set by attribute."""
    with pytest.raises(AttributeError, match=r"write config\['items'\]"):
        config.items = 3
    config["items"] = 3
    assert config["items"] == 3


def test_explain_tells_all_leaves(jail: Any, config: Config) -> None:
    """Without a key every leaf is explained; with a mapping's key, all below it."""
    assert (
        config.explain("optim")
        == """\
optim.name = 'adam'
  ▸ file       train.yaml:3:9                 'adam'
optim.betas = [0.9, {'x': 1}]
  ▸ file       train.yaml:4:10                [0.9, {'x': 1}]"""
    )
    assert config.explain().startswith("lr = 0.1\n")
    assert Config().explain() == ""


def test_observers_hear_each_accepted_change(config: Config) -> None:
    """An observer gets path, value and origin of what was accepted, in order, until it stops."""
    heard: list[Change] = []
    stop = config.observe(heard.append)
    config.seed = 1
    config.seed = 1
    with pytest.raises(ConfigError):
        config.lr = 5
    config.update({"optim": {"name": "sgd", "eps": 1}, "lr": 0.1}, allow_val_change=True)
    config.setdefaults({"lr": 7, "late": {"x": 1}})
    stop()
    config.unheard = 1
    assert [(change.path, change.value) for change in heard] == [
        (("seed",), 1),
        (("optim", "name"), "sgd"),
        (("optim", "eps"), 1),
        (("late",), {"x": 1}),
    ]
    assert all(change.origin.call for change in heard)


def test_observers_hear_removals() -> None:
    """A removed key is a change to nothing."""
    config = Config({"a": 1}, allow_val_change=True)
    heard: list[Change] = []
    config.observe(heard.append)
    del config["a"]
    assert [(change.path, change.value) for change in heard] == [(("a",), MISSING)]


def test_digest_is_the_same_everywhere() -> None:
    """The digest depends on the values alone, in every process, with NaN and all."""
    program = (
        "from runsettings.runconfig.config import Config;"
        "print(Config({'b': {'y': [1, float('nan')], 'x': 'ä'}, 'a': float('inf')}).digest)"
    )
    here = Config({"a": float("inf"), "b": {"x": "ä", "y": [1, float("nan")]}}).digest
    there = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert there.stdout.strip() == here
    assert Config({"a": 1}).digest != Config({"a": 2}).digest


def test_it_can_be_pickled_and_copied(config: Config) -> None:
    """A copy is equal, knows the same origins, and lives its own life."""
    for twin in (pickle.loads(pickle.dumps(config)), copy.deepcopy(config), copy.copy(config)):
        assert twin == config
        assert twin.origin("optim.name") == config.origin("optim.name")
        twin.only_here = 1
        assert "only_here" not in config
    assert copy.deepcopy(config.optim) == config.optim.as_dict()


def test_threads_can_write_at_once() -> None:
    """No change is lost, and observers hear all of them, when many threads write."""
    config = Config()
    heard: list[Change] = []
    config.observe(heard.append)

    def write(number: int) -> None:
        for index in range(50):
            config[f"key_{number}_{index}"] = index
            config.update({"shared": {f"{number}_{index}": index}})

    def read() -> None:
        while len(config) < 201:
            assert config.as_dict().keys() <= set(config)
            assert len(config.digest) == 64
            assert config.explain().count("▸") <= 400
            repr(config)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    threads.append(threading.Thread(target=read))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(config) == 201
    assert len(config.shared) == 200
    assert len(heard) == 400


def test_a_loop_of_writes_keeps_one_source() -> None:
    """Thousands of writes of one line do not make thousands of sources."""
    config = Config()
    for number in range(1000):
        config[f"key{number}"] = {"x": number}
    assert len(config._trees()) == 1
    assert config.origin("key7.x").line == config.origin("key999.x").line
    assert config.origin("key7.x").call == "config['key7'] ="


def test_sources_are_not_shared_by_later_writes() -> None:
    """What is written to a config after another was made from it stays out of the other."""
    first, second = Config(), None
    for number in range(4):
        first[f"key{number}"] = number
        second = second or Config(first)
    assert second is not None
    second.update({"mine": 1})
    assert second == {"key0": 0, "mine": 1}


def test_heavy_packages_stay_out() -> None:
    """Loading a plain config imports none of the packages whose objects it would take."""
    program = (
        "import sys; from runsettings.runconfig.config import Config; Config({'a': {'b': [1]}});"
        "print([m for m in ('absl', 'numpy', 'omegaconf', 'ml_collections', 'attrs', 'pydantic',"
        " 'jsonschema', 'torch', 'yaml') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
