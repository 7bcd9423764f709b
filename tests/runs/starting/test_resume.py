"""Which run a start is: the six cases, after every kind of end."""

from __future__ import annotations

import os
import re
import shutil
import socket
import time

import pytest

from runsettings.journal.index import list_runs
from runsettings.journal.reader import read_records
from runsettings.journal.replay import load_run
from runsettings.journal.writer import encode
from runsettings.values.errors import RunError

ENDS = ("finished", "failed", "crashed")

FIRST = """
run = begin(id=sys.argv[1] if len(sys.argv) > 2 else None, config={"lr": 0.1}, tags=["a"], name="n")
for step in range(3):
    run.log({"loss": step})
run.summary["best"] = 7
end = sys.argv[-1]
if end == "failed":
    sys.exit(2)
if end == "crashed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def ends(forked):
    """For each end, a directory with a run 'x' that ended so."""
    codes = [f"sys.argv[1:] = 'x', '{end}'\n{FIRST}" for end in ENDS]
    return dict(zip(ENDS, forked(codes), strict=True))


@pytest.fixture(params=ENDS)
def ended(request, ends, jail):
    """A run 'x' that ended in one of the ways."""
    shutil.copytree(ends[request.param].directory / "wandb", jail.cwd / "wandb", symlinks=True)
    return request.param


def steps(run) -> list[int]:
    """The steps of a run's journal."""
    return [r["step"] for r in read_records(run.journal_path) if r["type"] == "history"]


def test_none_overwrites(begin, ended, journals):
    """The new run begins at step 0 in a directory of its own; nothing of the old one shows."""
    run = begin(id="x")
    run.log({"loss": 9})
    assert (run.resumed, steps(run), dict(run.summary)) == (False, [0], {"loss": 9})
    assert run.config.as_dict() == {}
    assert len(journals()) == 2


@pytest.mark.parametrize("resume", ["allow", "must", True, "auto"])
def test_a_run_that_exists_is_resumed(begin, ended, journals, resume):
    """Step, config, summary, name and tags go on, in the same journal."""
    run = begin(id="x", resume=resume, config={"depth": 3}, tags=["b"])
    assert (run.resumed, run.step, run.name, run.tags) == (True, 3, "n", ("a", "b"))
    run.log({"acc": 1})
    run.finish()
    assert steps(run) == [0, 1, 2, 3]
    assert dict(run.summary) == {"loss": 2, "best": 7, "acc": 1}
    assert run.config.as_dict() == {"lr": 0.1, "depth": 3}
    (journal,) = journals()
    after = load_run(journal)
    assert (after.state, after.starts, after.config) == ("finished", 2, {"lr": 0.1, "depth": 3})


def test_never_refuses_a_run_that_exists(begin, ended):
    """The error names the run and what to do."""
    with pytest.raises(RunError, match="a run 'x' of project 'uncategorized' exists") as caught:
        begin(id="x", resume="never")
    assert 'choose another id, or resume="allow"' in str(caught.value)
    assert "init(id=)" in str(caught.value)


@pytest.mark.parametrize("resume", [None, False, "allow", "never", "auto", True])
def test_a_run_that_does_not_exist_is_started(begin, resume):
    """All but `must` start it."""
    run = begin(id="x", resume=resume)
    assert (run.id, run.resumed, run.step) == ("x", False, 0)


def test_must_refuses_a_run_that_does_not_exist(begin, journals):
    """Nothing is made."""
    with pytest.raises(RunError, match="no run 'x' of project 'uncategorized' exists here"):
        begin(id="x", resume="must")
    assert journals() == []


@pytest.mark.parametrize("resume", [None, "allow", "must", "never", "auto"])
def test_a_journal_that_cannot_be_read_is_not_taken_for_nothing(begin, journals, resume):
    """It may be the run that is meant, written by a later version."""
    begin(id="x").finish()
    (journal,) = journals()
    journal.write_bytes(b'{"type":"header","format":"runsettings-journal","version":2}\n')
    with pytest.raises(RunError, match="journal of version 2"):
        begin(id="x", resume=resume)


