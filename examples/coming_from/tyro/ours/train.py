"""The project with runsettings."""

import argparse
import json
from typing import Literal

from pydantic import BaseModel, Field

import runsettings


class Optim(BaseModel):
    """The optimizer."""

    lr: float = Field(default=0.1, description="Learning rate.")
    betas: tuple[float, float] = (0.9, 0.99)


class Train(runsettings.RunConfig):
    """The config."""

    epochs: int = Field(description="Passes over the data.")
    precision: Literal["fp32", "bf16"] = "fp32"
    compile: bool = False
    optim: Optim = Optim()


@runsettings.exit_on_error()
def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser()
    Train.add_arguments(parser)
    train = Train.resolve(args=runsettings.parse_args(parser))
    print(json.dumps(train.to_dict()))


if __name__ == "__main__":
    main()
