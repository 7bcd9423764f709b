"""Lines on the terminal."""

from __future__ import annotations

import io

import pytest

from runsettings.journal.notices import Notices
from runsettings.secrets.masking import SecretMask


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


class Broken(io.StringIO):
    """A stream whose other end went away."""

    def write(self, text: str) -> int:
        """Fail as a closed pipe does."""
        raise BrokenPipeError


@pytest.mark.parametrize(
    ("given", "told", "warned"),
    [({}, 1, 1), ({"quiet": True}, 0, 1), ({"silent": True}, 0, 0)],
)
def test_quiet_keeps_warnings_and_silent_keeps_nothing(given, told, warned):
    """One line each."""
    stream = io.StringIO()
    notices = Notices(stream=stream, **given)
    notices.tell("hello")
    notices.warn("careful")
    lines = stream.getvalue().splitlines()
    assert lines == ["runsettings: hello"] * told + ["runsettings: warning: careful"] * warned


@pytest.mark.parametrize(
    ("stream", "environ", "coloured"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (io.StringIO(), {}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(stream, environ, coloured):
    """NO_COLOR counts where it is not empty, as its own rules say."""
    Notices(stream=stream, environ=environ).tell("hello")
    assert ("\x1b[" in stream.getvalue()) is coloured


def test_a_value_forges_neither_line_nor_colour():
    """Control characters of names are escaped, and secrets are masked."""
    stream = io.StringIO()
    Notices(stream=stream, mask=SecretMask(["hunter22"])).warn("a\nb\x1b[31m hunter22")
    assert stream.getvalue() == "runsettings: warning: a\\nb\\x1b[31m ***\n"


def test_a_terminal_that_went_away_stops_nothing():
    """The script goes on."""
    notices = Notices(stream=Broken())
    notices.tell("hello")
    notices.warn("hello")


def test_a_closed_stream_stops_nothing():
    """A script that closed standard error goes on without a voice."""
    stream = io.StringIO()
    stream.close()
    Notices(stream=stream, environ={}).warn("nobody hears this")


def test_a_line_of_progress_is_replaced_on_a_terminal():
    """By the next one, by any other line, and by nothing at the end."""
    stream = Terminal()
    notices = Notices(stream=stream, environ={"NO_COLOR": "1"})
    notices.progress("3 left")
    notices.progress("2 left")
    notices.tell("done")
    notices.progress("1 left")
    notices.end_progress()
    notices.end_progress()
    erase = "\r\x1b[K"
    assert stream.getvalue() == (
        f"runsettings: 3 left{erase}runsettings: 2 left{erase}runsettings: done\n"
        f"runsettings: 1 left{erase}"
    )


def test_progress_is_one_line_elsewhere():
    """A log file does not get a line for each step; and with `quiet` none."""
    stream = io.StringIO()
    notices = Notices(stream=stream)
    for left in (3, 2, 1):
        notices.progress(f"{left} left")
    notices.end_progress()
    Notices(stream=stream, quiet=True).progress("3 left")
    assert stream.getvalue() == "runsettings: 3 left\n"
