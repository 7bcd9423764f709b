"""TOML: tomllib's values, with the position of each."""

from __future__ import annotations

import datetime as dt
import time
import tomllib

import pytest
import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.documents.toml import read
from runsettings.values.diagnostic import Rule
from runsettings.values.origin import Layer
from runsettings.values.positions import Position
from runsettings.values.reading import Reading
from runsettings.values.rendering import render_problems

NAMES = st.one_of(
    st.text(st.sampled_from("abc_-1"), min_size=1, max_size=4),
    st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=4),
)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.dates(dt.date(1000, 1, 1)),
    st.datetimes(dt.datetime(1000, 1, 1)),  # noqa: DTZ001 - TOML's local date-time
)
TREES = st.dictionaries(
    NAMES,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
        max_leaves=12,
    ),
    max_size=4,
)
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SAMPLE = '''# a comment with [brackets] and "quotes"
title = "x" # trailing
when = 1979-05-27 07:32:00
"quoted key" = 'literal'
deep.er = 1

[tool.runsettings]
list = [ 1,
  "two", # [
  { three = 3, "f.our" = [4] },
]
text = """
[not.a.table]
key = "no" \\""" ""  """
raw = \'\'\'
a = '' \'\'\'\'
[[servers]]
name = "a"
[servers.limits]
cpu = 1
[[servers]]
name = "b"
'''


def toml(text: str) -> Reading:
    """What `read` makes of a text."""
    return read(text, Layer.PYPROJECT, "x.toml")


def write(node: object) -> str:
    """A value as inline TOML."""
    if isinstance(node, dict):
        return (
            "{" + ", ".join(f"{quote(key)} = {write(value)}" for key, value in node.items()) + "}"
        )
    if isinstance(node, list):
        return "[" + ",\n ".join(write(item) for item in node) + "]"
    return quote(node) if isinstance(node, str) else tomlkit.item(node).as_string()


def quote(text: str) -> str:
    """A basic string."""
    escaped = "".join(
        f"\\U{ord(char):08x}" if not char.isprintable() or char in '"\\' else char for char in text
    )
    return f'"{escaped}"'


def same_shape(data: object, marks: object) -> bool:
    """Whether marks stand for exactly the values that there are."""
    if isinstance(data, dict):
        return data.keys() == marks.keys() and all(same_shape(data[k], marks[k]) for k in data)
    if isinstance(data, list):
        return len(data) == len(marks) and all(map(same_shape, data, marks))
    return isinstance(marks, int)


def test_values_are_those_of_tomllib():
    """The values of a text with everything in it, and marks of the same shape."""
    reading = toml(SAMPLE)
    assert reading.diagnostics == ()
    assert reading.tree.data == tomllib.loads(SAMPLE)
    assert same_shape(reading.tree.data, reading.tree.marks)


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        (("title",), (2, 9), (2, 1)),
        (("when",), (3, 8), (3, 1)),
        (("quoted key",), (4, 16), (4, 1)),
        (("deep", "er"), (5, 11), (5, 6)),
        (("deep",), (5, 1), (5, 1)),
        (("tool",), (7, 1), (7, 2)),
        (("tool", "runsettings"), (7, 1), (7, 7)),
        (("tool", "runsettings", "list"), (8, 8), (8, 1)),
        (("tool", "runsettings", "list", 1), (9, 3), None),
        (("tool", "runsettings", "list", 2, "f.our", 0), (10, 27), None),
        (("tool", "runsettings", "raw"), (15, 7), (15, 1)),
        (("servers",), (17, 1), (17, 3)),
        (("servers", 0, "limits", "cpu"), (20, 7), (20, 1)),
        (("servers", 1), (21, 1), (21, 3)),
        (("servers", 1, "name"), (22, 8), (22, 1)),
    ],
)
def test_every_value_has_the_positions_of_itself_and_its_key(path, value, key):
    """Keys, dotted keys, tables, arrays of tables, items and inline tables have positions."""
    tree = toml(SAMPLE).tree
    assert tree.position(path) == Position(*value)
    assert tree.position(path, key=True) == Position(*(key or value))


@RELAXED
@given(data=TREES)
def test_positions_point_at_the_text_of_the_value(data):
    """At the place of each value stands its text, and at that of each key the key's."""
    text = "".join(f"{quote(key)} = {write(value)}\n" for key, value in data.items())
    reading = toml(text)
    assert reading.diagnostics == ()
    assert same_shape(reading.tree.data, reading.tree.marks)
    lines = text.split("\n")
    for leaf in reading.tree.leaves():
        line, column = reading.tree.position(leaf.path)
        written = write(leaf.value).split("\n")[0]
        assert lines[line - 1][column - 1 :].startswith(written)
        line, column = reading.tree.position(leaf.path, key=True)
        assert lines[line - 1][column - 1 :].startswith(quote(leaf.path[-1]))


@RELAXED
@given(data=TREES)
def test_marks_have_the_shape_of_what_tomlkit_writes(data):
    """Tables and arrays of tables, as a TOML library lays them out, are followed."""
    text = tomlkit.dumps(data)
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    reading = toml(text)
    assert reading.tree.data == expected
    assert same_shape(reading.tree.data, reading.tree.marks)


