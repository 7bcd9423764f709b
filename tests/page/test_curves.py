"""The curves that the page's charts draw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runsettings.page import live_directory
from runsettings.page.curves import curves_as_csv, curves_as_json, metric_names, read_curves
from runsettings.page.live_directory import LiveDirectory
from runsettings.recorded import journal_series
from runsettings.recorded.stored_series import SeriesStore


@pytest.fixture
def source(jail, begin):
    """Four runs with two learning rates: the loss of 500 steps, and a metric that one run has."""
    for number in range(4):
        with begin(id=f"r{number}", config={"lr": number % 2}, tags=["a"]) as run:
            for step in range(500):
                run.log({"loss": number + step})
            if number == 3:
                run.log({"val": {"acc": 0.5}})
    return LiveDirectory(jail.cwd / "wandb")


def test_runs_are_selected_and_grouped(source):
    """By the language of filters, as in the table."""
    found = read_curves(source, {"where": "id != r0", "sort": "id", "group": "config.lr"})
    assert found["total"] == 3
    assert [run["id"] for run in found["runs"]] == ["r1", "r2", "r3"]
    assert found["groups"] == [{"values": [1], "runs": [0, 2]}, {"values": [0], "runs": [1]}]


def test_metrics_of_the_most_runs_come_first(source):
    """They are shown if none is chosen."""
    found = read_curves(source, {"sort": "id"})
    assert found["metrics"] == ["loss", "val.acc"]
    assert [sorted(run["curves"]) for run in found["runs"]] == [["loss"]] * 3 + [
        ["loss", "val.acc"]
    ]
    assert [sorted(run["curves"]) for run in read_curves(source, {"keys": "val.acc"})["runs"]] == [
        *(["val.acc"], [], [], []),
    ]


def test_a_metric_that_is_summarized_is_named_by_itself(jail, begin):
    """Not by the keys of its aggregates."""
    with begin(id="a") as run:
        run.define_metric("loss", summary="min,max")
        run.log({"loss": 1, "other.min": 2})
    assert metric_names(LiveDirectory(jail.cwd / "wandb").runs().runs) == ["loss", "other.min"]


def test_a_range_of_steps_has_finer_buckets(source):
    """Each bucket has the step in the middle of its steps."""
    asked = {"where": "id = r1", "keys": "loss", "buckets": "10"}
    (run,) = read_curves(source, asked)["runs"]
    assert run["curves"]["loss"]["x"][:2] == [24.5, 74.5]
    (run,) = read_curves(source, {**asked, "first": "100", "last": "104"})["runs"]
    assert run["curves"]["loss"]["x"] == [100, 101, 102, 103, 104]
    assert run["curves"]["loss"]["mean"] == [101, 102, 103, 104, 105]


def test_time_is_relative_to_the_start_of_each_run_or_not(source):
    """A range of times selects the steps that were logged in it."""
    (stored,) = [run for run in source.runs().runs if run.id == "r1"]
    asked = {"where": "id = r1", "keys": "loss"}
    (wall,) = read_curves(source, {**asked, "x": "wall"})["runs"]
    (relative,) = read_curves(source, {**asked, "x": "time"})["runs"]
    x = wall["curves"]["loss"]["x"]
    assert x == sorted(x)
    assert stored.created <= x[0] <= x[-1] <= stored.last
    assert relative["curves"]["loss"]["x"] == pytest.approx([at - stored.created for at in x])
    part = {"first": str(x[100]), "last": str(x[200])}
    (zoomed,) = read_curves(source, {**asked, "x": "wall", **part})["runs"]
    shown = zoomed["curves"]["loss"]
    assert x[99] <= shown["x"][0] <= shown["x"][-1] <= x[201]


def test_a_response_is_small_however_many_runs_there_are(source, monkeypatch):
    """Fewer runs, and fewer points of each."""
    monkeypatch.setattr("runsettings.page.curves._RUNS", 2)
    monkeypatch.setattr("runsettings.page.curves._POINTS", 400)
    found = read_curves(source, {"keys": "loss"})
    assert (found["total"], len(found["runs"])) == (4, 2)
    assert len(found["runs"][0]["curves"]["loss"]["x"]) == 200


@pytest.mark.parametrize("text", ["", "nan", "x", "1e999", "-5"])
def test_a_wrong_range_is_none(source, text):
    """The page never asks so, and whoever edits the address may."""
    (run,) = read_curves(source, {"where": "id = r1", "keys": "loss", "first": text})["runs"]
    assert len(run["curves"].get("loss", {"x": []})["x"]) in (0, 500)


def test_curves_are_copied_as_csv_and_json(source):
    """A row for each bucket, with the run and the metric."""
    asked = {"where": "id = r3", "keys": "loss,val.acc", "last": "500"}
    rows = curves_as_json(source, asked)
    assert len(rows) == 501
    expected = {"project": "uncategorized", "id": "r3", "key": "val.acc", "first_step": 500}
    assert expected.items() <= rows[-1].items()
    lines = curves_as_csv(source, asked).splitlines()
    assert lines[0].startswith("project,id,name,key,x,first_step,")
    assert len(lines) == 502
    assert json.loads(json.dumps(rows)) == rows


def test_metrics_of_runs_that_nobody_looks_at_are_forgotten(source, monkeypatch):
    """The memory is limited; the run that is read last stays."""
    monkeypatch.setattr(live_directory, "_MEMORY", 20_000)
    read_curves(source, {"sort": "id"})
    assert [path[-8:] for path in source._series] == ["r3.jsonl"]


def test_metrics_of_long_journals_are_stored_before_a_chart_needs_them(source, monkeypatch):
    """A page that shows the runs reads them in a thread, and the next page need not read them."""
    monkeypatch.setattr(journal_series, "_SMALLEST", 1)
    monkeypatch.setattr(live_directory, "_LONG", 10_000)
    runs = source.runs().runs
    assert len(runs) == 4
    source._storing.join(120)
    store = SeriesStore(source.directory)
    for run in runs:
        with Path(run.journal).open("rb") as journal:
            found = store.load(run.journal, journal.fileno())
        assert found.position == run.position
        assert len(found.metrics["loss"]) == 500
    source.remove(runs[0], force=False)
    assert store.load(runs[0].journal, -1) is None


def test_a_chart_of_many_runs_looks_at_each_once(source, counted_calls):
    """To know how much memory they take, not all runs are looked at for each metric of each run."""
    read_curves(source, {})
    with counted_calls() as calls:
        read_curves(source, {})
    assert calls["JournalSeries.size"] == calls["LiveDirectory.journal_series"] > 0
