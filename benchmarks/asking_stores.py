"""How long it takes to ask a store: a list of many runs, and a long metric for a chart.

``python benchmarks/asking_stores.py [URL] [--runs N]`` fills a PostgreSQL server of its own, or the
empty database of the URL, with runs of 50 config keys, and with a metric of a million points. Drop
the database afterwards. The least of several times is shown, in milliseconds. The floor is the same
question in SQL, which returns the keys of the runs alone.
"""

from __future__ import annotations

import argparse
import random
import time
from array import array
from collections.abc import Callable
from typing import Any

from own_postgres import own_postgres
from sqlalchemy import insert, text

from runsettings.journal.query.listing import Question
from runsettings.journal.replay import StoredRun
from runsettings.shipping.batches import Batch, RunIdentity
from runsettings.shipping.series import Series
from runsettings.shipping.stores.opening import open_store
from runsettings.shipping.stores.rows import run_values
from runsettings.shipping.stores.tables import runs

POINTS = 1_000_000
QUESTION = ("config.lr < 0.2", "config.optimizer = adam")
FLOOR = """
SELECT key FROM runsettings_runs
WHERE jsonb_typeof(config -> 'lr') = 'number' AND (config ->> 'lr')::float8 < 0.2
AND config -> 'optimizer' = '"adam"' ORDER BY (summary ->> 'loss')::float8 LIMIT 50
"""


def run_row(number: int, chance: random.Random) -> dict[str, Any]:
    """The row of a finished run, as the shipper makes it."""
    run = StoredRun(f"/runs/{number}/run-r{number}.jsonl", id=f"r{number}", project="p")
    run.name, run.created, run.started = f"run {number}", 1.7e9 + number, 1.7e9 + number
    run.config = {f"key_{key}": chance.random() for key in range(47)} | {"seed": number % 10}
    run.config |= {"lr": chance.random(), "optimizer": chance.choice(["adam", "sgd", "lion"])}
    origin: dict[str, str | int] = {"layer": "file", "where": "train.yaml", "line": 3}
    run.config_origins = dict.fromkeys(run.config, origin)
    run.summary = {f"m{key}": chance.random() for key in range(5)} | {"loss": chance.random()}
    identity = {"project": "p", "id": run.id, "generation": f"{number:016x}"}
    return identity | run_values(Batch(0, run, state="finished"))


def fill(url: str, count: int) -> None:
    """Store runs, and one with a long metric."""
    chance = random.Random(0)
    with open_store(url) as store:
        for start in range(0, count, 1000):
            chosen = range(start, min(start + 1000, count))
            with store._begin() as connection:
                connection.execute(insert(runs), [run_row(each, chance) for each in chosen])
        known = store.open_run(RunIdentity("p", "long", "0"), "run-long.jsonl")
        run = StoredRun("/runs/long/run-long.jsonl", id="long", project="p", created=1.0)
        values = array("d", (chance.random() for _ in range(POINTS)))
        run.position = 50 * POINTS
        series = Series(
            array("q", range(POINTS)), array("d", [1.7e9]) * POINTS, values, whole=False
        )
        store.commit(known.key, Batch(0, run, series={"loss": series}))
    with open_store(url) as store, store._engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
        size = text("SELECT pg_total_relation_size('runsettings_chunks')")
        print(f"{connection.execute(size).scalar_one() / 1e6:.1f} MB for {POINTS:,} points")


def least(work: Callable[[], Any], times: int = 15) -> float:
    """The least time of several, in milliseconds."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken) * 1000


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", help="the address of a database; by default, its own")
    parser.add_argument("--runs", type=int, default=10_000)
    arguments = parser.parse_args()
    if arguments.url is not None:
        measure(arguments.url, arguments.runs)
        return
    with own_postgres() as server:
        measure(server.address, arguments.runs)


def measure(url: str, count: int) -> None:
    """Fill a database, and print how long questions take."""
    fill(url, count)
    with open_store(url, writable=False) as store:
        asked = {
            "two keys, sorted by a third, 50 runs": Question(QUESTION, ["summary.loss"], limit=50),
            "the same without a limit": Question(QUESTION, ["summary.loss"]),
            "the newest 50 runs": Question(limit=50),
        }
        bound = f"   promised: {'100 ms' if count <= 10_000 else '1,000 ms'}"
        for name, question in asked.items():
            found = store.select_runs(question).runs
            taken = least(lambda asked=question: store.select_runs(asked))
            print(f"{count:,} runs, {name:<40} {taken:7.1f} ms  ({len(found)} found){bound}")
            bound = ""
        with store._begin() as connection:
            taken = least(lambda: connection.execute(text(FLOOR)).all())
            print(f"{'the floor: SQL, keys alone':<53} {taken:7.1f} ms")
        (run,) = store.select_runs(Question(["id = long"])).runs
        for name, steps in {
            "all": (0, POINTS),
            "a tenth": (POINTS // 3, POINTS // 3 + POINTS // 10),
        }.items():
            taken = least(lambda asked=steps: store.read_series(run, "loss", 1000, *asked))
            print(f"{name} of {POINTS:,} points in up to 1,000 buckets {taken:20.1f} ms")


if __name__ == "__main__":
    main()
