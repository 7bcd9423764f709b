"""The index: as quick as a cache, as true as the journals."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys

import pytest

from runsettings.journal import reader, replay
from runsettings.journal.edits import Edit, edit_run
from runsettings.journal.index import FILE, list_runs
from runsettings.journal.removal import remove
from runsettings.journal.replay import StoredRun, load_run
from runsettings.journal.writer import encode
from runsettings.values.errors import SettingsError


def make(directory, number, *, run_id=None, project="p", rows=2):
    """A finished run as a journal."""
    run_id = run_id or f"run{number:05}"
    home = (
        directory
        / f"offline-run-20260101_{number // 3600:02}{number // 60 % 60:02}{number % 60:02}-{run_id}"
    )
    home.mkdir(parents=True)
    at = float(number)
    records = [
        {"type": "header", "format": "runsettings-journal", "version": 1, "writer": "x"},
        {"type": "run", "time": at, "id": run_id, "project": project, "name": f"n-{number}"},
        {"type": "start", "time": at, "pid": 1, "host": "h", "step": 0, "resumed": False},
        {"type": "config", "time": at, "values": {"lr": number}, "origins": {}},
        *({"type": "history", "step": s, "time": at, "data": {"loss": s}} for s in range(rows)),
        {"type": "exit", "time": at, "state": "finished", "code": 0},
    ]
    path = home / f"run-{run_id}.jsonl"
    path.write_bytes(b"".join(map(encode, records)))
    return path


@pytest.fixture
def wandb(jail):
    """A directory with three runs."""
    directory = jail.cwd / "wandb"
    for number in range(3):
        make(directory, number)
    return directory


def listed(directory):
    """Ids with their last loss."""
    return {run.id: run.summary.get("loss") for run in list_runs(directory).runs}


def test_a_directory_without_runs_lists_none(jail):
    """And no index is made."""
    assert list_runs(jail.cwd / "wandb").runs == []
    assert not (jail.cwd / "wandb").exists()


def test_runs_come_newest_first(wandb):
    """In the order of their first start."""
    assert [run.id for run in list_runs(wandb).runs] == ["run00002", "run00001", "run00000"]


def test_new_changed_and_deleted_runs_are_seen(wandb):
    """The second listing knows what happened since the first."""
    assert listed(wandb) == dict.fromkeys(("run00000", "run00001", "run00002"), 1)
    make(wandb, 3)
    path = next(wandb.glob("*run00001/*.jsonl"))
    with path.open("ab") as file:
        file.write(encode({"type": "history", "step": 2, "time": 9.0, "data": {"loss": 7}}))
    remove(load_run(next(wandb.glob("*run00000/*.jsonl"))), wandb)
    for _ in range(2):
        assert listed(wandb) == {"run00001": 7, "run00002": 1, "run00003": 1}


def test_a_replaced_journal_is_read_anew(wandb):
    """Another file at the same place, even a longer one, is not read on."""
    list_runs(wandb)
    path = next(wandb.glob("*run00001/*.jsonl"))
    text = path.read_bytes().replace(b'"loss":1', b'"loss":55')
    path.with_suffix(".new").write_bytes(text)
    path.with_suffix(".new").replace(path)
    assert listed(wandb)["run00001"] == 55


def test_a_listing_after_reading_on_equals_one_from_scratch(wandb):
    """Nothing depends on when the index was made."""
    list_runs(wandb)
    path = next(wandb.glob("*run00001/*.jsonl"))
    with path.open("ab") as file:
        file.write(encode({"type": "tags", "time": 9.0, "add": ["t"], "remove": []}))
    later = list_runs(wandb)
    (wandb / FILE).unlink()
    assert later == list_runs(wandb)


def test_of_several_runs_with_one_id_the_latest_is_listed(wandb):
    """An overwritten run does not show; the same id in another project does."""
    make(wandb, 10, run_id="run00001", rows=5)
    make(wandb, 11, run_id="run00001", project="q")
    runs = [run for run in list_runs(wandb).runs if run.id == "run00001"]
    assert [(run.project, run.summary["loss"]) for run in runs] == [("q", 1), ("p", 4)]


def change(path, statement):
    """Do something to the index from outside."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(statement)


