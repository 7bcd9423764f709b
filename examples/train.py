"""Train a tiny model. Its settings come from files, variables and flags, all at once.

Try it, from this directory:

    python train.py
    WANDB_PROJECT=capsules python train.py --run-name second-try --lr 0.2
    python train.py --settings-file slip.yaml
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence

import runsettings
from runsettings import Config, RunsettingsError, Settings, parse_args, parse_known_args

ABOUT_THE_RUN = ("project", "run_name", "run_group", "run_tags", "mode")


def settle(argv: Sequence[str] | None = None) -> tuple[Settings, Config]:
    """The settings of the run (where it goes) and its config (how to train).

    Args:
        argv: The command line without the program; this process's if left out.

    Raises:
        RunsettingsError: A setting or a value of the config is wrong.
    """
    about_the_run = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    Settings.add_arguments(about_the_run, only=ABOUT_THE_RUN)
    training = argparse.ArgumentParser(
        description=__doc__,
        epilog=about_the_run.format_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    training.add_argument("--lr", type=float, default=0.01, help="learning rate")
    training.add_argument("--epochs", type=int, default=3, help="passes over the data")

    flags, rest = parse_known_args(about_the_run, argv)
    arguments = parse_args(training, rest)

    # Lowest first: wandb/settings, WANDB_* variables, flags, run.yaml, and the keyword here.
    settings = Settings.resolve(args=flags, files=["run.yaml"], run_job_type="train")
    # The file beats the defaults of the flags; a flag that is given beats the file.
    config = Config.load(["train.yaml", arguments], setting_names=Settings.model_fields)
    return settings, config


def train(config: Config) -> Iterator[float]:
    """Fit y = 3x + 1 by gradient descent with momentum; yields the loss of each epoch."""
    noise = random.Random(config.seed)
    points = [(x / 10, 3 * x / 10 + 1 + noise.gauss(0, 0.05)) for x in range(-10, 11)]
    slope = offset = slope_speed = offset_speed = 0.0
    for _ in range(config.epochs):
        errors = [(slope * x + offset - y, x) for x, y in points]
        slope_gradient = 2 * sum(error * x for error, x in errors) / len(points)
        offset_gradient = 2 * sum(error for error, _ in errors) / len(points)
        slope_speed = config.optim.momentum * slope_speed - config.lr * slope_gradient
        offset_speed = config.optim.momentum * offset_speed - config.lr * offset_gradient
        slope, offset = slope + slope_speed, offset + offset_speed
        yield sum(error * error for error, _ in errors) / len(points)


def main() -> None:
    """Settle, tell what was settled and why, train."""
    try:
        settings, config = settle()
    except RunsettingsError as error:
        sys.exit(str(error))

    print("--- settings: the values, and why\n")
    for name in (*ABOUT_THE_RUN, "run_job_type", "run_notes"):
        print(settings.explain(name))

    print("\n--- config: the values, and why\n")
    print(config.explain())

    print("\n--- training\n")
    with runsettings.init(settings=settings, config=config) as run:
        for epoch, loss in enumerate(train(run.config), start=1):
            run.log({"epoch": epoch, "loss": loss})
            print(f"epoch {epoch}  loss {loss:.4f}")


if __name__ == "__main__":
    main()
