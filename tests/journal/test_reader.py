"""The reader: every whole record, whatever is around it."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runsettings.journal.reader import check_header, read_lines, read_records
from runsettings.journal.writer import encode
from runsettings.values.errors import RunError

RECORDS = [
    {"type": "history", "step": step, "time": 1.5, "data": {"loss": step / 7, "name": "ä\n"}}
    for step in range(4)
]
TEXT = b"".join(map(encode, RECORDS))
LAST_TWO = sum(len(encode(record)) for record in RECORDS[:2])


@pytest.mark.parametrize("end", range(LAST_TWO, len(TEXT) + 1))
def test_a_journal_cut_anywhere_is_read_up_to_there(jail, end):
    """Every record that is whole before the cut is read, and nothing else."""
    path = jail.write("run.jsonl", TEXT[:end])
    third = LAST_TWO + len(encode(RECORDS[2]))
    whole = 2 + (end >= third - 1) + (end >= len(TEXT) - 1)
    assert list(read_records(path)) == RECORDS[:whole]


def test_a_torn_line_in_the_middle_is_skipped_and_counted(jail):
    """A line without sense costs that line."""
    path = jail.write("run.jsonl", encode(RECORDS[0]) + b'{"type": "hist\n' + encode(RECORDS[1]))
    lines = list(read_lines(path))
    assert [line.record for line in lines] == [RECORDS[0], None, RECORDS[1]]


@pytest.mark.parametrize(
    "junk", [b"\0\0\0\0\n", b"\n", b"   \n", b"[1, 2]\n", b'"text"\n', b"12\n", b"\xff\xfe\n"]
)
def test_junk_between_records_costs_nothing_else(jail, junk):
    """Zeros of a lost block, blank lines and other JSON are no records."""
    path = jail.write("run.jsonl", encode(RECORDS[0]) + junk + encode(RECORDS[1]))
    assert list(read_records(path)) == RECORDS[:2]


def test_a_reader_goes_on_where_it_stopped(jail):
    """The byte after a line is where the next one begins, also after an unfinished last line."""
    path = jail.write("run.jsonl", TEXT[: LAST_TWO + 10])
    *_, last = read_lines(path)
    path.write_bytes(TEXT)
    assert list(read_records(path, last.end)) == RECORDS[2:]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"format": "runsettings-journal", "version": 2}, "version 2"),
        ({"format": "other", "version": 1}, "not a journal"),
        ({}, "not a journal"),
        ({"format": "runsettings-journal", "version": "1"}, "not a journal"),
    ],
)
def test_a_journal_that_would_be_misread_is_refused(header, message):
    """A later version, and a file of another kind, are errors that name the file."""
    with pytest.raises(RunError, match=message) as caught:
        check_header(header, "wandb/x.jsonl")
    assert "wandb/x.jsonl" in str(caught.value)


@given(junk=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_can_stand_in_a_journal(jail, junk):
    """The record on the lines after them is read."""
    path = jail.write("run.jsonl", junk + b"\n" + encode(RECORDS[0]))
    assert list(read_records(path))[-1] == RECORDS[0]


@pytest.mark.parametrize("kind", ["pipe", "device", "directory"])
def test_only_a_regular_file_is_read(jail, kind):
    """A pipe or a device in a shared directory is an error and does not stop the reader."""
    path = jail.cwd / "run-x.jsonl"
    {
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "directory": path.mkdir,
    }[kind]()
    with pytest.raises(OSError):
        list(read_records(path))


def test_a_line_nested_beyond_measure_is_torn(jail):
    """No record of ours is; the others are read."""
    path = jail.write("run-x.jsonl", '{"a":' * 100_000 + "}" * 100_000 + '\n{"type": "x"}\n')
    assert list(read_records(path)) == [{"type": "x"}]
