"""How a config changes: what is accepted, what is refused, and who hears of it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runsettings.layers.flags.namespace import GivenNamespace
from runsettings.runconfig.changes.change import Change
from runsettings.runconfig.config import Config
from runsettings.runconfig.inputs.json_values import DEEPEST
from runsettings.values.diagnostic import Rule
from runsettings.values.directives import Append, Delete
from runsettings.values.errors import ConfigError
from runsettings.values.key_paths import MISSING
from runsettings.values.origin import Layer
from runsettings.values.tree import Tree


@pytest.fixture
def config(jail: Any) -> Config:
    """A small nested config from a file."""
    jail.write("train.yaml", "lr: 0.1\noptim:\n  name: adam\n  betas: [0.9, {x: 1}]\n")
    return Config.load("train.yaml")


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

  lr is 0.1 and may not become 0.5 — pass allow_val_change=True to init(), or to config.update()
    {fault.origin}
    over  train.yaml:1:5 = 0.1"""
    )
    assert "config.lr =" in str(fault.origin)
    assert config.lr == 0.1


def test_a_refused_change_shows_the_earlier_assignment_as_written(config: Config) -> None:
    """The assignment that stays reads as in the program: ``config.z = 1``."""
    config.z = 1
    with pytest.raises(ConfigError, match=r"over  \S+:\d+ config\.z = 1$"):
        config.z = 2


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
    assert str(config.origin("lr")) == "train.yaml:1:5"
    config.update({"lr": 0.1, "optim": {"name": "adam"}})
    config.nan = float("nan")
    config.nan = float("nan")
    assert config.lr == 0.1


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
        ((3, 4), 1, Rule.KEY_TYPE),
        ("batch-size", 1, Rule.KEY_COLLISION),
        ("x", "\ud800", Rule.NOT_SERIALIZABLE),
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


def test_values_that_were_passed_are_not_shared() -> None:
    """Changing an object that was passed does not change the config, or the other way round."""
    given: dict[str, Any] = {"a": {"b": [1]}}
    config = Config(given, allow_val_change=True)
    given["a"]["b"].append(2)
    config.a.c = 1
    assert config == {"a": {"b": [1], "c": 1}}
    assert given == {"a": {"b": [1, 2]}}


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


def test_nested_writes_pass_the_rules_of_the_whole() -> None:
    """A write at depth names the whole path, and counts with what is around it."""
    config = Config({"a": {"b": {}}}, allow_val_change=True)
    with pytest.raises(ConfigError) as caught:
        config.a.b["x.y"] = 1
    assert caught.value.diagnostics[0].key == "a.b.x.y"
    view = config.a
    for _ in range(DEEPEST - 2):
        view["n"] = {}
        view = view.n
    with pytest.raises(ConfigError) as caught:
        view["n"] = {}
    assert caught.value.diagnostics[0].rule is Rule.TOO_DEEP


def test_a_value_stays_small_write_by_write() -> None:
    """The limit is on the whole value of a top-level key, however it grows; the old is freed."""
    config = Config({"a": {}}, allow_val_change=True)
    for _ in range(3):
        config.a.x = "x" * 6_000_000
    for number in range(10):
        config.a[f"y{number}"] = "y" * 100_000
    with pytest.raises(ConfigError, match=r"a is 11,0\d\d,\d\d\d bytes as JSON"):
        config.a.z = "z" * 4_000_000
    del config.a["x"]
    config.a.z = "z" * 4_000_000
    assert set(config.a) == {*(f"y{number}" for number in range(10)), "z"}


def test_a_config_costs_no_call_for_each_value(jail, counted_calls):
    """Loading and copying call functions for the mappings of a file, not for their scalars."""
    found = []
    for leaves in (10, 200):
        lines = [f"  key{number}: word" for number in range(leaves)]
        jail.write("c.yaml", "\n".join(["a:", *lines]))
        with counted_calls() as calls:
            config = Config.load("c.yaml")
            config.as_dict()
        yaml_events = {name: calls.pop(name) for name in [*calls] if "Event" in name}
        assert yaml_events
        found.append(sum(calls.values()))
    assert found[1] < found[0] + 100


@pytest.mark.parametrize("write", ["a.b = 2", "update", "del"])
def test_the_first_write_leaves_the_sources_as_they_were(write):
    """The data of a new config are those of its sources, and are copied before a write."""
    tree = Tree(Layer.FILE, "c.yaml", {"a": {"b": 1, "c": [1]}})
    config = Config.load(tree, allow_val_change=True)
    twin = Config.load(tree)
    if write == "update":
        config.update({"a": {"b": 2}})
    elif write == "del":
        del config["a"]["b"]
    else:
        config["a"]["b"] = 2
    assert tree.data == twin.as_dict() == {"a": {"b": 1, "c": [1]}}
    assert config.as_dict()["a"].get("b") in (2, None)
