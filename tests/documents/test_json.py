"""JSON: what Python's json reads, with positions, duplicate keys and positions of errors."""

from __future__ import annotations

import json as stdlib
import math
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.documents.json import read
from runsettings.values.diagnostic import Rule
from runsettings.values.origin import Layer
from runsettings.values.positions import Position
from runsettings.values.reading import Reading

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
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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
    """A text has an error here exactly where Python's json refuses it."""
    text = '{"a": ' + text + "}"
    try:
        expected = stdlib.loads(text)
    except ValueError:
        assert json(text).diagnostics
    else:
        reading = json(text)
        if any(found.rule is Rule.BAD_VALUE for found in reading.diagnostics):
            assert "inf" in repr(expected)  # a number that Python cannot hold
            return
        assert all(found.rule is Rule.DUPLICATE_KEY for found in reading.diagnostics)
        assert repr(reading.tree.data) == repr(expected)


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


def test_items_of_arrays_have_positions():
    """Positions reach into arrays."""
    assert json('{"a": [1,\n {"b": 2}]}').tree.position(("a", 1, "b")) == Position(2, 8)


def test_duplicate_key_shows_both_positions():
    """An object that says a key twice is an error at the second that shows the first."""
    reading = json('{"a": {"b": 1,\n "b": [2]}}')
    (found,) = reading.diagnostics
    assert (found.rule, found.key, found.line, found.column) == (Rule.DUPLICATE_KEY, "a.b", 2, 2)
    ((first, excerpt),) = found.related
    assert (first.line, first.column, excerpt.width) == (1, 8, 3)
    assert reading.tree.data == {"a": {"b": [2]}}


@pytest.mark.parametrize(
    ("text", "rule", "position", "message"),
    [
        ("[1]", Rule.SYNTAX, (1, 1), "the top level must be an object, {…}; it is an array"),
        ("\n 1", Rule.SYNTAX, (2, 2), "the top level must be an object, {…}; it is a single value"),
        ('{"a": 1,}', Rule.SYNTAX, (1, 8), "a ',' is not allowed before '}'"),
        ('{"a": [1 2]}', Rule.SYNTAX, (1, 10), "',' or ']' is missing"),
        ('{"a" 1}', Rule.SYNTAX, (1, 6), "the ':' after the key is missing"),
        ("{a: 1}", Rule.SYNTAX, (1, 2), "a key in double quotes is missing"),
        ('{"a": nope}', Rule.SYNTAX, (1, 7), "this is not a JSON value"),
        ('{"a":', Rule.SYNTAX, (1, 6), "a value is missing"),
        ('{"a": "b', Rule.SYNTAX, (1, 7), "the quote that opens here is not closed"),
        ('{"a": "\\x"}', Rule.SYNTAX, (1, 8), "invalid escape sequence"),
        ('{"a": 1} 2', Rule.SYNTAX, (1, 10), "nothing may follow the value"),
        ('{"a": 1', Rule.SYNTAX, (1, 8), "',' or '}' is missing"),
        ('{"a": ' + "9" * 5000 + "}", Rule.BAD_VALUE, (1, 7), "a number of 5,000 characters"),
        ('{"a": [1, 1e999]}', Rule.BAD_VALUE, (1, 11), "the number is too large for a float"),
        ("-2.5E+400", Rule.BAD_VALUE, (1, 1), "the number is too large for a float"),
        ('{"a": 1, // note\n "b": 2}', Rule.SYNTAX, (1, 10), "JSON has no comments"),
        ('{"a": 1 /* note */}', Rule.SYNTAX, (1, 9), "JSON has no comments"),
        ("# note\n{}", Rule.SYNTAX, (1, 1), "JSON has no comments"),
        ('{"a": 012}', Rule.SYNTAX, (1, 7), "this is not a JSON value"),
        ('{"a": nullable}', Rule.SYNTAX, (1, 7), "this is not a JSON value"),
        ('{"a": "\\u12"}', Rule.SYNTAX, (1, 9), "four hexadecimal digits must follow"),
    ],
)
def test_diagnostic_has_rule_position_and_message(text, rule, position, message):
    """Each error is one diagnostic with its position and a message."""
    (found,) = json(text).diagnostics
    assert (found.rule, (found.line, found.column)) == (rule, position)
    assert found.message.startswith(message)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('{"a": True}', "write true"),
        ('{"a": None}', "write null"),
        ('{"a": adam}', 'put texts in double quotes, "like this"'),
        ("{'a': 1}", 'put texts in double quotes, "like this"'),
        ("{\"a\": 'b'}", 'put texts in double quotes, "like this"'),
        ('{"lr": {{ lr }}}', "if this is a template, fill it in first"),
        ('{"a": 1e999}', "quote it if it is a text"),
        ('{"a": 1,}', "remove it"),
        ("{a: 1}", "put keys in double quotes too"),
        ('{"a": .5}', "write numbers as in 10, -0.5 and 1e-3"),
        ('{"a": +1}', "write numbers as in 10, -0.5 and 1e-3"),
        ('{"a": }', None),
    ],
)
def test_syntax_error_says_what_to_write(text, hint):
    """The usual slips come with advice, which does not repeat the word: it may be a secret."""
    (found,) = json(text).diagnostics
    assert found.hint == hint


