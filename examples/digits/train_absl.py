"""Train with absl: the program's own flags are the config, and a given flag beats the file.

Try it, from this directory:

    python train_absl.py --mode=offline --run_name=slow
    python train_absl.py --mode=offline --run_name=fast --lr=2.0
    runsettings check train.yaml
    runsettings runs diff slow fast --why
"""

from collections.abc import Sequence

import digits
from absl import app, flags

import runsettings

flags.DEFINE_float("lr", 0.1, "Learning rate.")
flags.DEFINE_float("momentum", 0.0, "From 0 to 1.")
flags.DEFINE_integer("epochs", 3, "Passes over the data.")
runsettings.Settings.define_flags(only=["project", "run_name", "mode"])


@runsettings.exit_on_error()
def main(_: Sequence[str]) -> None:
    """Train."""
    settings = runsettings.Settings.resolve(args=flags.FLAGS)
    with runsettings.init(config=["train.yaml", flags.FLAGS], settings=settings) as run:
        print(run.config.explain("lr"))
        for metrics in digits.train(**run.config):
            run.log(metrics)


if __name__ == "__main__":
    app.run(main)
