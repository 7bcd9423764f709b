"""TextDiagnostics: offsets, lines and columns of one text."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.documents.limits import MAX_DIAGNOSTICS
from runsettings.documents.text_diagnostics import TextDiagnostics
from runsettings.documents.yaml.reader import read
from runsettings.values.diagnostic import Rule
from runsettings.values.origin import Layer, Origin
from runsettings.values.positions import Position, pack

TEXTS = st.text(st.sampled_from("ab\n\r\u2028é"), max_size=20)
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@RELAXED
@given(text=TEXTS, data=st.data())
def test_offset_and_position_are_the_same(text, data):
    """A position found from an offset leads back to it, and its line holds that character."""
    diagnostics = TextDiagnostics(text, Layer.FILE, "x")
    offset = data.draw(st.integers(0, len(text)))
    position = diagnostics.locate(offset)
    assert diagnostics.offset(position) == offset
    if offset < len(text) and text[offset] not in "\r\n":
        assert diagnostics.line(position.line)[position.column - 1] == text[offset]


@RELAXED
@given(text=TEXTS, data=st.data())
def test_packed_positions_are_those_that_are_located(text, data):
    """Many offsets at once, one after the other, and each alone have the same positions."""
    diagnostics = TextDiagnostics(text, Layer.FILE, "x")
    offsets = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=1)))
    located = [pack(*diagnostics.locate(offset)) for offset in offsets]
    assert diagnostics.packed_in_order(offsets) == located
    assert list(map(diagnostics.packed, offsets)) == located


@given(text=TEXTS)
def test_lines_begin_behind_line_breaks(text):
    r"""A line ends with ``\n``, ``\r`` or both, and the last one need not end."""
    broken = text.replace("\r\n", "\0\n").replace("\r", "\n")
    expected = [0, *(index + 1 for index, char in enumerate(broken) if char == "\n")]
    assert TextDiagnostics(text, Layer.FILE, "x").starts == expected


def test_excerpt_is_cut_to_its_line():
    """The marked part never reaches beyond the line."""
    diagnostics = TextDiagnostics("ab\ncd", Layer.FILE, "x")
    diagnostics.add(Rule.SYNTAX, "wrong", Position(1, 2), 10)
    (found,) = diagnostics.in_order()
    excerpt = found.excerpt
    assert found.origin == Origin(Layer.FILE, "x", 1, 2)
    assert (excerpt.text, excerpt.column, excerpt.width) == ("ab", 2, 1)


def test_diagnostics_come_in_the_order_of_the_text():
    """A reader may find them in any order; a person reads from the top."""
    diagnostics = TextDiagnostics("a\nb\n", Layer.FILE, "x")
    diagnostics.add(Rule.SYNTAX, "second", Position(2, 1))
    diagnostics.add(Rule.SYNTAX, "first", Position(1, 1))
    assert [found.message for found in diagnostics.in_order()] == ["first", "second"]


def test_a_flood_of_diagnostics_is_cut_and_says_so():
    """A hundred thousand diagnostics in one line of a megabyte end at once in a list that ends."""
    found = read("{" + "a: 1, " * 100_000 + "}", Layer.FILE, "x.yaml").diagnostics
    assert len(found) == MAX_DIAGNOSTICS + 1
    assert found[-1].message == "the problems from here on are not listed"
