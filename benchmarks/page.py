"""How long the page of runs takes to answer: its first rows, a sort, a filter and groups.

``python benchmarks/page.py [--runs N]`` writes journals of runs with 50 config keys and asks the
server of ``runsettings ui`` as a browser does. ``--postgres`` asks runs in a PostgreSQL server of
its own, and ``--store URL`` those in a store that ``benchmarks/asking_stores.py`` has filled. The
processor time of the page's server, and of PostgreSQL's, is shown beside the time of the clock,
which other processes of the machine lengthen. Each figure is the least of several, apart from the
first rows, which are taken once for each start of the server. The bound is that of the clock.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from asking_stores import fill
from listing_runs import START, history
from own_postgres import own_postgres
from peer_runs import losses, run_config

from runsettings.journal.directory import create
from runsettings.journal.index import FILE
from runsettings.journal.records import FORMAT, VERSION
from runsettings.journal.writer import encode

FIRST, LATER = 1_000, 250
"""The promised milliseconds for the first rows and for a question to a directory."""

FIRST_OF_STORE, LATER_OF_STORE = 1_500, 400
"""Those for a store."""

QUESTIONS: dict[str, dict[str, Any]] = {
    "newest 100 rows": {},
    "rows 5,000 to 5,100": {"offset": 5000},
    "sorted by a metric": {"sort": "summary.loss"},
    "filtered by two keys": {"where": "config.lr < 0.2 and config.optimizer = adam"},
    "groups of two keys": {"group": "config.optimizer,config.seed"},
    "the runs of an open group": {"group": "config.optimizer,config.seed", "member": ""},
}
TICKS = os.sysconf("SC_CLK_TCK")


class Taken(NamedTuple):
    """How long an answer took, in milliseconds."""

    clock: float
    processor: float


class Page:
    """The server of the page.

    Args:
        options: The options of ``runsettings ui``.
        others: The processor time of another server that it asks.
    """

    def __init__(self, *options: str, others: Callable[[], float] = lambda: 0.0) -> None:
        self.others = others
        line = [sys.executable, "-m", "runsettings", "ui", "--no-browser", "--port", "0", *options]
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        address = urlsplit(self.process.stdout.readline().strip())
        self.connection = http.client.HTTPConnection(address.netloc, timeout=600)
        self.cookie = ""
        self.cookie = self.get(f"/?{address.query}").headers["set-cookie"].partition(";")[0]

    def get(self, path: str) -> Any:
        """A response whose content is in the attribute `content`."""
        self.connection.request("GET", path, headers={"cookie": self.cookie})
        response = self.connection.getresponse()
        response.content = response.read()  # type: ignore[attr-defined]
        return response

    def table(self, **asked: Any) -> tuple[Any, Taken]:
        """The answer to a question for the table."""
        begun, processor = time.perf_counter(), self.processor()
        response = self.get(f"/api/table?{urlencode(asked)}")
        taken = Taken((time.perf_counter() - begun) * 1000, self.processor() - processor)
        if response.status != 200:
            raise SystemExit(response.content.decode())
        return json.loads(response.content), taken

    def processor(self) -> float:
        """The processor time that the server has taken so far, in milliseconds."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / TICKS + self.others()

    def close(self) -> None:
        """End the server."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)


@contextmanager
def served(*options: str, others: Callable[[], float] = lambda: 0.0) -> Iterator[Page]:
    """The server, which is ended afterwards."""
    page = Page(*options, others=others)
    try:
        yield page
    finally:
        page.close()


def write_runs(wandb: Path, count: int) -> None:
    """Write the journals of finished runs with 50 config keys."""
    for number in range(count):
        run_id, when = f"r{number:06}", START + 60 * number
        names = {"id": run_id, "name": f"run {number}", "project": "p"}
        records = [
            {"type": "header", "format": FORMAT, "version": VERSION, "writer": "benchmark"},
            {"type": "run", "time": when, **names},
            {"type": "start", "time": when, "pid": 1, "host": "h", "step": 0, "resumed": False},
            {"type": "config", "time": when, "values": run_config(number), "origins": {}},
            *(history(step, when, loss) for step, loss in enumerate(losses(number))),
            {"type": "exit", "time": when + 30, "state": "finished", "code": 0},
        ]
        lines = b"".join(map(encode, records))
        create(wandb, run_id, lines, offline=True, now=when).close()


def measure(page: Page, times: int, bound: float) -> None:
    """Print the figures of a server that has read all runs."""
    for name, asked in QUESTIONS.items():
        if "member" in asked:
            groups, _ = page.table(group=asked["group"])
            member = {"member": groups["rows"][0]["member"]}
        else:
            member = {}
        taken = [page.table(**asked | member)[1] for _ in range(times)]
        clock, processor = (min(each[at] for each in taken) for at in range(2))
        show(name, clock, processor, bound)


def show(name: str, clock: float, processor: float, bound: float | None = None) -> None:
    """Print one figure."""
    promised = "" if bound is None else f"   promised: {bound:,.0f} ms"
    if bound is not None and clock > bound:
        promised += ", NOT KEPT"
    print(f"  {name:40} {clock:8.0f} ms {processor:8.0f} ms of the processor{promised}", flush=True)


def first_rows(name: str, page: Page, bound: float) -> None:
    """Print how long the first rows take, and then wait until all runs are read."""
    table, taken = page.table()
    show(name, *taken, bound)
    begun = time.perf_counter()
    while table["reading"]:
        time.sleep(0.2)
        table, _ = page.table()
    taken = Taken((time.perf_counter() - begun) * 1000, page.processor())
    show("  all of its runs, afterwards", *taken)


def ask_store(address: str, times: int, others: Callable[[], float] = lambda: 0.0) -> None:
    """Print the figures of a store."""
    with served("--store", address, others=others) as page:
        first_rows("first rows", page, FIRST_OF_STORE)
        measure(page, times, LATER_OF_STORE)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--store", metavar="URL", help="ask this store instead")
    parser.add_argument("--times", type=int, default=5, help="how often each question is asked")
    parser.add_argument("--postgres", action="store_true", help="ask a server of its own instead")
    arguments = parser.parse_args()
    if arguments.postgres:
        with own_postgres() as server:
            fill(server.address, arguments.runs)
            print(f"{arguments.runs:,} runs of 50 config keys in PostgreSQL, one request each:")
            ask_store(server.address, arguments.times, server.processor)
        return
    if arguments.store:
        ask_store(arguments.store, arguments.times)
        return
    with tempfile.TemporaryDirectory() as root:
        wandb = Path(root) / "wandb"
        wandb.mkdir()
        write_runs(wandb, arguments.runs)
        print(f"{arguments.runs:,} runs of 50 config keys, one request each:")
        with served("--dir", root) as page:
            first_rows("first rows, without an index", page, FIRST)
        with served("--dir", root) as page:
            first_rows("first rows", page, FIRST)
            measure(page, arguments.times, LATER)
        (wandb / FILE).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
