"""The metrics of a journal, which a chart reads in buckets while the journal grows."""

from __future__ import annotations

import math
import random

import pytest

from runsettings.journal.query.metrics import TIMES
from runsettings.journal.writer import encode
from runsettings.recorded.journal_series import JournalSeries


def record(step, time=0.0, **data):
    """The line of a row."""
    return encode({"type": "history", "step": step, "time": time, "data": data})


@pytest.fixture
def journal(tmp_path):
    """The path of a journal, and a function that appends lines to it."""
    path = tmp_path / "run.jsonl"

    def append(*lines):
        with path.open("ab") as file:
            file.write(b"".join(lines))

    append(encode({"type": "header", "format": "runsettings-journal", "version": 1}))
    return path, append


def values(series, key="x"):
    """The steps and the values of a metric."""
    return [(each.first_step, each.last) for each in series.buckets(key, 100_000)]


def test_only_new_records_are_read(journal):
    """The values are those of the whole journal, also where a line is complete only later."""
    path, append = journal
    series = JournalSeries(str(path))
    line = record(2, x=30)
    for lines, expected in (
        ([record(0, x=10), record(1, y={"x": 5})], [(0, 10)]),
        ([record(1, x=20), line[:20]], [(0, 10), (1, 20)]),
        ([line[20:], record(3, x="text")], [(0, 10), (1, 20), (2, 30)]),
        ([record(2, x=31)], [(0, 10), (1, 20), (2, 31)]),
        ([record(3, x=10**400)], [(0, 10), (1, 20), (2, 31), (3, math.inf)]),
    ):
        append(*lines)
        series.read_on()
        assert values(series) == expected
    assert values(series, "y.x") == [(1, 5)]
    assert values(series, "unknown") == []


def test_a_step_that_is_logged_again_later_has_its_last_value(journal):
    """A run may go back to an earlier step; the buckets are in the order of the steps."""
    path, append = journal
    append(*(record(step, x=step) for step in (5, 6, 7)), *(record(step, x=0) for step in (4, 6)))
    series = JournalSeries(str(path))
    series.read_on()
    assert values(series) == [(4, 0), (5, 5), (6, 0), (7, 7)]


def test_a_journal_that_was_replaced_is_read_anew(journal):
    """Also if it is shorter now."""
    path, append = journal
    append(record(0, x=1), record(1, x=2))
    series = JournalSeries(str(path))
    series.read_on()
    path.write_bytes(record(0, x=3))
    series.read_on()
    assert values(series) == [(0, 3)]


def test_the_times_of_the_steps_are_read_as_a_metric(journal):
    """Whatever is logged in a row."""
    path, append = journal
    append(record(0, 100.0, x="text"), record(7, 101.5, x=1))
    series = JournalSeries(str(path))
    series.read_on()
    assert values(series, TIMES) == [(0, 100.0), (7, 101.5)]


@pytest.mark.parametrize("steps", [(0, math.inf), (1000, 11_500), (100.5, 9_999.5), (11_990, 1e9)])
def test_buckets_have_all_values_of_the_steps(journal, steps):
    """Also where the range cuts what was summarized before, and after more values came."""
    path, append = journal
    drawn = random.Random(0)
    logged = [drawn.uniform(-1, 1) for _ in range(12_000)]
    series = JournalSeries(str(path))
    for start in (0, 7_000):
        append(*(record(at, x=logged[at]) for at in range(start, start + 5_000)))
        series.read_on()
        series.buckets("x", 10)
    append(*(record(at, x=logged[at]) for at in range(5_000, 7_000)))
    series.read_on()
    first, last = math.ceil(steps[0]), min(math.floor(min(steps[1], 1e9)), 11_999)
    for most in (1, 7, 150):
        found = series.buckets("x", most, *steps)
        assert len(found) <= most
        assert (found[0].first_step, found[-1].last_step) == (first, last)
        for bucket in found:
            inside = logged[bucket.first_step : bucket.last_step + 1]
            assert (bucket.known, bucket.minimum, bucket.maximum, bucket.last) == (
                *(len(inside), min(inside), max(inside), inside[-1]),
            )
            assert bucket.mean == pytest.approx(math.fsum(inside) / len(inside), abs=1e-9)


def test_a_step_that_is_too_large_is_left_out(journal):
    """A damaged or hostile journal does not stop the page; stores keep such a row as text."""
    path, append = journal
    append(record(1, x=10), record(2**63, x=20), record(2**63 - 1, x=30))
    series = JournalSeries(str(path))
    series.read_on()
    assert values(series) == [(1, 10), (2**63 - 1, 30)]
