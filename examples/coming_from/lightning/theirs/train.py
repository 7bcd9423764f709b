"""The project with jsonargparse, the parser of LightningCLI."""

import json

from jsonargparse import ArgumentParser


class Net:
    """The model."""

    def __init__(self, width: int = 64, depth: int = 3) -> None:
        self.width, self.depth = width, depth


class Trainer:
    """What trains it."""

    def __init__(self, max_epochs: int = 90) -> None:
        self.max_epochs = max_epochs


def main() -> None:
    """Train."""
    parser = ArgumentParser()
    parser.add_argument("--config", action="config")
    parser.add_class_arguments(Net, "model")
    parser.add_class_arguments(Trainer, "trainer")
    config = parser.parse_args()
    made = parser.instantiate(config)
    print(json.dumps({"model": vars(made.model), "trainer": vars(made.trainer)}))


if __name__ == "__main__":
    main()
