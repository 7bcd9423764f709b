"""Replaying a journal: what a run is, from its records alone."""

from __future__ import annotations

import copy
import pickle
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from runsettings.journal.reader import read_history
from runsettings.journal.replay import StoredRun, load_run
from runsettings.journal.writer import encode
from runsettings.values.errors import RunError

HEADER = {"type": "header", "format": "runsettings-journal", "version": 1, "writer": "x"}
BEGIN = [
    HEADER,
    {"type": "run", "time": 1.0, "id": "x", "project": "p", "name": "n"},
    {"type": "start", "time": 1.0, "pid": 1, "host": "h", "step": 0, "resumed": False},
]


def write(jail, *records):
    """A journal of these records."""
    return jail.write("wandb/run-1-x/run-x.jsonl", b"".join(map(encode, [*BEGIN, *records])))


def row(step, time=2.0, **data):
    """A history record."""
    return {"type": "history", "step": step, "time": time, "data": data}


def test_the_runtime_counts_every_process_of_a_run(tmp_path):
    """The time between them is none of it; a process that was killed counts to its last record."""
    run = StoredRun(str(tmp_path / "run-x.jsonl"))
    start = {"type": "start", "pid": 1, "host": "h", "step": 0, "resumed": True}
    run.update({**start, "time": 100.0})
    run.update({"type": "tags", "time": 107.0, "add": [], "remove": []})
    run.update({**start, "time": 500.0})
    run.update({"type": "exit", "time": 510.0, "state": "finished", "code": 0})
    assert run.runtime == 17
    run.update({**start, "time": 900.0})
    assert run.runtime == 17


def test_unknown_records_and_members_say_nothing(jail):
    """A later version may write more."""
    path = write(jail, {"type": "media", "time": 2.0}, {**row(0, a=1), "new": 1}, {"no": "type"})
    run = load_run(path)
    assert (run.summary, run.torn) == ({"a": 1}, 0)


@pytest.mark.parametrize(
    "record",
    [
        {"type": "history"},
        {"type": "history", "step": "1", "time": 2.0, "data": {}},
        {"type": "history", "step": 1, "time": 2.0, "data": 3},
        {"type": "config", "values": 3, "origins": {}},
        {"type": "tags", "add": None, "remove": []},
        {"type": "exit"},
        {"type": ["list"]},
    ],
)
def test_a_record_that_is_not_what_it_says_counts_as_torn(jail, record):
    """It costs itself alone."""
    run = load_run(write(jail, record, row(5, a=1)))
    assert run.summary == {"a": 1}
    assert run.step == 6


def test_rows_of_one_step_are_one_row(jail):
    """The later value of a key counts, and so does the later time."""
    path = write(jail, row(0, a=1, b=1), row(0, time=3.0, b=2), row(2, a=3))
    assert list(read_history(path)) == [
        {"_step": 0, "_timestamp": 3.0, "a": 1, "b": 2},
        {"_step": 2, "_timestamp": 2.0, "a": 3},
    ]
    assert (load_run(path).rows, load_run(path).step) == (2, 3)


def test_config_records_replace_top_level_keys(jail):
    """A removed key is gone with the origins below it; its neighbour's stay."""
    origin = {"layer": "init", "where": "a.py"}
    path = write(
        jail,
        {
            "type": "config",
            "time": 2.0,
            "values": {"n": {"a": 1, "b": 2}, "na": 1},
            "origins": {"n.a": origin, "n.b": origin, "na": origin},
        },
        {"type": "config", "time": 2.0, "values": {"n": {"c": 3}}, "origins": {"n.c": origin}},
    )
    run = load_run(path)
    assert run.config == {"n": {"c": 3}, "na": 1}
    assert set(run.config_origins) == {"n.c", "na"}


def test_replaying_goes_on_where_it_stopped(jail):
    """A stored run, read on, is the run read from the beginning."""
    path = write(jail, row(0, a=1))
    run = StoredRun.from_json(load_run(path).to_json())
    with path.open("ab") as file:
        file.write(encode(row(1, a=2)) + encode({"type": "tags", "add": ["t"], "remove": []}))
    assert run.read_on()
    assert not run.read_on()
    assert run == load_run(path)


