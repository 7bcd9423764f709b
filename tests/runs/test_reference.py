"""Scripts written for the reference run unchanged but for the import."""

from __future__ import annotations

import pytest

PREPARE = "import os\nos.environ['WANDB_MODE'] = 'offline'\nimport runsettings as wandb\n"

EXAMPLES = {
    "log": """
wandb.init()
# ... calculate metrics, generate media
wandb.log({"accuracy": 0.9})
""",
    "run": """
run = wandb.init()

assert run is wandb.run
""",
    "where": """
user = "geoff"
project = "capsules"
display_name = "experiment-2021-10-31"

wandb.init(entity=user, project=project, name=display_name)
""",
    "config": """
config = {"lr": 3e-4, "batch_size": 32}
config.update({"architecture": "resnet", "depth": 34})
wandb.init(config=config)
""",
    "around": """
import argparse
assert wandb.run is None
wandb.config["lr"] = 0.1
wandb.config.update({"depth": 3})
with wandb.init(project="p") as run:
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=2)
    wandb.config.update(parser.parse_args([]))
    for epoch in range(wandb.config.epochs):
        wandb.log({"loss": epoch}, commit=False)
        wandb.log({"acc": epoch}, commit=False)
        wandb.log()
    with open("weights.npy", "w") as file:
        file.write("w")
    wandb.save("weights.npy")
    run.summary["best"] = 1
    wandb.run.summary["lr"] = wandb.config["lr"]
wandb.finish(exit_code=1)
assert wandb.run is None
""",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_reference_runs_unchanged(jail, script, stored, name):
    """And leaves a run that ended well."""
    done = script(PREPARE + EXAMPLES[name])
    assert done.returncode == 0, done.stderr
    assert stored().state == "finished"


def test_what_scripts_do_around_init_is_recorded(script, stored):
    """Config before and after, gathered rows, files and the summary."""
    script(PREPARE + EXAMPLES["around"])
    run = stored()
    assert run.config == {"lr": 0.1, "depth": 3, "epochs": 2}
    assert run.summary == {"loss": 1, "acc": 1, "best": 1, "lr": 0.1}
    assert (run.rows, run.files) == (2, {"weights.npy": 1})


@pytest.mark.parametrize("call", ["log({'a': 1})", "save('x')"])
def test_acting_without_a_run_says_what_to_do(script, call):
    """`finish` alone does nothing then."""
    done = script(f"{PREPARE}wandb.finish()\nwandb.{call}")
    assert "needs a run — call init() first" in done.stderr