def change_rows(path, **members):
    """Give all runs of the index other members."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        for journal, run in database.execute("SELECT journal, run FROM runs").fetchall():
            changed = encode({**reader.parse(run), **members})
            database.execute("UPDATE runs SET run = ? WHERE journal = ?", (changed, journal))


def test_only_the_members_that_are_used_are_read(wandb, monkeypatch):
    """A listing of many runs with long configs and summaries shows a few members of each."""
    expected = list_runs(wandb).runs
    monkeypatch.setattr(StoredRun, "from_json", None)
    runs = list_runs(wandb).runs
    assert [(run.id, run.state) for run in runs] == [(run.id, run.state) for run in expected]
    monkeypatch.undo()
    assert [run.config for run in runs] == [run.config for run in expected]
    assert runs == expected
    assert expected == runs


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"no database"),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(b""),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: change(path, "PRAGMA user_version = 99"),
        lambda path: change(path, "DROP TABLE runs"),
        lambda path: change(path, "UPDATE runs SET run = 'x'"),
        lambda path: change(path, "UPDATE runs SET run = '[1]'"),
        lambda path: change(path, "UPDATE runs SET run = '{}'"),
    ],
    ids=["text", "half", "empty", "directory", "version", "table", "rows", "list", "members"],
)
def test_whatever_happened_to_the_index_it_is_made_anew(wandb, damage):
    """The journals are the truth."""
    expected = listed(wandb)
    damage(wandb / FILE)
    for _ in range(2):
        assert listed(wandb) == expected


@pytest.mark.parametrize(
    "members",
    [
        {"created": "x", "tags": 5},
        {"config": []},
        {"summary": None},
        {"exit": {}},
        {"exit": {"type": "exit", "time": 1.0, "state": "won", "code": 0}},
        {"metrics": {"loss": {"summary": 5}}},
        {"metrics": {"loss": 1}},
        {"totals": {"loss": {"step": 1}}},
        {"totals": {"loss": {"step": 1, "before": {"count": "x"}, "now": {}}}},
        {"position": "end"},
        {"id": ["x"]},
        {"metadata": "x"},
        {"files": {"a": "b"}},
        {"unknown": 1},
    ],
)
def test_an_index_with_a_member_of_a_wrong_type_is_made_anew(wandb, members):
    """Whatever a row holds, the journals are read instead, also those that have grown."""
    expected = listed(wandb)
    change_rows(wandb / FILE, **members)
    with next(wandb.glob("*run00001/*.jsonl")).open("ab") as file:
        file.write(encode({"type": "history", "step": 1, "time": 9.0, "data": {"loss": 1}}))
    for _ in range(2):
        assert listed(wandb) == expected
        assert {run.state for run in list_runs(wandb).runs} == {"finished"}


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
@pytest.mark.parametrize("tables", ["create table mine(a)", "pragma user_version = 1"])
def test_a_link_in_the_place_of_the_index_is_replaced(wandb, link, tables):
    """Another program's database is not written to."""
    expected = listed(wandb)
    other = wandb.parent / "other.db"
    change(other, tables)
    before = other.read_bytes()
    (wandb / FILE).unlink()
    getattr(wandb / FILE, link)(other)
    for _ in range(2):
        assert listed(wandb) == expected
    assert other.read_bytes() == before
    assert (wandb / FILE).is_file()
    assert not (wandb / FILE).is_symlink()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="needs another user")
def test_the_index_of_another_user_is_not_trusted(wandb):
    """Who may write in the directory cannot hide a run of somebody else."""
    expected = listed(wandb)
    change(wandb / FILE, "delete from runs where journal like '%run00001%'")
    change(wandb / FILE, "insert into runs values ('x', 1, 1, 1, '{}', '{}', 1)")
    os.chown(wandb / FILE, 65534, 65534)
    assert listed(wandb) == expected
    assert (wandb / FILE).stat().st_uid == os.geteuid()


def test_the_index_of_the_owner_of_the_directory_is_used(wandb):
    """Colleagues share the index of a directory."""
    expected = listed(wandb)
    inode = (wandb / FILE).stat().st_ino
    for path in (wandb, wandb / FILE):
        os.chown(path, 65534 if os.geteuid() == 0 else -1, -1)
    assert listed(wandb) == expected
    assert (wandb / FILE).stat().st_ino == inode


