"""How fast the shipper fills a store, and how much room the store needs.

``python benchmarks/shipping.py [URL]`` measures a SQLite file, and the PostgreSQL database of the
URL, whose server is on this machine. Give an empty database, and drop it afterwards: the tables of
a store and the runs stay in it. For comparison, COPY sends the same numbers, which are prepared in
memory, as one row each: into a table without an index, and into one with a primary key of run,
metric and step. A store's chunks have such a key, and shipping has to read the journal, too.
"""

from __future__ import annotations

import math
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from runsettings.journal.writer import encode
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.stores.opening import open_store

RECORDS = 100_000
KEYS = 3
TIMES = 5
WORDS = ("by the clock", "of the client's processor time", "of that of client and server")


def journal(directory: Path, run_id: str) -> Path:
    """A finished run with rows of numbers."""
    named = {"type": "run", "time": 1.0, "id": run_id, "project": "benchmark"}
    start = {"type": "start", "time": 1.0, "pid": 1, "host": "h", "step": 0, "resumed": False}
    header = {"type": "header", "format": "runsettings-journal", "version": 1, "writer": "x"}
    path = directory / f"run-{run_id}.jsonl"
    with path.open("wb") as file:
        file.write(b"".join(map(encode, (header, named, start))))
        for step in range(RECORDS):
            data = {f"metric{key}": random.random() for key in range(KEYS)}
            row = {"type": "history", "step": step, "time": 1.76e9 + step * 0.01, "data": data}
            file.write(encode(row))
        file.write(encode({"type": "exit", "time": 2.0, "state": "finished", "code": 0}))
    return path


def server_time(process: int) -> float:
    """The processor time of a PostgreSQL server on this machine with all its processes."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # the process has ended
        if stat.parent.name == str(process):
            ticks += sum(map(int, fields[11:15]))  # with the ended ones
        elif fields[1] == str(process):
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(works: dict[str, Callable[[], None]], server: int | None = None) -> None:
    """Do things in turns, and print records a second: the best of each.

    Args:
        works: What to do, by name.
        server: The process ID of the server.
    """
    found = dict.fromkeys(works, (math.inf, math.inf, math.inf))
    for _ in range(TIMES):
        for name, work in works.items():
            wall, cpu = time.perf_counter(), time.process_time()
            there = 0 if server is None else server_time(server)
            work()
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            both = cpu + (0 if server is None else server_time(server) - there)
            found[name] = tuple(map(min, found[name], (wall, cpu, both)))
    first = next(iter(found.values()))
    for name, times in found.items():
        each = [
            f"{RECORDS / seconds:>10,.0f} /s {word}"
            for seconds, word in zip(times, WORDS, strict=True)
        ]
        ratios = " ".join(f"{a / b:.2f}" for a, b in zip(first, times, strict=True))
        print(f"{name:<18}", *each, f"  the first takes {ratios} times as long")


def shipping(store, directory: Path) -> Callable[[], None]:
    """Ships a new run into a store."""
    paths = [journal(directory, f"b{random.randrange(10**9)}") for _ in range(TIMES)]
    return lambda: Shipper(store, paths.pop()).ship()


def copying(store, key: str = "") -> Callable[[], None]:
    """Copies the same numbers, a row for each, into a table with a primary key or without one."""
    rows = [
        (1, key, step, 1.76e9 + step * 0.01, random.random())
        for step in range(RECORDS)
        for key in range(KEYS)
    ]

    def work() -> None:
        with store._begin() as connection:
            connection.execute(
                text(f"CREATE TABLE floor_ (r int, k int, s int8, t float8, v float8{key})")
            )
            statement = "COPY floor_ FROM STDIN (FORMAT BINARY)"
            driver = connection.connection.driver_connection
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                copy.set_types(["int4", "int4", "int8", "float8", "float8"])
                for row in rows:
                    copy.write_row(row)
            connection.execute(text("DROP TABLE floor_"))

    return work


def main() -> None:
    """Measure."""
    with tempfile.TemporaryDirectory() as directory:
        database = Path(directory, "runs.db")
        with open_store(f"sqlite:///{database}") as store:
            measure({"SQLite": shipping(store, Path(directory))})
        print(f"{database.stat().st_size / RECORDS / KEYS / TIMES:.1f} bytes for a number")
        if len(sys.argv) < 2:
            return
        with open_store(sys.argv[1]) as store:
            with store._begin() as connection:
                process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
                server = Path(f"/proc/{process}/stat")
                parent = int(server.read_text().rpartition(")")[2].split()[1])
            works = {
                "PostgreSQL": shipping(store, Path(directory)),
                "COPY": copying(store),
                "COPY, indexed": copying(store, ", PRIMARY KEY (r, k, s)"),
            }
            measure(works, parent)
            with store._begin() as connection:
                size = connection.execute(
                    text("SELECT pg_total_relation_size('runsettings_chunks')")
                )
                count = connection.execute(text("SELECT sum(count) FROM runsettings_chunks"))
                each = size.scalar_one() / int(count.scalar_one())
                print(f"{each:.1f} bytes for a number")


if __name__ == "__main__":
    main()
