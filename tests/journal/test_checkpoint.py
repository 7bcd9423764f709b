"""Checkpoints: the state at one byte of a journal, and the records after it."""

from __future__ import annotations

import os
import signal
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.journal.checkpoint import checkpoint_path, restore, store, store_checkpoint
from runsettings.journal.index import list_runs
from runsettings.journal.replay import StoredRun, load_run
from runsettings.journal.writer import append_once, encode

BEGIN = (
    {"type": "header", "format": "runsettings-journal", "version": 1, "writer": "x"},
    {"type": "run", "time": 1.0, "id": "x", "project": "p"},
    {"type": "start", "time": 1.0, "pid": 1, "host": "h", "step": 0, "resumed": False},
)


def replayed(journal):
    """The run, from all of its journal."""
    run = StoredRun(os.fspath(journal))
    run.read_on()
    return run


def put(journal, run):
    """Store a checkpoint of a run of any size."""
    fd = os.open(journal, os.O_RDONLY)
    try:
        return store(fd, journal, run.position, run.to_json())
    finally:
        os.close(fd)


def write_long(jail):
    """A journal that is long enough for a checkpoint."""
    rows = (
        {"type": "history", "step": step, "time": 2.0, "data": {"loss": step / 7}}
        for step in range(16_000)
    )
    return jail.write("wandb/run-1-x/run-x.jsonl", b"".join(map(encode, (*BEGIN, *rows))))


def write_checkpoint(journal):
    """The long journal's checkpoint."""
    fd = os.open(journal, os.O_RDONLY)
    try:
        assert store_checkpoint(replayed(journal).to_json(), fd)
    finally:
        os.close(fd)
    return checkpoint_path(journal)


def is_used(journal):
    """Whether a checkpoint of the journal would be read."""
    fd = os.open(journal, os.O_RDONLY)
    try:
        return restore(fd, journal) is not None
    finally:
        os.close(fd)


ORIGIN = {"layer": "init", "where": "a.py", "line": 1}
NAMES = st.sampled_from(["a", "b.c", "ä"])
VALUES = st.integers() | st.floats(allow_nan=False) | st.text(max_size=3) | st.none()
DATA = st.dictionaries(NAMES, VALUES | st.dictionaries(NAMES, VALUES, max_size=2), max_size=2)
TAGS = st.lists(NAMES, max_size=2)
LINES = st.one_of(
    st.builds(
        lambda step, time, data: encode(
            {"type": "history", "step": step, "time": time, "data": data}
        ),
        st.integers(0, 9),
        st.floats(0, 9),
        DATA,
    ),
    st.builds(
        lambda values: encode(
            {
                "type": "config",
                "time": 2.0,
                "values": values,
                "origins": dict.fromkeys(values, ORIGIN),
            }
        ),
        DATA,
    ),
    st.builds(
        lambda add, remove: encode({"type": "tags", "time": 3.0, "add": add, "remove": remove}),
        TAGS,
        TAGS,
    ),
    st.builds(
        lambda values, removed: encode(
            {"type": "summary", "time": 3.0, "values": values, "removed": removed}
        ),
        st.dictionaries(NAMES, VALUES, max_size=2),
        TAGS,
    ),
    st.sampled_from(
        [
            encode(BEGIN[2]),
            encode({"type": "exit", "time": 4.0, "state": "failed", "code": 1}),
            encode({"type": "file", "time": 4.0, "path": "f", "size": 3}),
            encode({"type": "metadata", "time": 4.0, "values": {"gpu": 1}}),
            encode({"type": "lost", "time": 4.0, "records": 2}),
            b'{"type":"history","ste\n',
            b"\n",
            b"[1]\n",
        ]
    ),
)


