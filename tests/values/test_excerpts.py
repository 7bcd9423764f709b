"""Excerpts: the right line, and as much of it as is meant."""

from __future__ import annotations

import pytest

from runsettings.values.diagnostic import Excerpt
from runsettings.values.excerpts import excerpt_at, excerpt_of, line_of
from runsettings.values.origin import Layer
from runsettings.values.positions import pack
from runsettings.values.tree import Tree

TEXT = "first\nsecond\r\nthird\rfourth\u2028still fourth\n\nlast"


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (1, "first"),
        (2, "second"),
        (3, "third"),
        (4, "fourth\u2028still fourth"),
        (5, ""),
        (6, "last"),
        (7, ""),
        (99, ""),
    ],
)
def test_lines_end_at_line_breaks_only(number, line):
    """CR, LF and CRLF end a line, as in every reader; other separators do not."""
    assert line_of(TEXT, number) == line


@pytest.mark.parametrize(
    ("line", "column", "marked"),
    [
        ("mode: offlin", 7, "offlin"),
        ("mode: offlin  # comment", 7, "offlin"),
        ("mode: off lin", 7, "off lin"),
        ("mode: 'off # lin' # x", 7, "'off # lin'"),
        ('mode: "off\\" lin", b', 7, '"off\\" lin"'),
        ("{mode: offlin, x: 1}", 8, "offlin"),
        ("{mode: offlin}", 8, "offlin"),
        ("mode =", 7, ""),
    ],
)
def test_the_value_is_marked(line, column, marked):
    """The value at the place is measured."""
    excerpt = excerpt_at(line, 1, column)
    assert excerpt == Excerpt(line, 1, column, max(len(marked), 1))


def test_excerpt_of_a_value_and_of_its_key():
    """A tree with its text shows a value's line, and marks the value or the key."""
    tree = Tree(Layer.FILE, "x", {"mode": 1}, {"mode": pack(1, 7, 1, 1)}, text="mode: offlin")
    assert excerpt_of(tree, ("mode",)) == Excerpt("mode: offlin", 1, 7, 6)
    assert excerpt_of(tree, ("mode",), key=True) == Excerpt("mode: offlin", 1, 1, 4)


def test_no_text_no_excerpt():
    """A variable has no line to show."""
    assert excerpt_of(Tree(Layer.ENV, "x", {"a": 1}, {"a": "A"}), ("a",)) is None
    assert excerpt_of(Tree(Layer.ENV, "x", {"a": 1}, {"a": "A"}, text="a"), ("a",)) is None
    assert excerpt_of(Tree(Layer.ENV, "x", {"a": 1}, {"a": pack(1, 1)}), ("a",)) is None
