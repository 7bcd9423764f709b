"""What runs on a cluster: jobs that are requeued, many processes of one job, and shared disks."""

from __future__ import annotations

import platform
import signal

import pytest

from runsettings.journal.replay import load_run
from runsettings.shipping.stores.opening import open_store

from .waiting import PATIENCE, wait_until

JOB = """
    start = "online" if "WANDB_STORE" in os.environ else "offline"
    run = init(id=f"job-{os.environ['SLURM_JOB_ID']}", resume="allow", mode=start)
    print(run.step, flush=True)
    for step in range(run.step, 6):
        log({"loss": step})
        if step == 2:
            print(flush=True)
            sys.stdin.readline()  # until the cluster takes the machine away
"""


@pytest.fixture
def address(jail):
    """The address of an empty store, which the setting names."""
    url = f"sqlite:///{jail.cwd}/runs.db"
    jail.setenv(WANDB_STORE=url, SLURM_JOB_ID="41")
    return url


def in_store(address):
    """The runs of a store, each with the course of its loss."""
    with open_store(address) as store:
        return [(run, list(store.read_metrics(run)["loss"].course)) for run in store.list_runs()]


@pytest.mark.parametrize("disk", ["its own", "a shared one"])
def test_a_job_that_is_requeued_goes_on_on_another_node(
    address, disk, jail, spawn, script, on_machine
):
    """After the cluster's SIGTERM, with the same id; with a disk of its own by way of the store."""
    homes = [jail.cwd / name for name in (("n1", "n2") if disk == "its own" else ("n", "n"))]
    for home in homes:
        home.mkdir(exist_ok=True)
    first = spawn(JOB, cwd=homes[0], before=on_machine("node1"))
    assert first.stdout.readline() == "0\n"
    first.stdout.readline()
    first.send_signal(signal.SIGTERM)
    _, messages = first.communicate(timeout=PATIENCE)
    assert first.returncode == -signal.SIGTERM, messages
    ((run, course),) = in_store(address)
    assert (run.state, run.host) == ("killed", "node1")
    assert course == [0, 1, 2]
    second = script(JOB, cwd=homes[1], before=on_machine("node2"))
    assert second.stdout == "3\n", second.stderr
    ((run, course),) = in_store(address)
    assert (run.state, run.host, run.starts) == ("finished", "node2", 2)
    assert course == [0, 1, 2, 3, 4, 5]


def test_ranks_of_one_job_may_not_share_an_id(jail, spawn):
    """One of them records the run; the others are told which process does."""
    jail.setenv(WORLD_SIZE="3")
    started = [
        spawn(
            """
            begin(id="ddp", resume="allow")
            print(flush=True)
            sys.stdin.readline()
            """
        )
        for _ in range(3)
    ]
    for process in started:
        process.stdout.readline()
    ended = [process.communicate("\n", timeout=PATIENCE)[1] for process in started]
    assert sorted(process.returncode for process in started) == [0, 1, 1]
    assert sum("run 'ddp' is being written by process" in text for text in ended) == 2


LYING = """
    import ctypes, platform, struct
    libc = ctypes.CDLL(None, use_errno=True)
    flock = {"x86_64": 73, "aarch64": 32}[platform.machine()]
    lines = [(0x20, 0, 0, 0), (0x15, 0, 1, flock), (6, 0, 0, 0x50000), (6, 0, 0, 0x7FFF0000)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
    program = Program(len(lines), ctypes.addressof(code))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(program), 0, 0):
        sys.exit(77)
    import fcntl
    for _ in range(2):  # each gets the lock, as on a disk whose locks end at the machine
        fcntl.flock(os.open("train.py", os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
"""
"""Makes every ``flock`` of this process succeed without a lock, by a filter of system calls."""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="other system calls")
def test_check_ins_decide_where_locks_do_not_reach(address, jail, spawn, script, on_machine):
    """A run that another node records looks crashed there, and is not resumed all the same."""
    first = spawn(
        LYING
        + """
    import time
    run = init(id="x", mode="online", settings={"quiet": True})
    while True:
        log({"loss": 1})
        print(flush=True)
        time.sleep(0.2)  # as a training does
        """,
        before=on_machine("node1"),
    )
    if not first.stdout.readline():
        pytest.skip("no filter of system calls can be set here")
    wait_until(lambda: first.stdout.readline() and in_store(address))
    second = script(
        LYING
        + """
    from runsettings.journal.replay import load_run
    (journal,) = [os.path.join(d, n) for d, _, ns in os.walk("wandb") for n in ns if "jsonl" in n]
    print(load_run(journal).state)
    init(id="x", mode="online", resume="must")
        """,
        before=on_machine("node2"),
    )
    assert second.stdout == "crashed\n", second.stderr
    assert second.returncode == 1
    text = f"run 'x' is being written by process {first.pid} on node1, according to the store"
    assert text in second.stderr
    first.kill()
    first.communicate()
    (journal,) = jail.cwd.glob("wandb/run-*/run-x.jsonl")
    assert load_run(journal).starts == 1
