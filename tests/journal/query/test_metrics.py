"""Metrics: the values of one, and what sums them up."""

from __future__ import annotations

import math
import tracemalloc

import pytest

from runsettings.journal.query.metrics import Metric


def test_minimum_and_maximum_leave_nan_out():
    """NaN is counted, and is the last value where it is."""
    metric = Metric.of([1.0, math.nan, -2.0, math.nan])
    assert (metric.count, metric.minimum, metric.maximum) == (4, -2.0, 1.0)
    assert math.isnan(metric.last)
    assert Metric.of([math.nan]).minimum is None


def test_the_course_of_few_values_has_each_of_them():
    """Means are made of many values only."""
    values = [float(number) for number in range(5000)]
    assert list(Metric.of(values).course) == values


@pytest.mark.parametrize("count", [8193, 100_000, 300_001])
def test_the_course_of_many_values_has_means(count):
    """What sums the values up is exact, and the course keeps its form."""
    metric = Metric.of(range(count))
    assert (metric.count, metric.minimum, metric.maximum) == (count, 0, count - 1)
    assert metric.last == count - 1
    assert list(metric.course) == sorted(metric.course)
    assert sum(metric.course) / len(metric.course) == pytest.approx((count - 1) / 2, rel=0.01)


def test_the_memory_of_a_metric_does_not_grow_with_its_values():
    """200,000 values take less than a quarter of what they would take as floats of eight bytes."""
    tracemalloc.start()
    try:
        Metric.of(range(200_000))
        assert tracemalloc.get_traced_memory()[1] < 400_000
    finally:
        tracemalloc.stop()
