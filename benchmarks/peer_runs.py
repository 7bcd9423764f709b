"""Writes the runs of ``pages.py`` with the calls of another tracker, in an environment that has it.

``python peer_runs.py trackio|mlflow DIRECTORY RUNS SECONDS`` stops after so many seconds, and
prints how many runs there are. A second call goes on.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = "benchmark"
STEPS = 5


def run_config(number: int) -> dict[str, Any]:
    """The 50 config keys of a run."""
    chance = random.Random(number)
    config: dict[str, Any] = {f"key_{key}": chance.random() for key in range(47)}
    config |= {"lr": chance.random(), "seed": number % 10}
    config["optimizer"] = chance.choice(["adam", "sgd", "lion"])
    return config


def losses(number: int) -> list[float]:
    """The loss of each step of a run."""
    chance = random.Random(-number - 1)
    return [chance.random() for _ in range(STEPS)]


def trackio_writer(directory: Path) -> Callable[[int], None]:
    """Writes a run with trackio."""
    os.environ["TRACKIO_DIR"] = str(directory)
    import trackio  # type: ignore[import-not-found]

    def write(number: int) -> None:
        trackio.init(
            project=PROJECT,
            name=f"run {number}",
            config=run_config(number),
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )
        for step, loss in enumerate(losses(number)):
            trackio.log({"loss": loss}, step=step)
        trackio.finish()

    return write


def mlflow_writer(directory: Path) -> Callable[[int], None]:
    """Writes a run with MLflow, into the database that its page reads fastest."""
    from mlflow.entities import Metric, Param  # type: ignore[import-not-found]
    from mlflow.tracking import MlflowClient  # type: ignore[import-not-found]

    client = MlflowClient(tracking_uri=f"sqlite:///{directory}/mlflow.db")
    found = client.get_experiment_by_name(PROJECT)
    experiment = found.experiment_id if found else client.create_experiment(PROJECT)

    def write(number: int) -> None:
        run = client.create_run(experiment, run_name=f"run {number}").info.run_id
        client.log_batch(
            run,
            metrics=[Metric("loss", loss, 0, step) for step, loss in enumerate(losses(number))],
            params=[Param(key, str(value)) for key, value in run_config(number).items()],
        )
        client.set_terminated(run)

    return write


WRITERS = {"trackio": trackio_writer, "mlflow": mlflow_writer}


def main() -> None:
    """Write the runs; without arguments, say how."""
    if len(sys.argv) != 5:
        print(__doc__)
        return
    name, directory, runs, seconds = sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:])
    directory.mkdir(parents=True, exist_ok=True)
    counter = directory / "runs.txt"
    done = int(counter.read_text()) if counter.exists() else 0
    end = time.monotonic() + seconds
    if done < runs:
        write = WRITERS[name](directory.absolute())
        for number in range(done, runs):
            if time.monotonic() > end:
                break
            write(number)
            done = number + 1
            counter.write_text(str(done))
    print(done)


if __name__ == "__main__":
    main()
