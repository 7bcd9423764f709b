"""Lists of runs: selecting, sorting, columns, groups, and JSON objects of their rows."""

from __future__ import annotations

import math

import pytest

from runsettings.journal.query.errors import QueryError, UnknownKeyError
from runsettings.journal.query.filters import attribute_filter, parse_filter
from runsettings.journal.query.groups import group_columns, summary_metrics
from runsettings.journal.query.keys import find_key, parse_keys, parse_order
from runsettings.journal.query.listing import run_columns, select_runs
from runsettings.journal.query.run_objects import row_objects, run_object
from runsettings.journal.replay import StoredRun
from runsettings.values.key_paths import MISSING


def run(run_id, config=None, **attributes):
    """A run with an id and a config."""
    return StoredRun(f"wandb/x/run-{run_id}.jsonl", id=run_id, config=config or {}, **attributes)


RUNS = [
    run("a", {"lr": 0.1, "o": {"x": [1]}}, project="p", tags=["s", "t"], summary={"loss": 1}),
    run("b", {"lr": 1}, project="p", created=5.0, summary={"loss": math.nan, "note": "x"}),
    run("c", {"lr": "auto"}, project="q", tags=["t"], summary={"loss": 10**400}),
]


def ids(runs):
    """What tells runs apart."""
    return "".join(each.id for each in runs)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("id", "abc"),
        ("-id", "cba"),
        ("config.lr", "abc"),
        ("-config.lr", "cba"),
        ("created", "bac"),
        ("-created", "bac"),
        ("summary.loss", "acb"),
        ("-summary.loss", "cab"),
        ("config.o", "abc"),
        ("config.o.x", "abc"),
    ],
)
def test_runs_are_sorted_and_those_without_a_value_come_last(order, expected):
    """Either way; numbers stand before texts."""
    assert ids(select_runs(RUNS, [], [parse_order(order, RUNS)])) == expected


def test_every_filter_must_hold():
    """Filters of text and of attributes are of one kind."""
    text = parse_filter("config.lr > 0", RUNS, now=0.0)
    assert ids(select_runs(RUNS, [text])) == "ab"
    assert ids(select_runs(RUNS, [text, attribute_filter(tags=["t"])])) == "a"
    assert ids(select_runs(RUNS, [attribute_filter()])) == "abc"
    assert ids(select_runs(RUNS, [attribute_filter(since=5.0)])) == "b"
    assert ids(select_runs(RUNS, [attribute_filter(before=5.0)])) == "ac"


def test_columns_have_a_value_for_each_run():
    """And `MISSING` where a run has none; as JSON that is null."""
    columns = run_columns(RUNS, parse_keys("id, config.o.x,created", RUNS))
    assert [column.heading for column in columns] == ["id", "config.o.x", "created"]
    assert columns[1].values == [[1], MISSING, MISSING]
    first, second, _ = row_objects(columns)
    assert first == {"id": "a", "config.o.x": [1], "created": None}
    assert second["created"] == "1970-01-01T00:00:05.000Z"
    assert row_objects([]) == []


def test_groups_have_counts_and_means():
    """A run is in the group of each tag; what a float cannot hold is left out of means."""
    metrics = summary_metrics(RUNS)
    assert [key.text for key in metrics] == ["summary.loss"]
    columns = group_columns(RUNS, [find_key("tags", RUNS)], metrics)
    assert row_objects(columns)[:2] == [
        {"tags": "s", "runs": 1, "mean summary.loss": 1},
        {"tags": "t", "runs": 2, "mean summary.loss": 1},
    ]
    assert columns[0].values[2] is MISSING
    assert [len(column.values) for column in group_columns(RUNS, [], [], limit=1)] == [1]


SEEDS = [
    run("a", {"lr": 1}, name="z", summary={"acc": 0.9}),
    run("b", {"lr": 2}, name="y", summary={"acc": 0.7}),
    run("c", {"lr": 2}, name="x", summary={"acc": 0.6}),
    run("d", {"lr": 1}, name="w", summary={"acc": 0.1}),
    run("e", {"lr": 3}, name="v", summary={"acc": math.nan}),
    run("f", {"lr": 4}, name="u", summary={}),
]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("", [1, 2, 3, 4]),
        ("-config.lr", [4, 3, 2, 1]),
        ("-summary.acc", [2, 1, 3, 4]),
        ("summary.acc", [1, 2, 3, 4]),
        ("name", [4, 3, 2, 1]),
        ("steps,-summary.acc", [2, 1, 3, 4]),
    ],
)
def test_groups_are_sorted_by_the_means_that_they_show(order, expected):
    """Not by their best run; a group without numbers is sorted by its first run."""
    parsed = [parse_order(text, SEEDS) for text in filter(None, order.split(","))]
    columns = group_columns(SEEDS, [find_key("config.lr", SEEDS)], [], order=parsed)
    assert columns[0].values == expected


def test_a_list_of_keys_has_each_once():
    """Empty parts are left out, and nothing is an error."""
    assert [key.text for key in parse_keys("id,,name, id", RUNS)] == ["id", "name"]
    with pytest.raises(QueryError, match="names no key"):
        parse_keys(" , ", RUNS)
    with pytest.raises(UnknownKeyError, match=r"did you mean 'config\.lr'"):
        parse_order("-lr", RUNS)


def test_a_run_as_an_object_has_every_attribute():
    """With `None` for those that it lacks."""
    found = run_object(RUNS[1])
    assert (found["id"], found["created"]) == ("b", "1970-01-01T00:00:05.000Z")
    assert (found["started"], found["exit_code"], found["tags"]) == (None, None, [])
    assert found["directory"] == "wandb/x"
    assert found["config"] == {"lr": 1}
