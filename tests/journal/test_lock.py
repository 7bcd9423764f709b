"""Locks: who owns a run, and who may look for one."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading

import pytest

from runsettings.journal.lock import claim, directory_lock, is_owned, owner
from runsettings.journal.removal import remove
from runsettings.journal.replay import load_run
from runsettings.journal.writer import Journal
from runsettings.values.errors import RunError


def test_what_is_not_there_is_owned_by_nobody(jail):
    """A journal may be deleted while somebody looks."""
    assert not is_owned(jail.cwd / "missing.jsonl")


def test_looking_does_not_take(jail):
    """However many look at once, the owner gets the lock."""
    path = jail.write("run.jsonl", "")
    code = """
import sys
from runsettings.journal.lock import is_owned
print("ready", flush=True)
while True:
    is_owned(sys.argv[1])
"""
    readers = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    try:
        for reader in readers:
            assert reader.stdout is not None
            reader.stdout.readline()
        for _ in range(20):
            journal = Journal.resume(path)
            assert journal is not None
            journal.close()
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate()


def test_an_owner_is_told_from_readers(jail):
    """A lock that readers share is not owned, and is taken when they let go of it."""
    path = jail.write("run.jsonl", "")
    reader, owner = (os.open(path, os.O_RDWR) for _ in range(2))
    try:
        fcntl.flock(reader, fcntl.LOCK_SH)
        release = threading.Timer(0.3, fcntl.flock, (reader, fcntl.LOCK_UN))
        release.start()
        assert claim(owner, patience=0)
        release.join()
    finally:
        os.close(reader)
        os.close(owner)


def test_a_lock_taken_twice_is_refused_the_second_time(jail):
    """Each open file stands for an owner of its own."""
    path = jail.write("run.jsonl", "")
    first, second = (os.open(path, os.O_RDWR) for _ in range(2))
    try:
        assert claim(first)
        assert not claim(second)
    finally:
        os.close(first)
        os.close(second)


def test_the_lock_of_a_directory_lets_one_in_at_a_time(jail):
    """Processes that count on in a file do not lose a number."""
    jail.write("count", "0")
    code = """
from pathlib import Path
from runsettings.journal.lock import directory_lock
for _ in range(50):
    with directory_lock(Path()):
        Path("count").write_text(str(int(Path("count").read_text()) + 1))
"""
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert (jail.cwd / "count").read_text() == "200"


def test_a_directory_that_is_gone_is_an_os_error(jail):
    """Whoever prepares the directory deals with it."""
    with pytest.raises(OSError, match="No such file"), directory_lock(jail.cwd / "gone"):
        pass


def test_a_forked_child_does_not_keep_the_lock_of_a_directory(jail):
    """A worker that is forked while a start holds the lock may live for long."""
    ready, done = os.pipe(), os.pipe()
    with directory_lock(jail.cwd):
        child = os.fork()
        if child == 0:
            os.write(ready[1], b"x")
            os.read(done[0], 1)
            os._exit(0)
        os.read(ready[0], 1)
    fd = os.open(jail.cwd / ".lock", os.O_RDWR)
    try:
        assert claim(fd, patience=0)
    finally:
        os.close(fd)
        os.write(done[1], b"x")
        os.waitpid(child, 0)
        for end in (*ready, *done):
            os.close(end)


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_only_a_regular_file_is_the_lock_of_a_directory(jail, kind):
    """A link could create or lock another file."""
    path = jail.cwd / ".lock"
    if kind == "link":
        path.symlink_to(jail.home / "target")
    else:
        os.mkfifo(path)
    with pytest.raises(OSError, match=r"symbolic|regular"), directory_lock(jail.cwd):
        pass
    assert not (jail.home / "target").exists()


def test_the_owner_of_a_lock_is_named_with_its_command(jail):
    """The process that holds it, from the kernel's list."""
    fd = os.open(jail.write("x", ""), os.O_RDWR)
    try:
        assert owner(fd) is None
        assert claim(fd)
        assert f"process {os.getpid()} (" in (owner(fd) or "")
    finally:
        os.close(fd)


def test_a_foreign_lock_does_not_make_a_crashed_run_live(jail, script, begin):
    """Whoever may read the journal may lock it: that process is named, not the dead one."""
    script("run = begin(id='one', project='p'); run.log({'a': 1}); os.kill(os.getpid(), 9)")
    (journal,) = jail.cwd.glob("wandb/offline-run-*/run-one.jsonl")
    run = load_run(journal)
    assert run.state == "crashed"
    foreign = os.open(journal, os.O_RDONLY)
    try:
        assert claim(foreign)
        assert run.state == "crashed"
        mine = rf"locked by process {os.getpid()} \(.*\), which does not record it"
        for refused in (
            lambda: begin(id="one", project="p", resume="must"),
            lambda: remove(run, jail.cwd / "wandb"),
        ):
            with pytest.raises(RunError, match=mine) as caught:
                refused()
            assert "what it logs is lost" not in str(caught.value)
    finally:
        os.close(foreign)
    begin(id="one", project="p", resume="must").finish()
    assert load_run(journal).state == "finished"


def test_the_lock_of_a_run_of_another_machine_counts(jail, script):
    """Its process cannot be looked for here."""
    script("begin(id='one', project='p'); os.kill(os.getpid(), 9)")
    (journal,) = jail.cwd.glob("wandb/offline-run-*/run-one.jsonl")
    run = load_run(journal)
    run.host = "elsewhere"
    foreign = os.open(journal, os.O_RDONLY)
    try:
        assert claim(foreign)
        assert run.state == "running"
    finally:
        os.close(foreign)


def test_a_shared_lock_is_waited_for_and_then_named(jail, monkeypatch):
    """A reader that never lets go cannot stop a start for ever."""
    path = jail.write("wandb/.lock", "")
    monkeypatch.setattr("runsettings.journal.lock._PATIENCE", 0.05)
    monkeypatch.setattr("runsettings.journal.lock._READER_PATIENCE", 0.05)
    reader = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(reader, fcntl.LOCK_SH)
        with (
            pytest.raises(RunError, match=rf"process {os.getpid()} \("),
            directory_lock(path.parent),
        ):
            pass
    finally:
        os.close(reader)
