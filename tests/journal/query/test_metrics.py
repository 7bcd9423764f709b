"""Metrics: the values of one, and what sums them up."""

from __future__ import annotations

import math

from runsettings.journal.query.metrics import Metric


def test_minimum_and_maximum_leave_nan_out():
    """NaN is counted, and is the last value where it is."""
    metric = Metric.of([1.0, math.nan, -2.0, math.nan])
    assert (len(metric.values), metric.minimum, metric.maximum) == (4, -2.0, 1.0)
    assert math.isnan(metric.last)
    assert Metric.of([math.nan]).minimum is None