def test_duplicate_key_shows_both_positions():
    """A key that is set twice is an error at the second place that shows the first."""
    reading = toml("[t]\nlr = 1\nx = 2\nlr = 3\n")
    assert render_problems(reading.diagnostics, "x.toml") == (
        "1 problem in x.toml\n"
        "\n"
        "  t.lr: 'lr' is set twice — keep one of them\n"
        "    x.toml:4:1\n"
        "      4 │ lr = 3\n"
        "        │ ^^\n"
        "    x.toml:2:1\n"
        "      2 │ lr = 1\n"
        "        │ ^^"
    )
    assert reading.tree.data == {"t": {"lr": 1, "x": 2}}
    assert reading.tree.position(("t", "lr")) == Position(2, 6)


def test_table_declared_twice_is_a_duplicate():
    """A second header of the same table shows the first."""
    (found,) = toml("[a]\nb = 1\n[a]\n").diagnostics
    assert (found.rule, found.line, found.related[0][0].line) == (Rule.DUPLICATE_KEY, 3, 1)


@pytest.mark.parametrize(
    ("text", "rule", "position", "message"),
    [
        ("a = 1\nb = \n", Rule.SYNTAX, (2, 5), "the text ends before a value"),
        ("a = 1\nb = [1,\n", Rule.SYNTAX, (3, 1), "the text ends before a value"),
        ("a\n", Rule.SYNTAX, (1, 2), "a '=' is missing after this key"),
        ("[a\n", Rule.SYNTAX, (1, 3), "not TOML: expected ']'"),
        ("\tx = 1\ny = no\n", Rule.SYNTAX, (2, 5), "this is not a TOML value"),
        (f"a = {'9' * 5000}\n", Rule.BAD_VALUE, (1, 5), "a number of 5,000 characters"),
        ("a = 1\nb = -2.5e+400\n", Rule.BAD_VALUE, (2, 5), "the number is too large for a float"),
        ("a = [{b = 1_0e999}]\n", Rule.BAD_VALUE, (1, 11), "the number is too large for a float"),
        (f"a = 0x{'f' * 5000}\n", Rule.BAD_VALUE, (1, 5), "a number of 5,002 characters"),
        (".".join("a" * 102) + " = 1\n", Rule.TOO_DEEP, (1, 1), "values are nested more than 100"),
        ("[" + ".".join("a" * 102) + "]\n", Rule.TOO_DEEP, (1, 1), "values are nested more"),
        ("a = " + "[" * 101 + "]" * 101, Rule.TOO_DEEP, (1, 105), "values are nested more"),
    ],
)
def test_diagnostic_has_rule_position_and_message(text, rule, position, message):
    """Each error is one diagnostic with its position and a message."""
    (found,) = toml(text).diagnostics
    assert (found.rule, (found.line, found.column)) == (rule, position)
    assert found.message.startswith(message)
    assert found.excerpt is not None


@pytest.mark.parametrize("written", ["inf", "-inf", "9" * 400, "1.5e308"])
def test_large_numbers_that_python_holds_are_read(written):
    """An infinity that is written as one is meant, and integers have no limit of floats."""
    reading = toml(f"a = {written}\n")
    assert reading.diagnostics == ()
    assert reading.tree.data == tomllib.loads(f"a = {written}\n")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("mode = offline\n", 'put texts in quotes, "like this"'),
        ("a = True\n", "write true, in small letters"),
        ("a = None\n", "leave the key out"),
        ("a = null\n", "leave the key out"),
        ("a = \n", "give the value, or close the bracket"),
        ("a = [1,\n", "give the value, or close the bracket"),
        ("a: 1\n", "write it as `key = value`"),
        ("a = 01\n", "remove the zeros, or put it in quotes"),
        ("a = [1, -007]\n", "remove the zeros, or put it in quotes"),
        ("a = 1 2\n", None),
    ],
)
def test_slip_of_writing_has_advice(text, hint):
    """What YAML and Python allow comes with advice, which does not repeat the words."""
    (found,) = toml(text).diagnostics
    assert found.hint == hint


def test_values_before_a_syntax_error_count():
    """Where the text breaks off, what stands in front of the wrong statement is kept."""
    assert toml("a = 1\n[t]\nb = 2\nc = [1, x\n").tree.data == {"a": 1, "t": {"b": 2}}


def test_line_breaks_of_windows_move_nothing():
    """CRLF counts as one break, in values of several lines too."""
    tree = toml('a = [1,\r\n2]\r\nb = """x\r\ny"""\r\nc = 3\r\n').tree
    assert tree.position(("a", 1)) == Position(2, 1)
    assert tree.position(("c",)) == Position(5, 5)


@pytest.mark.parametrize("text", ["{} = 1", "a = 1\n{}}}", "[{}]", "x = {{{} = 1}}"])
def test_a_key_of_many_parts_is_rejected_in_linear_time(text):
    """``tomllib`` takes quadratic time for such a key, so it does not get to see it."""
    start = time.process_time()
    found = toml(text.format("1." * 50_000 + "1")).diagnostics
    assert time.process_time() - start < 1
    assert [each.rule for each in found] == [Rule.TOO_DEEP]
