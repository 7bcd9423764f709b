"""Editing INI: one key changes, nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from runsettings.documents.editing.ini import remove_value, set_value
from runsettings.documents.ini import read
from runsettings.values.origin import Layer

TEXT = "# mine\n[default]\nproject = a  \n# why b\n  ; and how\nentity: me\n\n[policy]\nlock = x\n"
LINES = st.sampled_from(
    [
        *("[default]", "[policy]", "  [deep]", "", "# c", "  ; c", "a = 1", "B: 2", "  b = 3"),
        *("    more", "c =", "c=x", "key with space = y", "\tq = 5", "word", "= 1"),
    ]
)
TEXTS = st.builds(
    lambda lines, newline, end: newline.join(lines) + (newline if end else ""),
    st.lists(LINES, max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
SECTIONS = st.sampled_from(["default", "policy", "deep", "new"])
KEYS = st.sampled_from(["a", "B", "c", "q", "key with space", "new"])
LINE = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)
VALUES = st.one_of(
    LINE,
    st.just(""),
    st.lists(LINE.filter(lambda line: line[0] not in "#;"), min_size=2, max_size=4).map("\n".join),
)
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def data(text: str) -> dict:
    """The values of a text."""
    return read(text, Layer.USER, "settings").tree.data


def flat(text: str) -> dict:
    """The values of a text by section and key."""
    return {
        (section, key): value for section, keys in data(text).items() for key, value in keys.items()
    }


@pytest.mark.parametrize(
    ("section", "key", "value", "expected"),
    [
        ("default", "project", "b", TEXT.replace("= a  ", "= b")),
        ("default", "Entity", "you", TEXT.replace(": me", ": you")),
        ("default", "mode", "x", TEXT.replace("me\n", "me\nmode = x\n")),
        ("policy", "new", "x", TEXT + "new = x\n"),
        ("other", "a", "1", TEXT + "\n[other]\na = 1\n"),
        ("default", "project", "a\nb", TEXT.replace("= a  ", "= a\n    b")),
        ("default", "project", "", TEXT.replace("= a  ", "=")),
    ],
)
def test_only_the_key_changes(section, key, value, expected):
    """The whole text after setting: comments, order, blank lines and notation are kept."""
    assert set_value(TEXT, section, key, value) == expected


def test_empty_text_gets_the_section():
    """A file that did not exist yet begins with its section."""
    assert set_value("", "default", "a", "1") == "[default]\na = 1\n"


def test_line_breaks_of_the_file_are_used():
    """A file from Windows stays one."""
    text = "[s]\r\na = 1\r\n"
    assert set_value(text, "s", "b", "2\n3") == "[s]\r\na = 1\r\nb = 2\r\n    3\r\n"


def test_text_without_a_last_line_break_gets_one():
    """A key is not glued to an unfinished last line."""
    assert set_value("[s]\na = 1", "s", "b", "2") == "[s]\na = 1\nb = 2\n"


def test_comments_within_a_value_are_kept():
    """A comment between the lines of a value outlives the value."""
    assert set_value("[s]\na = 1\n  # why\n  2\nb = 3\n", "s", "a", "x") == (
        "[s]\na = x\n  # why\nb = 3\n"
    )


def test_one_of_two_equal_keys_remains():
    """Setting a key that stood twice mends the file."""
    assert set_value("[s]\na = 1\nb = 2\na = 3\n", "s", "a", "4") == "[s]\nb = 2\na = 4\n"


def test_removing_takes_the_lines_of_the_key_alone():
    """A key goes with its continuation lines; comments stay."""
    text = "[s]\n# about a\na = 1\n  2\nb = 3\n"
    assert remove_value(text, "s", "A") == "[s]\n# about a\nb = 3\n"


def test_removing_what_is_not_there_changes_nothing():
    """Unsetting twice is no error."""
    assert remove_value(TEXT, "default", "mode") == TEXT


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("s", "a", " x"),
        ("s", "a", "x "),
        ("s", "a", "x\n# y"),
        ("s", "a", "x\r\ny"),
        ("s", "a", "x\n  y"),
        ("s", "a=b", "x"),
        ("s", "", "x"),
        ("s", "#a", "x"),
        ("s", "[a]", "x"),
        ("s\nt", "a", "x"),
        ("", "a", "x"),
    ],
)
def test_what_would_not_read_back_is_refused(section, key, value):
    """INI has no way to write some values; they are refused, never changed in silence."""
    with pytest.raises(ValueError, match="cannot hold"):
        set_value(TEXT, section, key, value)


def test_refusal_does_not_repeat_the_value():
    """The value may be secret."""
    with pytest.raises(ValueError, match="api_key") as caught:
        set_value("", "default", "api_key", " canary")
    assert "canary" not in str(caught.value)


@RELAXED
@given(text=TEXTS, section=SECTIONS, key=KEYS, value=VALUES)
def test_set_value_reads_back_and_leaves_the_rest(text, section, key, value):
    """After setting, the key has the value and every other key its own."""
    try:
        changed = set_value(text, section, key, value)
    except ValueError:
        # Lines that mean nothing can make an edit impossible; a text that is right never can.
        assume(read(text, Layer.USER, "settings").diagnostics)
        return
    assert flat(changed) == {**flat(text), (section, key.lower()): value}
    for line in text.splitlines():
        # An indented one may be a line of the very value that was replaced.
        if line.startswith(("#", ";", "[")):
            assert line in changed


@RELAXED
@given(text=TEXTS, section=SECTIONS, key=KEYS)
def test_remove_value_leaves_the_rest(text, section, key):
    """After removing, the key is gone and every other key has its value."""
    try:
        changed = remove_value(text, section, key)
    except ValueError:
        assume(read(text, Layer.USER, "settings").diagnostics)
        return
    expected = flat(text)
    expected.pop((section, key.lower()), None)
    assert flat(changed) == expected
