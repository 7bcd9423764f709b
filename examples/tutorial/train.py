"""Train with a config from defaults, a file, variables and flags."""

import argparse

import digits
from pydantic import Field

import runsettings


class Train(runsettings.RunConfig):
    """How to train."""

    model_config = runsettings.LayeredConfigDict(env_prefix="TRAIN_")

    lr: float = Field(default=0.1, gt=0, description="learning rate")
    momentum: float = Field(default=0.0, ge=0, lt=1, description="share of the last step")
    epochs: int = Field(default=3, ge=1, description="passes over the data")


@runsettings.exit_on_error()
def main() -> None:
    """Read the command line, train, and record the run."""
    parser = argparse.ArgumentParser()
    Train.add_arguments(parser)
    runsettings.Settings.add_arguments(parser, only=["project", "run_name", "mode"])
    args = runsettings.parse_args(parser)

    train = Train.resolve(files="train.yaml", args=args)
    settings = runsettings.Settings.resolve(args=args)
    with runsettings.init(config=train, settings=settings) as run:
        for metrics in digits.train(lr=train.lr, momentum=train.momentum, epochs=train.epochs):
            run.log(metrics)
            print(f"loss {metrics['loss']:.2f}  accuracy {metrics['accuracy']:.2f}")


if __name__ == "__main__":
    main()
