"""`define_metric`: the summary of a metric in the script, in the files and for readers."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import runsettings
from runsettings.journal.index import list_runs
from runsettings.journal.reader import read_history
from runsettings.journal.replay import load_run
from runsettings.values.errors import RunError

ROWS = [{"loss": 3.0, "val/a": 1}, {"loss": 1.0, "val/a": 5}, {"loss": 2.0, "val/a": 3}]

DEFINITIONS = [
    ([{"name": "loss", "summary": "min"}], {"loss": {"min": 1.0}, "val/a": 3}),
    (
        [{"name": "loss", "summary": "min,max,mean,first,last"}],
        {
            "loss": {"min": 1.0, "max": 3.0, "mean": 2.0, "first": 3.0, "last": 2.0},
            "val/a": 3,
        },
    ),
    (
        [{"name": "loss", "summary": ["MIN", " max"]}],
        {"loss": {"min": 1.0, "max": 3.0}, "val/a": 3},
    ),
    ([{"name": "loss", "summary": "best"}], {"loss": {"best": 1.0}, "val/a": 3}),
    (
        [{"name": "loss", "summary": "best", "goal": "maximize"}],
        {"loss": {"best": 3.0}, "val/a": 3},
    ),
    ([{"name": "loss", "summary": "none"}], {"val/a": 3}),
    ([{"name": "loss", "summary": "none,min"}], {"val/a": 3}),
    ([{"name": "loss", "summary": "copy"}], {"loss": 2.0, "val/a": 3}),
    ([{"name": "loss", "summary": "copy,min"}], {"loss": {"min": 1.0}, "val/a": 3}),
    ([{"name": "loss"}], {"loss": 2.0, "val/a": 3}),
    ([{"name": "val/*", "summary": "max"}], {"loss": 2.0, "val/a": {"max": 5}}),
    ([{"name": "*", "summary": "max"}], {"loss": {"max": 3.0}, "val/a": {"max": 5}}),
    (
        [{"name": "val/*", "summary": "max"}, {"name": "val/a", "summary": "min"}],
        {"loss": 2.0, "val/a": {"min": 1}},
    ),
    (
        [{"name": "v*", "summary": "min"}, {"name": "val/*", "summary": "max"}],
        {"loss": 2.0, "val/a": {"min": 1}},
    ),
    (
        [{"name": "loss", "summary": "min"}, {"name": "loss", "summary": "max"}],
        {"loss": {"min": 1.0, "max": 3.0}, "val/a": 3},
    ),
    (
        [{"name": "loss", "summary": "min"}, {"name": "loss", "summary": "max", "overwrite": True}],
        {"loss": {"max": 3.0}, "val/a": 3},
    ),
]


def nested(flat: dict) -> dict:
    """A flat summary of keys without dots of their own, nested."""
    found: dict = {}
    for key, value in flat.items():
        head, dot, rest = key.partition(".")
        if dot:
            found.setdefault(head, {})[rest] = value
        else:
            found[head] = value
    return found


@pytest.mark.parametrize(("definitions", "expected"), DEFINITIONS)
def test_every_reader_sees_the_summary_that_was_defined(begin, definitions, expected):
    """The script, the file, the journal and the listing agree."""
    run = begin()
    for definition in definitions:
        run.define_metric(**definition)
    for row in ROWS:
        run.log(row)
    live = run.summary.as_dict()
    run.finish()
    file = json.loads(Path(run.dir, "wandb-summary.json").read_text())
    own = {key: file[key] for key in file if not key.startswith("_")}
    (listed,) = list_runs(run.path.parent).runs
    replayed = load_run(run.journal_path)
    assert live == own == nested(replayed.summary) == nested(listed.summary) == expected


@pytest.mark.parametrize(("definitions", "expected"), DEFINITIONS)
def test_a_disabled_run_has_the_same_summary(begin, definitions, expected):
    """A script that reads it back goes on."""
    run = begin(mode="disabled")
    for definition in definitions:
        run.define_metric(**definition)
    for row in ROWS:
        run.log({key: np.float32(value) for key, value in row.items()})
    assert run.summary.as_dict() == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, math.nan, 2.0], {"min": 1.0, "max": 2.0, "mean": math.nan, "last": 2.0}),
        ([math.nan], {"mean": math.nan, "last": math.nan}),
        ([1.0, math.inf], {"min": 1.0, "max": math.inf, "mean": math.inf, "last": math.inf}),
        ([True, False], {"min": False, "max": True, "mean": 0.5, "last": False}),
        ([None, 3], {"min": 3, "max": 3, "mean": 3.0, "last": 3}),
        (["x", "y"], {"last": "y"}),
        ([[1, 2]], {"last": [1, 2]}),
        ([10**400, 1], {"min": 1, "max": 10**400, "mean": math.inf, "last": 1}),
    ],
)
def test_what_is_no_number_counts_as_the_last_value_only(begin, values, expected):
    """NaN is neither the smallest nor the largest value."""
    run = begin()
    run.define_metric("a", summary="min,max,mean,last")
    for value in values:
        run.log({"a": value})
    found = dict(run.summary["a"])
    assert repr(found) == repr(expected)
    assert repr(nested(load_run(run.journal_path).summary)["a"]) == repr(expected)


def test_the_last_value_of_a_step_is_the_value_of_its_row(begin):
    """Aggregates are those of the rows that readers see."""
    run = begin()
    run.define_metric("a", summary="min,mean,first")
    run.log({"a": 1}, commit=False)
    run.log({"a": 5})
    run.log({"a": 7})
    assert [row["a"] for row in read_history(run.journal_path)] == [5, 7]
    assert run.summary["a"] == {"min": 5, "mean": 6.0, "first": 5}
    assert load_run(run.journal_path).summary == {"a.min": 5, "a.mean": 6.0, "a.first": 5}


def test_nested_metrics_have_dotted_names(begin):
    """As their keys in the summary have."""
    run = begin()
    run.define_metric("val.acc", summary="max")
    for value in (1, 3, 2):
        run.log({"val": {"acc": value, "n": value}})
    assert run.summary.as_dict() == {"val": {"acc": {"max": 3}, "n": 2}}


def test_a_definition_counts_from_the_next_row_on(begin):
    """What was logged before it is not an aggregate, and is replaced by the first one."""
    run = begin()
    run.log({"a": 1, "b": 1})
    run.define_metric("a", summary="min")
    run.define_metric("b", summary="none")
    assert run.summary.as_dict() == {"a": 1}
    run.log({"a": 5, "b": 5})
    assert run.summary.as_dict() == nested(load_run(run.journal_path).summary) == {"a": {"min": 5}}


def test_a_resumed_run_goes_on_with_its_aggregates(begin):
    """The mean needs how many values there were."""
    run = begin(id="x")
    run.define_metric("a", summary="min,mean")
    run.log({"a": 1})
    run.finish()
    run = begin(id="x", resume="must")
    run.log({"a": 4})
    run.log({"a": 7})
    assert run.summary["a"] == {"min": 1, "mean": 4.0}
    assert load_run(run.journal_path).summary == {"a.min": 1, "a.mean": 4.0}


def test_a_killed_run_has_its_aggregates(script, stored):
    """They are computed from the journal."""
    script(
        """
        run = begin()
        run.define_metric("a", summary="min,mean")
        for value in (4, 2, 3):
            run.log({"a": value})
        os.kill(os.getpid(), 9)
        """
    )
    assert stored().summary == {"a.min": 2, "a.mean": 3.0}


def test_listing_a_growing_journal_counts_every_row_once(begin):
    """The index continues from the totals that it stored."""
    run = begin()
    run.define_metric("a", summary="mean,max")
    for value in (1, 5, 3):
        run.log({"a": value})
        (listed,) = list_runs(run.path.parent).runs
        assert listed.summary == load_run(run.journal_path).summary
    assert listed.summary == {"a.mean": 3.0, "a.max": 5}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, [{"epoch": 1}, {"loss": 2, "epoch": 1}, {"loss": 3, "epoch": 1}, {"b": 1}]),
        ({"step_sync": False}, [{"epoch": 1}, {"loss": 2}, {"loss": 3}, {"b": 1}]),
    ],
)
def test_a_row_gets_the_step_metric_that_it_needs(begin, more, expected):
    """So that the history has both axes of the chart."""
    run = begin()
    run.define_metric("loss", step_metric=run.define_metric("epoch"), **more)
    for row in ({"epoch": 1}, {"loss": 2}, {"loss": 3}, {"b": 1}):
        run.log(row)
    rows = list(read_history(run.journal_path))
    assert [{k: row[k] for k in row if not k.startswith("_")} for row in rows] == expected


def test_a_value_set_by_hand_counts_until_the_next_row(begin):
    """It replaces the aggregates, and the next row replaces it."""
    run = begin()
    run.define_metric("a", summary="min")
    run.log({"a": 1})
    run.summary["a"] = 9
    assert run.summary["a"] == load_run(run.journal_path).summary["a"] == 9
    run.log({"a": 2})
    assert run.summary["a"] == {"min": 1}
    assert load_run(run.journal_path).summary == {"a.min": 1}


WRONG = [
    ({"name": ""}, "must not be empty"),
    ({"name": 3}, "must be a text; got 3"),
    ({"name": "a*b"}, "has '\\*' before its end"),
    ({"name": "a", "summary": "mim"}, "must be one of 'min', .* did you mean 'min'"),
    ({"name": "a", "summary": "median"}, "must be one of 'min', .* did you mean 'mean'"),
    ({"name": "a", "summary": 1}, "must be a text or a list; got 1"),
    ({"name": "a", "goal": "lowest"}, "must be one of 'minimize', 'maximize'; got 'lowest'"),
    ({"name": "a", "step_metric": 5}, "must be a text; got 5"),
    ({"name": "a", "hidden": "yes"}, "must be true or false; got 'yes'"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_a_wrong_argument_is_an_error(begin, arguments, message):
    """With the line of the call."""
    with pytest.raises(RunError, match=message) as caught:
        begin().define_metric(**arguments)
    assert "test_metrics.py" in str(caught.value)


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_a_disabled_run_takes_every_argument(begin, arguments, message):
    """Such a run stops no script."""
    del message
    begin(mode="disabled").define_metric(**arguments)


def test_all_wrong_arguments_are_told_at_once(begin):
    """Each by its name."""
    with pytest.raises(RunError) as caught:
        begin().define_metric("a*b", summary="median,low", goal="up", step_metric=3)
    keys = [diagnostic.key for diagnostic in caught.value.diagnostics]
    assert keys == ["step_metric", "name", "summary", "summary", "goal"]


def test_hidden_is_recorded_and_told_once(begin, capsys, records):
    """No chart of this package hides it."""
    run = begin()
    run.define_metric("a", hidden=True)
    run.define_metric("b", hidden=True)
    assert capsys.readouterr().err.count("define_metric(hidden=True)") == 1
    assert [record["hidden"] for record in records(run, "metric")] == [True, True]


def test_the_function_of_the_module_acts_on_the_current_run(begin):
    """And needs one."""
    with pytest.raises(RunError, match=r"define_metric\(\) needs a run"):
        runsettings.define_metric("a")
    run = begin()
    assert runsettings.define_metric("a", summary="max").name == "a"
    run.log({"a": 1})
    assert run.summary["a"]["max"] == 1


def test_a_finished_run_defines_nothing(begin):
    """As it logs nothing."""
    run = begin()
    run.finish()
    with pytest.raises(RunError, match="define_metric has no effect any more"):
        run.define_metric("a")
