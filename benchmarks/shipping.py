"""How fast the shipper fills a store, and how much room the store needs.

``python benchmarks/shipping.py [URL]`` measures a SQLite file, and the PostgreSQL database of the
URL. Give an empty database, and drop it afterwards: the tables of a store and the run stay in it.
The floor is COPY of one row for each number, which any other way of storing them has to beat.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import text

from runsettings.journal.writer import encode
from runsettings.shipping.shipper import Shipper
from runsettings.shipping.stores.opening import open_store

RECORDS = 100_000
KEYS = 3


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


def timed(name: str, work) -> None:
    """Do something, and print records a second by the clock and by the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name:<24} {RECORDS / wall:>10,.0f} /s  {RECORDS / cpu:>10,.0f} /s of processor time")


def ship(name: str, url: str, path: Path) -> None:
    """Ship a run into a store."""
    with open_store(url) as store:
        timed(name, Shipper(store, path).ship)


def copy(url: str) -> None:
    """Fill a table with a row for each number, by COPY alone."""
    rows = [(step, 1.76e9, random.random()) for step in range(RECORDS) for _ in range(KEYS)]
    with open_store(url) as store, store._begin() as connection:
        connection.execute(text("CREATE TABLE floor_ (step bigint, time float8, value float8)"))
        driver = connection.connection.driver_connection

        def work() -> None:
            statement = "COPY floor_ FROM STDIN (FORMAT BINARY)"
            with driver.cursor() as cursor, cursor.copy(statement) as copying:
                copying.set_types(["int8", "float8", "float8"])
                for row in rows:
                    copying.write_row(row)

        timed("COPY, a row each", work)
        query = text("SELECT pg_total_relation_size('floor_')")
        size = connection.execute(query).scalar_one()
        print(f"{'':<24} {size / len(rows):.1f} bytes for a number")
        connection.execute(text("DROP TABLE floor_"))


def main() -> None:
    """Measure."""
    with tempfile.TemporaryDirectory() as directory:
        path = journal(Path(directory), f"b{random.randrange(10**9)}")
        database = Path(directory, "runs.db")
        ship("SQLite", f"sqlite:///{database}", path)
        print(f"{'':<24} {database.stat().st_size / RECORDS / KEYS:.1f} bytes for a number")
        if len(sys.argv) < 2:
            return
        url = sys.argv[1]
        ship("PostgreSQL", url, path)
        with open_store(url) as store, store._begin() as connection:
            query = "SELECT pg_total_relation_size('runsettings_chunks')"
            size = connection.execute(text(query)).scalar_one()
            count = connection.execute(text("SELECT sum(count) FROM runsettings_chunks"))
            print(f"{'':<24} {size / count.scalar_one():.1f} bytes for a number")
        copy(url)


if __name__ == "__main__":
    main()