def test_the_target_of_a_link_in_the_place_of_the_index_is_not_created(wandb):
    """The kernel would create it for whoever opens the link."""
    (wandb / FILE).unlink(missing_ok=True)
    (wandb / FILE).symlink_to(wandb.parent / "elsewhere.db")
    assert listed(wandb)
    assert not (wandb.parent / "elsewhere.db").exists()


@pytest.mark.parametrize("suffix", ["", "-journal", "-wal", "-shm"])
def test_a_pipe_in_the_place_of_the_index_is_not_waited_for(wandb, suffix):
    """Nor one in the place of a file that SQLite has beside it."""
    expected = listed(wandb)
    path = wandb / f"{FILE}{suffix}"
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    assert listed(wandb) == expected
    assert not path.is_fifo()


def test_an_unreadable_journal_is_named_and_the_rest_is_listed(wandb):
    """One of a later version does not hide the others."""
    header = {"type": "header", "format": "runsettings-journal", "version": 9, "writer": "x"}
    path = next(wandb.glob("*run00001/*.jsonl"))
    path.write_bytes(encode(header))
    listing = list_runs(wandb)
    assert {run.id for run in listing.runs} == {"run00000", "run00002"}
    assert "version 9" in listing.unreadable[str(path)]


def test_directories_of_the_wandb_client_are_passed_over(wandb):
    """They have the same names and no journal of ours."""
    foreign = wandb / "offline-run-20260101_000000-abc"
    foreign.mkdir()
    (foreign / "run-abc.wandb").write_bytes(b"")
    assert len(list_runs(wandb).runs) == 3


def test_a_listing_reads_only_journals_that_are_new_or_changed(wandb, monkeypatch):
    """With an index that is up to date, no journal is opened."""
    opened = []

    def read_lines(path, start=0):
        opened.append((path, start))
        return reader.read_lines(path, start)

    monkeypatch.setattr(replay, "read_lines", read_lines)
    list_runs(wandb)
    assert len(opened) == 3
    opened.clear()
    list_runs(wandb)
    assert opened == []
    path = next(wandb.glob("*run00001/*.jsonl"))
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(encode({"type": "tags", "time": 9.0, "add": ["t"], "remove": []}))
    list_runs(wandb)
    assert opened == [(str(path), size)]


def test_a_listing_costs_a_few_calls_for_each_run(jail, counted_calls):
    """Ten thousand runs are listed in less than a second where a call takes a microsecond."""
    directory = jail.cwd / "wandb"
    for number in range(200):
        make(directory, number)
    list_runs(directory)
    with counted_calls() as calls:
        assert len(list_runs(directory).runs) == 200
    assert calls.total() < 200 * 12


def test_tags_change_after_the_end(wandb):
    """The listing sees it; a tag has the same rules as in the run."""
    run = list_runs(wandb).runs[0]
    edit_run(run, Edit(add=["best", "keep"]))
    edit_run(run, Edit(add=["seen"], remove=["keep"]))
    assert run.tags == ["best", "seen"]
    assert list_runs(wandb).runs[0].tags == ["best", "seen"]
    with pytest.raises(SettingsError, match="1 to 64 characters"):
        edit_run(run, Edit(add=[""]))


def test_tags_change_while_another_process_records(begin):
    """Neither disturbs the other."""
    run = begin(tags=["a"])
    seen = load_run(run.journal_path)
    edit_run(seen, Edit(add=["b"]))
    run.log({"x": 1})
    run.tags += ("c",)
    run.finish()
    assert load_run(seen.journal).tags == ["a", "b", "c"]


def test_a_tag_on_a_torn_journal_is_a_line_of_its_own(wandb):
    """The torn line is ended first."""
    path = next(wandb.glob("*run00001/*.jsonl"))
    path.write_bytes(path.read_bytes() + b'{"type": "his')
    run = load_run(path)
    edit_run(run, Edit(add=["t"]))
    assert load_run(path).tags == ["t"]


def test_progress_is_told_of_journals_that_are_new(wandb):
    """Who waits for many of them wants to see how far it is; what is known costs no wait."""
    told = []
    list_runs(wandb, lambda done, total: told.append((done, total)))
    list_runs(wandb, lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