@given(lines=st.lists(LINES, max_size=12), data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_checkpoint_and_the_records_after_it_are_the_whole_journal(jail, lines, data):
    """Wherever the checkpoint is, also in a journal with damaged lines or an unfinished one."""
    content = b"".join((*map(encode, BEGIN), *lines))
    cut = data.draw(st.integers(0, len(content)))
    journal = jail.write("wandb/run-1-x/run-x.jsonl", content[:cut])
    checkpoint_path(journal).unlink(missing_ok=True)
    run = replayed(journal)
    stored = put(journal, run)
    journal.write_bytes(content)
    if stored:
        run = StoredRun.from_json(run.to_json())
        run.read_on()
        assert run == replayed(journal)


def test_a_long_journal_is_not_read_again(jail, counted_calls):
    """What a load costs does not depend on what is before the checkpoint."""
    journal = write_long(jail)
    write_checkpoint(journal)
    with journal.open("ab") as file:
        file.write(encode({"type": "history", "step": 20_000, "time": 3.0, "data": {"loss": 1}}))
    with counted_calls() as calls:
        run = load_run(journal)
    assert run == replayed(journal)
    assert calls.total() < 6000  # a replay makes over 100,000


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_bytes(path.read_bytes().replace(b'"loss":', b'"lass":')),
        lambda path: path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":9')),
        lambda path: path.write_bytes(b"[" * 5000),
        lambda path: (path.unlink(), os.mkfifo(path)),
        lambda path: (path.rename(path.with_name("other")), path.symlink_to("other")),
    ],
    ids=["empty", "half", "state", "version", "nested", "pipe", "link"],
)
def test_a_damaged_checkpoint_is_ignored(jail, damage):
    """The journal is the truth."""
    journal = write_long(jail)
    path = write_checkpoint(journal)
    assert is_used(journal)
    damage(path)
    assert not is_used(journal)
    assert load_run(journal) == replayed(journal)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace(b'"loss":0.0', b'"loss":0.5', 1),
        lambda text: text.replace(b'"loss":1000.0', b'"loss":1.0', 1),
        lambda text: text[:-9],
        lambda text: text.replace(b'"time":2.0', b'"time":2.5'),
    ],
    ids=["one-digit", "shorter-line", "cut", "everywhere"],
)
def test_an_edited_journal_is_read_anew(jail, edit):
    """Also if it is written in place, with the same length."""
    journal = write_long(jail)
    write_checkpoint(journal)
    text = journal.read_bytes()
    with journal.open("r+b") as file:
        file.write(edit(text))
        file.truncate()
    assert edit(text) != text
    assert not is_used(journal)


def test_a_resume_stores_a_checkpoint_with_the_mode_of_the_journal(jail, begin):
    """A private journal has a private checkpoint, and the next resume continues from it."""
    run = begin(id="x")
    journal = run.journal_path
    rows = [{"type": "history", "step": s, "time": 2.0, "data": {"a": s}} for s in range(30_000)]
    with journal.open("ab") as file:
        file.writelines(map(encode, rows))
    run.finish(1)
    journal.chmod(0o600)
    for starts in (2, 3):
        run = begin(id="x", resume="must")
        assert run.step == 30_000
        run.finish(1)
        assert is_used(journal)
        assert checkpoint_path(journal).stat().st_mode & 0o777 == 0o600
        assert load_run(journal) == replayed(journal)
        assert load_run(journal).starts == starts


CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("row"), st.dictionaries(NAMES, VALUES, max_size=2)),
        st.tuples(st.just("numbers"), st.dictionaries(NAMES, st.integers(0, 9), max_size=2)),
        st.tuples(st.just("open"), st.dictionaries(NAMES, st.integers(0, 9), max_size=2)),
        st.tuples(st.just("step"), st.integers(0, 12)),
        st.tuples(st.just("commit"), st.none()),
        st.tuples(st.just("config"), st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2)),
        st.tuples(st.just("summary"), st.dictionaries(NAMES, VALUES, max_size=2)),
        st.tuples(st.just("removed"), NAMES),
        st.tuples(st.just("metric"), st.sampled_from(["min", "mean", "none", "copy"])),
        st.tuples(st.just("tags"), TAGS),
        st.tuples(st.just("foreign"), TAGS),
    ),
    max_size=12,
)


def call(run, name, value):
    """Make one of the calls."""
    if name in ("row", "numbers"):
        run.log(value)
    elif name == "open":
        run.log(value, commit=False)
    elif name == "step":
        run.log({"loss": 1}, step=value)
    elif name == "commit":
        run.log()
    elif name == "config":
        run.config.update(value, allow_val_change=True)
    elif name == "summary":
        run.summary.update(value)
    elif name == "removed":
        run.summary.pop(value, None)
    elif name == "metric":
        run.define_metric("a", summary=value)
    elif name == "tags":
        run.tags = value
    else:
        record = {"type": "tags", "time": 3.0, "add": value, "remove": []}
        append_once(run.journal_path, encode(record))