def test_the_state_follows_the_last_start(jail):
    """A resumed run is not ended by its first process's exit."""
    exit_record = {"type": "exit", "time": 3.0, "state": "failed", "code": 2}
    assert load_run(write(jail, exit_record)).state == "failed"
    assert load_run(write(jail, exit_record, {**BEGIN[2], "time": 4.0})).state == "crashed"


def test_a_later_version_is_refused(jail):
    """It would be misread."""
    path = jail.write("run.jsonl", encode({**HEADER, "version": 2}))
    with pytest.raises(RunError, match="upgrade runsettings"):
        load_run(path)


KINDS = ("header", "run", "tags", "start", "settings", "config", "history", "summary", "file")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
MEMBERS = (
    *("time", "step", "data", "values", "origins", "removed", "add", "remove", "path", "size"),
    *("records", "state", "code", "id", "name", "project", "group", "pid", "host", "source"),
    *("summary", "step_metric", "generations"),
)
CONTINUED = st.builds(
    lambda members, metrics: {
        "type": "continued",
        "time": 1.0,
        "generations": {"g": 1},
        "run": {"metrics": {"x": metrics}, **members},
    },
    st.dictionaries(st.sampled_from(sorted(StoredRun.__slots__)), JSON, max_size=3),
    st.dictionaries(st.sampled_from(("summary", "step_metric", "goal")), JSON, max_size=2),
)


