"""Messages, each asserted whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runsettings.values.diagnostic import Beaten, Diagnostic, Excerpt, Rule, Severity
from runsettings.values.errors import SettingsError
from runsettings.values.origin import Layer, Origin
from runsettings.values.rendering import counted, headline, printable, render, render_problems

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


def diagnostic(
    message="must be a number", path=("optim", "lr"), severity=ERROR, **more
) -> Diagnostic:
    """A diagnostic with whatever a test is about."""
    return Diagnostic(Rule.BAD_VALUE, severity, path, message, **more)


FILE = Origin(Layer.FILE, "train.yaml", 7, 7)

MESSAGES = {
    "sentence alone": (diagnostic(), "optim.lr: must be a number"),
    "no key": (diagnostic("does not exist", ()), "does not exist"),
    "key as subject": (
        diagnostic("is locked by /etc/x:7", ("base_url",)),
        "base_url is locked by /etc/x:7",
    ),
    "index": (diagnostic(path=("layers", 2, "size")), "layers[2].size: must be a number"),
    "hint": (
        diagnostic(hint="did you mean '1'?"),
        "optim.lr: must be a number — did you mean '1'?",
    ),
    "warning": (diagnostic(severity=WARNING), "warning: optim.lr: must be a number"),
    "note": (diagnostic(severity=NOTE), "note: optim.lr: must be a number"),
    "variable": (
        diagnostic(origin=Origin(Layer.ENV, "OPTIM__LR")),
        "optim.lr: must be a number\n  OPTIM__LR",
    ),
    "call": (
        diagnostic(origin=Origin(Layer.INIT, "train.py", 3, None, "init(optim=)")),
        "optim.lr: must be a number\n  train.py:3 init(optim=)",
    ),
    "excerpt": (
        diagnostic(origin=FILE, excerpt=Excerpt("  lr: big", 7, 7, 3)),
        "optim.lr: must be a number\n  train.yaml:7:7\n    7 │   lr: big\n      │       ^^^",
    ),
    "wide line number": (
        diagnostic(origin=FILE, excerpt=Excerpt("lr: x", 1234, 5, 1)),
        "optim.lr: must be a number\n  train.yaml:7:7\n    1234 │ lr: x\n         │     ^",
    ),
    "tab in the line": (
        diagnostic(excerpt=Excerpt("\tlr:\tx", 1, 6, 1)),
        "optim.lr: must be a number\n    1 │  lr: x\n      │      ^",
    ),
    "caret wider than the line": (
        diagnostic(excerpt=Excerpt("lr: x", 1, 5, 99)),
        "optim.lr: must be a number\n    1 │ lr: x\n      │     ^",
    ),
    "caret behind the line": (
        diagnostic(excerpt=Excerpt("lr:", 1, 5, 3)),
        "optim.lr: must be a number\n    1 │ lr:\n      │     ^",
    ),
    "empty line": (
        diagnostic(excerpt=Excerpt("", 1, 1, 1)),
        "optim.lr: must be a number\n    1 │ \n      │ ^",
    ),
    "long line": (
        diagnostic(excerpt=Excerpt("x" * 500, 1, 300, 4)),
        f"optim.lr: must be a number\n    1 │ {'x' * 160}\n      │ {' ' * 80}^^^^",
    ),
    "start of a long line": (
        diagnostic(excerpt=Excerpt("y" * 500, 1, 3, 400)),
        f"optim.lr: must be a number\n    1 │ {'y' * 160}\n      │   {'^' * 158}",
    ),
    "whom it beat": (
        diagnostic(
            origin=FILE,
            over=(
                Beaten(Origin(Layer.ENV, "LR"), "'1'"),
                Beaten(Origin(Layer.USER, "settings", 3), "2"),
            ),
        ),
        "optim.lr: must be a number\n  train.yaml:7:7\n  over  LR = '1'\n  over  settings:3 = 2",
    ),
    "two places": (
        diagnostic(
            "'lr' is set twice",
            origin=FILE,
            excerpt=Excerpt("lr: 2", 7, 1, 2),
            related=((Origin(Layer.FILE, "train.yaml", 2, 1), Excerpt("lr: 1", 2, 1, 2)),),
        ),
        (
            "optim.lr: 'lr' is set twice\n"
            "  train.yaml:7:7\n"
            "    7 │ lr: 2\n"
            "      │ ^^\n"
            "  train.yaml:2:1\n"
            "    2 │ lr: 1\n"
            "      │ ^^"
        ),
    ),
    "a further place without its line": (
        diagnostic(origin=FILE, related=((Origin(Layer.ENV, "LR"), None),)),
        "optim.lr: must be a number\n  train.yaml:7:7\n  LR",
    ),
    "line breaks in a message": (
        diagnostic("got 'a\n  forged: line'", hint="b\r\nc"),
        "optim.lr: got 'a\\n  forged: line' — b\\r\\nc",
    ),
    "colours in a message": (diagnostic("got '\x1b[31mred'"), "optim.lr: got '\\x1b[31mred'"),
    "control characters in a key": (diagnostic(path=("a\nb",)), "a\\nb: must be a number"),
    "control characters in a place": (
        diagnostic(origin=Origin(Layer.FILE, "a\nb.yaml", 1)),
        "optim.lr: must be a number\n  a\\nb.yaml:1",
    ),
    "control characters in a line": (
        diagnostic(excerpt=Excerpt("lr: \x1b[31m\u2028x", 1, 5, 2)),
        "optim.lr: must be a number\n    1 │ lr:  [31m x\n      │     ^^",
    ),
    "control characters in a loser": (
        diagnostic(over=(Beaten(Origin(Layer.ENV, "A\nB"), "'\n'"),)),
        "optim.lr: must be a number\n  over  A\\nB = '\\n'",
    ),
    "direction marks": (diagnostic("got '\u202e'"), "optim.lr: got '\\u202e'"),
    "letters of any script": (diagnostic("got 'größe 大きさ'"), "optim.lr: got 'größe 大きさ'"),
}


@pytest.mark.parametrize(("diagnostic", "text"), MESSAGES.values(), ids=MESSAGES)
def test_message(diagnostic, text):
    """Each shape of a message, whole."""
    assert render(diagnostic) == text


def test_problems_are_counted():
    """The heading counts errors; warnings beside them are shown and not counted."""
    assert render_problems(
        [diagnostic(), diagnostic(severity=WARNING), diagnostic()], "settings"
    ) == (
        "2 problems in settings\n\n"
        "  optim.lr: must be a number\n\n"
        "  warning: optim.lr: must be a number\n\n"
        "  optim.lr: must be a number"
    )


def test_one_problem_is_singular():
    """One is no plural."""
    text = render_problems([diagnostic(origin=FILE)], "train.yaml")
    assert text == "1 problem in train.yaml\n\n  optim.lr: must be a number\n    train.yaml:7:7"


def test_warnings_alone_are_warnings():
    """Where nothing is an error, the heading says so."""
    text = render_problems([diagnostic(severity=WARNING), diagnostic(severity=NOTE)], "settings")
    assert text.startswith("2 warnings in settings\n")
    assert render_problems([diagnostic(severity=WARNING)], "settings").startswith("1 warning in ")


def test_notes_alone_are_notes():
    """Nobody need worry about them."""
    assert render_problems([diagnostic(severity=NOTE)], "a.yaml").startswith("1 note in a.yaml\n")
    assert render_problems([diagnostic(severity=NOTE)] * 2, "a.yaml").startswith(
        "2 notes in a.yaml\n"
    )


def test_exception_is_its_rendering():
    """``str`` of an exception is the same text, from the one module that makes it."""
    assert str(SettingsError([diagnostic()])) == render_problems([diagnostic()], "settings")


ANY = st.text(max_size=40)


@given(message=ANY, key=ANY, hint=ANY, where=ANY, shown=ANY)
def test_no_input_can_forge_a_line(message, key, hint, where, shown):
    """Whatever stands in a value, a diagnostic has its own lines and printable characters."""
    origin = Origin(Layer.FILE, where, 1)
    text = render(
        diagnostic(message, (key,), hint=hint, origin=origin, over=(Beaten(origin, shown),))
    )
    lines = text.split("\n")
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)


@given(line=st.text(max_size=400), column=st.integers(1, 500), width=st.integers(1, 500))
def test_caret_stands_under_its_character(line, column, width):
    """The caret line points at the character that the column names, in lines of any length."""
    line = line.replace("\n", "").replace("\r", "")
    _, shown, carets = render(diagnostic(excerpt=Excerpt(line, 1, column, width))).split("\n")
    assert len(shown) <= len("    1 │ ") + 160
    at = carets.index("^")
    if column <= len(line) and line[column - 1].isprintable():
        assert shown[at] == line[column - 1]


@given(ANY)
def test_printable_text_stays(text):
    """Escaping changes nothing that can be printed, and leaves nothing that cannot."""
    assert printable(text).isprintable()
    if text.isprintable():
        assert printable(text) == text


def test_headline_is_one_line():
    """The sentence alone, for reporters that show one line for each diagnostic."""
    assert headline(diagnostic("a\nb", hint="c")) == "optim.lr: a\\nb — c"


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (2000, "2,000 files")]
)
def test_a_number_with_its_noun(count, text):
    """Only one has the singular."""
    assert counted(count, "file") == text
