"""A script that only calls `init(magic=True)`: its arguments are in the run's config."""

import argparse

import runsettings

run = runsettings.init(project="magic", mode="offline", magic=True)

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--epochs", type=int, default=3)
args = parser.parse_args()

print(run.config.explain())
run.finish()
