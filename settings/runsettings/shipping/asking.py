"""Queries a store for a run in a separate process, with a timeout.

The process runs this module with ``python -m``. The script itself does not connect to the store, so
a store that does not answer cannot block the script.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import Any, Final

from runsettings.journal.reader import parse
from runsettings.journal.replay import StoredRun
from runsettings.journal.writer import encode
from runsettings.shipping.addresses import shown
from runsettings.shipping.launch import reap_later, start_module
from runsettings.shipping.stores.base import Latest, NoStoreError
from runsettings.values.diagnostic import Rule
from runsettings.values.errors import RunError

_MODULE: Final = "runsettings.shipping.asking"  # `__name__` is "__main__" in the other process

PATIENCE: Final = 10.0
"""The number of seconds in which the store must answer."""


def ask_store(url: str, project: str, run_id: str) -> Latest | None:
    """Ask a store for the latest run with a project and an id.

    Args:
        url: The address of the store.
        project: The project.
        run_id: The id.

    Returns:
        The run; ``None`` if the store has none.

    Raises:
        RunError: The store failed, or did not answer in `PATIENCE` seconds.
    """
    answer = _ask({"url": url, "project": project, "run_id": run_id})
    if "error" in answer:
        raise RunError.of(
            Rule(answer["rule"]), answer["error"], path=("store",), hint=answer["hint"]
        )
    if answer["run"] is None:
        return None
    return Latest(**{**answer, "run": StoredRun.from_json(answer["run"])})


def _ask(job: dict[str, str]) -> dict[str, Any]:
    """Start the process with the arguments of `_answer`, and return its answer.

    Raises:
        RunError: The process gave no answer.
    """
    url = job["url"]
    try:
        process = start_module(_MODULE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise _no_answer(url, f"the process that asks it cannot be started: {error}") from None
    try:
        out, messages = process.communicate(encode(job), timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise _no_answer(url, f"it did not answer in {PATIENCE:g} s") from None
    finally:
        # Do not wait for the process: if a disk hangs, even a killed process may not end.
        process.kill()
        reap_later(process)
        for stream in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
    answer = parse(out)
    if answer is None:
        last, *_ = [
            *reversed(messages.decode(errors="replace").splitlines()),
            "it printed no error",
        ]
        raise _no_answer(url, last)
    return answer


def _no_answer(url: str, reason: str) -> RunError:
    message = f"the store {shown(url)} could not be asked: {reason}"
    return RunError.of(Rule.STORE_UNREACHABLE, message, path=("store",))


def _answer(url: str, project: str, run_id: str) -> dict[str, Any]:
    from runsettings.shipping.stores.opening import open_store  # sqlalchemy: `ask_store` needs none

    try:
        with open_store(url, writable=False) as store:
            found = store.find_latest(project, run_id)
    except NoStoreError:
        found = None
    except RunError as error:
        first = error.diagnostics[0]
        return {"error": first.message, "rule": first.rule, "hint": first.hint}
    if found is None:
        return {"run": None}
    run = {name: getattr(found.run, name) for name in StoredRun.__slots__}
    return {**found._asdict(), "run": run}


def main() -> None:
    """Read the query from the standard input, and write the answer to the standard output."""
    job = parse(sys.stdin.buffer.read())
    assert job is not None
    sys.stdout.buffer.write(encode(_answer(**job)))


if __name__ == "__main__":
    main()
