"""The project with LightningCLI."""

import json

from lightning.pytorch import LightningModule
from lightning.pytorch.cli import LightningCLI


class Net(LightningModule):
    """The model."""

    def __init__(self, width: int = 64, depth: int = 3) -> None:
        super().__init__()
        self.width, self.depth = width, depth


def main() -> None:
    """Train."""
    cli = LightningCLI(Net, run=False, trainer_defaults={"max_epochs": 90, "logger": False})
    model = {"width": cli.model.width, "depth": cli.model.depth}
    print(json.dumps({"model": model, "trainer": {"max_epochs": cli.trainer.max_epochs}}))


if __name__ == "__main__":
    main()
