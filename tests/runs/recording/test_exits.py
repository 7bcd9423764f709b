"""How processes end, and what their runs say of it."""

from __future__ import annotations

import builtins
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runsettings.journal.replay import load_run
from runsettings.runs.files.run_files import RESERVED
from runsettings.runs.recording import active
from runsettings.runs.recording.exits import Ending

RUN = "run = begin()\nrun.log({'a': 1})\n"


FINISHED = {"state": "finished", "code": 0}
FAILED = {"state": "failed", "code": 1}
DIVIDED = {**FAILED, "error": "ZeroDivisionError"}


def killed(name):
    """The end by a signal."""
    code = 128 + signal.Signals[name]
    return {"state": "killed", "code": code, "signal": name}


def exited(code):
    """The end with an exit code."""
    return {"state": "failed" if code else "finished", "code": code}


MAIN = "def main(code):\n    begin().log({'a': 1})\n    return code\n"
CLICK = "import click\n@click.command()\n@click.pass_context\n"

ENDINGS = {
    "the end of the script": ("", FINISHED),
    "sys.exit()": ("sys.exit()", FINISHED),
    "sys.exit(3)": ("sys.exit(3)", exited(3)),
    "sys.exit of a text": ("sys.exit('no data')", exited(1)),
    "sys.exit(256)": ("sys.exit(256)", exited(0)),
    "sys.exit(-1)": ("sys.exit(-1)", exited(255)),
    "sys.exit(True)": ("sys.exit(True)", exited(1)),
    "sys.exit of a huge number": ("sys.exit(1 << 70)", exited(255)),
    "exit(4)": ("exit(4)", exited(4)),
    "raise SystemExit": ("raise SystemExit", FINISHED),
    "raise SystemExit(5)": ("raise SystemExit(5)", exited(5)),
    "raise a SystemExit of one's own": (
        "class Stop(SystemExit):\n    pass\nraise Stop(6)",
        exited(6),
    ),
    "exit by name": ("from sys import exit\nexit(7)", exited(7)),
    "sys.exit of a tuple": ("sys.exit((1, 2))", exited(1)),
    "a caught sys.exit": ("try: sys.exit(3)\nexcept SystemExit: pass", FINISHED),
    "a caught sys.exit whose code is read": (
        "try: sys.exit(3)\nexcept SystemExit as error: print(error.code)",
        FINISHED,
    ),
    "a second sys.exit": (
        "try: sys.exit(3)\nexcept SystemExit as error: sys.exit(error.code + 1)",
        exited(4),
    ),
    "sys.exit through finally": ("try: sys.exit(3)\nfinally: print()", exited(3)),
    "sys.exit through finish": ("try: sys.exit(3)\nfinally: finish()", exited(3)),
    "an exception": ("1 / 0", DIVIDED),
    "an exception of a module": (
        "import json; json.loads('{')",
        {**FAILED, "error": "json.decoder.JSONDecodeError"},
    ),
    "an exception under a hook": (
        "sys.excepthook = lambda *_: print('hook')\n1 / 0",
        DIVIDED,
    ),
    "an exception under the first hook": ("sys.excepthook = sys.__excepthook__\n1 / 0", DIVIDED),
    "an exception under rich": (
        "import rich.traceback; rich.traceback.install()\n1 / 0",
        DIVIDED,
    ),
    "an exception through finish": ("try: 1 / 0\nfinally: finish()", DIVIDED),
    "a caught exception before finish": ("try: 1 / 0\nexcept Exception: pass\nfinish()", FINISHED),
    "a caught exception during finish": ("try: 1 / 0\nexcept Exception: finish()", FINISHED),
    "an exception raised again after finish": (
        "try: 1 / 0\nexcept Exception:\n    finish()\n    raise",
        DIVIDED,
    ),
    "another exception after finish": (
        "try: 1 / 0\nexcept Exception:\n    finish()\n    raise KeyError from None",
        {**FAILED, "error": "KeyError"},
    ),
    "sys.exit after finish during an exception": (
        "try: 1 / 0\nexcept Exception:\n    finish()\n    sys.exit(3)",
        exited(3),
    ),
    "an exit code given during an exception": (
        "try: 1 / 0\nexcept Exception: finish(0)",
        FINISHED,
    ),
    "finish(5)": ("finish(5)", None),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", killed("SIGINT")),
    "SIGINT": ("os.kill(os.getpid(), signal.SIGINT)", killed("SIGINT")),
    "SIGTERM": ("os.kill(os.getpid(), signal.SIGTERM)", killed("SIGTERM")),
    "SIGHUP": ("os.kill(os.getpid(), signal.SIGHUP)", killed("SIGHUP")),
    "SIGQUIT": ("os.kill(os.getpid(), signal.SIGQUIT)", killed("SIGQUIT")),
    "SIGXCPU": ("os.kill(os.getpid(), signal.SIGXCPU)", killed("SIGXCPU")),
    "argparse": ("import argparse\nargparse.ArgumentParser().parse_args(['--no'])", exited(2)),
    "click": (CLICK + "def main(ctx): ctx.exit(5)\nmain([])", exited(5)),
    "an error of click": (
        CLICK + "def main(ctx): raise click.ClickException('x')\nmain([])",
        FAILED,
    ),
    "unittest": (
        "from unittest import TestCase, main\nclass T(TestCase): test = TestCase.fail\nmain()",
        exited(1),
    ),
    "a thread": (
        "from threading import Thread\nt = Thread(target=sys.exit, args=[5])\nt.start()\nt.join()",
        FINISHED,
    ),
}


