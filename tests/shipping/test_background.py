"""Online mode: a run is shipped while its script runs, and the script never waits without end."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runsettings.journal.notices import Notices
from runsettings.journal.query.metrics import read_metrics
from runsettings.journal.replay import load_run
from runsettings.journal.writer import encode
from runsettings.shipping import addresses, launch
from runsettings.shipping.background import Background, pause_after
from runsettings.shipping.launch import Shipment
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.stores.base import NoStoreError
from runsettings.shipping.stores.opening import open_store
from runsettings.values.errors import RunError

from .waiting import PATIENCE, wait_until

LONG = "RUNSETTINGS_LONG" in os.environ

ONLINE = 'init(mode="online", id="x", settings={"disable_git": True})'


def shipped(address):
    """The one run of a store with its metrics; ``None`` if there is none yet."""
    try:
        with open_store(address, writable=False) as store:
            runs = store.list_runs()
            return (store.load_run(runs[0]), store.read_metrics(runs[0])) if runs else None
    except NoStoreError:
        return None


def check_complete(address, journal):
    """The store has exactly what the journal has."""
    run, metrics = shipped(address)
    local = load_run(journal)
    assert encode({name: getattr(run, name) for name in local.to_json()}) == encode(local.to_json())
    assert metrics == read_metrics(local)


def shippers():
    """The processes of background shippers whose script is a child of this process or gone."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if b"runsettings.shipping.background" in words and stat[0] != "Z":
            found.append(int(entry.name))
    return found


