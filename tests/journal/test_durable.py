"""Durable journals: what is synced to the disk, when, and by whom."""

from __future__ import annotations

import errno
import os
import threading

import pytest

from runsettings.journal import durable
from runsettings.journal.directory import create
from runsettings.journal.durable import DurableJournal, journal_class
from runsettings.journal.lock import is_owned
from runsettings.journal.replay import load_run
from runsettings.journal.writer import Journal, encode
from runsettings.models.settings import Settings
from runsettings.values.errors import RunError

POWER = {"quiet": True, "disable_git": True, "durability": "power"}

pytestmark = pytest.mark.skipif(not hasattr(os, "fdatasync"), reason="the disk is synced by fcntl")


@pytest.fixture
def broken_disk(monkeypatch):
    """A disk that takes writes and refuses to sync them."""

    def refuse(_fd):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def break_it():
        monkeypatch.setattr(durable, "_sync", refuse)

    return break_it


def line(number):
    """A history record as a line."""
    return encode({"type": "history", "step": number, "time": 0.0, "data": {"a": number}})


def test_each_line_reaches_the_disk_without_another_call(script):
    """The thread syncs up to the end of the last line, and the script may do something else."""
    done = script(
        f"""
        run = begin(settings={POWER})
        journal = run._recorder.journal
        for step in range(200):
            run.log({{"a": step}})
        while journal.synced < journal.end:
            os.sched_yield()
        print(journal.synced == journal.path.stat().st_size)
        """
    )
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_only_this_mode_has_a_thread(begin):
    """The thread lives from the first record to the end of the run."""
    run = begin()
    run._files.wait_for_facts()
    before = threading.active_count()
    run.log({"a": 1})
    assert threading.active_count() == before
    run.finish()
    run = begin(settings=POWER)
    run._files.wait_for_facts()
    assert threading.active_count() == before + 1
    run.finish()
    assert threading.active_count() == before


def test_the_end_of_a_run_is_on_the_disk_when_finish_returns(begin, monkeypatch):
    """The last sync is after the last record."""
    sizes = []
    sync = durable._sync

    def note(fd):
        sizes.append(os.fstat(fd).st_size)
        sync(fd)

    monkeypatch.setattr(durable, "_sync", note)
    run = begin(settings=POWER)
    run.log({"a": 1})
    run.finish()
    assert sizes[-1] == run.journal_path.stat().st_size


def test_with_strict_each_call_waits_for_the_disk(begin, monkeypatch):
    """What a call returned from is on the disk."""
    run = begin(settings={**POWER, "strict": True})
    run._files.wait_for_facts()
    journal = run._recorder.journal
    for step in range(3):
        run.log({"a": step})
        assert journal.synced == journal.path.stat().st_size
    run.finish()


def test_a_disk_that_refuses_to_sync_is_one_warning(begin, broken_disk, capsys):
    """The script lives, and the records are in the file."""
    run = begin(settings=POWER)
    run._files.wait_for_facts()
    broken_disk()
    for step in range(3):
        run.log({"a": step})
    run.finish()
    (warning,) = capsys.readouterr().err.splitlines()
    assert "cannot be synced to the disk: Input/output error" in warning
    assert "a power failure may lose records" in warning
    assert load_run(run.journal_path).rows == 3


def test_a_disk_that_refuses_to_sync_is_an_error_when_strict(begin, broken_disk, monkeypatch):
    """Of each call, and of `finish` as well."""
    run = begin(settings={**POWER, "strict": True})
    run._files.wait_for_facts()
    with monkeypatch.context() as patch:
        patch.setattr(durable, "_sync", durable._sync)
        broken_disk()
        for _ in range(2):
            with pytest.raises(RunError, match="cannot be synced to the disk"):
                run.log({"a": 1})
        with pytest.raises(RunError, match="cannot be synced to the disk"):
            run.finish()


def test_a_start_that_cannot_be_synced_leaves_nothing(jail, broken_disk):
    """The caller goes elsewhere."""
    broken_disk()
    with pytest.raises(OSError, match="Input/output"):
        create(jail.cwd, "x", line(0), offline=True, now=0.0, kind=DurableJournal)
    assert list(jail.cwd.iterdir()) == []


def test_a_forked_child_has_no_thread_and_keeps_no_lock(script):
    """Forked between a line and its sync, the parent still syncs, and the child owns nothing."""
    done = script(
        f"""
        import threading
        from runsettings.journal.lock import is_owned
        run = begin(settings={POWER})
        journal = run._recorder.journal
        for step in range(20):
            run.log({{"a": step}})
            read, write = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(write)
                alone = threading.active_count() == 1 and journal.fd < 0
                os.read(read, 1)  # until the parent has finished
                os._exit(0 if alone else 1)
            os.close(read)
            if step < 19:
                os.close(write)
                assert os.waitpid(child, 0)[1] == 0
        run.finish()
        print(is_owned(run.journal_path), journal.synced == run.journal_path.stat().st_size)
        os.close(write)
        print(os.waitpid(child, 0)[1])
        """
    )
    assert (done.stdout, done.stderr) == ("False True\n0\n", "")


def test_the_setting_chooses_the_journal(jail):
    """`kernel` is the default."""
    assert journal_class(Settings().durability) is Journal
    jail.setenv(WANDB_DURABILITY="power")
    assert journal_class(Settings().durability) is DurableJournal


def test_a_closed_journal_is_owned_by_nobody(jail):
    """Closing ends the thread first, and then releases the lock."""
    journal = DurableJournal.create(jail.cwd / "run-x.jsonl", line(0))
    journal.append(line(1))
    journal.close()
    assert not is_owned(journal.path)
    assert journal.synced == journal.path.stat().st_size
