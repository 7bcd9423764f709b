"""Train with a typed config: a class says which keys there are, of which types.

Try it, from this directory:

    python train_typed.py --mode offline --run-name slow
    TRAIN_EPOCHS=8 python train_typed.py --mode offline --run-name fast --optim.lr 2.0
    runsettings check typed.yaml --model train_typed:Train
    runsettings explain optim.lr --file typed.yaml --model train_typed:Train
    runsettings runs diff slow fast --why
"""

import argparse

import digits
from pydantic import BaseModel, Field

import runsettings


class Optim(BaseModel):
    """The optimizer."""

    lr: float = Field(default=0.1, gt=0, description="learning rate")
    momentum: float = Field(default=0.0, ge=0, lt=1, description="share of the last step")


class Train(runsettings.RunConfig):
    """How to train."""

    model_config = runsettings.LayeredConfigDict(env_prefix="TRAIN_", env_nested_delimiter="__")

    optim: Optim = Optim()
    epochs: int = Field(default=3, ge=1, description="passes over the data")
    seed: int = Field(default=0, description="seed of the data")


@runsettings.exit_on_error()
def main(config_file: str = "typed.yaml") -> None:
    """Train: defaults, then the file, variables, flags, and overrides such as `--set`."""
    parser = argparse.ArgumentParser()
    Train.add_arguments(parser)
    runsettings.add_config_arguments(parser)
    runsettings.Settings.add_arguments(parser, only=["project", "run_name", "mode"])
    args = runsettings.parse_args(parser)

    train = Train.resolve(files=config_file, args=args)
    settings = runsettings.Settings.resolve(args=args)
    with runsettings.init(config=train, settings=settings) as run:
        print(run.config.explain("optim.lr"))
        optim = train.optim.model_dump()
        for metrics in digits.train(**optim, epochs=train.epochs, seed=train.seed):
            run.log(metrics)


if __name__ == "__main__":
    main()
