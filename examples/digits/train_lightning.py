"""Train with Lightning: the logger records the metrics, and the run has the config.

It needs two large packages: ``pip install torch lightning``. Try it, from this directory:

    python train_lightning.py --mode offline --run-name slow
    python train_lightning.py --mode offline --run-name fast --lr 2.0
    runsettings check train.yaml
    runsettings runs diff slow fast --why
"""

import argparse

import digits
import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader, TensorDataset

import runsettings
from runsettings.integrations.lightning import RunLogger


class Reader(pl.LightningModule):  # type: ignore[misc]  # no types are installed
    """Reads a digit from the seven segments of a display."""

    def __init__(self, lr: float, momentum: float) -> None:
        super().__init__()
        self.lr, self.momentum = lr, momentum
        self.layer = torch.nn.Linear(7, 10)

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> torch.Tensor:
        """The loss of one batch."""
        pictures, answers = batch
        loss = torch.nn.functional.cross_entropy(self.layer(pictures), answers)
        self.log("loss", loss)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The optimizer."""
        return torch.optim.SGD(self.parameters(), self.lr, self.momentum)


@runsettings.exit_on_error()
def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1, help="learning rate")
    runsettings.Settings.add_arguments(parser, only=["project", "run_name", "mode"])
    args = runsettings.parse_args(parser)

    settings = runsettings.Settings.resolve(args=args)
    with runsettings.init(config=["train.yaml", args], settings=settings) as run:
        print(run.config.explain("lr"))
        pictures, answers = map(torch.as_tensor, digits.display(seed=0))
        data = DataLoader(TensorDataset(pictures.float(), answers), batch_size=50)
        trainer = pl.Trainer(
            max_epochs=run.config.epochs,
            logger=RunLogger(),
            log_every_n_steps=10,
            accelerator="cpu",
            enable_checkpointing=False,
        )
        trainer.fit(Reader(run.config.lr, run.config.momentum), data)


if __name__ == "__main__":
    main()