def test_duplicates_are_told_beside_a_syntax_error():
    """A key that is set twice in front of a syntax error is told as well, however deep."""
    reading = json('{"a": 1, "a": 2, "b": [{"c": 1, "c": 2 "d"}]}')
    assert [found.key for found in reading.diagnostics] == ["a", "b[0].c", ""]
    assert reading.tree.data == {"a": 2}


def test_key_set_three_times_is_told_twice():
    """Each repetition names the one before it."""
    reading = json('{"a": 1, "a": 2, "a": 3}')
    places = [(found.column, found.related[0][0].column) for found in reading.diagnostics]
    assert places == [(10, 2), (18, 10)]
    assert reading.tree.data == {"a": 3}


def test_positions_are_found_only_when_asked_for():
    """Reading calls no function for each key; the first question for a position does."""
    text = stdlib.dumps({f"key_{index}": "value" for index in range(1000)}, indent=1)
    calls = []
    sys.setprofile(lambda frame, event, argument: calls.append(event))
    try:
        tree = json(text).tree
    finally:
        sys.setprofile(None)
    assert len(calls) < 300
    assert tree.position(("key_999",)) == Position(1001, 13)


def test_positions_are_those_of_the_text_whatever_became_of_the_values():
    """A layer may take keys out of a tree before anybody asks for a position."""
    tree = json('{"a": 1,\n "b": [{"c": 2}, 3]}').tree
    del tree.data["a"]
    tree.data["b"].clear()
    tree.data["d"] = 4
    assert tree.position(("b", 1)) == Position(2, 18)
    assert tree.position(("a",), key=True) == Position(1, 2)


def test_keys_before_a_syntax_error_count():
    """Where the text breaks off, the key in the making is dropped and those before it stay."""
    assert json('{"a": 1, "b": {"c": 2, "d" 3}}').tree.data == {"a": 1}


@pytest.mark.parametrize("depth", [100, 101])
def test_depth_is_bounded(depth):
    """A hundred levels are read, one more is an error."""
    rules = [found.rule for found in json('{"a":' * depth + "1" + "}" * depth).diagnostics]
    assert rules == ([Rule.TOO_DEEP] if depth > 100 else [])


@pytest.mark.parametrize("text", ["%sx", '{"a":[%s[1', "%s}", '{"a": %s "b"}'])
def test_a_number_that_is_too_long_does_not_hide_a_syntax_error(text):
    """Python refuses the number before its decoder reaches the error."""
    found = json(text % ("1" * 6_000)).diagnostics
    assert Rule.SYNTAX in {each.rule for each in found}


def test_a_word_after_a_long_number_is_found_in_linear_time():
    """100,000 zeros in an exponent take less than a second of CPU time."""
    start = time.process_time()
    found = json('{"a": 1e' + "0" * 100_000 + "x}").diagnostics
    assert time.process_time() - start < 1
    assert (found[0].rule, found[0].column) == (Rule.SYNTAX, 7)


SEPARATORS = st.sampled_from([",\n", ",\n  ", ",\r\n  ", ", ", ", \n  ", ",\n\t", "\n,", ",\n\n"])
ITEMS = ["1", "-2.5e3", '""', '"a, b]"', '"\\n\\","', "null", "true", "NaN"]


@RELAXED
@given(
    opening=st.sampled_from(["", "\n", "\n  ", " "]),
    items=st.lists(st.sampled_from(ITEMS), min_size=1, max_size=60),
    usual=SEPARATORS,
    others=st.dictionaries(st.integers(0, 59), SEPARATORS, max_size=2),
)
def test_items_of_long_arrays_have_their_positions(opening, items, usual, others):
    """Also where nearly all of them have a line each and the same indentation."""
    text, offsets = f'{{"a": [{opening}', []
    for index, item in enumerate(items):
        offsets.append(len(text))
        text += item + (others.get(index, usual) if index + 1 < len(items) else "")
    text += ' ], "z": 0}'
    lines = [text.count("\n", 0, offset) + 1 for offset in offsets]
    columns = [offset - text.rfind("\n", 0, offset) for offset in offsets]
    tree = json(text).tree
    found = [tree.position(("a", index)) for index in range(len(items))]
    assert found == list(map(Position, lines, columns))
    assert tree.position(("z",)) == Position(
        text.count("\n") + 1, len(text) - 1 - text.rfind("\n") - 1
    )
