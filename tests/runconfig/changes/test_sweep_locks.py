"""A sweep's keys are locked."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from runsettings.layers.flags.parsing import parse_args
from runsettings.runconfig.config import Config
from runsettings.values.diagnostic import Rule, Severity
from runsettings.values.errors import SettingsWarning
from runsettings.values.origin import Layer


@pytest.fixture
def swept(jail: Any) -> Config:
    """A config with a sweep above it."""
    jail.write("sweep.yaml", "wandb_version: 1\nlr:\n  value: 0.3\noptim:\n  value: {beta: 1}\n")
    jail.write("train.yaml", "lr: 0.3\nseed: 1\n")
    return Config.load(["train.yaml"], sweep_file="sweep.yaml", allow_val_change=True)


def test_a_sweep_and_an_equal_value_agree(swept: Config) -> None:
    """The sweep's values count, and a value that is equal to one is no conflict."""
    assert swept.as_dict() == {"lr": 0.3, "seed": 1, "optim": {"beta": 1}}
    assert swept.origin("lr").layer is Layer.SWEEP
    assert swept.diagnostics == ()


def test_a_sweep_says_what_it_refused(jail: Any, swept: Config) -> None:
    """An input that sets a locked key to something else loses, and both are named."""
    config = Config.load([{"lr": 1, "optim": 3}, "train.yaml"], sweep_file="sweep.yaml")
    assert config.lr == 0.3
    first, second = config.diagnostics
    assert (first.rule, first.severity, first.key) == (Rule.LOCKED_KEY, Severity.WARNING, "lr")
    assert first.message == "is locked by the sweep; kept 0.3, refused 1"
    assert first.origin is not None
    assert first.origin.layer is Layer.INIT
    assert str(first.over[0].origin) == "sweep.yaml:3:10"
    assert second.key == "optim"


def test_a_flags_default_is_no_conflict_with_a_sweep(jail: Any, swept: Config) -> None:
    """Nobody asked for a default, so nobody has to be told that it lost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", default=9)
    assert Config.load(parse_args(parser, []), sweep_file="sweep.yaml").diagnostics == ()
    given = Config.load(parse_args(parser, ["--lr", "8"]), sweep_file="sweep.yaml")
    assert [str(fault.origin) for fault in given.diagnostics] == ["--lr"]


@pytest.mark.parametrize(
    "write",
    [
        lambda config: config.__setitem__("lr", 1),
        lambda config: setattr(config, "lr", 1),
        lambda config: config.update({"lr": 1}),
        lambda config: config.update({"lr": 1}, allow_val_change=True),
        lambda config: config.__delitem__("lr"),
    ],
)
def test_writes_to_a_locked_key_are_refused(swept: Config, write: Any) -> None:
    """After loading, too, the sweep's value stays, with a warning; the rest may change."""
    with pytest.warns(SettingsWarning, match="lr is locked by the sweep"):
        write(swept)
    assert swept.lr == 0.3
    assert swept.diagnostics[-1].rule is Rule.LOCKED_KEY


def test_unlocked_keys_of_a_swept_config_change(swept: Config) -> None:
    """A lock holds its own keys and no others; an equal value passes in silence."""
    swept.seed = 5
    swept["lr"] = 0.3
    swept.update({"lr": 0.3, "optim": {"beta": 1, "eps": 2}})
    assert swept.as_dict() == {"lr": 0.3, "seed": 5, "optim": {"beta": 1, "eps": 2}}


def test_the_rest_of_a_mapping_that_meets_a_lock_is_written(swept: Config) -> None:
    """A mapping is written but for the leaves that the sweep decides."""
    with pytest.warns(SettingsWarning, match=r"optim\.beta is locked .* kept 1, refused 5"):
        swept["optim"] = {"beta": 5, "eps": 2}
    assert swept.optim == {"beta": 1, "eps": 2}
    swept["optim"] = {"eps": 3}
    assert swept.optim == {"eps": 3, "beta": 1}
    with pytest.warns(SettingsWarning, match=r"optim is locked by the sweep; .* refused 7"):
        swept["optim"] = 7
    assert swept.optim == {"eps": 3, "beta": 1}


def test_a_locked_key_is_not_removed(swept: Config) -> None:
    """Removing a mapping with locked keys tells which keys they are."""
    with pytest.warns(SettingsWarning, match=r"optim\.beta is locked .* kept 1, not removed"):
        del swept["optim"]
    assert swept.optim == {"beta": 1}


def test_the_warning_stands_at_the_line_that_wrote(swept: Config) -> None:
    """A warning about a write names the writer's file and line as its own place."""
    with pytest.warns(SettingsWarning) as warned:
        swept.lr = 1
    origin = swept.diagnostics[-1].origin
    assert origin is not None
    assert (warned[0].filename, warned[0].lineno) == (origin.where, origin.line)