def test_must_needs_an_id(begin):
    """The error tells the three ways to give one, and where it was demanded."""
    with pytest.raises(RunError, match=r"needs the id of a run — give id=, set WANDB_RUN_ID") as e:
        begin(resume="must")
    assert "init(resume=)" in str(e.value)


@pytest.mark.parametrize(
    ("end", "resumed"), [("crashed", True), ("failed", True), ("finished", False)]
)
def test_auto_resumes_the_last_run_unless_it_ended_well(begin, script, end, resumed):
    """A killed process and an exit code count as a crash."""
    script(FIRST, end)
    run = begin(resume="auto")
    assert (run.resumed, run.step) == (resumed, 3 if resumed else 0)


def test_auto_looks_at_the_last_run_alone(begin, script):
    """A crash before a run that ended well is not gone back to."""
    script(FIRST, "crashed")
    script(FIRST, "finished")
    assert not begin(resume="auto").resumed


def test_auto_counts_the_last_start_not_the_oldest_directory(begin, script):
    """A resumed run that crashed again is the last one, however old its directory is."""
    script(FIRST, "x", "crashed")
    script(FIRST, "finished")
    script("run = begin(id='x', resume='must'); os.kill(os.getpid(), signal.SIGKILL)")
    assert begin(resume="auto").id == "x"


def test_auto_is_not_misled_by_a_tag_put_on_later(begin, script, journals):
    """Writing to an old journal does not make its run the last."""
    script(FIRST, "x", "crashed")
    (old,) = journals()
    script(FIRST, "finished")
    with old.open("ab") as file:
        file.write(encode({"type": "tags", "time": 1.0, "add": ["t"], "remove": []}))
    assert not begin(resume="auto").resumed


def test_auto_stays_in_its_project_and_on_its_machine(begin, script, journals):
    """A crashed run of another project or host is not ours."""
    script(FIRST, "crashed")
    (journal,) = journals()
    assert not begin(resume="auto", project="other").resumed
    text = journal.read_bytes().replace(socket.gethostname().encode(), b"elsewhere")
    journal.write_bytes(text)
    assert not begin(resume="auto", reinit=True).resumed


def test_ids_of_two_projects_are_two_runs(begin, script):
    """An id is unique in its project."""
    script(FIRST, "x", "finished")
    assert not begin(id="x", resume="allow", project="other").resumed


@pytest.mark.parametrize("resume", [None, "allow", "must", "never", "auto"])
def test_a_live_run_belongs_to_its_process(begin, spawn, resume):
    """Whoever comes second is told who the owner is and since when."""
    owner = spawn("begin(id='x'); print('up', flush=True); sys.stdin.read()")
    assert owner.stdout.readline() == "up\n"
    with pytest.raises(RunError) as caught:
        begin(id="x", resume=resume)
    pattern = (
        rf"is being written by process {owner.pid} on \S+ since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d"
    )
    assert re.search(pattern, str(caught.value))


def test_auto_starts_anew_beside_a_live_run(begin, spawn):
    """A run that is alive did not crash."""
    owner = spawn("begin(); print('up', flush=True); sys.stdin.read()")
    assert owner.stdout.readline() == "up\n"
    assert not begin(resume="auto").resumed


def test_of_many_that_want_one_id_one_wins(spawn, journals):
    """Eight processes at once on one id: one has it, and seven name it."""
    code = """
    sys.stdin.readline()
    try:
        begin(id="x", resume=sys.argv[1] or None)
    except Exception as error:
        print("lost", repr(str(error)))
    else:
        print("won", os.getpid())
    sys.stdout.flush()
    sys.stdin.read()
    """
    processes = [spawn(code, resume) for resume in ("", "allow", "auto", "never") * 2]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.stdout.readline() for process in processes]
    (winner,) = [line.split()[1] for line in told if line.startswith("won")]
    assert len(journals()) == 1
    lost = [line for line in told if line.startswith("lost")]
    assert len(lost) == 7
    assert all(f"process {winner} on" in text for text in lost)


