"""Children of a script that ships its run: no deadlock, and each record once."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from runsettings.journal.reader import read_records
from runsettings.journal.replay import load_run
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.stores.opening import open_store

LONG = "RUNSETTINGS_LONG" in os.environ
ROUNDS = 200 if LONG else 4
PATIENCE = 3000 if LONG else 300

ONLINE = 'init(mode="online", id="x", settings={"disable_git": True})'

LOADER = """
    import gc, multiprocessing

    def worker(numbers, results):
        try:
            log({"stolen": 1})  # as a dataset that logs
        except Exception:
            pass  # in a child that was not forked there is no run
        gc.collect()
        for number in iter(numbers.get, None):
            results.put(number * number)
        finish()

    if __name__ == "__main__":
        os.setsid()  # the test ends all of its processes, if it must
        run = ONLINE
        method, rounds = sys.argv[1], int(sys.argv[2])
        context = multiprocessing.get_context(method)
        for step in range(rounds):
            numbers, results = context.Queue(), context.Queue()
            workers = [context.Process(target=worker, args=(numbers, results)) for _ in range(2)]
            for each in workers:
                each.start()
            for number in range(4):
                numbers.put(number)
            log({"sum": sum(results.get() for _ in range(4)), "at": step})
            for each in workers:
                numbers.put(None)
            for each in workers:
                each.join()
                assert each.exitcode == 0
"""

FORKS = """
    import gc, threading
    os.setsid()  # the test ends all of its processes, if it must
    run = ONLINE
    ended, logged = threading.Event(), 0

    def work():
        global logged
        while not ended.is_set():
            log({"at": logged})
            run.config.update({"c": logged}, allow_val_change=True)
            run.summary["best"] = logged
            logged += 1

    thread = threading.Thread(target=work)
    thread.start()
    for number in range(int(sys.argv[1])):
        child = os.fork()
        if not child:
            log({"stolen": number})
            gc.collect()
            if number % 3 == 0:
                finish()
            if number % 2:
                sys.exit(0)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    ended.set()
    thread.join()
    print(logged)
"""


def run_to_the_end(process):
    """The output of a script, which must end; a deadlock is a `TimeoutExpired`."""
    try:
        out, messages = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 0, messages
    return out


def check_rows(address, journal, count):
    """The journal has each row of the parent once, nothing of a child, and the store the same."""
    rows = [record["data"] for record in read_records(journal) if record["type"] == "history"]
    assert [row["at"] for row in rows] == list(range(count))
    assert not any("stolen" in row for row in rows)
    assert load_run(journal).state == "finished"
    with open_store(address) as store:
        Shipper(store, journal).ship()
        (run,) = store.list_runs()
        assert (run.state, run.rows) == ("finished", count)
        assert store.read_metrics(run)["at"].count == count


@pytest.fixture
def address(jail):
    """The address of an empty store, which the setting names."""
    url = f"sqlite:///{jail.cwd}/runs.db"
    jail.setenv(WANDB_STORE=url)
    return url


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_workers_of_a_loader_end_and_record_nothing(address, spawn, journals, method):
    """However they are started, while the run is shipped."""
    process = spawn(LOADER.replace("ONLINE", ONLINE), method, str(ROUNDS // 2))
    run_to_the_end(process)
    (journal,) = journals()
    check_rows(address, journal, ROUNDS // 2)


def test_a_fork_at_any_moment_neither_hangs_nor_records(address, spawn, journals):
    """While another thread logs, and changes config and summary."""
    process = spawn(FORKS.replace("ONLINE", ONLINE), str(ROUNDS * 5))
    count = int(run_to_the_end(process))
    (journal,) = journals()
    check_rows(address, journal, count)
