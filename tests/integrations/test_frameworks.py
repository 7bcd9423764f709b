"""Keras, Lightning and transformers: magic and the callbacks, with the real packages.

``make integrations`` runs them; the gate's own environment has none of these packages.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runsettings.journal.reader import read_history

pytestmark = pytest.mark.filterwarnings("ignore")


def rows(run):
    """The rows without their time."""
    return [
        {key: value for key, value in row.items() if key != "_timestamp"}
        for row in read_history(run.journal_path)
    ]


@pytest.fixture
def keras(monkeypatch):
    """Keras, on PyTorch."""
    pytest.importorskip("torch", reason="Keras computes with it")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    return pytest.importorskip("keras", reason="the framework")


@pytest.fixture
def model(keras):
    """A model with one weight, its inputs and its targets."""
    import numpy as np

    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    return model, np.ones((4, 1)), np.ones((4, 1))


def test_magic_logs_the_epochs_of_keras(begin, model):
    """And leaves the result and the arguments of `fit` as they are."""
    fitted, x, y = model
    original = type(fitted).fit
    run = begin(magic=True)
    found = fitted.fit(x, y, epochs=2, verbose=0, validation_data=(x, y))
    run.finish()
    assert [(row["_step"], row["epoch"]) for row in rows(run)] == [(0, 0), (1, 1)]
    assert [row["val_loss"] for row in rows(run)] == found.history["val_loss"]
    assert type(fitted).fit is original


def test_the_callback_of_keras_logs_epochs(begin, model):
    """Without magic."""
    from runsettings.integrations.keras import RunCallback

    fitted, x, y = model
    run = begin()
    found = fitted.fit(x, y, epochs=2, verbose=0, callbacks=[RunCallback()])
    assert [row["loss"] for row in rows(run)] == found.history["loss"]


def test_the_example_of_the_guide_works(jail):
    """Lightning with the logger of a run."""
    pytest.importorskip("lightning", reason="the framework")
    example = Path(__file__).parents[2] / "examples" / "integrations" / "train_with_callbacks.py"
    done = subprocess.run(
        [sys.executable, example], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.splitlines()[-1] == "0.5 [0, 1, 2, 3]"


def test_lightning_trains_from_a_file_and_a_flag(jail):
    """The example with digits, which also has the flags of a run."""
    pytest.importorskip("lightning", reason="the framework")
    examples = Path(__file__).parents[2] / "examples" / "digits"
    copy = shutil.copytree(examples, jail.cwd / "digits")
    flags = ["--mode", "offline", "--run-name", "fast", "--lr", "2.0"]
    done = subprocess.run(
        [sys.executable, "train_lightning.py", *flags],
        cwd=copy,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert "  ▸ flag       --lr                           2.0\n" in done.stdout
    (journal,) = copy.glob("wandb/offline-run-*/*.jsonl")
    found = [row for row in read_history(journal) if "loss" in row]
    assert [row["epoch"] for row in found] == [0, 1, 2, 3, 4]


PACKAGES = ["lightning.pytorch", "pytorch_lightning"]


@pytest.fixture(params=PACKAGES)
def package(request):
    """Lightning, by each of its names."""
    pytest.importorskip("torch", reason="Lightning computes with it")
    return pytest.importorskip(request.param, reason="the framework")


def training(package: Any, **given: Any) -> Any:
    """Train a model of one weight for two epochs, and return the trainer."""
    import torch

    class Model(package.LightningModule):  # type: ignore[misc]
        def __init__(self, rate: float = 0.5) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(1, 1)

        def training_step(self, batch, _):
            loss = self.layer(batch).square().mean()
            self.log("train_loss", loss)
            return loss

        def validation_step(self, batch, _):
            self.log("val_loss", self.layer(batch).square().mean())

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), self.hparams.rate)

    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False}
    where = {"accelerator": "cpu", "enable_checkpointing": False}
    trainer = package.Trainer(max_epochs=2, **{**quiet, **where, **given})
    batches = torch.utils.data.DataLoader(torch.ones(4, 1), batch_size=2)
    trainer.fit(Model(), batches, batches)
    return trainer


def test_magic_logs_the_epochs_of_lightning(begin, package):
    """With the metrics of the training and of the validation."""
    run = begin(magic=True)
    trainer = training(package)
    run.finish()
    assert [row["epoch"] for row in rows(run)] == [0, 1]
    last = rows(run)[-1]
    assert {"train_loss", "val_loss"} < last.keys()
    assert last["val_loss"] == trainer.callback_metrics["val_loss"].item()


def test_a_trainer_with_magic_can_be_pickled(begin, package):
    """As for the processes that it spawns, where the callback logs nothing."""
    begin(magic=True)
    trainer = package.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    callbacks = pickle.loads(pickle.dumps(trainer.callbacks))
    assert package.Callback in map(type, callbacks)


def test_the_logger_of_lightning_logs_metrics_and_hyperparameters(begin):
    """With the step of the trainer."""
    pytest.importorskip("torch", reason="Lightning computes with it")
    package = pytest.importorskip("lightning.pytorch", reason="the framework")
    from runsettings.integrations.lightning import RunLogger

    run = begin()
    training(package, logger=RunLogger(), log_every_n_steps=1)
    assert run.config["rate"] == 0.5
    found = [
        (row["trainer/global_step"], row["train_loss"]) for row in rows(run) if "train_loss" in row
    ]
    assert [step for step, _ in found] == [0, 1, 2, 3]
    assert [row["epoch"] for row in rows(run) if "val_loss" in row] == [0, 1]


def test_the_callback_of_transformers_logs_metrics_and_arguments(begin, jail):
    """With the step of the trainer; tokens stay out of the config."""
    torch = pytest.importorskip("torch", reason="transformers computes with it")
    transformers = pytest.importorskip("transformers", reason="the framework")
    from runsettings.integrations.transformers import RunCallback

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def forward(self, x, labels=None):
            return {"loss": self.layer(x).square().mean()}

    run = begin()
    arguments = transformers.TrainingArguments(
        os.fspath(jail.cwd / "out"),
        max_steps=3,
        logging_steps=1,
        report_to=[],
        use_cpu=True,
        save_strategy="no",
        disable_tqdm=True,
        hub_token="hf_not-in-the-config",
    )
    data = [{"x": torch.ones(1), "labels": torch.ones(1)}] * 4
    trainer = transformers.Trainer(
        Model(), arguments, train_dataset=data, callbacks=[RunCallback()]
    )
    trainer.train()
    assert [row["global_step"] for row in rows(run) if "loss" in row] == [1, 2, 3]
    assert run.config["training"]["max_steps"] == 3
    assert "not-in-the-config" not in run.journal_path.read_text()
