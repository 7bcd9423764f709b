"""Processes and servers that die at any moment: each record is in the store exactly once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time

import psycopg
import pytest
from sqlalchemy import select

from runsettings.journal.aggregates import as_float, merge_summary
from runsettings.journal.reader import read_lines
from runsettings.journal.records import is_row
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.stores import tables
from runsettings.shipping.stores.opening import open_store

LONG = "RUNSETTINGS_LONG" in os.environ
KILLS = 50 if LONG else 5

RECORDER = """
    run = begin(id="x", resume="allow")
    for number in range(1_000_000):
        note = {"note": "a"} if number % 9 == 0 else {}
        log({"loss": number, "val": {"acc": number / 7}, **note})
        print(flush=True)
"""

COMPETITOR = """
import os, sys
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.stores.opening import open_store

with open_store(os.environ["WANDB_STORE"]) as store:
    shipper = Shipper(store, sys.argv[1], int(sys.argv[2]))
    while True:
        shipper.ship_batch()
        print(flush=True)
"""


def points_of(journal):
    """The numbers of each key with their steps, and the ends of all lines that need their text."""
    points, ends = {}, []
    for record, end in read_lines(journal):
        numbers = {}
        if record is not None and record.get("type") == "history" and is_row(record):
            merge_summary(numbers, record["data"])
        for key, value in numbers.items():
            if type(value) in (int, float):
                points.setdefault(key, []).append((record["step"], as_float(value)))
        if record is not None and not (numbers and "note" not in numbers):
            ends.append(end)
    return points, ends


def stored_points(address):
    """The same, as a store with one run has them."""
    with open_store(address) as store, store._begin() as connection:
        names = dict(connection.execute(select(tables.series.c.number, tables.series.c.name)).all())
        points = {}
        order = (tables.chunks.c.series, tables.chunks.c.start)
        for row in connection.execute(select(tables.chunks).order_by(*order)):
            points.setdefault(names[row.series], []).extend(zip(row.steps, row.values, strict=True))
        ends = select(tables.events.c.position).order_by(tables.events.c.position)
        return points, list(connection.execute(ends).scalars())


def check_exactly_once(address, journal):
    """Ship what is missing, and compare every record."""
    with open_store(address) as store:
        assert Shipper(store, journal).ship() is not None
    assert stored_points(address) == points_of(journal)


@pytest.fixture
def compete(address, jail):
    """Starts a process that ships a journal in batches of a size, until it is killed."""
    jail.setenv(WANDB_STORE=address)
    started = []

    def start(journal, most):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(COMPETITOR), str(journal), str(most)],
            stdout=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def kill(process):
    """Kill a process at some moment while it works."""
    assert process.stdout.readline(), "it ended by itself"
    time.sleep(random.uniform(0, 0.02))  # the moment, not a wait
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_kills_of_two_shippers_and_the_script(address, compete, spawn, journals):
    """Whatever is killed, and whenever, the store has each record once."""
    recorder = spawn(RECORDER)
    recorder.stdout.readline()
    (journal,) = journals()
    processes = {
        "recorder": recorder,
        "one": compete(journal, 500),
        "other": compete(journal, 4000),
    }
    again = {
        "recorder": lambda: spawn(RECORDER),
        "one": lambda: compete(journal, 500),
        "other": lambda: compete(journal, 4000),
    }
    for _ in range(KILLS):
        name = random.choice(list(processes))
        kill(processes[name])
        processes[name] = again[name]()
    for process in processes.values():
        kill(process)
    check_exactly_once(address, journal)


ONLINE = """
    run = init(mode="online", id="x", settings={"disable_git": True, "finish_timeout": 600})
    for number in range(300):
        log({"loss": number})
        if number in (100, 200):
            print(flush=True)
            sys.stdin.readline()
"""


def test_a_server_that_restarts_and_drops_connections_is_not_noticed(
    server, postgres, jail, spawn, journals
):
    """The script goes on, its end waits for the rest, and nothing is missing or doubled."""
    jail.setenv(WANDB_STORE=postgres)
    process = spawn(ONLINE)
    process.stdout.readline()
    server.stop()
    process.stdin.write("\n")
    process.stdin.flush()
    process.stdout.readline()
    server.start()
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        )
    _, messages = process.communicate("\n")
    assert process.returncode == 0
    assert "warning" not in messages
    (journal,) = journals()
    assert stored_points(postgres) == points_of(journal)
    check_exactly_once(postgres, journal)


FORKING = """
    run = init(mode="online", id="x", settings={"disable_git": True, "finish_timeout": 600})
    for number in range(COUNT):
        log({"loss": number})
        child = os.fork()
        if child == 0:
            log({"loss": -1})
            os._exit(0)
        os.waitpid(child, 0)
"""


@pytest.mark.slow
def test_forks_neither_stop_nor_double_anything(address, jail, script, journals):
    """A fork at any moment: no deadlock, and no record of a child in the run of its parent."""
    jail.setenv(WANDB_STORE=address)
    done = script(FORKING.replace("COUNT", "200" if LONG else "20"))
    assert done.returncode == 0
    (journal,) = journals()
    found, _ = stored_points(address)
    assert found["loss"] == points_of(journal)[0]["loss"]
    assert all(value >= 0 for _, value in found["loss"])


@pytest.mark.slow
def test_many_processes_ship_into_one_store_at_once(postgres, jail, spawn, journals):
    """Each has a run of its own, and all of it is there."""
    jail.setenv(WANDB_STORE=postgres)
    processes, rows = (16, 1000) if LONG else (4, 200)
    started = [
        spawn(
            """
            settings = {"disable_git": True, "finish_timeout": 300}
            run = init(mode="online", id=sys.argv[1], settings=settings)
            for number in range(int(sys.argv[2])):
                log({"loss": number})
            """,
            f"run{number}",
            str(rows),
        )
        for number in range(processes)
    ]
    for process in started:
        _, messages = process.communicate()
        assert process.returncode == 0
        assert "warning" not in messages
    with open_store(postgres, writable=False) as store:
        runs = store.list_runs()
        assert len(runs) == processes
        for run in runs:
            metrics = store.read_metrics(run)
            assert list(metrics["loss"].course) == list(map(float, range(rows)))
