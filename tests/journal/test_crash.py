"""The promise of the journal, under SIGKILL, full disks and many processes at once."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import time

import pytest

from runsettings.journal.reader import read_history
from runsettings.journal.replay import load_run
from runsettings.values.errors import RunError

LONG = bool(os.environ.get("RUNSETTINGS_LONG"))
"""Whether the proofs run in full: 500 kills instead of 8."""

KILLS = 500 if LONG else 8

TRAIN = """
run = begin(resume="auto", config={"lr": 0.1})
print("at", run.step, flush=True)
number = run.step
while True:
    run.log({"n": number, "loss": 1 / (number + 1)})
    os.write(1, b"%d\\n" % number)
    number += 1
"""


def test_what_log_returned_from_survives_sigkill(spawn, stored):
    """Killed at random moments again and again, one run goes on and loses no row."""
    chance = random.Random(7)
    returned = -1
    for kills in range(1, KILLS + 1):
        process = spawn(TRAIN)
        first = process.stdout.readline()
        assert int(first.split()[1]) > returned, "the step goes on behind everything told"
        # Some die at once, others after many rows.
        for _ in range(chance.choice((0, 1, 10, 1000))):
            process.stdout.readline()
        process.kill()
        told = process.stdout.read().splitlines(keepends=True)
        process.wait()
        run = stored()
        assert run.state == "crashed"
        # The kernel may cut a write short between two pages: a line whose log() never returned.
        assert run.torn <= kills
        whole = [int(line) for line in told if line.endswith("\n")]
        returned = max([returned, *whole])
        assert run.step > returned
    rows = list(read_history(run.journal))
    assert [row["_step"] for row in rows] == list(range(len(rows)))
    assert [row["n"] for row in rows] == list(range(len(rows)))
    assert run.starts == KILLS


FULL = """
import resource
def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
run = begin(settings={"quiet": True, "strict": len(sys.argv) > 1, "disable_git": True})
run._files.wait_for_facts()
journal = run.journal_path
limit(journal.stat().st_size + 500)
for step in range(50):
    run.log({"n": step})
"""


def test_a_full_disk_is_one_warning_and_loses_nothing(script, stored):
    """The script lives, the records wait in memory, and are written when there is room."""
    done = script(FULL + "limit(-1)\nrun.log({'n': 50})\n")
    assert done.returncode == 0
    (warning,) = done.stderr.splitlines()
    assert re.fullmatch(
        r"runsettings: warning: /\S+\.jsonl cannot be written: File too large; "
        r"records are kept in memory and tried again with each log\(\)",
        warning,
    )
    run = stored()
    assert [row["n"] for row in read_history(run.journal)] == list(range(51))
    assert (run.torn, run.lost, run.state) == (1, 0, "finished")


def test_a_disk_that_stays_full_costs_records_and_not_the_script(script):
    """The end says how many are lost; the exit code is the script's own."""
    done = script(FULL)
    assert done.returncode == 0
    assert re.search(
        r"warning: the run lost \d+ records? that could not be written to \S+", done.stderr
    )


def test_a_full_disk_is_an_error_when_strict(script):
    """`strict` raises where the record could not be written."""
    done = script(FULL, "strict")
    assert done.returncode == 1
    assert "RunError" in done.stderr
    assert "cannot be written: File too large" in done.stderr


@pytest.fixture
def small_disk(jail):
    """A file system of 256 kilobytes and 64 files."""
    place = jail.cwd / "disk"
    place.mkdir()
    line = ["mount", "-t", "tmpfs", "-o", "size=256k,nr_inodes=64", "tmpfs", str(place)]
    if subprocess.run(line, capture_output=True, check=False).returncode:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_file_system_recovers(begin, small_disk, capsys):
    """A real disk without room: warned once, kept, and caught up when a file is deleted."""
    run = begin(dir=small_disk)
    run._files.wait_for_facts()
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="No space left"):
        ballast.write_bytes(b"x" * 300_000)
    for step in range(500):
        run.log({"n": step})
    ballast.unlink()
    run.log({"n": 500})
    run.finish()
    run = load_run(run.journal_path)
    assert [row["n"] for row in read_history(run.journal)] == list(range(501))
    assert run.lost == 0
    assert capsys.readouterr().err.count("No space left on device") == 1


def test_a_start_on_a_full_disk_goes_elsewhere(begin, small_disk, capsys, tmp_path, monkeypatch):
    """Where no directory can be made, the run is recorded in a temporary one, and says so."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (small_disk / "wandb").mkdir()
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "ballast").write_bytes(b"x" * 300_000)
    while True:
        try:
            (small_disk / "wandb" / f"{time.monotonic_ns()}").mkdir()
        except OSError:
            break
    run = begin(dir=small_disk)
    run.log({"a": 1})
    run.finish()
    assert load_run(run.journal_path).state == "finished"
    assert run.path.is_relative_to(tmp_path)
    assert "cannot be written" in capsys.readouterr().err


def test_a_disk_without_room_for_a_line_sends_the_run_elsewhere(
    begin, small_disk, capsys, tmp_path, monkeypatch
):
    """Directories can still be made there, and a run of which nothing is kept is no run."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "ballast").write_bytes(b"x" * 300_000)
    run = begin(dir=small_disk)
    run.finish()
    assert load_run(run.journal_path).state == "finished"
    assert list((small_disk / "wandb").iterdir()) == []
    assert "runs go to" in capsys.readouterr().err


def test_32_processes_in_one_second_are_32_whole_runs(jail, journals):
    """Nothing of one run is in another."""
    jail.write(
        "train.py",
        "import os, sys\n"
        "from runsettings.runs.starting.start import init\n"
        "ready, start = os.pipe()\n"
        "number = next((n for n in range(32) if os.fork() == 0), None)\n"
        "os.close(start)\n"
        "if number is None:\n"
        "    sys.exit(any([os.wait()[1] for _ in range(32)]))\n"
        "os.read(ready, 1)  # returns when the last of all has closed the other end\n"
        "run = init(mode='offline', settings={'quiet': True}, config={'n': number})\n"
        "for step in range(100): run.log({'n': number, 's': step})\n",
    )
    done = subprocess.run([sys.executable, "train.py"], check=False, timeout=120)
    assert done.returncode == 0
    runs = [load_run(journal) for journal in journals()]
    assert sorted(run.config["n"] for run in runs) == list(range(32))
    assert len({run.id for run in runs}) == 32
    for run in runs:
        assert (run.state, run.torn, run.rows) == ("finished", 0, 100)
        assert {row["n"] for row in read_history(run.journal)} == {run.config["n"]}


def test_a_directory_that_is_deleted_under_a_run_stops_nothing(begin, capsys):
    """The script lives; that the run is lost is said."""
    run = begin()
    run._files.wait_for_facts()
    shutil.rmtree(run.path)
    run.log({"a": 1})
    run.finish()
    assert f"run-{run.id}.jsonl was deleted; the run is lost" in capsys.readouterr().err


def test_strict_tells_of_a_deleted_directory(begin):
    """With `strict` the end of the run is an error."""
    run = begin(settings={"quiet": True, "strict": True})
    run._files.wait_for_facts()
    shutil.rmtree(run.path)
    with pytest.raises(RunError, match="was deleted"):
        run.finish()
