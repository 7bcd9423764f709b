"""Train, send the run to a database while it runs, and read all runs back from there.

Set the address of the database: PostgreSQL for many machines, or a SQLite file for one.

    export WANDB_STORE=sqlite:///runs.db  # or postgresql://trainer@host/runs
    python train_store.py --run-name slow
    python train_store.py --run-name fast --lr 2.0
    runsettings check train.yaml
    runsettings runs ls --store setting --columns name,state,config.lr
    runsettings runs diff slow fast --why --store setting
"""

import argparse

import digits

import runsettings


@runsettings.exit_on_error()
def main() -> None:
    """Train, and print the best run of the database."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1, help="learning rate")
    runsettings.Settings.add_arguments(parser, only=["project", "run_name", "store"])
    args = runsettings.parse_args(parser)

    settings = runsettings.Settings.resolve(args=args)
    with runsettings.init(config=["train.yaml", args], settings=settings) as run:
        print(run.config.explain("lr"))
        for metrics in digits.train(**run.config):
            run.log(metrics)

    best = max(runsettings.read_runs(store="setting"), key=lambda run: run.summary["accuracy"])
    print("the best run is", best.name)


if __name__ == "__main__":
    main()
