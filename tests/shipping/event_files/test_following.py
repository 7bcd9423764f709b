"""What event files gain is appended to the journal, once."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys

import pytest

from runsettings.journal.reader import read_history, read_records
from runsettings.journal.replay import load_run
from runsettings.runs.recording.active import finish
from runsettings.shipping.event_files.following import EventFiles


@pytest.fixture
def follow(begin, jail):
    """A run that follows ``logs``: a function that follows it, and its journal."""
    run = begin()
    values = {"tensorboard": {"directories": {str(jail.cwd / "logs"): ""}, "earlier": []}}
    run._recorder.write({"type": "metadata", "values": values})
    run.finish()
    said = []

    def call(**given):
        reader = given.pop("reader", None) or EventFiles(run.journal_path, said.append)
        return reader.follow(load_run(run.journal_path), everything=True, **given)

    call.journal, call.said = run.journal_path, said
    call.record = lambda **values: _append(run.journal_path, values)
    _append(run.journal_path, {"type": "exit", "time": 9e9, "state": "finished", "code": 0})
    return call


def framed(data):
    """A record of an event file."""
    import google_crc32c

    def checksum(part):
        crc = google_crc32c.value(part)
        return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)

    length = struct.pack("<Q", len(data))
    return length + checksum(length) + data + checksum(data)


def _append(journal, record):
    with journal.open("a") as file:
        file.write(json.dumps(record) + "\n")


def rows(journal, tag="loss"):
    """Step and value of each row with a tag."""
    return [(row["_step"], row[tag]) for row in read_history(journal) if tag in row]


def sourced(journal):
    """The records from event files, as they are in the journal."""
    return [record for record in read_records(journal) if "source" in record]


def test_a_row_has_its_own_step_its_time_and_its_place(follow, write_events):
    """As the event file has them."""
    path = write_events([0.5, 0.25])
    follow()
    first, second = sourced(follow.journal)
    assert first["data"] == {"loss": 0.5, "global_step": 0}
    assert (second["step"], second["data"]) == (1, {"loss": 0.25, "global_step": 1})
    assert first["source"]["file"] == second["source"]["file"] == str(path)
    assert second["source"]["offset"] == path.stat().st_size
    assert abs(first["time"] - path.stat().st_mtime) < 60


def test_what_was_read_is_not_appended_again(follow, write_events):
    """By the same process, nor by another one that knows the journal only."""
    write_events([0.5])
    reader = EventFiles(follow.journal, print)
    assert follow(reader=reader) > 0
    assert follow(reader=reader) == 0
    assert follow() == 0


def test_a_file_that_grows_is_read_from_where_it_was(follow, write_events):
    """Whether the last record was cut off or not."""
    path = write_events([0.5, 0.25])
    content = path.read_bytes()
    path.write_bytes(content[:-3])
    follow()
    path.write_bytes(content)
    follow()
    assert [record["data"]["loss"] for record in sourced(follow.journal)] == [0.5, 0.25]


def test_two_writers_in_one_directory_lose_nothing(follow, write_events):
    """The older file is read on after the newer one has begun."""
    older = write_events([1, 2, 3], tag="older")
    content = older.read_bytes()
    older.write_bytes(content[:-60])
    write_events([4], tag="newer")
    follow()
    older.write_bytes(content)
    follow()
    assert rows(follow.journal, "older") == [(0, 1), (1, 2), (2, 3)]
    assert rows(follow.journal, "newer") == [(0, 4)]


def test_a_directory_below_is_a_prefix(follow, write_events):
    """As TensorBoard shows it as another run."""
    write_events([1], "logs/val/best")
    follow()
    assert rows(follow.journal, "val/best/loss") == [(0, 1)]


def test_rows_that_two_processes_append_count_once(follow, write_events):
    """Each appends them in the order of the file; for readers, a double is not there."""
    write_events([0.5, 0.25])
    lines = follow.journal.read_bytes()
    follow()
    added = follow.journal.read_bytes()[len(lines) :].splitlines(keepends=True)
    with follow.journal.open("ab") as file:
        file.write(b"".join([added[0], *added]))
    assert len(sourced(follow.journal)) == 5
    assert rows(follow.journal) == [(0, 0.5), (1, 0.25)]
    assert load_run(follow.journal).rows == 2


def test_rows_from_files_do_not_move_the_steps_of_the_script(follow, write_events):
    """A run that is resumed goes on where the script was."""
    follow.record(type="history", step=3, time=1.0, data={"own": 1})
    write_events(range(9))
    follow()
    run = load_run(follow.journal)
    assert (run.step, run.source_step, run.rows) == (4, 9, 10)
    assert (run.summary["own"], run.summary["loss"], run.summary["global_step"]) == (1, 8, 8)


def test_damage_is_told_once(follow, write_events):
    """And what is before it is in the run."""
    path = write_events([0.5, 0.25])
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    reader = EventFiles(follow.journal, follow.said.append)
    follow(reader=reader)
    follow(reader=reader)
    assert rows(follow.journal) == [(0, 0.5)]
    (line,) = follow.said
    assert f"{path} is damaged at byte" in line


def test_what_is_written_after_the_end_of_a_run_is_not_its_own(follow, write_events):
    """The writer may live on, and another run may follow it."""
    follow.record(type="exit", time=1.0, state="finished", code=0)
    write_events([0.5])
    follow()
    assert sourced(follow.journal) == []


def test_a_crashed_run_ends_where_the_next_run_of_its_directory_starts(begin, jail, write_events):
    """The script was started again after a kill, and `sync` comes last."""
    from runsettings.journal.replay import StoredRun

    values = {"tensorboard": {"directories": {str(jail.cwd / "logs"): ""}, "earlier": []}}
    journal = begin().journal_path
    active_lines = journal.read_bytes()
    finish()
    journal.write_bytes(active_lines)  # as a kill leaves it
    _append(journal, {"type": "metadata", "time": 1.0, "values": values})
    path = write_events([0.5])
    run = load_run(journal)
    later = StoredRun("x", started=run.started + 0.0001, metadata=values)
    other = StoredRun("y", started=run.started + 0.0001)
    EventFiles(journal, print, others=[later, run]).follow(run, everything=True)
    assert rows(journal) == []
    assert "file" not in {record["type"] for record in read_records(journal)}
    for _ in range(2):
        EventFiles(journal, print, others=[other, run]).follow(run, everything=True)
    assert rows(journal) == [(0, 0.5)]
    (copy,) = (record for record in read_records(journal) if record["type"] == "file")
    assert (journal.parent / "files" / copy["path"]).read_bytes() == path.read_bytes()
    assert copy["time"] == load_run(journal).last  # the copy does not make the run longer


def test_a_copy_that_would_leave_the_run_is_refused(begin, jail, write_events, capsys):
    """Another user may have put a symbolic link there."""
    values = {"tensorboard": {"directories": {str(jail.cwd / "logs"): ""}, "earlier": []}}
    journal = begin().journal_path
    active_lines = journal.read_bytes()
    finish()
    journal.write_bytes(active_lines)
    _append(journal, {"type": "metadata", "time": 1.0, "values": values})
    write_events([0.5])
    (jail.cwd / "elsewhere").mkdir()
    (journal.parent / "files" / "logs").symlink_to(jail.cwd / "elsewhere")
    EventFiles(journal, print).follow(load_run(journal), everything=True)
    assert list((jail.cwd / "elsewhere").iterdir()) == []
    assert "cannot be copied: it is not below" in capsys.readouterr().out


def test_copies_in_the_directory_of_runs_are_no_event_files(follow, jail, write_events):
    """They would be read twice where the script writes into its own working directory."""
    values = {"tensorboard": {"directories": {str(jail.cwd): ""}, "earlier": []}}
    follow.record(type="metadata", time=1.0, values=values)
    write_events([0.5], "wandb/copy")
    write_events([0.25], ".")
    follow()
    assert rows(follow.journal) == [(0, 0.25)]


def test_a_secret_in_a_tag_is_masked(follow, write_events):
    """Of those that the process knows."""
    from runsettings.secrets.masking import SecretMask

    write_events([0.5], tag="hf_secret-of-mine/loss")
    EventFiles(follow.journal, print, SecretMask("hf_secret-of-mine")).follow(
        load_run(follow.journal), everything=True
    )
    assert b"secret-of-mine" not in follow.journal.read_bytes()
    assert list(sourced(follow.journal)[0]["data"]) == ["***/loss", "global_step"]


def test_the_messages_of_tensorboardx_are_read_without_its_imports(write_events):
    """It imports PyTorch, where it is installed, which takes seconds."""
    path = write_events([0.5])
    code = f"""
