"""Filters: any text is one, or is refused with its place."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.journal.query.errors import FilterError
from runsettings.journal.query.filters import parse_filter
from runsettings.journal.replay import StoredRun


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text("ab.()<>=!~'\"` notrd\\1e-\n", max_size=40))
def test_any_text_is_a_filter_or_a_fault(text):
    """No text makes the parser fail in another way."""
    stored = StoredRun("x/run-a.jsonl", id="a", config={"a": 1, "b": {"c": "x"}})
    try:
        answer = parse_filter(text, [stored], 0.0)(stored)
    except FilterError:
        return
    assert answer in (True, False)
