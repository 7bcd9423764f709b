"""The writer: whole lines, whatever the disk does."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.journal import writer as journal_module
from runsettings.journal.lock import is_owned
from runsettings.journal.notices import Notices
from runsettings.journal.reader import parse, read_records
from runsettings.journal.recorder import Recorder
from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import Journal, append_once, encode
from runsettings.secrets.masking import SecretMask
from runsettings.values.errors import RunError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def line(number: int) -> bytes:
    """A history record as a line."""
    return encode({"type": "history", "step": number, "time": 0.0, "data": {"a": number}})


def steps(path) -> list[int]:
    """The steps that a journal holds."""
    return [record["step"] for record in read_records(path)]


class ShortWrites:
    """Stands for a disk that takes `room` bytes and no more; a real file is behind it."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.write = os.write

    def __call__(self, fd: int, data: bytes) -> int:
        """Write in part, or fail."""
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = self.write(fd, data[: self.room])
        self.room -= written
        return written


@pytest.fixture
def journal(jail):
    """A new journal."""
    made = Journal.create(jail.cwd / "run-x.jsonl")
    yield made
    made.close()


@given(value=st.dictionaries(st.text(), JSON))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_json_object_is_one_line_that_reads_back(value):
    """Newlines and quotes in values do not break lines."""
    encoded = encode(value)
    assert encoded.count(b"\n") == 1
    assert parse(encoded) == value


def test_non_finite_numbers_and_broken_file_names_survive():
    """NaN, infinities and half a surrogate pair read back as they were."""
    value = parse(encode({"nan": float("nan"), "inf": float("-inf"), "name": "\udcff"}))
    assert value is not None
    assert value["nan"] != value["nan"]
    assert (value["inf"], value["name"]) == (float("-inf"), "\udcff")


def test_a_record_is_readable_when_append_returns(journal):
    """Nothing waits in a buffer."""
    journal.append(line(0))
    assert steps(journal.path) == [0]


def test_a_new_journal_never_overwrites_a_file(jail):
    """Two runs cannot share a journal by chance."""
    path = jail.write("run-x.jsonl", "")
    with pytest.raises(FileExistsError):
        Journal.create(path)


@pytest.mark.parametrize("room", range(len(line(1)) + 1))
def test_a_disk_that_fills_up_tears_no_record(journal, monkeypatch, room):
    """Wherever in a line the disk is full, each record is there once when there is room again."""
    journal.append(line(0))
    disk = ShortWrites(room)
    monkeypatch.setattr(journal_module.os, "write", disk)
    journal.append(line(1))
    journal.append(line(2))
    monkeypatch.setattr(journal_module.os, "write", disk.write)
    journal.append(line(3))
    assert steps(journal.path) == [0, 1, 2, 3]


def test_trouble_and_relief_are_told_once(journal, monkeypatch):
    """A full disk is one warning however many records meet it, and its end is one notice."""
    told = []
    journal.trouble = lambda error: told.append(error.errno)
    journal.relief = told.append
    disk = ShortWrites(0)
    monkeypatch.setattr(journal_module.os, "write", disk)
    for number in range(5):
        journal.append(line(number))
    monkeypatch.setattr(journal_module.os, "write", disk.write)
    journal.append(line(5))
    journal.append(line(6))
    assert told == [errno.ENOSPC, 6]


def test_what_finds_no_room_in_memory_is_counted(journal, monkeypatch):
    """The journal itself tells how many records were lost."""
    monkeypatch.setattr(journal_module, "PENDING_BYTES", 2 * len(line(1)))
    disk = ShortWrites(0)
    monkeypatch.setattr(journal_module.os, "write", disk)
    for number in range(5):
        journal.append(line(number))
    monkeypatch.setattr(journal_module.os, "write", disk.write)
    journal.flush()
    written = list(read_records(journal.path))
    assert [record.get("step") for record in written] == [0, 1, None]
    assert written[-1]["records"] == 3


def test_a_real_limit_on_file_size_keeps_the_records(jail):
    """The kernel's own short write and error (EFBIG) lose nothing."""
    code = """
import resource, sys
from pathlib import Path
from runsettings.journal.writer import Journal, append_once, encode
journal = Journal.create(Path("run-x.jsonl"))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
for step in range(50):
    journal.append(encode({"type": "history", "step": step}))
full = journal.pending
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
journal.append(encode({"type": "history", "step": 50}))
print(full > 0, journal.pending)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("True 0\n", "")
    assert steps(jail.cwd / "run-x.jsonl") == list(range(51))


def test_a_torn_tail_is_ended_before_the_first_record_of_a_resumed_run(jail):
    """The torn line alone is lost."""
    path = jail.write("run-x.jsonl", line(0) + line(1)[:-9])
    resumed = Journal.resume(path)
    assert resumed is not None
    resumed.append(line(2))
    resumed.close()
    assert steps(path) == [0, 2]


def test_a_live_journal_cannot_be_resumed(journal):
    """The lock belongs to the open file, so even the same process cannot take it twice."""
    assert Journal.resume(journal.path) is None


def test_a_closed_journal_is_owned_by_nobody(journal):
    """Closing lets go of the lock at once."""
    assert is_owned(journal.path)
    journal.close()
    assert not is_owned(journal.path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_does_not_keep_the_journal_alive(jail):
    """A child that outlives its killed parent, as a data loader's worker may, owns nothing."""
    code = """
import os, signal, sys
from pathlib import Path
from runsettings.journal.writer import Journal
journal = Journal.create(Path("run-x.jsonl"))
if os.fork() == 0:
    os.kill(os.getppid(), 9)
    print("killed", flush=True)
    sys.stdin.read()
    os._exit(0)
signal.pause()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == "killed\n"
    parent.wait()
    try:
        assert not is_owned(jail.cwd / "run-x.jsonl")
    finally:
        parent.communicate()


def test_lines_of_eight_threads_and_another_process_do_not_mix(jail, journal):
    """Appending is atomic, also for a second process that adds a tag."""
    code = """
