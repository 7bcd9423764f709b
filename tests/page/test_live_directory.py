"""The runs that the page keeps in memory are those that a listing would have."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

import runsettings
from runsettings.journal.index import list_runs
from runsettings.page.live_directory import LiveDirectory
from runsettings.page.runs_table import read_table, table_as_json


@pytest.fixture
def live(jail):
    """A directory whose journals are looked at by each question."""
    ticks = iter(range(0, 10_000, 2))
    return LiveDirectory(jail.cwd / "wandb", lambda: next(ticks))


def check(live, *ids):
    """Compare with a listing."""
    found, listed = live.runs().runs, list_runs(live.directory).runs
    assert [run.id for run in found] == list(ids)
    # Facts about the machine are recorded by a thread, at any time.
    for name in ("journal", "config", "summary", "rows", "exit", "tags", "config_origins"):
        assert [getattr(run, name) for run in found] == [getattr(run, name) for run in listed]


def test_everything_that_happens_to_runs_is_seen(live, begin, jail):
    """New runs, new records, the end of a run, a run that is overwritten, and a removed one."""
    check(live)
    first = begin(id="a", config={"lr": 1})
    check(live, "a")
    first.log({"loss": 1})
    check(live, "a")
    first.config.update({"depth": 2})
    first.finish()
    check(live, "a")
    begin(id="b").finish()
    check(live, "b", "a")
    again = begin(id="a")
    check(live, "a", "b")
    again.log({"loss": 2})
    check(live, "a", "b")
    runsettings.finish()
    shutil.rmtree(again.journal_path.parent)
    check(live, "b", "a")


def test_a_run_that_was_handed_out_does_not_change(live, begin):
    """Another thread may be reading it."""
    run = begin(id="a", config={"lr": 1})
    before = live.runs().runs[0]
    run.log({"loss": 1})
    run.config.update({"depth": 2})
    after = live.runs().runs[0]
    assert (before.summary, before.config) == ({}, {"lr": 1})
    assert (after.summary, after.config) == ({"loss": 1}, {"lr": 1, "depth": 2})


def test_a_journal_that_was_replaced_is_read_anew(live, begin, jail):
    """By another file of the same name, as a copied directory has it."""
    journal = begin(id="a", config={"lr": 1}).journal_path
    runsettings.finish()
    check(live, "a")
    text = journal.read_text()
    journal.rename("before.jsonl")  # so that the new file cannot have its number
    journal.write_text(text.replace('"lr":1', '"lr":7'))
    check(live, "a")
    assert live.runs().runs[0].config == {"lr": 7}
    journal.write_text("no journal\n")
    check(live)


def test_a_second_question_within_a_second_looks_at_nothing(jail, begin):
    """The page asks several at a time."""
    now = 0.0
    live = LiveDirectory(jail.cwd / "wandb", lambda: now)
    assert live.runs().runs == []
    begin(id="a").finish()
    assert live.runs().runs == []
    now = 1.0
    assert [run.id for run in live.runs().runs] == ["a"]


def test_the_newest_of_many_runs_are_there_before_all_are_read(jail, add_run):
    """While the index cannot be used yet; a download waits for all of them."""
    for number in range(120):
        add_run(jail.cwd, number)
    live = LiveDirectory(jail.cwd / "wandb", many=100)
    with closing(sqlite3.connect(jail.cwd / "wandb/.runs.sqlite")) as index:
        index.execute("PRAGMA user_version = 1")
        index.execute(
            "CREATE TABLE runs (journal TEXT PRIMARY KEY, inode INTEGER, size INTEGER, "
            "modified INTEGER, run BLOB) WITHOUT ROWID"
        )
        index.execute("BEGIN EXCLUSIVE")
        table = read_table(live, {"limit": "2"})
        assert (table["total"], table["reading"]) == (100, 120)
        assert [row["id"] for row in table["rows"]] == ["n0119", "n0118"]
    assert len(table_as_json(live, {})) == 120
    assert read_table(live, {})["reading"] == 0
    check(live, *(f"n{number:04}" for number in reversed(range(120))))
