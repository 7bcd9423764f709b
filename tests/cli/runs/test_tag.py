"""``runs tag``: tags are added and removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from runsettings.journal.replay import load_run
from runsettings.runs.recording import active
from runsettings.runs.starting import start

QUIET = {"quiet": True, "disable_git": True}


def test_tag_adds_and_removes(run, three):
    """The tags that result are printed, and found again."""
    result = run("runs", "tag", "first", "+good", "-small", "final run")
    assert (result.stdout, result.stderr) == ("baseline\ngood\nfinal run\n", "")
    assert run("runs", "tag", "first").stdout == "baseline\ngood\nfinal run\n"


@pytest.mark.parametrize("tag", ["the", "h", "n-dir", "1", "y"])
def test_tag_that_looks_like_an_option_is_removed(run, record, tag):
    """A dash takes a tag off, whatever letters follow."""
    record("a1", tags=[tag, "x"])
    assert run("runs", "tag", "a1", f"-{tag}").stdout == "x\n"


def test_tag_that_is_there_or_not_changes_nothing(run, three):
    """No record is written for nothing."""
    before = Path(three[0].journal).stat().st_size
    result = run("runs", "tag", "first", "+small", "-nope")
    assert result.stderr == "note: the run has no tag 'nope'\n"
    assert Path(three[0].journal).stat().st_size == before


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        (["+" + "x" * 65], 1, "each tag must have 1 to 64 characters"),
        (["+"], 2, "'+' has no tag after the sign"),
        (["-"], 2, "'-' has no tag after the sign"),
        (["+a", "-a"], 2, "cannot both add and remove 'a'"),
        (["--force"], 2, "No such option"),
    ],
)
def test_bad_tags_are_refused(run, three, changes, status, message):
    """And the run keeps those that it had."""
    result = run("runs", "tag", "first", *changes)
    assert result.exit_code == status
    assert message in result.stderr
    assert run("runs", "tag", "first").stdout == "baseline\nsmall\n"


def test_running_run_can_be_tagged(run, record):
    """From outside, while it goes on logging."""
    made = start.init(id="live", mode="offline", settings=QUIET)
    made.log({"a": 1})
    assert run("runs", "tag", "live", "watched").stdout == "watched\n"
    made.log({"a": 2})
    active.finish()
    stored = load_run(made.journal_path)
    assert (stored.tags, stored.rows, stored.torn) == (["watched"], 2, 0)


def test_name_and_notes_are_changed(run, three):
    """Also of a run that has ended; an empty text removes the notes."""
    assert (
        run("runs", "tag", "first", "+good", "--name", "the best", "--notes", "a\nb").exit_code == 0
    )
    found = load_run(three[0].journal)
    assert (found.name, found.notes, found.tags[-1]) == ("the best", "a\nb", "good")
    assert run("runs", "tag", "the best", "--notes", "").exit_code == 0
    found = load_run(three[0].journal)
    assert (found.name, found.notes, found.state) == ("the best", None, "finished")


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_refused(run, three, name):
    """Nothing is written, no tag either."""
    before = Path(three[0].journal).read_bytes()
    assert run("runs", "tag", "first", "--name", name, "+good").exit_code == 1
    assert Path(three[0].journal).read_bytes() == before


@pytest.mark.parametrize("words", [["+" + "x" * 65], ["", "a"]])
def test_a_refused_tag_has_no_line_of_a_program(run, three, words):
    """Nobody wrote one."""
    result = run("runs", "tag", "first", *words)
    assert result.exit_code == 1
    assert "each tag must have 1 to 64 characters" in result.stderr
    assert "Settings" not in result.stderr