@given(
    records=st.lists(
        st.builds(
            lambda kind, members: {**members, "type": kind},
            st.sampled_from((*KINDS[1:], "metadata", "lost", "exit", "metric", "continued")),
            st.dictionaries(st.sampled_from(MEMBERS), JSON),
        )
        | CONTINUED,
        max_size=5,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_record_breaks_the_replay(jail, records):
    """Whatever a foreign writer left, the run is readable, and its index entry too."""
    run = load_run(write(jail, *records))
    assert isinstance(run.id + run.name + run.project, str)
    assert StoredRun.from_json(from_json(to_json(run.to_json(), inf_nan_mode="constants")))
    list(read_history(run.journal))


@pytest.mark.parametrize("step_metric", [["y"], {}, {"y": 1}, 1, None])
def test_a_stored_state_with_a_wrong_definition_is_not_used(jail, step_metric):
    """Neither one in a checkpoint or an index, nor one that a run continues."""
    metrics = {"x": {"summary": ["min"], "step_metric": step_metric}}
    with pytest.raises(ValueError, match="step"):
        StoredRun.from_json({**StoredRun("").to_json(), "metrics": metrics})
    continued = {"type": "continued", "time": 1.0, "generations": {}, "run": {"metrics": metrics}}
    run = load_run(write(jail, continued, row(0, a=1)))
    assert (run.torn, run.metrics, run.summary) == (1, {}, {"a": 1})


def test_a_metric_named_like_a_member_of_rows_does_not_split_them(jail):
    """``_step`` and ``_timestamp`` of a row are the run's own, whatever was logged so."""
    journal = jail.cwd / "run-x.jsonl"
    data = [{"_step": 99, "_timestamp": 0.5, "a": 1}, {"b": 2}]
    journal.write_bytes(
        b"".join(encode({"type": "history", "step": 3, "time": 7.0, "data": one}) for one in data)
    )
    assert list(read_history(journal)) == [{"_step": 3, "_timestamp": 7.0, "a": 1, "b": 2}]


def test_the_config_of_a_second_start_costs_as_much_as_that_of_the_first(jail, counted_calls):
    """Replaying is linear in the keys that a record replaces, and in the keys there are."""
    origin = {"layer": "init", "where": "a.py"}
    counts = {}
    for size in (100, 800):
        names = [f"k{number}" for number in range(size)]
        record = {
            "type": "config",
            "time": 2.0,
            "values": {name: {"a": 1} for name in names},
            "origins": {f"{name}.a": origin for name in names},
        }
        single = [
            {**record, "values": {name: {"a": 2}}, "origins": {f"{name}.a": origin}}
            for name in names
        ]
        path = write(jail, record, record, *single)
        with counted_calls() as calls:
            run = load_run(path)
        counts[size] = calls.total()
        assert run.config_origins == record["origins"]
    assert counts[800] < 10 * counts[100]


def test_many_definitions_and_tags_cost_little_each(jail):
    """10,000 globs, rows of 10,000 keys and 40,000 tags are no reason to wait for minutes."""
    globs = [{"type": "metric", "time": 1.0, "name": f"m{n}/*"} for n in range(10_000)]
    rows = [row(step, **{f"k{n}": n for n in range(10_000)}) for step in range(3)]
    none = [
        {"type": "metric", "time": 1.0, "name": f"k{n}", "summary": ["none"]}
        for n in range(1, 10_000)
    ]
    tags = [f"t{n}" for n in range(20_000)]
    added = [{"type": "tags", "time": 1.0, "add": tags, "remove": tags[1:]} for _ in range(2)]
    path = write(jail, *globs, *rows, *none, *added)
    begin = time.process_time()
    run = load_run(path)
    took = time.process_time() - begin
    assert took < 5
    assert run.summary == {"k0": 0}
    assert run.tags == tags


def test_of_two_globs_the_first_counts(jail):
    """Also if it is defined once more, and in whatever order their lengths are."""
    records = [
        {"type": "metric", "time": 1.0, "name": "val/a*", "summary": ["min"]},
        {"type": "metric", "time": 1.0, "name": "val/*", "summary": ["max"]},
        {"type": "metric", "time": 1.0, "name": "val/a*", "summary": ["mean"]},
        {"type": "metric", "time": 1.0, "name": "*", "summary": ["none"]},
        row(0, **{"val/acc": 1.0, "val/b": 2.0, "c": 3.0}),
    ]
    run = load_run(write(jail, *records))
    assert run.summary == {"val/acc.min": 1.0, "val/acc.mean": 1.0, "val/b.max": 2.0}


@pytest.mark.parametrize(
    "twin_of",
    [copy.deepcopy, lambda run: pickle.loads(pickle.dumps(run))],
    ids=["deepcopy", "pickle"],
)
def test_a_copy_of_a_run_with_defined_metrics_goes_on_by_itself(jail, twin_of):
    """Programs send runs to other processes, and what one of two runs learns is not the other's."""
    metric = {"type": "metric", "time": 1.0, "name": "val/*", "step_metric": "epoch"}
    run = load_run(write(jail, {**metric, "summary": ["min"]}))
    twin = twin_of(run)
    assert twin == run
    twin.update({**metric, "step_metric": "hour", "overwrite": True})
    twin.summarize({"val/a": 1.0, "hour": 2}, 0)
    assert "axis" in twin.totals["hour"]
    run.summarize({"val/a": 3.0, "epoch": 2, "hour": 2}, 0)
    assert run.summary == {"val/a.min": 3.0, "epoch": 2, "hour": 2}
    assert run.metrics.is_axis("epoch")
    assert not run.metrics.is_axis("hour")
    assert not twin.metrics.is_axis("epoch")


@pytest.mark.parametrize(
    "content",
    [b"lr: 1\n", b"lr: 1", b"\x00\xff", b'{"lr": 1}\n', b"[1]\n", b'{"type":"history"}\n'],
)
def test_a_file_that_is_no_journal_is_refused(tmp_path, content):
    """An empty run would look like a run that recorded nothing."""
    path = tmp_path / "train.yaml"
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"train\.yaml is not a journal of a run — a journal is"):
        load_run(path)


@pytest.mark.parametrize(
    "content", [b"", b'{"ty', b'{"type":"header","format":"runsettings-journal']
)
def test_a_journal_that_is_just_begun_is_an_empty_run(tmp_path, content):
    """A kill may leave only the beginning of the first line."""
    path = tmp_path / "run-a.jsonl"
    path.write_bytes(content)
    assert not load_run(path).started_run
