"""How processes end, and what their runs say of it."""

from __future__ import annotations

import builtins
import signal
import sys
import threading

import pytest

RUN = "run = begin()\nrun.log({'a': 1})\n"


@pytest.mark.parametrize(
    ("ending", "code", "expected"),
    [
        ("", 0, {"state": "finished", "code": 0}),
        ("sys.exit()", 0, {"state": "finished", "code": 0}),
        ("sys.exit(3)", 3, {"state": "failed", "code": 3}),
        ("sys.exit('no data')", 1, {"state": "failed", "code": 1}),
        ("exit(4)", 4, {"state": "failed", "code": 4}),
        ("try: sys.exit(3)\nexcept SystemExit: pass", 0, {"state": "finished", "code": 0}),
        ("1 / 0", 1, {"state": "failed", "code": 1, "error": "ZeroDivisionError"}),
        (
            "import json; json.loads('{')",
            1,
            {"state": "failed", "code": 1, "error": "json.decoder.JSONDecodeError"},
        ),
        ("raise KeyboardInterrupt", 130, {"state": "killed", "code": 130, "signal": "SIGINT"}),
        (
            "os.kill(os.getpid(), signal.SIGINT)",
            130,
            {"state": "killed", "code": 130, "signal": "SIGINT"},
        ),
        (
            "os.kill(os.getpid(), signal.SIGTERM)",
            143,
            {"state": "killed", "code": 143, "signal": "SIGTERM"},
        ),
        (
            "os.kill(os.getpid(), signal.SIGHUP)",
            129,
            {"state": "killed", "code": 129, "signal": "SIGHUP"},
        ),
        ("finish(5)", 0, {"state": "failed", "code": 5}),
        ("run.finish(exit_code=0); sys.exit(7)", 7, {"state": "finished", "code": 0}),
    ],
)
def test_a_run_finishes_by_itself_and_says_how(script, stored, ending, code, expected):
    """The process ends as it would have without a run, and the run knows how."""
    done = script(RUN + ending)
    assert done.returncode in (code, 128 - code)
    assert expected.items() <= stored().exit.items()


def test_a_killed_run_is_seen_as_crashed(script, stored):
    """SIGKILL leaves no word, and the lock is gone."""
    script(RUN + "os.kill(os.getpid(), signal.SIGKILL)")
    assert (stored().state, stored().exit, stored().step) == ("crashed", None, 1)


def test_the_users_excepthook_and_handlers_are_called(script, stored):
    """What was there before a run started is handed on to; a handler of the user's stays."""
    code = """
    sys.excepthook = lambda kind, error, trace: print("hook", kind.__name__)
    signal.signal(signal.SIGTERM, lambda *_: print("handler"))
    run = begin()
    os.kill(os.getpid(), signal.SIGTERM)
    1 / 0
    """
    assert script(code).stdout == "handler\nhook ZeroDivisionError\n"
    assert stored().exit["error"] == "ZeroDivisionError"


def test_everything_is_put_back_when_the_run_finishes(begin):
    """No hook of ours is left behind."""

    def hooks():
        return (
            sys.excepthook,
            sys.exit,
            builtins.exit,
            signal.getsignal(signal.SIGTERM),
            signal.getsignal(signal.SIGHUP),
        )

    before = hooks()
    run = begin()
    assert hooks() != before
    run.finish()
    assert hooks() == before


def test_sys_exit_in_a_thread_ends_the_thread(script, stored):
    """The process goes on, and its code counts."""
    code = """
    import threading
    run = begin()
    thread = threading.Thread(target=lambda: sys.exit(5))
    thread.start()
    thread.join()
    """
    assert script(code).returncode == 0
    assert stored().state == "finished"


def test_a_forked_child_neither_writes_nor_finishes_its_parents_run(script, stored):
    """The child is told once; the parent goes on; the end is the parent's."""
    code = """
    run = begin()
    run.log({"a": 1})
    child = os.fork()
    if child == 0:
        for _ in range(3):
            log({"b": 1})
        run.config["c"] = 1
        finish()
        sys.exit(9)
    os.waitpid(child, 0)
    run.log({"a": 2})
    """
    done = script(code)
    assert done.returncode == 0
    assert done.stderr == (
        "runsettings: warning: log was ignored: the run belongs to the parent process; "
        "call init() in the child (said once)\n"
    )
    run = stored()
    assert (run.rows, run.starts, run.exit["code"], run.config) == (2, 1, 0, {})


