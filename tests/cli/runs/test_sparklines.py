"""Sparklines: a row of blocks for any row of numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.cli.runs.cells import ASCII, BLOCKS, WIDTH, sparkline


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], BLOCKS),
        ([5, 5, 5], "▄▄▄"),
        ([7], "▄"),
        ([0, math.nan, 1], "▁ █"),
        ([0, math.inf, 1, -math.inf], "▁██▁"),
        ([math.nan], " "),
        ([math.inf], "█"),
        ([-1.7e308, 0, 1.7e308], "▁▅█"),
        ([], ""),
    ],
)
def test_sparkline(course, expected):
    """Scaled to what is finite; a gap for NaN."""
    assert sparkline(course) == expected


def test_long_course_is_averaged_down():
    """Each character stands for as many values as the others."""
    course = [index // 1000 for index in range(8000)]
    assert sparkline(course, width=8) == BLOCKS
    assert len(sparkline(range(100_000))) == WIDTH


def test_other_blocks_can_be_had():
    """For terminals without Unicode."""
    assert sparkline(range(8), ASCII) == ASCII


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(), max_size=100))
def test_any_course_has_a_sparkline(course):
    """Of at most the width, and of no other characters."""
    line = sparkline(course)
    assert len(line) == min(len(course), WIDTH)
    assert set(line) <= set(BLOCKS + " ")
