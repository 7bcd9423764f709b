"""The project with runsettings."""

import argparse
import json

from pydantic import BaseModel

import runsettings


class Optim(BaseModel):
    """The optimizer."""

    lr: float = 0.1
    warmup: int = 0


class Train(runsettings.RunConfig):
    """The config."""

    epochs: int = 90
    steps: int = 100
    optim: Optim = Optim()


@runsettings.exit_on_error()
def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser()
    Train.add_arguments(parser)
    args = runsettings.parse_args(parser)
    config = Train.resolve(files=["base.yaml", "long.yaml"], args=args)
    print(json.dumps(config.to_dict()))


if __name__ == "__main__":
    main()
