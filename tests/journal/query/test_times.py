"""Times and durations: what people write is understood, and what they read is short."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.journal.query.times import (
    duration,
    local_time,
    parse_duration,
    parse_time,
    utc_time,
)

NOW = 1_750_000_000.5


@pytest.fixture(autouse=True)
def zone(jail):
    """A zone that is not UTC, and has summer time."""
    jail.setenv(TZ="Europe/Berlin")
    time.tzset()
    yield
    jail.monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("1.5h", 5400),
        ("1w", 604_800),
        ("0.25", 0.25),
        ("", None),
        ("2x", None),
        ("h", None),
        ("2 d", None),
    ],
)
def test_duration_is_read(text, seconds):
    """Seconds, or numbers with units in a row."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2d", NOW - 172_800),
        ("90m", NOW - 5400),
        ("2025-01-31", 1_738_278_000),
        ("2025-07-31", 1_753_912_800),
        ("2025-01-31T14:30", 1_738_330_200),
        ("2025-01-31 14:30:05", 1_738_330_205),
        ("2025-01-31T14:30Z", 1_738_333_800),
        ("2025-01-31T14:30+02:00", 1_738_326_600),
        ("today", 1_749_938_400),
        ("yesterday", 1_749_852_000),
        ("5", None),
        ("soon", None),
        ("2025-13-01", None),
        ("", None),
    ],
)
def test_time_is_read(text, expected):
    """Local unless it names its offset; an age counts back from now."""
    assert parse_time(text, NOW) == expected


def test_day_of_the_change_to_summer_time_begins_at_midnight():
    """In Berlin, 2025-03-30 had 23 hours."""
    noon = parse_time("2025-03-30T12:00", NOW)
    assert parse_time("today", noon) == parse_time("2025-03-30", NOW) == noon - 11 * 3600


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0s"),
        (9.94, "9.9s"),
        (12.4, "12s"),
        (65, "1m 5s"),
        (3600, "1h"),
        (3659.7, "1h 1m"),
        (180_000, "2d 2h"),
        (86_400 * 400, "400d"),
        (-1, "-1"),
        (float("inf"), "inf"),
    ],
)
def test_duration_is_shown_in_two_units(seconds, text):
    """The largest that it has."""
    assert duration(seconds) == text


def test_times_are_shown_local_and_exact():
    """A table has local time, data has UTC with milliseconds."""
    assert local_time(NOW) == "2025-06-15 17:06:40"
    assert utc_time(NOW) == "2025-06-15T15:06:40.500Z"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats())
def test_any_number_can_be_shown(seconds):
    """A clock that went mad does not end a listing."""
    assert local_time(seconds).isprintable()
    assert utc_time(seconds).isprintable()
    assert duration(seconds).isprintable()
