"""Printing: tables, JSON and progress bars, for terminals and for pipes."""

from __future__ import annotations

import io
import json
import math
import re
import sys

import pytest

from runsettings.cli.printing import print_json, print_report, print_table, progress

REPORT = "1 problem in settings\n\n  a: wrong\n    x:1\n      1 │ a b\n        │   ^\n"


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        """It is one."""
        return True


@pytest.fixture
def terminal(jail, monkeypatch):
    """Calls a function whose outputs are terminals, and gives what they then show."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")

    def terminal(function, *arguments, **options):
        out, err = Terminal(), Terminal()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", out)
            patched.setattr(sys, "stderr", err)
            function(*arguments, **options)
        return out.getvalue() + err.getvalue()

    return terminal


def test_a_pipe_gets_rows_without_headings(capsys):
    """Unless they are asked for; nothing stands behind the last cell."""
    print_table(["key", "v"], [["a", "1"], ["bcde", ""]])
    print_table(["key", "v"], [["a", "1"]], headed=True)
    assert capsys.readouterr().out == "a     1\nbcde\nkey  v\na    1\n"


def test_control_characters_stay_in_their_cell(capsys):
    """No value can forge a row or a colour."""
    print_table(["a"], [["x\ny\x1b[31m"]])
    assert capsys.readouterr().out == "x\\ny\\x1b[31m\n"


def test_long_cells_wrap_on_a_terminal(terminal):
    """Each cell is there in full."""
    shown = terminal(print_table, ["key", "value"], [["k", "x" * 90]])
    assert shown.count("x") == 90
    assert all(len(line) <= 40 for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines())


def test_cells_to_cut_leave_a_line_for_each_row(terminal):
    """The columns that are not to be cut are there in full."""
    rows = [["k" * 30, "x" * 90], ["k", "y"]]
    shown = terminal(print_table, ["key", "value"], rows, cut={"value"})
    assert len(shown.splitlines()) == 3
    assert "k" * 30 in shown
    assert "x…" in shown


@pytest.mark.parametrize(
    ("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)]
)
def test_reports_have_colours_on_a_terminal(terminal, monkeypatch, variables, coloured):
    """The heading and the carets; ``NO_COLOR`` counts if it is not empty."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    shown = terminal(print_report, REPORT, "red", err=True)
    assert ("\x1b[31m" in shown) is coloured
    assert ("\x1b" in shown) is coloured


def test_a_report_in_a_pipe_is_the_text_alone(capsys):
    """Not a byte more."""
    print_report(REPORT)
    assert capsys.readouterr().out == REPORT


def test_json_takes_every_value(capsys):
    """NaN and infinities become texts, and what JSON lacks its text."""
    print_json({"a": math.nan, "b": [math.inf, -math.inf], "c": 1j, "d": "ä"})
    text = capsys.readouterr().out
    found = json.loads(text)
    assert found == {"a": "NaN", "b": ["Infinity", "-Infinity"], "c": "1j", "d": "ä"}
    assert "ä" in text


@pytest.mark.parametrize("text", ["\udc80", "\u202e", "\u2028", "\x9b"])
def test_json_escapes_what_an_output_cannot_hold(capsys, text):
    """And what would turn a terminal's line around."""
    print_json({"text": text, "nan": math.nan, "inside": [math.inf]})
    printed = capsys.readouterr().out
    assert text not in printed
    assert json.loads(printed) == {"text": text, "nan": "NaN", "inside": ["Infinity"]}


def steps(least):
    """Two steps of something."""
    with progress("reading", least) as tell:
        tell(1, 2)
        tell(2, 2)


def test_many_steps_show_a_progress_bar(terminal):
    """On a terminal."""
    assert "reading" in terminal(steps, 2)


def test_few_steps_show_none(terminal):
    """They are over before anybody could read it."""
    assert terminal(steps, 3) == ""


def test_a_pipe_gets_no_progress_bar(capsys):
    """However many steps there are."""
    steps(1)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")