def shipper_of(process):
    """The background shipper that a script started."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    mine = set(map(int, children.read_text().split()))
    return next((pid for pid in shippers() if pid in mine), None)


def test_a_run_is_in_the_store_while_its_script_runs(online, spawn, journals):
    """And all of it when `finish` has returned."""
    process = spawn(f"""
        run = {ONLINE}
        log({{"loss": 1}})
        print(flush=True)
        sys.stdin.readline()
        log({{"loss": 2}})
        finish()
        print("finished", flush=True)
        sys.stdin.readline()
    """)
    process.stdout.readline()
    run, _ = wait_until(lambda: (found := shipped(online)) and found[1] and found)
    assert (run.state, run.mode, run.summary) == ("running", "online", {"loss": 1})
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "finished\n"
    (journal,) = journals()
    check_complete(online, journal)
    assert shipped(online)[0].state == "finished"
    _, messages = process.communicate("\n")
    assert "warning" not in messages


@pytest.mark.parametrize("how", ["raise ValueError", "sys.exit(3)", "os.kill(0, signal.SIGTERM)"])
def test_the_end_of_the_script_is_shipped(online, script, journals, how):
    """However it ends, and without a call of `finish`."""
    ending = how.replace("kill(0", "kill(os.getpid()")
    done = script(f"""
        run = {ONLINE}
        log({{"loss": 1}})
        {ending}
    """)
    assert done.returncode != 0
    (journal,) = journals()
    check_complete(online, journal)
    assert shipped(online)[0].state in ("failed", "killed")


def test_a_killed_script_is_shipped_to_its_last_record(online, spawn, journals):
    """The shipper outlives it, ships the rest, and records that it crashed."""
    process = spawn(f"""
        run = {ONLINE}
        for step in range(500):
            log({{"loss": step}})
        print(flush=True)
        sys.stdin.readline()
    """)
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: (found := shipped(online)) and found[0].state == "crashed")
    (journal,) = journals()
    check_complete(online, journal)


def test_a_killed_shipper_loses_nothing(online, spawn, journals):
    """The script does not notice until its end, and is told how to ship the rest."""
    process = spawn(f"""
        run = {ONLINE}
        log({{"loss": 1}})
        print(flush=True)
        sys.stdin.readline()
        log({{"loss": 2}})
    """)
    process.stdout.readline()
    os.kill(wait_until(lambda: shipper_of(process)), signal.SIGKILL)
    _, messages = process.communicate("\n")
    (journal,) = journals()
    assert process.returncode == 0
    assert "the process that ships it has ended" in messages
    command = f"runsettings sync {journal.parent}"
    assert messages.rstrip().endswith(command)
    done = subprocess.run(
        [sys.executable, "-m", *command.split()], capture_output=True, text=True, check=True
    )
    assert "1 shipped" in done.stdout
    check_complete(online, journal)


@pytest.mark.parametrize("kind", ["silent_server", "refusing_server"])
def test_a_store_that_does_not_answer_delays_finish_for_a_bounded_time(
    request, kind, script, jail, journals
):
    """Then a warning names the command; the run is whole on this machine."""
    jail.setenv(WANDB_STORE=request.getfixturevalue(kind), WANDB_FINISH_TIMEOUT="0.5")
    done = script(f"""
        run = {ONLINE}
        log({{"loss": 1}})
        finish()
    """)
    assert done.returncode == 0
    assert shippers_of(jail)  # it tries on, and the script has not waited for its end
    (journal,) = journals()
    assert f"runsettings sync {journal.parent}" in done.stderr
    assert "s3cretword" not in done.stderr + (journal.parent / "shipping.log").read_text()
    assert load_run(journal).state == "finished"
    shutil.rmtree(journal.parent)
    wait_until(lambda: not shippers_of(jail))


def shippers_of(jail):
    """The background shippers of scripts that this test ran."""
    found = []
    for pid in shippers():
        with contextlib.suppress(OSError):
            if str(Path(f"/proc/{pid}/cwd").readlink()).startswith(str(jail.cwd)):
                found.append(pid)
    return found


def test_force_makes_a_store_that_fails_an_error(refusing_server, script, jail, stored):
    """At the start, and not at the end of a training; the run is recorded as failed."""
    jail.setenv(WANDB_STORE=refusing_server)
    done = script('init(mode="online", force=True, settings={"disable_git": True})')
    assert done.returncode == 1
    assert "Connection refused" in done.stderr
    assert "force=True demands to be online" in done.stderr
    assert "s3cretword" not in done.stderr
    run = stored()
    assert run.state == "failed"
    shutil.rmtree(run.directory)
    wait_until(lambda: not shippers_of(jail))


def test_force_goes_on_once_the_store_has_answered(online, script):
    """Also in a run that is resumed."""
    for _ in range(2):
        code = 'init(mode="online", id="x", resume="allow", force=True); log({"a": 1})'
        assert script(code).returncode == 0
    assert shipped(online)[0].rows == 2


def test_the_script_has_no_thread_connection_or_driver(online, script):
    """And its children and the list of processes see no password."""
    done = script(f"""
        import pathlib, threading
        before = set(os.listdir("/proc/self/fd"))
        run = {ONLINE}
        for thread in threading.enumerate()[1:]:
            thread.join()  # it gathers facts about the machine, and ends
        after = set(os.listdir("/proc/self/fd"))
        print(threading.active_count(), len(after - before))
        print([name for name in ("sqlalchemy", "psycopg") if name in sys.modules])
        (child,) = pathlib.Path(f"/proc/self/task/{{os.getpid()}}/children").read_text().split()
        print(pathlib.Path(f"/proc/{{child}}/cmdline").read_bytes().split(b"\\0")[1:])
        print(os.getsid(int(child)) == int(child))
    """)
    lines = done.stdout.splitlines()
    assert lines == [
        "1 1",  # one descriptor: the journal
        "[]",
        "[b'-P', b'-m', b'runsettings.shipping.background', b'']",
        "True",
    ]


def test_a_missing_extra_is_an_error_at_init(jail, begin, monkeypatch):
    """Before anything is recorded."""
    find = addresses.importlib.util.find_spec
    hidden = lambda name: None if name == "sqlalchemy" else find(name)  # noqa: E731
    monkeypatch.setattr(addresses.importlib.util, "find_spec", hidden)
    jail.setenv(WANDB_STORE="sqlite:///runs.db")
    with pytest.raises(RunError, match=r"pip install 'runsettings\[store\]'"):
        begin(mode="online")
    assert not (jail.cwd / "wandb").exists()


def test_offline_mode_starts_nothing(online, begin):
    """A store is no reason to ship."""
    with begin(mode="offline") as run:
        assert run.mode == "offline"
    assert shipped(online) is None
    assert not (run.path / "shipping.log").exists()


def test_a_promise_that_is_not_kept_means_crashed(address, begin):
    """For a store that hears nothing more from a machine that lost its power."""
    run = begin()
    run.log({"loss": 1})
    with open_store(address) as store:
        shipper = Shipper(store, run.journal_path)
        shipper.ship(promise=86_400)
        assert store.list_runs()[0].state == "running"
        shipper.check_in(-1)
        assert store.list_runs()[0].state == "crashed"
        shipper.check_in(86_400)
        assert store.list_runs()[0].state == "running"


def test_watch_ships_what_comes(online, jail, begin):
    """Runs that start later, and a run that goes on, until it is interrupted."""
    process = subprocess.Popen(
        [sys.executable, "-m", "runsettings", "sync", "--all", "--watch"],
        cwd=jail.cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        run = begin(id="x")
        run.log({"loss": 1})
        wait_until(lambda: (found := shipped(online)) and found[1])
        run.log({"loss": 2})
        run.finish()
        wait_until(lambda: shipped(online)[0].state == "finished")
    finally:
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate()
    assert process.returncode == 130, messages
    check_complete(online, run.journal_path)


@pytest.mark.parametrize("kind", ["a link", "a pipe"])
def test_the_log_is_written_to_a_regular_file_alone(jail, begin, capfd, kind):
    """Not through a link or into a pipe that another user of the directory has put there."""
    run = begin()
    log, other = run.path / "shipping.log", jail.cwd / "other"
    if kind == "a link":
        log.symlink_to(other)
    else:
        os.mkfifo(log)
    Shipment.start(run.journal_path, "sqlite:///runs.db", Notices())
    assert "the process that ships the run cannot be started" in capfd.readouterr().err
    assert not other.exists()


def test_a_batch_that_another_shipper_sent_is_no_end(address, begin):
    """What follows it is shipped as well, because the other process may be killed next."""
    run = begin()
    background = Background(run.journal_path, address, os.getppid())
    background.shipper.ship()
    for step in range(5):
        run.log({"loss": step})
    with open_store(address) as store:
        assert Shipper(store, run.journal_path, most=1).ship_batch()
    run.finish()
    assert background._ship()
    check_complete(address, run.journal_path)
    background.shipper.store.close()


def test_the_pause_after_a_failure_grows_and_stays_short():
    """Also after the failures of a store that was away for days."""
    assert 0.5 <= pause_after(1) <= 1
    assert all(15 <= pause_after(failures) <= 30 for failures in (6, 1000, 10**6))


def test_the_next_run_reaps_the_shipper_of_the_last_one(jail):
    """A script with thousands of runs does not keep a zombie of each."""
    journal = jail.cwd / "run-removed.jsonl"
    first = Shipment.start(journal, "sqlite:///runs.db", Notices()).process
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)
    second = Shipment.start(journal, "sqlite:///runs.db", Notices()).process
    assert first.returncode == 0
    second.wait()


@pytest.mark.parametrize("how", ["hang", "drip", "refuse"])
def test_a_store_that_fails_in_the_middle_does_not_hold_finish(
    proxy, postgres, how, spawn, jail, journals
):
    """It hangs, sends a byte a second, or goes away; the command in the message ships the rest."""
    timeout = 3.0 if LONG else 0.5
    jail.setenv(WANDB_STORE=proxy.address, WANDB_FINISH_TIMEOUT=str(timeout))
    process = spawn(f"""
        import time
        run = {ONLINE}
        log({{"loss": 1}})
        print(flush=True)
        sys.stdin.readline()
        log({{"loss": 2}})
        start = time.monotonic()
        finish()
        print(time.monotonic() - start)
    """)
    process.stdout.readline()
    wait_until(lambda: (found := shipped(postgres)) and found[1])
    pid = wait_until(lambda: shipper_of(process))
    proxy.become(how)
    out, messages = process.communicate("\n", timeout=PATIENCE)
    os.kill(pid, signal.SIGKILL)
    (journal,) = journals()
    assert process.returncode == 0
    assert messages.rstrip().endswith(f"send them with: runsettings sync {journal.parent}")
    assert not LONG or float(out) <= timeout + 1
    jail.setenv(WANDB_STORE=postgres)
    command = [sys.executable, "-m", "runsettings", "sync", str(journal.parent)]
    assert "1 shipped" in subprocess.run(command, capture_output=True, text=True, check=True).stdout
    check_complete(postgres, journal)


def test_finish_sleeps_no_longer_than_its_timeout(begin, monkeypatch, capfd):
    """Counted on a clock that only its own sleeping moves."""
    run = begin()
    now = [0.0]
    monkeypatch.setattr(launch.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(launch.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with process:
        Shipment(run.journal_path, process, Notices(), in_code=True).wait(7.3)
        process.communicate(b"\n")
    assert now[0] == pytest.approx(7.3)
    first, last = capfd.readouterr().err.splitlines()
    assert re.fullmatch(r"runsettings: \S+ bytes to ship; waiting for up to 7 s", first)
    assert "set WANDB_STORE to its address, and send them with: runsettings sync" in last


def test_the_shipper_ends_after_the_script_whatever_the_store_does(silent_server, begin):
    """A stated time after it, while it still waits for an answer."""
    journal = begin().journal_path
    process = launch.start_module(
        "runsettings.shipping.background", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    # Its parent is not process 1: the script that it is told of has ended.
    job = {"journal": str(journal), "url": silent_server, "parent": 1, "after": 0.5}
    process.communicate(json.dumps(job).encode(), timeout=PATIENCE)
    assert process.returncode == 3


def test_a_run_in_a_store_names_the_command_that_shows_it(begin, jail):
    """As its `url`, which is nothing for a run on this machine alone."""
    jail.setenv(WANDB_STORE="sqlite:///runs.db")
    with begin(mode="online", id="x") as run:
        run.log({"loss": 0.5})
    assert run.url == run.get_url() == "runsettings runs show x --store setting"
    command = [sys.executable, "-m", *run.url.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "loss" in done.stdout


def test_a_run_in_wandb_names_its_page(begin):
    """If the entity is known; the server has the others, and the address has no key."""
    server = addresses.Server("https://api.wandb.ai", "k" * 40).address
    known = begin(id="x", project="a b", entity="me")
    assert launch.url_of(server, known._stored) == "https://wandb.ai/me/a%20b/runs/x"
    own = addresses.Server("https://w.example/api/", "k" * 40).address
    assert launch.url_of(own, known._stored) == "https://w.example/api/me/a%20b/runs/x"
    known.finish()
    assert launch.url_of(server, begin()._stored) is None


def test_the_shipper_inherits_no_descriptor(script, jail):
    """Not even one that the script made inheritable; a pipe's reader sees the script's end."""
    jail.setenv(WANDB_STORE="sqlite:///runs.db")
    done = script(f"""
        import pathlib
        reading, writing = os.pipe()
        os.set_inheritable(writing, True)
        run = {ONLINE}
        (child,) = pathlib.Path(f"/proc/self/task/{{os.getpid()}}/children").read_text().split()
        mine = {{os.readlink(f"/proc/self/fd/{{fd}}") for fd in (0, 1, 2, writing)}}
        theirs = pathlib.Path(f"/proc/{{child}}/fd").iterdir()
        print(mine & {{str(each.readlink()) for each in theirs}})
    """)
    assert done.stdout == "set()\n", done.stderr


def test_an_error_of_the_store_says_what_to_do(begin, jail, capfd):
    """The message alone may not say how to go on."""
    jail.write("runs.db", "no database " * 100)
    run = begin()
    Shipment.start(run.journal_path, "sqlite:///runs.db", Notices()).wait(PATIENCE)
    assert "is not a database — name another file" in capfd.readouterr().err
