"""Charts from the stored metrics are those from the journal, whatever happens to the file."""

from __future__ import annotations

import contextlib
import math
import os
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.documents import file_systems
from runsettings.journal.query.metrics import TIMES
from runsettings.journal.writer import encode
from runsettings.recorded import journal_series, packed_series, series, stored_series
from runsettings.recorded.journal_series import JournalSeries
from runsettings.recorded.stored_series import FILE, SeriesStore
from runsettings.shipping.series import read_parts


def row(step, time=0.0, *, source=None, **data):
    """The line of a row."""
    record = {"type": "history", "step": step, "time": time, "data": data}
    return encode(record if source is None else {**record, "source": source})


HEADER = encode({"type": "header", "format": "runsettings-journal", "version": 1, "writer": "x"})


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Parts of a few values, so that short journals have many."""
    for module in (series, packed_series, stored_series):
        monkeypatch.setattr(module, "SUMMARIZED", 4)
    monkeypatch.setattr(stored_series, "_CHUNK", 8)
    monkeypatch.setattr(journal_series, "_SMALLEST", 1)
    monkeypatch.setattr(journal_series, "_LARGEST", 1)


@pytest.fixture
def journal(tmp_path):
    """The journal of a run with 100 steps."""
    path = tmp_path / "wandb" / "run-1-x" / "run-x.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(HEADER + b"".join(row(at, at / 2, x=at % 7, y=-at) for at in range(100)))
    return path


def store_of(journal):
    """Where the metrics of a journal are stored."""
    return SeriesStore(journal.parents[1])


def read(journal, store=None):
    """The metrics of a journal."""
    found = JournalSeries(os.fspath(journal), store)
    found.read_on()
    return found


def charts(found, keys=("x", "y", "a.b", TIMES)):
    """Many charts of all metrics; NaN does not equal itself, so as text."""
    ranges = [(0, math.inf), (10.5, 49), (40, 1e9)]
    return repr(
        [found.buckets(key, most, *each) for key in keys for most in (2, 100) for each in ranges]
    )


def expected(journal):
    """The charts without a store."""
    return charts(read(journal))


@pytest.fixture
def unread(monkeypatch):
    """Reads a journal with its store, and returns the bytes that were read from the journal."""
    starts = []

    def watched(fd, start):
        starts.append(start)
        return read_parts(fd, start)

    def check(journal):
        starts.clear()
        found = read(journal, store_of(journal))
        size = journal.stat().st_size - starts[0]
        assert charts(found) == expected(journal)
        return size

    monkeypatch.setattr(journal_series, "read_parts", watched)
    return check


NUMBERS = st.sampled_from([0, 1, -2.5, math.nan, math.inf, -math.inf, 1e308, 10**20])
DATA = st.one_of(
    *(NUMBERS.map(lambda value, key=key: {key: value}) for key in ("x", "y", "\ud800")),
    NUMBERS.map(lambda value: {"x": value, "y": 1.5}),
    NUMBERS.map(lambda value: {"a": {"b": value}, "text": "t"}),
    st.just({"x": "text"}),
)
MOVES = st.sampled_from([*([1] * 12), 0, 2, 5, -3])
ROWS = st.lists(
    st.tuples(MOVES, DATA, st.integers(1, 12), st.sampled_from([None, None, None, "f"])),
    min_size=1,
    max_size=8,
)


@given(parts=st.lists(st.tuples(ROWS, st.booleans()), min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_charts_are_those_of_the_journal(tmp_path, parts):
    """However it grew, and whether one process or several have read it meanwhile."""
    home = tmp_path / "wandb" / "run-1-x"
    home.mkdir(parents=True, exist_ok=True)
    path = home / "run-x.jsonl"
    path.write_bytes(HEADER)
    kept, step, offset = JournalSeries(os.fspath(path), store_of(path)), 0, 0
    for rows, is_restarted in parts:
        with path.open("ab") as file:
            for move, data, times, source in rows:
                for _ in range(times):
                    step, offset = max(step + move, 0), offset + 1
                    followed = None if source is None else {"path": source, "offset": offset}
                    file.write(row(step, float(offset), source=followed, **data))
        kept = JournalSeries(os.fspath(path), store_of(path)) if is_restarted else kept
        kept.read_on()
        assert charts(kept) == expected(path)
        assert charts(read(path, store_of(path))) == expected(path)


def test_only_what_is_new_is_read(journal, unread):
    """Neither at the next start, nor after rows were added."""
    assert unread(journal) == journal.stat().st_size
    assert unread(journal) == 0
    more = b"".join(row(at, x=at) for at in range(100, 105))
    with journal.open("ab") as file:
        file.write(more)
    assert unread(journal) == len(more)
    assert unread(journal) == 0


def test_a_step_that_is_logged_again_replaces_the_last_stored_value(journal):
    """It was stored as the value of this step."""
    read(journal, store_of(journal))
    with journal.open("ab") as file:
        file.write(row(99, x=1000))
    found = read(journal, store_of(journal))
    assert found.buckets("x", 1000)[-1].last == 1000
    assert charts(found) == expected(journal)


def test_an_earlier_step_orders_what_is_stored(journal):
    """The chunks are then stored anew."""
    read(journal, store_of(journal))
    with journal.open("ab") as file:
        file.write(row(50, x=1000))
    for _ in range(2):
        assert charts(read(journal, store_of(journal))) == expected(journal)


def change(path, statement):
    """Do something to the file from outside."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(statement)


