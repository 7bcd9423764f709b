"""JSON: what Python's json reads, with places, duplicate keys and places of errors."""

from __future__ import annotations

import json as stdlib
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.documents.json import read
from runsettings.values.diagnostic import Rule
from runsettings.values.origin import Layer
from runsettings.values.reading import Reading
from runsettings.values.tree import Position

TREES = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        ),
        max_leaves=15,
    ),
    max_size=5,
)
RELAXED = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200
)


def json(text: str) -> Reading:
    """What `read` makes of a text."""
    return read(text, Layer.FILE, "x.json")


@RELAXED
@given(data=TREES, indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_round_trip(data, indent, ascii_only):
    """Whatever Python writes is read as it was, types included."""
    reading = json(stdlib.dumps(data, indent=indent, ensure_ascii=ascii_only))
    assert reading.diagnostics == ()
    assert repr(reading.tree.data) == repr(data)


@RELAXED
@given(text=st.text(st.sampled_from('{}[]:,"ab\\u01.-+eE \n\ttruefalsnNI'), max_size=20))
def test_agrees_with_python_on_what_is_json(text):
    """A text is at fault here exactly where Python's json refuses it."""
    text = '{"a": ' + text + "}"
    try:
        expected = stdlib.loads(text)
    except ValueError:
        assert json(text).diagnostics
    else:
        assert all(found.rule is Rule.DUPLICATE_KEY for found in json(text).diagnostics)
        assert repr(json(text).tree.data) == repr(expected)


@RELAXED
@given(data=TREES)
def test_positions_point_at_the_text_of_the_value(data):
    """At the place of a value stands its JSON, and at that of its key the key's."""
    text = stdlib.dumps(data, indent=1)
    lines = text.split("\n")
    tree = json(text).tree
    for leaf in tree.leaves():
        line, column = tree.position(leaf.path)
        written = stdlib.dumps(leaf.value, indent=1).split("\n")[0]
        assert lines[line - 1][column - 1 :].startswith(written)
        line, column = tree.position(leaf.path, key=True)
        assert lines[line - 1][column - 1 :].startswith(stdlib.dumps(leaf.path[-1]))


def test_infinities_and_nan_are_read():
    """What Python's json writes for numbers that JSON lacks comes back."""
    data = json('{"a": NaN, "b": Infinity, "c": -Infinity}').tree.data
    assert math.isnan(data["a"])
    assert (data["b"], data["c"]) == (math.inf, -math.inf)


def test_items_of_arrays_have_places():
    """Positions reach into arrays."""
    assert json('{"a": [1,\n {"b": 2}]}').tree.position(("a", 1, "b")) == Position(2, 8)


def test_duplicate_key_shows_both_places():
    """An object that says a key twice is an error at the second that shows the first."""
    reading = json('{"a": {"b": 1,\n "b": [2]}}')
    (found,) = reading.diagnostics
    assert (found.rule, found.key, found.line, found.column) == (Rule.DUPLICATE_KEY, "a.b", 2, 2)
    ((first, excerpt),) = found.related
    assert (first.line, first.column, excerpt.width) == (1, 8, 3)
    assert reading.tree.data == {"a": {"b": [2]}}


@pytest.mark.parametrize(
    ("text", "rule", "place", "message"),
    [
        ("[1]", Rule.SYNTAX, (1, 1), "the top level must be an object, {…}; it is an array"),
        ("\n 1", Rule.SYNTAX, (2, 2), "the top level must be an object, {…}; it is a single value"),
        ('{"a": 1,}', Rule.SYNTAX, (1, 8), "a ',' cannot stand before '}'"),
        ('{"a": [1 2]}', Rule.SYNTAX, (1, 10), "',' or ']' is missing"),
        ('{"a" 1}', Rule.SYNTAX, (1, 6), "the ':' after the key is missing"),
        ("{a: 1}", Rule.SYNTAX, (1, 2), "a key in double quotes is missing"),
        ('{"a": nope}', Rule.SYNTAX, (1, 7), "what stands here is no JSON value"),
        ('{"a":', Rule.SYNTAX, (1, 6), "a value is missing"),
        ('{"a": "b', Rule.SYNTAX, (1, 7), "the quote that opens here is not closed"),
        ('{"a": "\\x"}', Rule.SYNTAX, (1, 8), "invalid \\escape"),
        ('{"a": 1} 2', Rule.SYNTAX, (1, 10), "nothing may follow the value"),
        ('{"a": 1', Rule.SYNTAX, (1, 8), "',' or '}' is missing"),
        ('{"a": ' + "9" * 5000 + "}", Rule.BAD_VALUE, (1, 7), "a number of 5,000 characters"),
    ],
)
def test_fault_has_rule_place_and_sentence(text, rule, place, message):
    """Each thing that can be wrong is one diagnostic, with its place and a sentence."""
    (found,) = json(text).diagnostics
    assert (found.rule, (found.line, found.column)) == (rule, place)
    assert found.message.startswith(message)


def test_keys_before_a_syntax_error_count():
    """Where the text breaks off, the key in the making is dropped and those before it stay."""
    assert json('{"a": 1, "b": {"c": 2, "d" 3}}').tree.data == {"a": 1}


@pytest.mark.parametrize("depth", [100, 101])
def test_depth_is_bounded(depth):
    """A hundred levels are read, one more is an error."""
    rules = [found.rule for found in json('{"a":' * depth + "1" + "}" * depth).diagnostics]
    assert rules == ([Rule.TOO_DEEP] if depth > 100 else [])
