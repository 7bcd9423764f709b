"""Where values came from, and what identifies a config."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import pytest

from runsettings.runconfig.config import Config


@pytest.fixture
def config(jail: Any) -> Config:
    """A small nested config from a file."""
    jail.write("train.yaml", "lr: 0.1\noptim:\n  name: adam\n  betas: [0.9, {x: 1}]\n")
    return Config.load("train.yaml")


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda config: config["lrr"], "no key 'lrr' — did you mean 'lr'?"),
        (lambda config: config.optim["nme"], "no key 'optim.nme' — did you mean 'name'?"),
        (lambda config: config.origin("optim.nme"), "no key 'optim.nme' — did you mean 'name'?"),
        (lambda config: config.history(("nothing", "at", "all")), "no key 'nothing'"),
        (lambda config: config["optim.name"], "— write config['optim']['name']"),
        (lambda config: config["optim.nme"], "— did you mean config['optim']['name']?"),
        (lambda config: config["optm.nme"], "— did you mean config['optim']['name']?"),
        (lambda config: config["optim/name"], "— did you mean config['optim']['name']?"),
        (lambda config: config["optim.zzz"], "the run config has no key 'optim.zzz'"),
        (lambda config: config.explain("optm"), "no key 'optm' — did you mean 'optim'?"),
    ],
)
def test_an_unknown_key_proposes_a_known_one(config: Config, read: Any, message: str) -> None:
    """A misspelt key is a KeyError that says which one was meant."""
    with pytest.raises(KeyError) as caught:
        read(config)
    assert message in caught.value.args[0]


def test_history_survives_writes(config: Config) -> None:
    """Changing what was loaded leaves the sources as they were."""
    config.optim.new = 1
    config.update({"optim": {"name": "sgd"}}, allow_val_change=True)
    assert [leaf.value for leaf in config.history("optim.name")] == ["sgd", "adam"]
    assert [leaf.value for leaf in config.history("optim.new")] == [1]


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


def test_an_update_adds_keys_in_the_order_of_its_input() -> None:
    """Not in one that changes from process to process with the seed of hashes."""
    names = [f"key{number}" for number in (*range(20, 0, -1), *range(21, 41))]
    config = Config()
    config.update(dict.fromkeys(names, 1))
    config.update({"later": 1, **dict.fromkeys(names, 1), "last": 1})
    assert list(config) == [*names, "later", "last"]