LATE = {
    f"{call.format(code)}, where main starts the run": (MAIN + call.format(code), exited(code or 0))
    for call in (
        "sys.exit(main({}))",
        "raise SystemExit(main({}))",
        "from sys import exit; exit(main({}))",
    )
    for code in (None, 0, 3)
}
"""The run starts after the expression that ends the process has begun."""

ABSL = "from absl import app\ndef main(_):\n    begin()\n    {}\napp.run(main, argv=['train.py'])"

INTERRUPTED = """
run = begin()
close = run._files.close
def interrupted(*arguments):
    os.kill(os.getpid(), signal.SIGINT)
    close(*arguments)
run._files.close = interrupted
"""

CTRL_C = {
    "Ctrl-C during finish": (INTERRUPTED + "finish()", killed("SIGINT")),
    "a caught Ctrl-C during finish": (
        INTERRUPTED + "try: finish()\nexcept KeyboardInterrupt: pass",
        FINISHED,
    ),
    "a caught Ctrl-C during finish and sys.exit": (
        INTERRUPTED + "try: finish()\nexcept KeyboardInterrupt: sys.exit(3)",
        exited(3),
    ),
    "Ctrl-C while the run is finished at the end": (INTERRUPTED, FINISHED),
    "Ctrl-C while the run is finished at sys.exit": (INTERRUPTED + "sys.exit(3)", exited(3)),
}
"""At the end of the process it changes the exit code no more."""

CHILD = "if not os.fork():\n    begin()\n    {}\nsys.exit(os.wait()[1] >> 8)"

PROCESSES = {
    **{name: (RUN + code, expected) for name, (code, expected) in ENDINGS.items()},
    **LATE,
    **CTRL_C,
    "absl's app.run": (ABSL.format("return 4"), exited(4)),
    "an exception under absl's app.run": (ABSL.format("1 / 0"), DIVIDED),
    "sys.exit of a forked child": (CHILD.format("sys.exit(3)"), exited(3)),
    "raise SystemExit of a forked child": (CHILD.format("raise SystemExit(3)"), exited(3)),
    "os._exit": (RUN + "os._exit(3)", {"code": 3}),
    "SIGKILL": (RUN + "os.kill(os.getpid(), signal.SIGKILL)", {"code": 128 + signal.SIGKILL}),
}
"""The lines of scripts, and the ends of their runs."""


@pytest.fixture(scope="module")
def processes(forked):
    """The exit code, the run and the errors of each of `PROCESSES`, by its name."""
    found = {}
    done = forked([code for code, _ in PROCESSES.values()])
    for name, process in zip(PROCESSES, done, strict=True):
        (journal,) = process.directory.glob("wandb/*run-*/run-*.jsonl")
        found[name] = (process.returncode, load_run(journal), process.stderr)
    return found


