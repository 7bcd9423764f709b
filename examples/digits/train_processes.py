"""Train in several processes: each records a run of its own, and all runs have one group.

Try it, from this directory:

    python train_processes.py
    runsettings check train.yaml
    runsettings runs ls --group seeds --columns name,config.seed,summary.accuracy
    runsettings runs diff seed-0 seed-1 --why
"""

import multiprocessing

import digits

import runsettings


def train(seed: int) -> None:
    """Train with one seed, and record the run."""
    with runsettings.init(
        config=["train.yaml", {"seed": seed}],
        name=f"seed-{seed}",
        group="seeds",
        mode="offline",
    ) as run:
        print(run.config.explain("seed"), flush=True)
        for metrics in digits.train(**run.config):
            run.log(metrics)


def main() -> None:
    """Start a process for each seed."""
    processes = multiprocessing.get_context("spawn")
    with processes.Pool(2) as pool:
        pool.map(train, range(3))


if __name__ == "__main__":
    main()
