"""Asks a store for a run in a process of its own, for a bounded time: ``python -m`` this module.

The script has no connection to the store, and a store that does not answer cannot hold it.
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

_THIS: Final = "runsettings.shipping.asking"  # `__name__` is "__main__" in the other process

PATIENCE: Final = 10.0
"""Seconds in which the store must answer."""


def ask_store(url: str, project: str, run_id: str) -> Latest | None:
    """Ask a store for the latest run of a project and an id.

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
        raise RunError.of(Rule(answer["rule"]), answer["error"], path=("store",))
    if answer["run"] is None:
        return None
    return Latest(**{**answer, "run": StoredRun.from_json(answer["run"])})


def _ask(job: dict[str, str]) -> dict[str, Any]:
    """The answer of the process that asks, which gets the arguments of `_answer`.

    Raises:
        RunError: There was none.
    """
    url = job["url"]
    try:
        process = start_module(_THIS, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        raise _no_answer(url, f"the process that asks it cannot be started: {error}") from None
    try:
        out, messages = process.communicate(encode(job), timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise _no_answer(url, f"it did not answer in {PATIENCE:g} s") from None
    finally:
        # Not waited for: on a disk that hangs, even a killed process may not end.
        process.kill()
        reap_later(process)
        for stream in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
    answer = parse(out)
    if answer is None:
        last, *_ = [*reversed(messages.decode(errors="replace").splitlines()), "it said nothing"]
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
        return {"error": first.message, "rule": first.rule}
    if found is None:
        return {"run": None}
    run = {name: getattr(found.run, name) for name in StoredRun.__slots__}
    return {**found._asdict(), "run": run}


def main() -> None:
    """Answer the question on the standard input."""
    job = parse(sys.stdin.buffer.read())
    assert job is not None
    sys.stdout.buffer.write(encode(_answer(**job)))


if __name__ == "__main__":
    main()
