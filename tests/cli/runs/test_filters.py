"""``runs ls --where``: what each filter chooses, and what is no filter."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("config.lr < 0.5", "aa11"),
        ("config.lr<=1", "aa11 ab22"),
        ("config.lr > .5", "ab22"),
        ("config.lr >= 1e-1", "aa11 ab22"),
        ("config.lr = 1.0", "ab22"),
        ("config.lr == 1", "ab22"),
        ("config.lr != 1", "aa11 cc33"),
        ("config.lr = auto", "cc33"),
        ("config.lr = 'auto'", "cc33"),
        ("config.lr = '1'", ""),
        ("config.lr = true", ""),
        ("config.deep = true", "ab22"),
        ("config.deep = 1", ""),
        ("config.note = null", "ab22"),
        ("config.note", "ab22"),
        ("config.note != 5", "ab22"),
        ("not config.note = 5", "aa11 ab22 cc33"),
        ("config.version = 1.0", "cc33"),
        ("config.optim.name = adam", "aa11"),
        ("config.optim.name != sgd", "aa11"),
        ("config.layers = 64", "aa11"),
        ("config.layers != 64", ""),
        ("summary.loss <= 2", "aa11"),
        ("summary.loss > -1e3", "aa11 ab22"),
        ("not summary.loss > 1", "aa11 cc33"),
        ("name ~ SECOND", "ab22"),
        ("name !~ i", "ab22"),
        ("name = 'Second One'", "ab22"),
        ('name = "Second\\ One"', "ab22"),
        ("name < g", "aa11 ab22"),
        ("tags = small", "aa11"),
        ("tags ~ base", "aa11 ab22"),
        ("not tags = small", "ab22 cc33"),
        ("state = failed", "cc33"),
        ("exit_code = 3", "cc33"),
        ("steps > 0", "aa11 ab22"),
        ("created > 1h", "aa11 ab22 cc33"),
        ("created < 1h", ""),
        ("runtime < 1h30m", "aa11 ab22 cc33"),
        ("runtime > 3600", ""),
        ("id = aa11 or id = cc33", "aa11 cc33"),
        ("id = aa11 and project = q", ""),
        ("project = q or project = p and steps = 1", "ab22 cc33"),
        ("(project = q or project = p) and steps = 1", "ab22"),
        ("NOT (id = aa11 OR id = ab22)", "cc33"),
        ("not not id = aa11", "aa11"),
        ("summary.acc > 0 or config.lr = auto", "ab22 cc33"),
        ("`config.lr` = auto", "cc33"),
    ],
)
def test_where(ids, three, text, expected):
    """What each form of a filter chooses."""
    assert " ".join(ids("--where", text)) == expected


def test_every_where_must_hold(ids, three):
    """Repeated filters narrow the listing."""
    assert ids("--where", "project = p", "--where", "config.lr < 0.5") == ["aa11"]


def test_key_with_a_space_is_written_in_backquotes(ids, record):
    """A config may have any key, and a filter can name it."""
    record("a1", {"learning rate": 0.1})
    record("a2", {"learning rate": 0.2})
    assert ids("--where", "`config.learning rate` > 0.15") == ["a2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lr < 1", "unknown key 'lr' — did you mean 'config.lr'?\n  lr < 1\n  ^"),
        ("  stat = x", "unknown key 'stat' — did you mean 'state'?\n    stat = x\n    ^"),
        ("config.lrr = 1", "no run here has 'config.lrr' — did you mean 'config.lr'?"),
        ("config.loss = 1", "no run here has 'config.loss' — did you mean 'summary.loss'?"),
        ("zzzzzz = 1", "use a run's attribute, config.KEY, summary.KEY or metadata.KEY"),
        ("config.lr <", "expected a value after '<'\n  config.lr <\n             ^"),
        ("config.lr < < 1", "expected a value after '<'\n  config.lr < < 1\n              ^"),
        ("config.lr 1", "unexpected '1' — join comparisons with 'and' or 'or'"),
        ("name = Second One", "unexpected 'One' — join comparisons with 'and' or 'or', and quote"),
        ("(state = failed", "expected ')'\n  (state = failed\n                 ^"),
        ("", "expected a key, such as config.lr or state"),
        ("'a' = 1", "expected a key"),
        ("name = 'a", "this quote has no end\n  name = 'a\n         ^"),
        ("state = fnished", "state is one of running, finished, failed, killed, crashed"),
        ("created > soon", "created is a time — write a date or time as 2025-01-31"),
        ("runtime > long", "runtime is a duration — write seconds, or a duration as 90s"),
        ("name > 3", "name holds a text, which '>' cannot compare with a number"),
        ("config.deep > 3", "config.deep holds true or false, which '>' cannot compare"),
        ("steps > many", "steps holds a number, which '>' cannot compare with a text"),
        ("name = a !", "unexpected '!'"),
        ("not " * 60 + "state = failed", "nested deeper than 50"),
        ("(" * 60 + "state = failed", "nested deeper than 50"),
        ("lr\x1b[31m = 1", "unknown key 'lr\\x1b[31m'"),
    ],
)
def test_bad_filter_is_wrong_usage(run, three, text, message):
    """Each fault is told with its place, and no listing is printed."""
    result = run("runs", "ls", "--where", text)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
    assert "\x1b" not in result.stderr


def test_filter_without_any_run_chooses_nothing(ids):
    """Where nothing is recorded yet, no key can be called unknown."""
    assert ids("--where", "config.lr < 1") == []
