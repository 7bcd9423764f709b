"""The project with tyro."""

import dataclasses
import json
from typing import Literal

import tyro


@dataclasses.dataclass(frozen=True)
class Optim:
    """The optimizer."""

    lr: float = 0.1
    """Learning rate."""
    betas: tuple[float, float] = (0.9, 0.99)


@dataclasses.dataclass(frozen=True)
class Train:
    """The config."""

    epochs: int
    """Passes over the data."""
    precision: Literal["fp32", "bf16"] = "fp32"
    compile: bool = False
    optim: Optim = dataclasses.field(default_factory=Optim)


def main() -> None:
    """Train."""
    print(json.dumps(dataclasses.asdict(tyro.cli(Train))))


if __name__ == "__main__":
    main()