@pytest.mark.parametrize("name", PROCESSES)
def test_a_run_is_recorded_as_its_process_ended(processes, name):
    """The state and the code in the journal are those that the shell sees."""
    returned, run, errors = processes[name]
    code, expected = PROCESSES[name]
    assert run.torn == 0
    assert run.rows == code.count("log({'a': 1})")
    if expected is None:
        # A code that is given to `finish` is the run's own.
        assert (returned, run.exit["code"]) == (0, 5)
        return
    assert returned in (expected["code"], 128 - expected["code"])
    if "state" not in expected:
        # Nothing of Python runs after it.
        assert (run.state, run.exit) == ("crashed", None)
        return
    assert {key: run.exit.get(key) for key in expected} == expected
    assert ("error" in run.exit) == ("error" in expected or expected["code"] == 130)
    if name in CTRL_C:
        assert ("Traceback" in errors) == (name == "Ctrl-C during finish")


@pytest.mark.parametrize(
    "name",
    ["the end of the script", "sys.exit(3)", "raise SystemExit(5)", "an exception", "SIGTERM"],
)
def test_a_script_is_recorded_as_it_ended(script, stored, name):
    """A plain ``python train.py``, as those above, which share their imports."""
    code, expected = ENDINGS[name]
    done = script(RUN + code)
    assert done.returncode in (expected["code"], 128 - expected["code"])
    assert {key: stored().exit.get(key) for key in expected} == expected


def test_a_module_run_with_m_is_recorded(jail, script, stored):
    """The outermost code is Python's own there."""
    script("")
    jail.write("job.py", (jail.cwd / "train.py").read_text() + "begin()\nsys.exit(9)\n")
    done = subprocess.run([sys.executable, "-m", "job"], check=False)
    assert (done.returncode, stored().exit["code"]) == (9, 9)


@pytest.mark.parametrize(
    "lines",
    [
        "from sys import exit\nfrom runsettings import init\n",
        "from sys import exit as leave\nfrom runsettings import init\nexit = leave\n",
        "import before\nfrom runsettings import init\nexit = before.leave\n",
    ],
    ids=["by name", "by another name", "in a module"],
)
def test_a_sys_exit_that_was_imported_before_is_recorded(jail, stored, lines):
    """The names that hold the built-in function are given the one that tells the code."""
    jail.write("before.py", "from sys import exit\ndef leave(code): exit(code)\n")
    jail.write(
        "job.py", lines + "def main():\n    init(mode='offline')\n    return 5\nexit(main())\n"
    )
    done = subprocess.run([sys.executable, "job.py"], check=False)
    assert (done.returncode, stored().exit["code"]) == (5, 5)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there is no sys.monitoring")
@pytest.mark.parametrize("name", ["sys.exit(3)", "raise SystemExit(5)", "an exception"])
def test_an_ending_is_recorded_without_a_number_for_monitoring(script, stored, name):
    """Other tools took all of them, and go on with them."""
    code, expected = ENDINGS[name]
    taken = "for n in range(6): sys.monitoring.use_tool_id(n, f'tool {n}')\n"
    done = script(taken + RUN + code)
    assert (done.returncode, stored().exit["code"]) == (expected["code"], expected["code"])


CHILDREN = {
    "the end of the function": ("pass", FINISHED),
    "sys.exit": ("sys.exit(3)", exited(3)),
    "raise SystemExit": ("raise SystemExit(3)", exited(3)),
    "sys.exit of a text": ("sys.exit('no data')", exited(1)),
    "an exception": ("1 / 0", DIVIDED),
    "an exception through finish": ("try: 1 / 0\n    finally: finish()", DIVIDED),
    "a caught exception during finish": (
        "try: 1 / 0\n    except Exception: finish()",
        FINISHED,
    ),
    "Ctrl-C": ("raise KeyboardInterrupt", {**FAILED, "error": "KeyboardInterrupt"}),
    "finish": ("finish()", FINISHED),
    "SIGTERM": ("os.kill(os.getpid(), signal.SIGTERM)", killed("SIGTERM")),
}


