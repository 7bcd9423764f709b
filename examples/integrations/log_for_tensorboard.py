"""A script that logs for TensorBoard only; its scalars are in the run all the same."""

from tensorboardX import SummaryWriter

import runsettings

run = runsettings.init(project="tensorboard", mode="offline", sync_tensorboard=True)

with SummaryWriter("logs/example") as writer:
    for step in range(0, 500, 100):
        writer.add_scalar("losses/value", 1 / (step + 1), step)

run.finish()
for row in runsettings.read_history(run.journal_path):
    print(row["_step"], row["losses/value"])
