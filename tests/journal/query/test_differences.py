"""Differences of two runs: which values are equal, and what set each."""

from __future__ import annotations

import math

import pytest

from runsettings.journal.query.differences import compare_runs
from runsettings.journal.replay import StoredRun


def run(value):
    """A run whose config has one value."""
    return StoredRun("x/run-a.jsonl", config={"key": value})


@pytest.mark.parametrize(
    ("a", "b"),
    [(1, 1.0), ([1], [1.0]), (math.nan, math.nan), ([math.nan], [math.nan]), ({"x": 1}, {"x": 1})],
)
def test_equal_values_do_not_differ(a, b):
    """Numbers by their value, NaN with itself, at any depth."""
    assert compare_runs(run(a), run(b)) == []


@pytest.mark.parametrize(
    ("a", "b"), [(1, True), (0, False), (1, "1"), (None, False), ([1], [True]), ([1], [1, 1])]
)
def test_values_of_other_types_differ(a, b):
    """A bool is no number, and a text is none."""
    (found,) = compare_runs(run(a), run(b))
    assert (found.section, found.key, found.differs) == ("config", "key", True)


def test_a_key_of_one_run_differs_from_null():
    """A config may hold null, which is a value."""
    (found,) = compare_runs(run(None), StoredRun("y/run-b.jsonl"))
    assert (found.a.value, found.b) == (None, None)
    assert found.to_json()["b"] is None


def test_each_value_has_its_origin():
    """As it was recorded; of the summary there is none."""
    a, b = run(1), run(2)
    a.config_origins = {"key": {"layer": "file", "where": "a.yaml", "line": 3, "column": 5}}
    a.summary = {"loss": 1}
    config, loss = compare_runs(a, b, summary=True)
    assert (config.a.layer, config.a.origin_text, config.b.origin_text) == (
        "file",
        "a.yaml:3:5",
        "",
    )
    assert (loss.section, loss.a.origin) == ("summary", None)


def test_equal_keys_are_kept_if_asked():
    """In the order of the first run, and then those of the second alone."""
    a = StoredRun("x/run-a.jsonl", config={"b": 1, "a": 1})
    b = StoredRun("y/run-b.jsonl", config={"c": 1, "a": 1, "b": 1})
    found = compare_runs(a, b, equal=True)
    assert [(each.key, each.differs) for each in found] == [("b", False), ("a", False), ("c", True)]
