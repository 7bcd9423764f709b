"""A metric for a chart: buckets that say what the values between two steps are."""

from __future__ import annotations

import math
import random

import pytest

from runsettings.journal.query.metrics import TIMES, Bucket, buckets_of, join_buckets
from runsettings.journal.writer import append_once, encode
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.stores import rows
from runsettings.shipping.stores.opening import open_store

VALUES = [random.Random(0).uniform(-1, 1) for _ in range(500)]
VALUES[7] = VALUES[100] = VALUES[499] = math.nan
VALUES[8], VALUES[300] = math.inf, -math.inf
VALUES[160:180] = [math.nan] * 20


@pytest.fixture
def stored(address, make_run, monkeypatch):
    """A store with one metric in small chunks, and one of which some steps were logged twice."""
    monkeypatch.setattr(rows, "SIZE", 10)
    journal = make_run()
    lines = b""
    for at, value in enumerate(VALUES):
        for key, step in (("x", at), ("twice", at // 2)):
            record = {"type": "history", "step": step, "time": 1.0, "data": {key: value}}
            lines += encode(record)
    append_once(journal, lines)
    with open_store(address) as store:
        Shipper(store, journal, 3000).ship()
        (run,) = store.list_runs()
        yield lambda key, *asked: store.read_series(run, key, *asked)


def told(buckets):
    """What buckets say, as text: NaN differs from itself."""
    return [repr(tuple(each)) for each in buckets]


def check(found, steps, values):
    """Each bucket says what its values are, and together they are all values."""
    at = 0
    for bucket in found:
        assert bucket.first_step == steps[at]
        end = steps.index(bucket.last_step) + 1
        expected = Bucket.of(steps[at:end], values[at:end])
        assert told([bucket._replace(mean=None)]) == told([expected._replace(mean=None)])
        if expected.mean is None or not math.isfinite(expected.mean):
            assert repr(bucket.mean) == repr(expected.mean)
        else:
            assert bucket.mean == pytest.approx(expected.mean)
        at = end
    assert at == len(steps)


@pytest.mark.parametrize("most", [1, 7, 60, 99, 1000])
def test_buckets_have_all_values_of_a_metric(stored, most):
    """From the summaries of chunks, or from the chunks if they are too few."""
    found = stored("x", most)
    assert min(most, 500) / 2 <= len(found) <= most
    check(found, list(range(500)), VALUES)


@pytest.mark.parametrize("steps", [(0, 0), (3, 17), (95, 301), (490, math.inf), (2.5, 44.5)])
def test_a_range_has_the_steps_that_are_asked_for(stored, steps):
    """Also where it cuts chunks."""
    first, last = math.ceil(steps[0]), min(math.floor(min(steps[1], 499)), 499)
    for most in (1, 5, 12, 100):
        found = stored("x", most, *steps)
        assert len(found) <= most
        check(found, list(range(first, last + 1)), VALUES[first : last + 1])


def test_the_last_value_of_a_step_counts(stored):
    """As in the history, also where a chunk ends between the two."""
    for most in (1, 5, 13, 100):
        check(stored("twice", most), list(range(250)), VALUES[1::2])


def test_what_is_not_there_has_no_buckets(stored):
    """An unknown metric, and steps after the end."""
    assert stored("unknown", 10) == []
    assert stored("x", 10, 1000) == []
    assert stored("x", 10, 20, 10) == []


def test_buckets_of_one_value_each_are_the_values():
    """Joining them is the same as making larger ones."""
    steps, values = [1, 2, 4], [1.0, 3.0, 2.0]
    assert buckets_of(steps, values, 1)[1] == Bucket(2, 2, 1, 3.0, 3.0, 3.0, 3.0)
    assert join_buckets(buckets_of(steps, values, 1), 1) == [Bucket(1, 4, 3, 1.0, 3.0, 2.0, 2.0)]


def test_the_times_of_some_steps_are_read_from_chunks(address, make_run, monkeypatch):
    """For a chart against time; the first and the last step are among them."""
    monkeypatch.setattr(rows, "SIZE", 10)
    journal = make_run(rows=0)
    append_once(
        journal,
        b"".join(
            encode({"type": "history", "step": step, "time": 100.0 + step, "data": {"x": step}})
            for step in range(2000)
        ),
    )
    with open_store(address) as store:
        Shipper(store, journal, 3000).ship()
        (run,) = store.list_runs()
        for most, first, last in ((1000, 0, 1999), (50, 0, 1999), (1000, 25, 34)):
            found = store.read_series(run, TIMES, most, first, last)
            assert 0 < len(found) <= most
            assert (found[0].first_step, found[-1].last_step) == (
                first // 10 * 10,
                last // 10 * 10 + 9,
            )
            assert all(each.minimum == 100 + each.first_step for each in found)
