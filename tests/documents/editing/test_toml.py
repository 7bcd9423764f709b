"""Editing TOML: one key changes, and nothing else does."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.documents.editing.toml import remove_value, set_value

TABLE = ("tool", "app")

TEXT = """\
# head
title = "x" # behind

[tool.app] # ours
a = 1   # one
# between
b = [1, # first
     2]

[tool.other]
a = "not this"
"""


def test_value_keeps_its_place_and_comment():
    """The line is rewritten from the value on, up to its comment."""
    assert set_value(TEXT, TABLE, "a", 2) == TEXT.replace("a = 1 ", "a = 2 ")


def test_new_key_ends_its_table():
    """A key that was not there comes behind the table's last one."""
    assert set_value(TEXT, TABLE, "c", True) == TEXT.replace("     2]\n", "     2]\nc = true\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[tool.app]\na = 1\n"),
        ("x = 1\n", "x = 1\n\n[tool.app]\na = 1\n"),
        ("x = 1", "x = 1\n\n[tool.app]\na = 1\n"),
        ("[tool.z]\n", "[tool.z]\n\n[tool.app]\na = 1\n"),
        ("[tool.app.deep]\nx = 1\n", None),
        ("[tool.z]\n[b]\n[tool.y]\n", "[tool.z]\n[b]\n[tool.y]\n\n[tool.app]\na = 1\n"),
        ("[tool]\napp.x = 1\n", None),
        ("tool = {app = {x = 1}}\n", None),
    ],
)
def test_table_is_made_where_there_is_none(before, after):
    """A new table comes at the end; one that is there in another form gets the key in it."""
    changed = set_value(before, TABLE, "a", 1)
    assert after is None or changed == after
    assert tomllib.loads(changed)["tool"]["app"]["a"] == 1


def test_removed_key_takes_only_its_line():
    """Comments on lines of their own stay, and so does an empty table."""
    assert remove_value(TEXT, TABLE, "a") == TEXT.replace("a = 1   # one\n", "")
    assert remove_value("[tool.app]\na = 1\n", TABLE, "a") == "[tool.app]\n"


def test_absent_key_is_removed_by_doing_nothing():
    """The text comes back as it was."""
    assert remove_value(TEXT, TABLE, "zzz") == TEXT
    assert remove_value("", TABLE, "a") == ""


@pytest.mark.parametrize("text", ["a = ", "[tool.app]\na = 1\na = 2\n", "tool = 1\n"])
def test_text_that_cannot_hold_the_key_is_refused(text):
    """What is no TOML, or has another value in the table's place, is left alone."""
    with pytest.raises(ValueError):
        set_value(text, TABLE, "a", 1)


def test_null_is_refused_with_a_reason():
    """TOML has no null, wherever it stands."""
    with pytest.raises(ValueError, match="TOML has no null"):
        set_value("", TABLE, "a", {"b": [None]})


_VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=_VALUES, newline=st.sampled_from(["\n", "\r\n"]))
def test_any_value_reads_back_and_goes_again(value, newline):
    """What was set is what a reader finds; removing it restores the text."""
    before = TEXT.replace("\n", newline)
    changed = set_value(before, TABLE, "new", value)
    assert tomllib.loads(changed)["tool"]["app"]["new"] == value
    assert newline == "\n" or "\n" not in changed.replace("\r\n", "")
    assert remove_value(changed, TABLE, "new") == before
