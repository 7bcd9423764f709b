"""The batches of a journal: reading many rows at once gives the same as reading each alone."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runsettings.journal.reader import read_lines
from runsettings.journal.replay import StoredRun
from runsettings.shipping import series
from runsettings.shipping.batches import read_batch

HEADER = '{"type":"header","format":"runsettings-journal","version":1,"writer":"x"}\n'

NUMBERS = st.one_of(
    st.floats(), st.integers(-5, 5), st.sampled_from([2**53 - 1, -(2**53), 2**53, 10**400])
)
OTHERS = st.one_of(st.booleans(), st.none(), st.text(max_size=3), st.lists(NUMBERS, max_size=2))
NESTED = st.dictionaries(st.sampled_from("cd"), st.one_of(NUMBERS, OTHERS), max_size=2)
DATA = st.one_of(
    st.fixed_dictionaries({"a": NUMBERS, "b": NUMBERS}),
    st.fixed_dictionaries({"b": NUMBERS, "a": NUMBERS}),
    st.fixed_dictionaries({"a": st.floats(), "b": st.fixed_dictionaries({"c": st.floats()})}),
    st.dictionaries(
        st.sampled_from(["a", "b", "b.c", "e"]), st.one_of(NUMBERS, OTHERS, NESTED), max_size=3
    ),
)
ROWS = st.builds(
    lambda step, time, data: {"type": "history", "step": step, "time": time, "data": data},
    st.one_of(st.integers(0, 9), st.sampled_from([-1, 2**63 - 1, 2**63, True, 1.0])),
    st.one_of(st.floats(0, 9), st.integers(0, 9), st.sampled_from([math.nan, 10**400, None])),
    DATA,
)
METRIC = {"type": "metric", "time": 1.0, "name": "a", "summary": ["min", "mean"]}
SOURCE = {"type": "history", "step": 1, "time": 1.0, "data": {"a": 1.0}}
RECORDS = st.one_of(
    *[ROWS] * 8,
    st.sampled_from(
        [
            METRIC,
            {**SOURCE, "source": {"file": "f", "offset": 3}},
            {"type": "summary", "time": 1.0, "values": {"a": 7}},
            {"type": [], "step": 1, "time": 1.0, "data": {"a": 1.0}},
            {"type": "x", "step": 1, "time": 1.0, "data": {"a": 1.0}},
            {"type": "history", "step": 1, "time": 1.0, "data": "none"},
        ]
    ),
)
LINES = st.one_of(*[RECORDS.map(json.dumps)] * 9, st.sampled_from(["", '{"type":"hist', "[1]"]))


def read(path, most):
    """All batches of a journal, joined, and its run at their end."""
    run, parts = StoredRun(str(path)), []
    while (batch := read_batch(run, most)) is not None:
        parts.append(batch)
    numbers: dict[str, list] = {}
    for batch in parts:
        for key, each in batch.series.items():
            rows = zip(each.steps, each.times, each.values, strict=True)
            numbers.setdefault(key, []).extend(rows)
    events = [event for batch in parts for event in batch.events]
    kinds = {key: all(b.series[key].whole for b in parts if key in b.series) for key in numbers}
    return repr((numbers, kinds, events, run.to_json()))


@pytest.fixture(scope="module")
def journal(tmp_path_factory) -> Path:
    """The path of a journal."""
    return tmp_path_factory.mktemp("journal") / "run-x.jsonl"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(LINES, st.integers(1, 6)), max_size=8), st.sampled_from(["\n", ""]))
def test_many_rows_at_once_give_what_each_alone_gives(journal, groups, end):
    """For every value, step and time, with other records and torn lines between the rows."""
    lines = itertools.chain.from_iterable([line] * count for line, count in groups)
    journal.write_bytes((HEADER + "\n".join(lines) + end).encode("utf-8", "surrogatepass"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(series, "_FEW", 2)
        together = read(journal, 1 << 20)
        assert read(journal, 200) == together
        patched.setattr(series, "_read_rows", lambda *_: None)
        assert read(journal, 1) == together


def test_rows_of_a_script_are_read_at_once(jail, begin, monkeypatch):
    """The order of the members is that which the writer has."""
    monkeypatch.setattr(series, "add_row", None)
    with begin() as run:
        for step in range(10):
            run.log({"loss": 0.5, "val": {"acc": step}})
    batch = read_batch(StoredRun(str(run.journal_path)))
    assert list(batch.series["val.acc"].values) == list(range(10))
    assert "history" not in {event.type for event in batch.events}


def test_a_line_that_is_written_during_reading_is_read_later(tmp_path):
    """Its second half is not a torn line."""
    path = tmp_path / "run-x.jsonl"
    path.write_text(HEADER + '{"type":"x"')
    lines = read_lines(path)
    assert next(lines).end == len(HEADER)
    with path.open("a") as file:
        file.write(',"time":1}\n')
    assert list(lines) == []
    assert [line.record["type"] for line in read_lines(path, len(HEADER))] == ["x"]