@pytest.mark.parametrize(
    ("method", "names"),
    [
        ("fork", list(CHILDREN)),
        ("forkserver", ["the end of the function", "an exception", "sys.exit of a text"]),
        ("spawn", ["the end of the function", "an exception", "sys.exit"]),
    ],
    ids=["fork", "forkserver", "spawn"],
)
def test_runs_of_children_of_multiprocessing_are_recorded_as_they_ended(
    script, journals, method, names
):
    """Their exit codes are those that the parent sees; forked ones leave without exit handlers."""
    works = "".join(
        f"def work{n}():\n    begin(id='n{n}')\n    {CHILDREN[name][0]}\n"
        for n, name in enumerate(names)
    )
    done = script(f"""
import multiprocessing
{works}
if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    context.set_forkserver_preload(["runsettings.runs.starting.start"])
    children = [context.Process(target=globals()[f"work{{n}}"]) for n in range({len(names)})]
    for child in children:
        child.start()
    for child in children:
        child.join()
        print(child.exitcode)
""")
    seen = list(map(int, done.stdout.split()))
    runs = {run.id: run.exit for run in map(load_run, journals())}
    for number, name in enumerate(names):
        expected, record = CHILDREN[name][1], runs[f"n{number}"]
        assert seen[number] in (expected["code"], 128 - expected["code"]), name
        assert {key: record.get(key) for key in expected} == expected, name


def test_a_copy_that_ctrl_c_interrupts_leaves_nothing_behind(begin, jail, monkeypatch):
    """Neither half a file nor a temporary one."""
    jail.write("a.txt", "x")
    run = begin()

    def interrupted(source, target, length):
        target.write(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfileobj", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.save("a.txt")
    run._files.wait_for_facts()
    names = {path.name for path in Path(run.dir).rglob("*")}
    assert names <= RESERVED


def test_a_resumed_run_is_not_corrected_by_its_earlier_process(script, stored):
    """The later process says how it ended."""
    code = """
    import subprocess
    run = begin(id="x")
    try:
        1 / 0
    except Exception:
        finish()
    again = (
        "from runsettings import init\\n"
        "init(id='x', resume='must', mode='offline', settings={'quiet': True}).finish(4)"
    )
    subprocess.run([sys.executable, "-c", again], check=True)
    """
    assert script(code).returncode == 0
    assert (stored().starts, stored().exit["code"]) == (2, 4)


def test_a_run_that_finished_during_an_exception_has_failed_until_the_end(begin):
    """Readers see the state that is known."""
    run = begin()
    try:
        int("x")
    except ValueError:
        run.finish()
    try:
        assert load_run(run.journal_path).exit["error"] == "ValueError"
    finally:
        active._finish_all(Ending())
    assert load_run(run.journal_path).state == "finished"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


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
            builtins.exit,
            vars(SystemExit)["code"],
            signal.getsignal(signal.SIGTERM),
            signal.getsignal(signal.SIGHUP),
        )

    before = hooks()
    run = begin()
    assert hooks() != before
    run.finish()
    assert hooks() == before


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
    # Later versions of Python warn of any fork while there is a second thread.
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("runsettings: ")]
    assert told == (
        "runsettings: warning: log was ignored: the run belongs to the parent process; "
        "call init() in the child (said once)"
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
    # Later versions of Python warn of any fork while there is a second thread.
    assert "runsettings:" not in script(code).stderr
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


def test_the_end_of_a_run_leaves_sys_exit_as_it_was(script):
    """Of this process, nothing stays replaced; a second run is watched again."""
    done = script(
        """
        run = begin()
        run.finish()
        print(type(sys.exit) is type(len), "code" in vars(SystemExit))
        begin()
        sys.exit(3)
        """
    )
    assert done.stdout == "True True\n"
    assert done.returncode == 3


UNCORRECTED = """
import resource
run = begin()
try:
    raise ValueError
except ValueError:
    run.finish()
size = run.journal_path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
"""


def test_an_end_that_cannot_be_corrected_is_reported(script, stored):
    """A full disk at the end of the process leaves the first record of the end, and a warning."""
    done = script(UNCORRECTED)
    assert done.returncode == 0
    (warning,) = done.stderr.splitlines()
    assert re.search(
        r"\.jsonl cannot be written; it says that the run failed, and it finished", warning
    )
    assert stored().state == "failed"


def test_a_run_that_was_deleted_is_not_corrected(script):
    """There is nothing to say of it."""
    done = script(UNCORRECTED + "import shutil\nshutil.rmtree(run.path)\n")
    assert (done.returncode, done.stderr) == (0, "")