def test_a_forked_child_can_have_a_run_of_its_own(script, journals):
    """`init` in a child starts a run; both are whole."""
    code = """
    run = begin(name="parent")
    child = os.fork()
    if child == 0:
        own = begin(name="child")
        own.log({"b": 1})
        own.finish()
        os._exit(0)
    os.waitpid(child, 0)
    run.log({"a": 1})
    """
    assert script(code).stderr == ""
    from runsettings.journal.replay import load_run

    runs = {run.name: run for run in map(load_run, journals())}
    assert {name: (run.state, run.summary) for name, run in runs.items()} == {
        "parent": ("finished", {"a": 1}),
        "child": ("finished", {"b": 1}),
    }


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_children_leave_the_run_alone(script, stored, method):
    """The children of a pool end, one is terminated, and the run is finished once."""
    code = f"""
    import multiprocessing, time
    def work(number):
        return number * 2
    if __name__ == "__main__":
        context = multiprocessing.get_context("{method}")
        run = begin()
        with context.Pool(2) as pool:
            run.log({{"sum": sum(pool.map(work, range(4)))}})
        process = context.Process(target=time.sleep, args=(60,))
        process.start()
        process.terminate()
        process.join()
        print(process.exitcode)
    """
    assert script(code).stdout == "-15\n"
    run = stored()
    assert (run.state, run.summary, run.starts) == ("finished", {"sum": 12}, 1)


@pytest.mark.parametrize(
    ("method", "end", "state"),
    [("spawn", "pass", "finished"), ("fork", "pass", "crashed"), ("fork", "finish()", "finished")],
)
def test_a_run_of_a_multiprocessing_child_ends_with_it_or_by_finish(
    script, stored, method, end, state
):
    """A forked child leaves without Python's exit handlers, and so it must call `finish`."""
    code = f"""
    import multiprocessing
    def work():
        begin().log({{"a": 1}})
        {end}
    if __name__ == "__main__":
        process = multiprocessing.get_context("{method}").Process(target=work)
        process.start()
        process.join()
    """
    assert script(code).stderr == ""
    assert stored().state == state


def test_a_signal_while_another_thread_logs_loses_nothing(script, stored):
    """The handler waits for the thread that is writing; every row that returned is there."""
    code = """
    import threading
    run = begin()
    def work():
        number = 0
        while True:
            run.log({"n": number})
            number += 1
            if number == 300:
                os.kill(os.getpid(), signal.SIGTERM)  # twice, once from each thread
    threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    threads[0].join()
    """
    assert script(code).returncode == -signal.SIGTERM
    run = stored()
    assert (run.exit["signal"], run.torn) == ("SIGTERM", 0)
    assert run.rows >= 300


def test_a_signal_that_meets_a_child_at_its_birth_is_not_lost(script):
    """Terminating a child right after it was forked ends it, as it would without a run."""
    code = """
    import time
    run = begin()
    codes = set()
    for _ in range(50):
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(1)
        os.kill(child, signal.SIGTERM)
        codes.add(os.waitpid(child, 0)[1])
    print(codes)
    """
    assert script(code).stdout == "{15}\n"


def test_the_main_thread_is_not_needed(begin):
    """A run started on another thread works; signals stay as they are."""
    handler = signal.getsignal(signal.SIGTERM)
    made = []
    thread = threading.Thread(target=lambda: made.append(begin()))
    thread.start()
    thread.join()
    made[0].log({"a": 1})
    assert signal.getsignal(signal.SIGTERM) is handler


def test_a_signal_that_interrupts_finish_is_recorded(script, stored):
    """A scheduler that is out of patience makes a killed run, not a crashed one."""
    code = """
        run = begin()
        close = run._files.close
        def interrupted(*arguments):
            os.kill(os.getpid(), signal.SIGTERM)
            close(*arguments)
        run._files.close = interrupted
        finish()
    """
    assert script(code).returncode == -signal.SIGTERM
    run = stored()
    assert (run.state, run.exit["signal"], run.torn) == ("killed", "SIGTERM", 0)


def test_a_child_forked_while_a_thread_changes_the_config_does_not_hang(script):
    """The worker of a data loader reads the config that another thread was writing."""
    code = """
        import faulthandler, threading
        run = begin(config={"a": 1})
        stop = threading.Event()
        def change():
            number = 0
            while not stop.is_set():
                number += 1
                run.config.update({f"k{number % 9}": number}, allow_val_change=True)
        threads = [threading.Thread(target=change) for _ in range(2)]
        for thread in threads:
            thread.start()
        codes = []
        for _ in range(10):
            child = os.fork()
            if not child:
                faulthandler.dump_traceback_later(20, exit=True)
                os._exit(run.config.a - 1)
            codes.append(os.waitpid(child, 0)[1])
        stop.set()
        print(codes == [0] * 10)
    """
    assert script(code).stdout == "True\n"
