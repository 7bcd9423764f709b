"""`resume` against a store: the run was recorded in another directory, and on another machine."""

from __future__ import annotations

import os
import shutil
import threading

import jsonschema
import pytest

from runsettings import read_runs
from runsettings.journal.query.metrics import read_metrics
from runsettings.journal.reader import parse
from runsettings.journal.records import journal_schema
from runsettings.journal.replay import load_run
from runsettings.journal.writer import encode
from runsettings.runs.recording import active
from runsettings.shipping import asking, launch
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.stores.opening import open_store
from runsettings.values.errors import RunError

ONLINE = 'init(mode="online", id="x", settings={"disable_git": True}, '


@pytest.fixture
def machine(jail, script, on_machine):
    """Runs scripts on a machine of a name: with a host name, and a directory, of its own."""

    def run(name, code):
        (jail.cwd / name).mkdir()
        return script(code, cwd=jail.cwd / name, before=on_machine(name))

    return run


@pytest.fixture
def address(jail):
    """The address of an empty store; of the other kind where a test says so."""
    return f"sqlite:///{jail.cwd}/runs.db"


@pytest.fixture
def here(online, monkeypatch):
    """Asks the store and ships to it in this process, and not in others, which take longest."""

    def start(cls, journal, url, notices, **_):
        def wait(_seconds):
            with open_store(url) as store:
                Shipper(store, journal).ship()

        shipment = cls(journal, None, notices)
        shipment.wait = wait
        return shipment

    monkeypatch.setattr(asking, "_ask", lambda job: parse(encode(asking._answer(**job))))
    monkeypatch.setattr(launch.Shipment, "start", classmethod(start))
    return online


def the_run(address):
    """The one run of a store with its details and its metrics."""
    with open_store(address, writable=False) as store:
        (run,) = store.list_runs()
        return store.load_run(run), store.read_metrics(run)


FIRST = (
    ONLINE
    + """config={"lr": 0.1, "depth": 3}, name="a", tags=["one"])
for step in range(3):
    log({"loss": step, "old": 1})
"""
)


