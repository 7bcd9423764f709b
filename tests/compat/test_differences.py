"""The list of differences from pydantic-settings and the page about them tell the same."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DIFFERENCES: list[dict[str, Any]] = tomllib.loads(
    (ROOT / "tests" / "compat" / "differences.toml").read_text()
)["difference"]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda each: each["kind"])
def test_a_difference_is_on_the_page_for_those_who_change_the_base_class(difference):
    """In a row of the table, which says in its second column what to do."""
    rows = (ROOT / "docs" / "migrating.md").read_text().splitlines()
    found = [row.split(" | ") for row in rows if difference["docs"] in row]
    assert len(found) == 1
    assert len(found[0]) == 2
    assert found[0][1].strip(" |")


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda each: each["kind"])
def test_a_difference_has_a_reason_and_tests_that_show_it(difference):
    """`make compat` runs them."""
    assert difference["reason"].endswith(".")
    assert any(difference[name] for name in difference if name.startswith("tests"))