@given(before=CALLS, after=CALLS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_the_checkpoint_of_a_live_run_is_what_its_journal_says(begin, monkeypatch, before, after):
    """At any moment: the run's own state is that of a replay, whatever the script did."""
    monkeypatch.setattr("runsettings.journal.checkpoint.SMALLEST", 1)
    monkeypatch.setattr("runsettings.runs.recording.metrics.CHECKPOINT_BYTES", 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = begin()
        journal = run.journal_path
        for calls in (before, after):
            for name, value in calls:
                call(run, name, value)
            with run._lock:  # the thread that gathers metadata waits
                run.log({"nested": {"a": 1}})
                assert is_used(journal)
                assert load_run(journal) == replayed(journal)
        run.finish()
    assert is_used(journal)
    assert load_run(journal) == replayed(journal)


def test_a_killed_run_has_a_checkpoint_near_its_end(jail, script):
    """The first resume after a crash replays the last 16 MB at most, however long the run was."""
    result = script(
        """
        run = begin(id="x")
        row = {f"m{number}": number / 7 for number in range(150)}
        while run.journal_path.stat().st_size < 37 << 20:
            for _ in range(100):
                run.log(row)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    assert result.returncode == -signal.SIGKILL
    (journal,) = (jail.cwd / "wandb").glob("offline-run-*/run-x.jsonl")
    fd = os.open(journal, os.O_RDONLY)
    state = restore(fd, journal)
    os.close(fd)
    assert journal.stat().st_size - state["position"] < 17 << 20
    assert load_run(journal) == replayed(journal)


def test_a_finished_long_run_has_a_checkpoint_of_its_end(begin):
    """Readers and the next resume replay nothing."""
    run = begin()
    row = {f"m{number}": number / 7 for number in range(150)}
    for _ in range(500):
        run.log(row)
    run.finish(3)
    fd = os.open(run.journal_path, os.O_RDONLY)
    state = restore(fd, run.journal_path)
    os.close(fd)
    assert state["position"] == run.journal_path.stat().st_size
    assert state["exit"]["code"] == 3
    assert load_run(run.journal_path) == replayed(run.journal_path)


def test_a_checkpoint_has_no_secret(jail, begin):
    """What is masked in the journal is masked in its checkpoint."""
    jail.setenv(WANDB_API_KEY="s3cr3t" * 7)
    run = begin()
    run.notes = "with " + "s3cr3t" * 7
    for _ in range(500):
        run.log({f"m{number}": number / 7 for number in range(150)})
    run.summary["s"] = "s3cr3t" * 7
    run.finish()
    path = checkpoint_path(run.journal_path)
    assert b"s3cr3t" not in path.read_bytes()
    assert load_run(run.journal_path) == replayed(run.journal_path)


def test_a_checkpoint_that_cannot_be_written_costs_nothing_else(begin, capsys):
    """The run goes on without a warning, and no temporary file is left."""
    run = begin()
    checkpoint_path(run.journal_path).mkdir()
    for _ in range(500):
        run.log({f"m{number}": number / 7 for number in range(150)})
    run.finish()
    assert load_run(run.journal_path) == replayed(run.journal_path)
    assert load_run(run.journal_path).rows == 500
    names = {path.name for path in run.path.iterdir()}
    assert names == {"files", run.journal_path.name, checkpoint_path(run.journal_path).name}
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("there", ["pipe", "link", "public"])
def test_a_checkpoint_replaces_what_is_in_its_place(jail, there):
    """A pipe is not waited for, a link is not followed, and the mode is that of the journal."""
    journal = write_long(jail)
    journal.chmod(0o640)
    path = checkpoint_path(journal)
    if there == "pipe":
        os.mkfifo(path)
    elif there == "link":
        path.symlink_to(jail.write("other", "mine"))
    else:
        path.write_text("old")
        path.chmod(0o666)
    write_checkpoint(journal)
    assert is_used(journal)
    assert path.lstat().st_mode & 0o777 == 0o640
    assert there != "link" or (jail.cwd / "other").read_text() == "mine"


def test_a_first_listing_reads_checkpoints(jail, counted_calls):
    """An index that is made anew does not replay long journals."""
    journal = write_long(jail)
    renamed = journal.parent.with_name("offline-run-20250131_143005-x")
    journal.parent.rename(renamed)
    write_checkpoint(renamed / journal.name)
    with counted_calls() as calls:
        (run,) = list_runs(jail.cwd / "wandb").runs
    assert run.rows == 16_000
    assert calls.total() < 6000
