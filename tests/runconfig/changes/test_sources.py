"""What a config holds is shared without being changed from afar."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
from types import FrameType
from typing import Any

import pytest

from runsettings.runconfig.config import Config
from runsettings.values.directives import Append
from runsettings.values.errors import ConfigError


def test_a_copy_and_its_original_change_apart() -> None:
    """A copy holds what its original held, whatever is written to either of them later."""
    config = Config({"a": {"b": 1}})
    config.c = 1
    twin = copy.deepcopy(config)
    config.a.d = 2
    config["e"] = 3
    assert twin == {"a": {"b": 1}, "c": 1}
    assert [leaf.value for leaf in twin.history("c")] == [1]
    with pytest.raises(KeyError):
        twin.origin("e")
    assert config == {"a": {"b": 1, "d": 2}, "c": 1, "e": 3}


@pytest.mark.parametrize("change", ["del config.a[0]['x']", "config.a[0].y = 1"])
def test_nothing_inside_of_a_list_changes(change: str) -> None:
    """An item of a list is neither written to nor removed, though changes are allowed."""
    config = Config({"a": [{"x": 1}]}, allow_val_change=True)
    scope: dict[str, Any] = {"config": config}
    with pytest.raises(ConfigError, match="is inside of a list"):
        exec(change, scope)
    assert config == {"a": [{"x": 1}]}


def _write_once(config: Config, number: int) -> None:
    config.a = number


def _write_nested(config: Config, number: int) -> None:
    config.optim.lr = number


def _write_in_turns(config: Config, number: int) -> None:
    config.a = number
    config["b"] = -number


def _write_list(config: Config, number: int) -> None:
    config.a = [number, {"x": number}]


def _replace_mapping(config: Config, number: int) -> None:
    config.optim = {"lr": number, "nested": {"x": number}}


def _remove_and_set(config: Config, number: int) -> None:
    config.a = number
    del config["a"]
    config.a = -number


def _update(config: Config, number: int) -> None:
    config.update(a=number)


def _update_nested(config: Config, number: int) -> None:
    config.update({"optim": {"lr": number, "wd": {"x": -number}}, "b": [number]})


def _update_without_change(config: Config, number: int) -> None:
    config.update({"optim": {"lr": 0.1, "empty": {}}})


def _fill(config: Config, number: int) -> None:
    config.setdefaults({"a": number, "optim": {"lr": number}})


def _kind_in_turns(config: Config, number: int) -> None:
    config.update({"a": {"b": number}} if number % 2 else {"a": number})


writes = pytest.mark.parametrize(
    "write",
    [
        *(_write_once, _write_nested, _write_in_turns, _write_list, _replace_mapping),
        *(_remove_and_set, _update, _update_nested, _update_without_change, _fill),
        _kind_in_turns,
    ],
)


def _written(write: Any, times: int) -> Config:
    config = Config({"optim": {"lr": 0.1, "empty": {}}, "a": 0, "b": 0}, allow_val_change=True)
    for number in range(times):
        write(config, 1_000 + number)
    return config


def _calls(work: Any) -> int:
    """How many functions, Python's and C's, ``work`` calls."""
    calls = 0

    def count(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    gc.disable()  # its callbacks would count
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


@writes
def test_memory_does_not_grow_with_the_number_of_writes(write: Any) -> None:
    """A config of many writes to a key takes no more memory than one of a few."""
    sizes = [len(pickle.dumps(_written(write, times))) for times in (20, 500)]
    # Integers take a few bytes more when they are larger.
    assert sizes[1] <= sizes[0] + 200
    assert [len(_written(write, times)._trees()) <= 25 for times in (20, 500)] == [True, True]


@writes
def test_the_work_of_a_look_up_does_not_grow_with_the_number_of_writes(write: Any) -> None:
    """`origin`, `history`, `explain` and a further write do no more work after many writes."""
    few, many, warm_up = _written(write, 20), _written(write, 500), _written(write, 20)
    for work in (
        lambda config: config.origin("a"),
        lambda config: config.origin("optim"),
        lambda config: config.history("optim.lr"),
        lambda config: config.explain(),
        lambda config: write(config, 1_001),
        lambda config: config.update({"optim": {"lr": 9}}),
        Config,
    ):
        work(warm_up)
        # Not equal: which sources can be joined depends on where the turns stopped.
        assert _calls(lambda: work(many)) <= 1.2 * _calls(lambda: work(few))  # noqa: B023


@writes
def test_the_sources_that_are_kept_make_the_data(write: Any) -> None:
    """A config made from another one holds the same values, each from the same place."""
    config = _written(write, 50)
    twin = Config(config)
    assert twin == config
    for leaf in config._store.leaves():
        assert twin.origin(leaf.path) == config.origin(leaf.path) == leaf.origin


def test_the_first_and_the_last_writes_stay_in_the_history() -> None:
    """The history begins with the last few values, and ends with the first ones."""
    config = Config({"epoch": 0}, allow_val_change=True)
    for number in range(1, 20_001):
        config.epoch = number
    values = [leaf.value for leaf in config.history("epoch")]
    assert values == [20_000, 19_999, 19_998, 19_997, 19_996, 1, 0]
    assert config.origin("epoch").call == "config.epoch ="


def test_appending_keeps_the_whole_list() -> None:
    """However often an update appends, a config made from this one has every item."""
    config = Config({"tags": ["a"]}, allow_val_change=True)
    for number in range(50):
        config.update({"tags": Append([number])})
    assert config.tags == Config(config).tags == ["a", *range(50)]


def test_an_equal_value_of_another_type_leaves_the_stored_one() -> None:
    """An update with 1.0 where 1 is stored changes neither the value nor its origin."""
    config = Config({"width": 1, "sizes": [1, 2], "optim": {"steps": 3}})
    first = config.origin("width")
    config.update({"width": 1.0, "sizes": [1.0, 2.0], "optim": {"steps": 3.0, "lr": 1}})
    assert repr(config.as_dict()) == (
        "{'width': 1, 'sizes': [1, 2], 'optim': {'steps': 3, 'lr': 1}}"
    )
    assert config.origin("width") == first
