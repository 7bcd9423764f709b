"""Runs one action again and again, with a fault at each system call, and killed at random moments.

This is a program of its own: it forks for each trial, which a process with threads, such as a
test runner may be, must not do. It is called with a JSON object and prints one JSON object for
each trial; see `trials` in ``conftest.py``.
"""

from __future__ import annotations

import gc
import io
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from types import CodeType
from typing import Any

from system_calls import Call, Fault, run

_SHORT = ("write", "pwrite64")
"""Calls that may write a part of what they were given."""


def attempt(code: CodeType, names: dict[str, Any], output: Path) -> int:
    """Run code as a program would, with its standard streams in a file.

    Returns:
        The exit code.
    """
    stream = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    status = 0
    try:
        exec(code, names)
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001 - printed as Python would
        traceback.print_exc()
        status = 70
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def files(directory: Path) -> dict[str, str]:
    """The text of each file below a directory, or what a link leads to, by path."""
    found = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_dir():
            found[f"{name}/"] = ""
        else:
            found[name] = path.read_bytes().decode(errors="backslashreplace")
    return found


def faults_of(call: Call, wanted: Iterable[str]) -> Iterable[Fault]:
    """The faults that can happen at a call."""
    for name in wanted:
        kind, _, lasting = name.partition(" ")
        if kind != "short" or call.name in _SHORT:
            yield Fault(kind, bool(lasting))


def killed_after(seconds: float, action: Callable[[], int]) -> int:
    """Run an action in a forked child, and kill it after some time, if it has not ended by then.

    Returns:
        The exit code of the child; negative if it was killed.
    """
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = action()
        finally:
            os._exit(code)
    time.sleep(seconds)  # the moment itself is what is tried
    os.kill(child, signal.SIGKILL)  # a child that has ended is there until it is waited for
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    """Run the trials that the first argument describes."""
    given = json.loads(sys.argv[1])
    place = Path(given["place"])
    template, work, output = (place / name for name in ("template", "work", "output"))
    names: dict[str, Any] = {"__name__": "__trial__"}
    exec(compile(given["setup"], "<setup>", "exec"), names)
    action = compile(given["action"], "<action>", "exec")
    after = compile(given["after"], "<after>", "exec")
    chosen: Fault | None
    calls: list[Call] = []

    def prepare(directory: Path) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(template, directory, symlinks=True)
        os.chdir(directory)

    def load() -> None:
        """Do both in this process, so that the trials find everything loaded.

        They have another directory, so that nothing that is done once for a directory is done.
        """
        prepare(place / "loading")
        for code in (action, after):
            with (
                redirect_stdout(io.StringIO()),
                redirect_stderr(io.StringIO()),
                suppress(SystemExit),
            ):
                exec(code, names)
        gc.collect()
        gc.freeze()  # the collector of a forked child writes to no page of this process

    def with_next(result: dict[str, Any]) -> dict[str, Any]:
        code = run(lambda: attempt(after, names, output), work, lambda _count, _call: None)
        later = {"code": code, "output": output.read_text(), "files": files(work)}
        return {**result, "later": later}

    def trial(number: int, fault: Fault | None) -> dict[str, Any]:
        prepare(work)
        calls.clear()

        def choose(count: int, call: Call) -> Fault | None:
            calls.append(call)
            # Threads may make their calls in another order than in the trial without a fault.
            possible = fault is not None and (fault.name != "short" or call.name in _SHORT)
            return fault if count == number and possible else None

        code = run(lambda: attempt(action, names, output), work, choose)
        result = {"call": f"{number}: no call"}
        if 0 <= number < len(calls):
            name, path = calls[number]
            result = {"call": f"{number}: {name} {Path(path).relative_to(work).as_posix()}"}
        result |= {"code": code, "output": output.read_text(), "files": files(work)}
        if result["code"] >= 0 and fault is not None:
            return result  # a process that lives must tidy up itself
        return with_next(result)

    load()
    print(json.dumps({"fault": "", **trial(-1, None)}), flush=True)
    plan = list(calls)
    for number, call in enumerate(plan):
        if given["calls"] and call.name not in given["calls"]:
            continue
        for chosen in faults_of(call, given["faults"]):
            told = f"{chosen.name}{' lasting' * chosen.lasting}"
            print(json.dumps({"fault": told, **trial(number, chosen)}), flush=True)

    prepare(work)
    begin = time.monotonic()
    run(lambda: attempt(action, names, output), work, lambda _count, _call: None)
    longest = time.monotonic() - begin
    chance = random.Random()
    kills = 0
    while kills < given["moments"]:
        prepare(work)
        moment = chance.uniform(0, longest)
        output.write_text("")
        code = killed_after(moment, lambda: attempt(action, names, output))
        if code == -signal.SIGKILL:
            kills += 1
            result = {"code": code, "output": output.read_text(), "files": files(work)}
            told = {"call": f"after {moment:.6f} s", "fault": "kill", **with_next(result)}
            print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
