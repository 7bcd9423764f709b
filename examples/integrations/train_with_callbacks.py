"""Lightning with the logger of a run: one line in the trainer."""

import lightning.pytorch as pl
import torch

import runsettings
from runsettings.integrations.lightning import RunLogger


class Model(pl.LightningModule):  # type: ignore[misc]  # no types are installed
    """A model of one weight."""

    def __init__(self, rate: float = 0.5) -> None:  # noqa: ARG002 - save_hyperparameters() has it
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch: torch.Tensor, _: int) -> torch.Tensor:
        """The loss of one batch."""
        loss = self.layer(batch).square().mean()
        self.log("train_loss", loss)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The optimizer."""
        return torch.optim.SGD(self.parameters(), self.hparams.rate)


run = runsettings.init(project="lightning", mode="offline")
trainer = pl.Trainer(max_epochs=2, logger=RunLogger(), log_every_n_steps=1, accelerator="cpu")
trainer.fit(Model(), torch.utils.data.DataLoader(torch.ones(4, 1), batch_size=2))

run.finish()
print(run.config["rate"], [row["_step"] for row in runsettings.read_history(run.journal_path)])