import sys
from importlib.util import find_spec
if find_spec("tensorboard"):
    sys.exit()
from runsettings.shipping.event_files.framing import read_event_records
from runsettings.shipping.event_files.messages import event_parser
assert [event_parser()(r.data).scalars for r in read_event_records({os.fspath(path)!r})][1]
assert "tensorboardX" not in sys.modules and "numpy" not in sys.modules
import tensorboardX
tensorboardX.SummaryWriter("again").add_scalar("a", 1, 1)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("kind", ["no message", "no hyperparameters", "no half"])
def test_a_record_that_is_no_event_is_left_out(follow, write_events, kind):
    """Its checksums are right, so that the records after it are read."""
    from tensorboardX.proto.event_pb2 import Event

    event = Event()
    value = event.summary.value.add(tag="x")
    if kind == "no hyperparameters":
        value.metadata.plugin_data.plugin_name = "hparams"
        value.metadata.plugin_data.content = b"\xff\xff"
    else:
        value.tensor.dtype = 19
        value.tensor.half_val.append(-1)
    data = b"\xff\xff" if kind == "no message" else event.SerializeToString()
    later = Event(step=7)
    later.summary.value.add(tag="loss", simple_value=0.25)
    path = write_events([0.5])
    path.write_bytes(path.read_bytes() + framed(data) * 2 + framed(later.SerializeToString()))
    follow()
    follow()
    assert rows(follow.journal) == [(0, 0.5), (7, 0.25)]
    assert set(follow.said) == {f"{path} has records that are no events; they are left out"}


@pytest.mark.parametrize("at_once", [True, False])
def test_the_first_hyperparameters_of_a_name_stay(follow, write_events, at_once):
    """Whether the others are read at the same time or later."""
    write_events([])
    tensorboardx = pytest.importorskip("tensorboardX", reason="it writes the event files")
    with tensorboardx.SummaryWriter("logs") as writer:
        writer.add_hparams({"lr": 0.1}, {}, name="a")
        if not at_once:
            writer.flush()
            follow()
        writer.add_hparams({"lr": 0.5, "decay": 0.25}, {}, name="b")
    follow()
    assert load_run(follow.journal).config == {"lr": 0.1, "decay": 0.25}
