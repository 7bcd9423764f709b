"""The project with runsettings."""

import argparse
import json

from pydantic.dataclasses import dataclass

import runsettings


@dataclass
class Net:
    """The model."""

    width: int = 64
    depth: int = 3


@dataclass
class Trainer:
    """What trains it."""

    max_epochs: int = 90


class Train(runsettings.RunConfig):
    """The config."""

    model: Net = Net()
    trainer: Trainer = Trainer()


@runsettings.exit_on_error()
def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser()
    Train.add_arguments(parser)
    runsettings.add_config_arguments(parser)
    train = Train.resolve(args=runsettings.parse_args(parser))
    print(json.dumps(train.to_dict()))


if __name__ == "__main__":
    main()