import os
fd = os.open("run-x.jsonl", os.O_WRONLY | os.O_APPEND)
for _ in range(500):
    os.write(fd, b'{"type": "tags", "step": -1}' + bytes([10]))
"""
    process = subprocess.Popen([sys.executable, "-c", code])
    lock = threading.Lock()

    def write(first: int) -> None:
        for number in range(first, first + 250):
            with lock:
                journal.append(line(number))

    threads = [threading.Thread(target=write, args=(250 * index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert process.wait() == 0
    text = journal.path.read_bytes()
    assert len(text.splitlines()) == 2500
    assert sorted(json.loads(one)["step"] for one in text.splitlines()) == [-1] * 500 + list(
        range(2000)
    )


def test_what_is_printed_to_a_closed_stream_is_not_in_the_journal(jail):
    """A program that closed its streams has their numbers to give away; not to a journal."""
    code = """
import os
os.closerange(0, 3)
from pathlib import Path
from runsettings.journal.writer import Journal, append_once, encode
path = Path("run-x.jsonl")
Journal.create(path).close()
journal = Journal.resume(path)
for stream in range(3):
    try:
        os.write(stream, b"printed")
    except OSError:
        pass
journal.append(encode({"type": "x"}))
"""
    subprocess.run([sys.executable, "-c", code], cwd=jail.cwd, check=True)
    assert (jail.cwd / "run-x.jsonl").read_bytes() == encode({"type": "x"})


def test_a_line_that_another_process_cut_short_does_not_swallow_the_next(journal):
    """On a full disk another process leaves half a line; what is appended then can be read."""
    journal.append(line(0))
    with journal.path.open("ab") as other:
        other.write(b'{"type":"tags","ad')
    assert journal.append(line(1))
    assert journal.append(line(2))
    assert steps(journal.path) == [0, 1, 2]


@pytest.mark.parametrize("room", range(1, len(line(1)) + 2))
def test_half_a_line_of_another_process_and_a_full_disk_together(journal, monkeypatch, room):
    """Wherever ours is cut short behind it, every acknowledged record is there once."""
    journal.append(line(0))
    with journal.path.open("ab") as other:
        other.write(b'{"type":"tags","ad')
    disk = ShortWrites(room)
    monkeypatch.setattr(journal_module.os, "write", disk)
    journal.append(line(1))
    monkeypatch.setattr(journal_module.os, "write", disk.write)
    assert journal.append(line(2))
    assert steps(journal.path) == [0, 1, 2]


@pytest.mark.parametrize("room", [0, 1, 10])
def test_a_record_too_large_to_keep_spoils_no_other(journal, monkeypatch, room):
    """It is counted as lost; the half that was written ends before the next record."""
    monkeypatch.setattr(journal_module, "PENDING_BYTES", 20)
    disk = ShortWrites(room)
    monkeypatch.setattr(journal_module.os, "write", disk)
    assert not journal.append(line(0))
    monkeypatch.setattr(journal_module.os, "write", disk.write)
    journal.append(line(1))
    assert journal.flush()
    records = list(read_records(journal.path))
    assert [record["step"] for record in records if record["type"] == "history"] == [1]
    assert [record["records"] for record in records if record["type"] == "lost"] == [1]


def test_append_tells_whether_the_line_is_in_the_file(journal, monkeypatch):
    """True only once it, and every line before it, is."""
    disk = ShortWrites(0)
    monkeypatch.setattr(journal_module.os, "write", disk)
    assert not journal.append(line(0))
    monkeypatch.setattr(journal_module.os, "write", disk.write)
    assert journal.append(line(1))
    assert steps(journal.path) == [0, 1]


def test_a_line_that_finds_no_room_is_an_error_of_who_appends_it_once(jail, journal):
    """A tag that is not recorded is never reported as recorded."""
    journal.append(line(0))
    code = f"""
import os, resource, sys
from runsettings.journal.writer import append_once, encode
resource.setrlimit(resource.RLIMIT_FSIZE, ({journal.path.stat().st_size + 9}, -1))
try:
    append_once({str(journal.path)!r}, encode({{"type": "tags"}}))
except OSError as error:
    print(type(error).__name__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("OSError\n", "")
    assert journal.append(line(1))
    append_once(journal.path, line(2))
    assert steps(journal.path) == [0, 1, 2]


@pytest.mark.parametrize("strict", [False, True])
def test_a_start_that_could_not_be_written_is_told(tmp_path, full_disk, capsys, strict):
    """The record of the start is written before anybody can be told that it failed."""
    journal = Journal.create(tmp_path / "run-a.jsonl")
    with full_disk():
        assert not journal.append(b"x" * 200 + b"\n")
        stored, notices = StoredRun(str(journal.path)), Notices(quiet=True)
        if strict:
            with pytest.raises(RunError, match="File too large"):
                Recorder(journal, stored, notices, SecretMask(), strict=True)
        else:
            Recorder(journal, stored, notices, SecretMask(), strict=False)
            assert "File too large" in capsys.readouterr().err
    journal.close()