def overwrite(path, start):
    """Damage the file from a place on."""
    content = bytearray(path.read_bytes())
    at = int(len(content) * start)
    content[at:] = os.urandom(len(content) - at)
    path.write_bytes(content)


DAMAGES = {
    "text": lambda path: path.write_bytes(b"no database"),
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "short": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "directory": lambda path: (path.unlink(), path.mkdir()),
    "link": lambda path: (path.rename(path.with_name("f")), path.symlink_to("f")),
    "hard link": lambda path: path.with_name("f").hardlink_to(path),
    "random at the end": lambda path: overwrite(path, 0.9),
    "random": lambda path: overwrite(path, 0.3),
    "version": lambda path: change(path, "PRAGMA user_version = 99"),
    "no chunks": lambda path: change(path, "DROP TABLE chunks"),
    "no journals": lambda path: change(path, "DROP TABLE journals"),
    "no rows": lambda path: change(path, "DELETE FROM chunks"),
    "one row": lambda path: change(path, "DELETE FROM chunks WHERE at = 8"),
    "state": lambda path: change(path, "UPDATE journals SET state = 'x'"),
    "numbers": lambda path: change(path, "UPDATE chunks SET numbers = x'00'"),
    "other numbers": lambda path: change(path, "UPDATE chunks SET numbers = summaries"),
    "nothing": lambda path: change(path, "UPDATE chunks SET numbers = NULL"),
    "large numbers": lambda path: change(
        path,
        "UPDATE chunks SET numbers = zeroblob(99000000) WHERE at = 8 AND key = CAST('x' AS BLOB)",
    ),
    "large state": lambda path: change(path, "UPDATE journals SET state = zeroblob(100000000)"),
    "exchanged": lambda path: change(path, "UPDATE chunks SET at = 96.5 - at"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_damaged_file_is_made_anew(journal, damage, when, unread):
    """Before the journal is read, and while its charts are shown."""
    read(journal, store_of(journal))
    found = JournalSeries(os.fspath(journal), store_of(journal))
    if when == "after":
        found.read_on()
    damage(journal.parents[1] / FILE)
    if when == "before":
        found.read_on()
    assert charts(found) == expected(journal)
    if not (journal.parents[1] / FILE).is_dir():  # nobody removes a directory
        unread(journal)
        assert unread(journal) == 0


@pytest.mark.parametrize("damage", ["one row", "no rows", "numbers", "other numbers", "exchanged"])
def test_chunks_that_are_read_at_once_are_checked_too(journal, damage, unread, monkeypatch):
    """A journal with few chunks has all of them in one question."""
    monkeypatch.setattr(stored_series, "_FEW", 1000)
    read(journal, store_of(journal))
    DAMAGES[damage](journal.parents[1] / FILE)
    sizes = [unread(journal) for _ in range(3)]
    assert sizes == [0, journal.stat().st_size, 0]  # found to be damaged, stored anew, and read


EDITS = {
    "replaced": lambda path: (
        path.with_suffix(".new").write_bytes(path.read_bytes().replace(b"6", b"5")),
        path.with_suffix(".new").replace(path),
    ),
    "shorter": lambda path: path.write_bytes(path.read_bytes()[:3000]),
    "edited": lambda path: path.write_bytes(path.read_bytes().replace(b'"x":6', b'"x":5')),
    "edited and longer": lambda path: path.write_bytes(
        path.read_bytes().replace(b'"x":6', b'"x":5') + row(100, x=1)
    ),
    "empty": lambda path: path.write_bytes(HEADER),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_changed_journal_is_read_anew(journal, edit):
    """What is stored is of other bytes."""
    read(journal, store_of(journal))
    edit(journal)
    for _ in range(2):
        assert charts(read(journal, store_of(journal))) == expected(journal)


def test_two_processes_may_read_one_journal(journal):
    """Each with what the other has stored, also while both show charts."""
    first, second = (JournalSeries(os.fspath(journal), store_of(journal)) for _ in range(2))
    read(journal, store_of(journal))
    for at in range(100, 160, 10):
        for reader in (first, second) if at % 20 else (second, first):
            reader.read_on()
            assert charts(reader) == expected(journal)
        with journal.open("ab") as file:
            file.writelines(row(step, x=step) for step in range(at, at + 10))


def test_a_file_that_another_process_writes_is_not_waited_for(journal, unread, monkeypatch):
    """The journal is read then."""
    monkeypatch.setattr(stored_series, "_PATIENCE", 0.01)
    read(journal, store_of(journal))
    path = journal.parents[1] / FILE
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        assert charts(read(journal, store_of(journal))) == expected(journal)
    assert unread(journal) == 0  # it was not removed


def test_on_a_network_disk_the_file_is_where_locks_work(jail, journal, unread, monkeypatch):
    """In the user's directory for caches, as the index is."""
    directory, mounts = journal.parents[1], jail.cwd / "mountinfo"
    mounts.write_text(f"36 21 0:32 / {directory} rw shared:9 - nfs4 server:/x rw\n")
    monkeypatch.setattr(file_systems, "MOUNTS", mounts)
    assert unread(journal) == journal.stat().st_size
    assert unread(journal) == 0
    assert [path.name for path in directory.iterdir()] == ["run-1-x"]
    (stored,) = (jail.home / ".cache/runsettings").iterdir()
    assert stored.name.endswith(FILE)


def test_the_file_is_bounded(journal, monkeypatch):
    """The journals that were stored first are removed first, and those that do not exist."""
    paths = [journal]
    for name in "abcd":
        paths.append(journal.parents[1] / f"run-1-{name}" / f"run-{name}.jsonl")
        paths[-1].parent.mkdir()
        paths[-1].write_bytes(journal.read_bytes())
    store = store_of(journal)
    for path in paths[:2]:
        read(path, store)
    with contextlib.closing(sqlite3.connect(store.path)) as database:
        sizes = "SELECT sum(length(summaries) + length(numbers)) FROM chunks GROUP BY journal"
        ((size,), _same) = database.execute(sizes).fetchall()
    monkeypatch.setattr(stored_series, "LARGEST", 2 * size)
    paths[1].unlink()
    for path in paths[2:]:
        read(path, store)
    with contextlib.closing(sqlite3.connect(store.path)) as database:
        kept = {os.fsdecode(name) for (name,) in database.execute("SELECT journal FROM journals")}
    assert kept == {"run-1-c/run-c.jsonl", "run-1-d/run-d.jsonl"}
    assert charts(read(journal, store)) == expected(journal)


def test_where_nothing_can_be_written_the_journal_is_read(journal):
    """As on a read-only disk: the file is not there, and cannot be made."""
    assert charts(read(journal, SeriesStore(Path("/proc/self")))) == expected(journal)