def test_a_journal_cut_anywhere_in_its_last_two_records_is_resumed(begin, jail, journals):
    """At every byte: the records before the cut are kept, and the next step follows them."""
    begin(id="x").finish()
    (journal,) = journals()
    head = journal.read_bytes()
    tail = [encode({"type": "history", "step": n, "time": 2.0, "data": {"a": n}}) for n in (0, 1)]
    whole = head + b"".join(tail)
    for end in range(len(head), len(whole) + 1):
        journal.write_bytes(whole[:end])
        kept = sum(end >= len(head) + sum(map(len, tail[: n + 1])) - 1 for n in (0, 1))
        run = begin(id="x", resume="must")
        assert run.step == kept
        run.log({"b": 1})
        run.finish()
        assert steps(run) == [*range(kept), kept]


def test_config_values_of_the_restart_win_and_keep_their_origins(begin, script):
    """A changed learning rate is a reason to restart, not an error."""
    script(FIRST, "x", "crashed")
    run = begin(id="x", resume="must", config={"lr": 0.5})
    new, old = run.config.history("lr")
    assert (new.value, old.value) == (0.5, 0.1)
    assert str(old.origin).startswith("train.py:")


def test_a_journal_cut_anywhere_at_all_breaks_nothing(begin, jail, journals):
    """Killed while it started: the directory stays listed or is passed over, and the id is free."""
    begin(id="x", config={"lr": 0.1}).finish()
    (journal,) = journals()
    whole = journal.read_bytes()
    for end in range(0, len(whole), 97):
        journal.write_bytes(whole[:end])
        listed = list_runs(journal.parents[1])
        assert listed.unreadable == {}
        assert len(listed.runs) <= 1
        run = begin(id="x", resume="allow")
        run.finish()
        if not run.resumed:
            shutil.rmtree(run.path)


def test_the_run_that_was_overwritten_stays_so_when_the_clock_goes_back(begin, monkeypatch):
    """The later run of an id counts, whatever the two clocks said."""
    begin(id="x", config={"lr": 0.1}).finish()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 86_400)
    begin(id="x", config={"lr": 0.2}).finish()
    assert begin(id="x", resume="must").config.lr == 0.2


def test_the_end_of_a_start_that_fails_is_reported_if_it_cannot_be_recorded(script):
    """A full disk and a wrong config together: the error of the config, and a warning."""
    done = script(
        """
        import resource
        run = begin(id="x", config={"a-b": 1})
        run.finish()
        size = run.journal_path.stat().st_size
        resource.setrlimit(
            resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
        )
        begin(id="x", resume="must", config={"a_b": 1})
        """
    )
    assert done.returncode == 1
    assert "ConfigError" in done.stderr
    assert "cannot be written; the end of the run is not recorded" in done.stderr


@pytest.mark.parametrize("what", ["directory", "journal"])
def test_a_resume_follows_no_link(begin, what):
    """A link in place of a run's directory or journal may lead to another run."""
    run = begin(id="x")
    run.finish()
    path = run.path if what == "directory" else run.journal_path
    other = path.rename(path.with_name("elsewhere"))
    path.symlink_to(other)
    before = other.stat()
    with pytest.raises(RunError, match=r"cannot be (read|written)"):
        begin(id="x", resume="must")
    assert other.stat() == before


def test_a_pipe_in_place_of_a_journal_is_not_waited_for(begin):
    """An error, at once."""
    run = begin(id="x")
    run.finish()
    run.journal_path.unlink()
    os.mkfifo(run.journal_path)
    with pytest.raises(RunError, match="cannot be read"):
        begin(id="x", resume="must")
