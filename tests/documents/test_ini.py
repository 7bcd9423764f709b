"""INI: configparser's reading, with positions, and errors that do not end it."""

from __future__ import annotations

import configparser
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.documents.ini import read
from runsettings.values.diagnostic import Rule
from runsettings.values.origin import Layer, Origin
from runsettings.values.positions import Position
from runsettings.values.reading import Reading
from runsettings.values.rendering import render_problems

LINES = st.sampled_from(
    [
        *("[default]", "[policy]", "[DEFAULT]", "  [default] x", "[a]b]", "", "   ", "\t"),
        *("a = 1", "A: 2", "  b = 3", " b=", "    more", "\tmore = 1", "# c", "  ; c", "c = # d"),
        *(
            "d == e",
            "e = 100%",
            "f = %(a)s",
            "g : = h",
            "key with space = x ",
            "é = ü",
            "    deeper",
        ),
        *("x\x0b= 1", "y = \x85z\u2028", "\x1c k = v \x1d", "[]", "q"),
    ]
)
TEXTS = st.builds(
    lambda lines, newline: newline.join(lines),
    st.lists(LINES, max_size=12),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ini(text: str) -> Reading:
    """What `read` makes of a text."""
    return read(text, Layer.WORKSPACE, "wandb/settings")


def by_configparser(text: str) -> dict | None:
    """What configparser reads, or None where it refuses the text."""
    parser = configparser.RawConfigParser(strict=False, default_section="no section has this name")
    try:
        parser.read_file(io.StringIO(text, newline=None))
    except configparser.Error:
        return None
    return {section: dict(parser[section]) for section in parser.sections()}


def test_sections_keys_and_values():
    """Both delimiters, comments, space and case are as the wandb client writes and reads them."""
    text = "# mine\n[default]\nProject = capsules\n; old\nentity: me\n\n[policy]\nlock = a, b\n"
    reading = ini(text)
    assert reading.diagnostics == ()
    assert reading.tree.data == {
        "default": {"project": "capsules", "entity": "me"},
        "policy": {"lock": "a, b"},
    }


@pytest.mark.parametrize("value", ["100%", "%(project)s", "${x}", "a = b", "a # b", "'x'"])
def test_values_are_taken_literally(value):
    """Nothing in a value is interpolated, cut off or unquoted."""
    assert ini(f"[s]\nkey = {value}\n").tree.data == {"s": {"key": value}}


def test_origin_names_the_line_and_the_position_the_column():
    """A person is told file and line; an editor gets the column as well."""
    tree = ini("[default]\n\n  key   =  value\n").tree
    assert tree.origin(("default", "key")) == Origin(Layer.WORKSPACE, "wandb/settings", 3)
    assert tree.position(("default", "key")) == Position(3, 12)
    assert tree.position(("default", "key"), key=True) == Position(3, 3)
    assert tree.position(("default",)) == Position(1, 1)


def test_continued_value_has_the_position_of_its_first_line():
    """A value over several lines is one value, found where it begins."""
    tree = ini("[s]\nkey = a\n  b\n\n  c\nnext = d\n").tree
    assert tree.data == {"s": {"key": "a\nb\n\nc", "next": "d"}}
    assert tree.position(("s", "key")) == Position(2, 7)


def test_duplicate_key_shows_both_lines():
    """A key set twice is an error with both lines; the last counts, as for configparser."""
    reading = ini("[default]\nmode = a\nMODE = b\n")
    assert reading.tree.data == {"default": {"mode": "b"}}
    assert render_problems(reading.diagnostics, "settings") == (
        "1 problem in settings\n"
        "\n"
        "  default.mode: 'mode' is set twice — keep one of them\n"
        "    wandb/settings:3\n"
        "      3 │ MODE = b\n"
        "        │ ^^^^\n"
        "    wandb/settings:2\n"
        "      2 │ mode = a\n"
        "        │ ^^^^"
    )


def test_section_that_comes_twice_is_reported_and_counts():
    """The wandb client refuses such a file, so it is an error; both parts are read."""
    reading = ini("[s]\na = 1\n[s]\nb = 2\n")
    assert [(found.rule, found.line) for found in reading.diagnostics] == [(Rule.DUPLICATE_KEY, 3)]
    assert reading.tree.data == {"s": {"a": "1", "b": "2"}}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("key = 1\n", 1, "a line is outside of any section"),
        ("[s]\nword\n", 2, "a line is neither a [section] nor `key = value`"),
        ("[s\nb = 2\n", 1, "a line is neither a [section] nor `key = value`"),
        ("[s]\n= 1\n", 2, "a line has no key before the '='"),
        ("[s]\n : 1\n", 2, "a line has no key before the ':'"),
        ("[s]\na = 1\0\n", 2, "a NUL character is not allowed in a settings file"),
    ],
)
def test_wrong_line_is_reported(text, line, message):
    """Each line that means nothing is an error with its place."""
    found = ini(text).diagnostics[0]
    assert (found.rule, found.line, found.message) == (Rule.SYNTAX, line, message)
    assert found.excerpt is not None


def test_wrong_lines_do_not_discard_the_others():
    """All errors are reported at once, and every good key counts."""
    reading = ini("lost\n[s]\na = 1\nwhat\nb = 2\n= 3\nc = 4\n")
    assert [found.line for found in reading.diagnostics] == [1, 4, 6]
    assert reading.tree.data == {"s": {"a": "1", "b": "2", "c": "4"}}


@RELAXED
@given(text=st.one_of(TEXTS, st.text(st.sampled_from("[]ab=:#; \t\n\r%"), max_size=30)))
def test_agrees_with_configparser(text):
    """What configparser reads is read alike; what it refuses is reported."""
    reading = ini(text)
    expected = by_configparser(text)
    if expected is None:
        assert any(found.rule is Rule.SYNTAX for found in reading.diagnostics)
    else:
        assert reading.tree.data == expected
        assert all(found.rule is Rule.DUPLICATE_KEY for found in reading.diagnostics)


@RELAXED
@given(text=TEXTS)
def test_positions_point_at_keys_and_values(text):
    """At the position of a value stands its first line; at that of its key, the key."""
    tree = ini(text).tree
    lines = io.StringIO(text, newline=None).read().split("\n")
    for section, values in tree.data.items():
        for key, value in values.items():
            line, column = tree.position((section, key))
            assert lines[line - 1][column - 1 :].strip() == value.split("\n")[0]
            line, column = tree.position((section, key), key=True)
            assert lines[line - 1][column - 1 :].lower().startswith(key)