@pytest.mark.parametrize(("kind", "resume"), [("address", "allow"), ("postgres", "auto")])
def test_a_run_goes_on_on_another_machine(request, kind, machine, jail, records, resume):
    """With its step, names, config and summary; the store shows both parts as one run."""
    online = request.getfixturevalue(kind)
    jail.setenv(WANDB_STORE=online)
    assert machine("alpha", FIRST).returncode == 0
    again = f'{ONLINE}resume={resume!r}, config={{"depth": 4}})'
    done = machine(
        "beta",
        f"""
        run = {again}
        print(run.resumed, run.step, run.name, run.tags, run.config["lr"])
        print(run.config.origin("lr"))
        log({{"loss": 10, "new": 2}})
    """,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "True 3 a ('one',) 0.1"
    assert lines[1].startswith("train.py:8 init(config=)")
    run, metrics = the_run(online)
    assert (run.host, run.state, run.starts, run.step, run.rows) == ("beta", "finished", 2, 4, 4)
    assert run.config == {"lr": 0.1, "depth": 4}
    assert run.summary["loss"] == 10
    assert run.summary["old"] == 1
    assert list(metrics["loss"].course) == [0, 1, 2, 10]
    assert list(metrics["old"].course) == [1, 1, 1]
    assert list(metrics["new"].course) == [2]
    (journal,) = (jail.cwd / "beta").glob("wandb/run-*/run-x.jsonl")
    (continued,) = records(journal, "continued")
    jsonschema.validate(continued, journal_schema())
    local = load_run(journal)
    assert (local.step, local.summary, local.config) == (4, run.summary, run.config)
    assert local.config_origins == run.config_origins
    assert list(read_metrics(local)["loss"].course) == [10]


@pytest.fixture
def recorded(here, online, begin):
    """A run of three steps that another directory has recorded, and the store has."""
    with begin(id="x", dir="other", config={"lr": 0.1}) as run:
        for step in range(3):
            run.log({"loss": step})
    with open_store(online) as store:
        Shipper(store, run.journal_path).ship()
    return run.journal_path


def test_must_needs_the_run_of_the_store(recorded, begin):
    """An id that neither the store nor this directory has is an error; one of the store is not."""
    with pytest.raises(RunError, match="no run 'y' of project 'uncategorized' exists here or in"):
        begin(mode="online", id="y", resume="must")
    with begin(mode="online", id="x", resume="must") as run:
        assert (run.resumed, run.step) == (True, 3)


def test_never_refuses_the_run_of_the_store(recorded, begin, jail):
    """And names the store."""
    with pytest.raises(RunError, match="a run 'x' of project 'uncategorized' exists: sqlite:"):
        begin(mode="online", id="x", resume="never")
    assert not list(jail.cwd.glob("wandb/run-*"))


def test_an_id_without_resume_overwrites_the_run_of_the_store(recorded, online, begin):
    """The store then shows the new run, which has nothing of the old one."""
    with begin(mode="online", id="x") as run:
        run.log({"new": 1})
    stored, metrics = the_run(online)
    assert (stored.step, stored.starts, list(metrics)) == (1, 1, ["new"])


def test_the_first_machine_goes_on_with_what_the_second_one_did(recorded, online, begin):
    """Also where it has a journal of the run itself, which is the older one."""
    with begin(mode="online", id="x", dir="second", resume="must") as run:
        run.log({"loss": 10})
    with begin(mode="online", id="x", dir="other", resume="must") as run:
        assert run.step == 4
        assert run.journal_path != recorded
        run.log({"loss": 20})
    stored, metrics = the_run(online)
    assert (stored.step, stored.starts) == (5, 3)
    assert list(metrics["loss"].course) == [0, 1, 2, 10, 20]
    (again,) = read_runs(store=online)
    assert [row["loss"] for row in again.history] == [0, 1, 2, 10, 20]
    with begin(id="x", dir="other", resume="must") as run:
        assert run.step == 5


def test_a_journal_that_is_later_than_the_store_goes_on_itself(recorded, online, begin):
    """It has what the store lacks, because it was recorded offline."""
    with begin(id="x", dir="other", resume="must") as run:
        run.log({"loss": 10})
    with begin(mode="online", id="x", dir="other", resume="must") as run:
        assert (run.step, run.journal_path) == (4, recorded)
    assert list(the_run(online)[1]["loss"].course) == [0, 1, 2, 10]


def test_what_a_lost_machine_ships_later_is_not_mixed_in(here, online, begin, jail):
    """Steps that the store did not have when the run went on elsewhere stay out of its history."""
    first = begin(id="x", dir="lost")
    first.log({"loss": 0})
    with open_store(online) as store:
        Shipper(store, first.journal_path).ship()
        first.log({"loss": 1})
        first.finish()
        with begin(mode="online", id="x", resume="must") as second:
            second.log({"loss": 10})
        Shipper(store, first.journal_path).ship()
    assert list(the_run(online)[1]["loss"].course) == [0, 10]
    (again,) = read_runs(store=online)
    assert [row["loss"] for row in again.history] == [0, 10]


def test_a_run_that_was_removed_from_the_store_is_none(recorded, online, begin, jail):
    """`must` does not find it."""
    with open_store(online) as store:
        store.remove_run(store.list_runs()[0])
    with pytest.raises(RunError, match="no run 'x'"):
        begin(mode="online", id="x", resume="must")


def test_offline_mode_asks_no_store(recorded, begin):
    """A machine without a network records on its own."""
    with begin(id="x", resume="allow") as run:
        assert (run.resumed, run.step) == (False, 0)


@pytest.mark.parametrize("kind", ["silent_server", "refusing_server"])
def test_must_and_never_need_an_answer(request, kind, begin, jail, monkeypatch):
    """A store that hangs or refuses is an error that says what to do, in a bounded time."""
    jail.setenv(WANDB_STORE=request.getfixturevalue(kind))
    monkeypatch.setattr(asking, "PATIENCE", 2.0)
    for resume in ("must", "never"):
        with pytest.raises(RunError, match="it is unknown whether a run 'x' exists") as caught:
            begin(mode="online", id="x", resume=resume)
        assert 'set mode="offline"' in str(caught.value)
        assert "s3cretword" not in str(caught.value)
    assert not (jail.cwd / "wandb").exists()


@pytest.mark.parametrize("resume", ["must", "allow"])
def test_a_store_that_refuses_a_login_says_what_to_check(postgres, begin, jail, capfd, resume):
    """The advice of the store comes with its error."""
    jail.setenv(WANDB_STORE=postgres.replace("pg-s3cret", "wrong"), WANDB_FINISH_TIMEOUT="0")
    try:
        with begin(mode="online", id="x", resume=resume) as run:
            pass
        shutil.rmtree(run.path)
        messages = capfd.readouterr().err
    except RunError as error:
        messages = str(error)
    assert "password authentication failed" in messages
    assert "check the user in the address, and the password in ~/.pgpass" in messages
    assert (resume == "must") == ('set mode="offline"' in messages)


@pytest.mark.parametrize("kind", ["silent_server", "refusing_server"])
def test_allow_records_here_where_the_store_does_not_answer(
    request, kind, begin, jail, capfd, monkeypatch
):
    """And says so; what this machine has of the run is resumed."""
    begin(id="x").finish()
    jail.setenv(WANDB_STORE=request.getfixturevalue(kind), WANDB_FINISH_TIMEOUT="0")
    monkeypatch.setattr(asking, "PATIENCE", 2.0)
    with begin(mode="online", id="x", resume="allow") as run:
        assert run.resumed
    messages = capfd.readouterr().err
    assert "could not be asked" in messages or "failed" in messages
    assert "run 'x' continues from the local journal" in messages
    assert "s3cretword" not in messages
    shutil.rmtree(run.path)


def test_a_run_that_checks_in_is_not_resumed_on_another_machine(recorded, online, begin, script):
    """The error names the process that records it."""
    with open_store(online) as store:
        live = begin(id="live", dir="other")
        live.log({"loss": 1})
        stop, shipper = threading.Event(), Shipper(store, live.journal_path)
        shipper.ship(promise=60)

        def check_in():
            while not stop.wait(0.5):
                shipper.check_in(60)

        thread = threading.Thread(target=check_in)
        thread.start()
        try:
            done = script('begin(mode="online", id="live", resume="allow")')
        finally:
            stop.set()
            thread.join()
    assert done.returncode == 1
    assert f"run 'live' is being written by process {os.getpid()} on " in done.stderr


def test_a_run_whose_check_in_is_late_is_resumed(here, online, begin, jail, capfd):
    """After the time that was promised, and not before."""
    lost = begin(id="x", dir="lost")
    lost.log({"loss": 1})
    with open_store(online) as store:
        Shipper(store, lost.journal_path).ship(promise=4)
        lost.journal_path.rename(jail.cwd / "gone")
        active.deactivate(lost)
        with begin(mode="online", id="x", resume="must", settings={"disable_git": True}) as run:
            assert run.step == 1
    assert "s whether run 'x' on " in capfd.readouterr().err


def test_a_journal_that_says_how_the_run_ended_is_believed(here, online, begin, jail, capfd):
    """A job that is killed and starts again at once need not wait for the store's promise."""
    run = begin(id="x")
    run.log({"loss": 1})
    with open_store(online) as store:
        Shipper(store, run.journal_path).ship(promise=86_400)
    run.finish()
    with begin(mode="online", id="x", resume="must", settings={"disable_git": True}) as run:
        assert run.step == 1
    assert "checks in" not in capfd.readouterr().err


def test_a_crash_on_this_machine_is_believed(here, online, spawn, begin, jail, capfd):
    """Its process is gone and its lock is free: nobody can check in any more."""
    process = spawn("""
        begin(id="x").log({"loss": 1})
        print(flush=True)
        sys.stdin.read()
    """)
    process.stdout.readline()
    (journal,) = jail.cwd.glob("wandb/*run-*/run-x.jsonl")
    with open_store(online) as store:
        Shipper(store, journal).ship(promise=86_400)
    process.kill()
    process.wait()
    with begin(mode="online", id="x", resume="must", settings={"disable_git": True}) as run:
        assert run.step == 1
    assert "checks in" not in capfd.readouterr().err
